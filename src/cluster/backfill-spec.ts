import { instantMs, isJsonObject, MAX_BACKFILL_CONCURRENCY } from '../base/index.ts';

type Cause = { readonly field: string; readonly message: string };

const DESIRED: ReadonlySet<unknown> = new Set([undefined, 'Running', 'Paused', 'Aborted']);

/** What is wrong with the spec of a backfill. */
export function backfillCauses(spec: unknown): readonly Cause[] {
  if (!isJsonObject(spec)) return [{ field: 'spec', message: 'is required' }];
  const causes: Cause[] = [];
  const { schedule, concurrency, desired } = spec;
  if (typeof schedule !== 'string' || schedule === '') {
    causes.push({ field: 'spec.schedule', message: 'must name a schedule of this namespace' });
  }
  const [from, to] = [instantOf(spec.from), instantOf(spec.to)];
  if (from === undefined) causes.push({ field: 'spec.from', message: 'must be an instant as in RFC 3339' });
  if (to === undefined) causes.push({ field: 'spec.to', message: 'must be an instant as in RFC 3339' });
  if (from !== undefined && to !== undefined && to <= from) {
    causes.push({ field: 'spec.to', message: 'must be after spec.from' });
  }
  const isCount = Number.isInteger(concurrency) && (concurrency as number) >= 1;
  if (concurrency !== undefined && (!isCount || (concurrency as number) > MAX_BACKFILL_CONCURRENCY)) {
    causes.push({ field: 'spec.concurrency', message: `must be an integer from 1 to ${MAX_BACKFILL_CONCURRENCY}` });
  }
  if (!DESIRED.has(desired)) causes.push({ field: 'spec.desired', message: 'must be Running, Paused or Aborted' });
  return causes;
}

function instantOf(value: unknown): number | undefined {
  return typeof value === 'string' ? instantMs(value) : undefined;
}
