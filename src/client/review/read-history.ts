import { readFileSync, statSync } from 'node:fs';
import {
  HISTORY_DAYS,
  instantMs,
  isJsonObject,
  type Json,
  MAX_HISTORY_BYTES,
  MAX_SERVER_HISTORY_RUNS,
  StalledError,
  type UnixMs,
} from '../../base/index.ts';
import type { Cluster } from '../../cluster/index.ts';
import { durationsOf, type FinishedRun, type Histories } from '../../review/index.ts';
import { searchExecutions } from '../search-executions.ts';
import { historiesOf } from './durations-file.ts';

const DAY_MS = 86_400_000;

/** Since when executions count where nobody says so. */
export function historySince(now: UnixMs): UnixMs {
  return now - HISTORY_DAYS * DAY_MS;
}

/**
 * How long launch plans took, from a file: of `pipectl durations -o json`, or executions as `pipectl get executions -o json`
 * and kubectl write them. Errors: StalledError InvalidHistory, and what the system refuses.
 */
export function readHistory(path: string): Histories {
  const { size } = statSync(path);
  if (size > MAX_HISTORY_BYTES) throw invalid(path, `it has more than ${MAX_HISTORY_BYTES} bytes`);
  let value: Json;
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as Json;
  } catch {
    throw invalid(path, 'it is no JSON');
  }
  const told = historiesOf(value);
  if (told !== undefined) return told;
  const items = isJsonObject(value) && Array.isArray(value.items) ? value.items : value;
  if (!Array.isArray(items)) throw invalid(path, 'it has neither durations nor a list of executions');
  return durationsOf(items.flatMap(finishedRun));
}

function invalid(path: string, why: string): StalledError {
  const how = '`pipectl durations -A -o json` writes one';
  return new StalledError('InvalidHistory', `${path} is no history: ${why}; ${how}`);
}

/** How long launch plans took, from a control plane: the newest executions of a namespace, or of all, that ended since. */
export async function historyFrom(
  cluster: Pick<Cluster, 'list'>,
  { namespace, since, now }: { readonly namespace?: string; readonly since: UnixMs; readonly now: UnixMs },
): Promise<Histories> {
  const { items } = await searchExecutions(
    cluster,
    {
      query: { since, phases: ['Succeeded'] },
      selection: namespace === undefined ? {} : { namespace },
      limit: MAX_SERVER_HISTORY_RUNS,
    },
    now,
  );
  return durationsOf(items.flatMap((execution) => finishedRun(execution as unknown as Json)));
}

/** Of executions that succeeded: one that failed at once says nothing of how long a run takes. */
function finishedRun(item: Json): readonly FinishedRun[] {
  if (!isJsonObject(item) || !isJsonObject(item.spec) || !isJsonObject(item.status)) return [];
  const { launchPlan } = item.spec;
  const { phase, startedAt, finishedAt } = item.status;
  if (typeof launchPlan !== 'string' || phase !== 'Succeeded') return [];
  if (typeof startedAt !== 'string' || typeof finishedAt !== 'string') return [];
  const [from, until] = [instantMs(startedAt), instantMs(finishedAt)];
  if (from === undefined || until === undefined || until < from) return [];
  const namespace = isJsonObject(item.metadata) ? item.metadata.namespace : undefined;
  return [{ namespace: typeof namespace === 'string' ? namespace : '', launchPlan, durationMs: until - from }];
}
