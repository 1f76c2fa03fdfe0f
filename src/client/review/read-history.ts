import { readFileSync, statSync } from 'node:fs';
import { instantMs, isJsonObject, type Json, MAX_HISTORY_BYTES, StalledError } from '../../base/index.ts';
import { durationsOf, type FinishedRun, type PlanDurations } from '../../review/index.ts';

/**
 * How long launch plans took, from a file that `pipectl get executions -o json` or `kubectl get executions -o json` wrote.
 * Errors: StalledError InvalidHistory, and what the system refuses.
 */
export function readHistory(path: string): ReadonlyMap<string, PlanDurations> {
  const { size } = statSync(path);
  if (size > MAX_HISTORY_BYTES) throw invalid(path, `it has more than ${MAX_HISTORY_BYTES} bytes`);
  let value: Json;
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as Json;
  } catch {
    throw invalid(path, 'it is no JSON');
  }
  const items = isJsonObject(value) && Array.isArray(value.items) ? value.items : value;
  if (!Array.isArray(items)) throw invalid(path, 'it is no list of executions');
  return durationsOf(items.flatMap(finishedRun));
}

function invalid(path: string, why: string): StalledError {
  const how = '`pipectl get executions --since 30d --limit 10000 -o json` writes one';
  return new StalledError('InvalidHistory', `${path} is no history: ${why}; ${how}`);
}

/** Of executions that succeeded: one that failed at once says nothing of how long a run takes. */
function finishedRun(item: Json): readonly FinishedRun[] {
  if (!isJsonObject(item) || !isJsonObject(item.spec) || !isJsonObject(item.status)) return [];
  const { launchPlan } = item.spec;
  const { phase, startedAt, finishedAt } = item.status;
  if (typeof launchPlan !== 'string' || phase !== 'Succeeded') return [];
  if (typeof startedAt !== 'string' || typeof finishedAt !== 'string') return [];
  const [from, until] = [instantMs(startedAt), instantMs(finishedAt)];
  return from === undefined || until === undefined || until < from ? [] : [{ launchPlan, durationMs: until - from }];
}
