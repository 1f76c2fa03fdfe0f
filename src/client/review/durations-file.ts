import { isJsonObject, type Json } from '../../base/index.ts';
import type { Histories, History, PlanDurations } from '../../review/index.ts';

/** Grows when a field changes its meaning or goes. */
export const DURATIONS_VERSION = 1;

/** Durations as JSON, for a machine that does not reach the control plane: no execution is in it, nor any input. */
export interface DurationsFile {
  readonly kind: 'Durations';
  readonly version: typeof DURATIONS_VERSION;
  /** RFC 3339: executions that ended since then count. */
  readonly since: string;
  /** Namespace → launch plan → how long it takes. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, PlanDurations>>>>;
}

/** Histories as a file has them. */
export function durationsFile(histories: Histories, since: string): DurationsFile {
  const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const namespaces = sorted(histories).map(([name, history]) => [name, recordOf(sorted(history))] as const);
  return { kind: 'Durations', version: DURATIONS_VERSION, since, namespaces: recordOf(namespaces) };
}

/** Names of others become keys, so the object has no prototype. */
function recordOf<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  const record = Object.create(null) as Record<string, T>;
  for (const [key, value] of entries) record[key] = value;
  return record;
}

/** What such a file tells; undefined when it is none. */
export function historiesOf(value: Json): Histories | undefined {
  if (!isJsonObject(value) || value.kind !== 'Durations' || !isJsonObject(value.namespaces)) return undefined;
  if (value.version !== DURATIONS_VERSION) return undefined;
  return new Map(Object.entries(value.namespaces).map(([namespace, plans]) => [namespace, historyOf(plans)]));
}

function historyOf(plans: Json): History {
  if (!isJsonObject(plans)) return new Map();
  return new Map(
    Object.entries(plans).flatMap(([plan, told]) => {
      const durations = planDurations(told);
      return durations === undefined ? [] : [[plan, durations] as const];
    }),
  );
}

function planDurations(value: Json): PlanDurations | undefined {
  if (!isJsonObject(value)) return undefined;
  const { p50Ms, p95Ms, runs } = value;
  const isTime = (ms: Json | undefined): ms is number => typeof ms === 'number' && ms >= 0 && Number.isFinite(ms);
  return isTime(p50Ms) && isTime(p95Ms) && isTime(runs) ? { p50Ms, p95Ms, runs } : undefined;
}
