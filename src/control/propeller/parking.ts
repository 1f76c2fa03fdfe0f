import {
  instantMs,
  instantText,
  type Json,
  PARK_FROM_MS,
  PARK_WINDOW_MS,
  REFLECTOR_PAGE_SIZE,
  ROUND_BACKOFF,
  type UnixMs,
} from '../../base/index.ts';
import type { Execution, ExecutionParked, KubeObject, ListOptions } from '../../cluster/index.ts';
import { isAtRest, type StepResult } from '../../propeller/index.ts';
import { type Engine, wakeKey } from './engine.ts';
import type { Entry } from './entry.ts';
import { hasLimit } from './slots.ts';

/**
 * What status is to say of parking after a step (ExecutionStatus.parked). A limit of its launch plan, and its line, are
 * counted from those that are listed, so who has one is never left out of a list.
 */
export function parkedAfter(engine: Engine, { execution }: Entry, result: StepResult): ExecutionParked | undefined {
  const { state, hasMore, lacksRoom, lookups, wakeAt } = result;
  if (state.phase !== 'Running' || hasMore || lacksRoom || lookups.length > 0 || !isAtRest(state)) return undefined;
  const generation = execution?.metadata.generation;
  if (generation === undefined || (execution !== undefined && hasLimit(execution.spec))) return undefined;
  if (wakeAt !== undefined && wakeAt < engine.options.clock.now() + PARK_FROM_MS) return undefined;
  return { generation, ...(wakeAt !== undefined && { until: instantText(wakeAt) }) };
}

/** Whether status has to be told. It never says more than is true, and says it in the write that makes it true. */
export function isSameParking(a: ExecutionParked | undefined, b: ExecutionParked | undefined): boolean {
  return a?.generation === b?.generation && a?.until === b?.until;
}

/** What makes `was` to `parked` in the status: a merge patch keeps what it does not name. */
export function parkingPatch(was: ExecutionParked | undefined, parked: ExecutionParked | undefined): Json {
  if (parked === undefined) return null;
  return { ...parked, ...(was?.until !== undefined && parked.until === undefined && { until: null }) };
}

/** Defined: nothing is to be done for the execution, when it is not in memory, but to wake it in time. */
export function parkedNow({ metadata, status }: Execution): ExecutionParked | undefined {
  return status?.parked?.generation === metadata.generation ? status?.parked : undefined;
}

/** Wakes it when it is due, parked or not; the index tells in time of what is due later. */
export function wakeParked(engine: Engine, key: string, { until }: ExecutionParked): void {
  const at = instantMs(until);
  if (at !== undefined && at < engine.paging.horizon) wakeKey(engine, key, at);
}

/** Whether the index tells of it in time, so that nothing in memory has to. */
export function isPagedIn(
  { paging }: Engine,
  parked: ExecutionParked | undefined,
  wakeAt: UnixMs | undefined,
): boolean {
  return parked?.until !== undefined && wakeAt !== undefined && wakeAt >= paging.horizon;
}

/** Parked executions whose time is not kept in memory. */
export interface Paging {
  /** From here on the index is asked; Infinity where the cluster leaves nothing out of its lists. */
  horizon: UnixMs;
  /** All that is due before this has been listed. */
  listedTo: UnixMs;
  cancel: (() => void) | undefined;
}

export function newPaging(): Paging {
  return { horizon: Number.POSITIVE_INFINITY, listedTo: 0, cancel: undefined };
}

/** What a list of all executions is to leave out. Those due a little later it brings as well. */
export function dueNow({ paging, options }: Engine): NonNullable<ListOptions['due']> {
  const soon = options.clock.now() + windowMs(options);
  if (paging.horizon === Number.POSITIVE_INFINITY) return { before: soon };
  // Before the list, so that what is parked while it is read is either in it or kept by who parks it.
  paging.horizon = Math.max(paging.horizon, soon);
  return { before: paging.horizon };
}

/** The list has begun, and the cluster left out what is parked: so far every time has been kept, from now on those are not. */
export function noteLeftOut({ paging }: Engine, { before }: NonNullable<ListOptions['due']>): void {
  if (paging.horizon === Number.POSITIVE_INFINITY) paging.horizon = before;
}

/** A list of all executions has been read to its end. */
export function noteListed(engine: Engine, see: (execution: Execution) => void): void {
  const { paging, options } = engine;
  if (paging.horizon === Number.POSITIVE_INFINITY) return;
  paging.listedTo = Math.max(paging.listedTo, paging.horizon);
  pageLater(engine, paging.listedTo - windowMs(options) / 2, see);
}

function windowMs({ parkWindowMs = PARK_WINDOW_MS }: Engine['options']): number {
  return parkWindowMs;
}

function pageLater(engine: Engine, at: UnixMs, see: (execution: Execution) => void): void {
  const { paging } = engine;
  paging.cancel?.();
  paging.cancel = engine.isStopped
    ? undefined
    : engine.options.clock.at(at, () => {
        paging.cancel = undefined;
        void page(engine, see);
      });
}

/** Lists what is due in the window that begins where the last one ended. */
async function page(engine: Engine, see: (execution: Execution) => void): Promise<void> {
  const { options, paging } = engine;
  const { clock, log } = options;
  paging.horizon = Math.max(paging.horizon, clock.now() + windowMs(options));
  const before = paging.horizon;
  // Where others work on executions as well, one that they have not finished may be ours by now.
  const due = engine.owned === 'all' ? { from: paging.listedTo, before } : { before };
  try {
    await eachExecution(engine, { due, fieldSelector: 'status.phase=Running' }, see);
    paging.listedTo = Math.max(paging.listedTo, before);
    pageLater(engine, paging.listedTo - windowMs(options) / 2, see);
  } catch (error) {
    if (engine.isStopped) return;
    log.write('warn', 'parked executions could not be listed; trying again', { error: String(error) });
    pageLater(engine, clock.now() + ROUND_BACKOFF.maxMs, see);
  }
}

/** Where a quota counts executions, those that are parked count as well: they are listed with all others. */
export async function listCounted(engine: Engine, see: (execution: Execution) => void): Promise<void> {
  const { quotas, options, paging } = engine;
  if (!quotas.exist() || paging.horizon === Number.POSITIVE_INFINITY) return;
  const { items } = await options.cluster.list<KubeObject>('Namespace');
  for (const { metadata } of items) {
    if (quotas.quotaOf(metadata.name) === undefined) continue;
    await eachExecution(engine, { namespace: metadata.name, fieldSelector: 'status.phase=Running' }, see);
  }
}

async function eachExecution(
  engine: Engine,
  selection: ListOptions,
  see: (execution: Execution) => void,
): Promise<void> {
  const { cluster, clock } = engine.options;
  for (let token: string | undefined; !engine.isStopped; ) {
    const list = await cluster.list<Execution>('Execution', {
      ...selection,
      limit: REFLECTOR_PAGE_SIZE,
      ...(token !== undefined && { continueToken: token }),
    });
    for (const execution of list.items) see(execution);
    token = list.continueToken;
    if (token === undefined) return;
    await new Promise<void>((resolve) => void clock.at(clock.now(), resolve));
  }
}
