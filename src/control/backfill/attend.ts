import {
  BACKFILL_SLICE,
  type Clock,
  canonicalJson,
  instantText,
  type Json,
  StalledError,
  type UnixMs,
  WaitError,
} from '../../base/index.ts';
import {
  type Backfill,
  type BackfillStatus,
  type Cluster,
  type Execution,
  findObject,
  isTerminalPhase,
  type MergePatch,
  type ObjectKey,
  type Schedule,
  steeringPatch,
  type Write,
} from '../../cluster/index.ts';
import { tickExecutionName } from '../scheduler/index.ts';
import type { KnownPhases } from './follow-executions.ts';
import { openingStatus, retireOld } from './opening.ts';
import { starterOf } from './starter.ts';
import { nextTicks } from './tick-order.ts';

/** Of this process, for metrics. */
export interface BackfillCounters {
  /** Backfills that are not over. */
  open: number;
  /** Executions started. */
  started: number;
  /** Ticks whose execution existed. */
  skipped: number;
}

export interface Attending {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly phases: KnownPhases;
  readonly counters: BackfillCounters;
}

/** `again`: there is more to do at once. `wait`: for an execution to end, or for a person. */
export type Attended = 'again' | 'wait' | 'over';

/**
 * One step of a backfill: counts what has ended, starts what there is room for, and notes both in one write at the version
 * that was read. Errors: ConflictError when somebody wrote meanwhile; WaitError while its launch plan does not take the ticks.
 */
export async function attend(attending: Attending, key: ObjectKey): Promise<Attended> {
  const { cluster, clock, counters } = attending;
  const backfill = await findObject<Backfill>(cluster, key);
  if (backfill === undefined || backfill.status?.finishedAt !== undefined) return 'over';
  const now = clock.now();
  if (backfill.status === undefined) return begin(cluster, backfill, now);
  const counted = await countEnded(attending, backfill, backfill.status);
  const { desired = 'Running' } = backfill.spec;
  const turn = desired === 'Running' ? await advance(attending, backfill, counted) : { ...NOTHING, status: counted };
  const writes = desired === 'Aborted' ? await abortions(cluster, backfill, counted, now) : turn.creates;
  const isOver = turn.status.live.length === 0 && (turn.isComplete || desired === 'Aborted');
  const status = isOver
    ? finished(turn.status, { isAborted: desired === 'Aborted' && !turn.isComplete, now })
    : turn.status;
  await note(cluster, backfill, status, writes);
  counters.started += status.started - backfill.status.started;
  counters.skipped += status.skipped - backfill.status.skipped;
  if (isOver) await retireOld(cluster, backfill);
  if (turn.stall !== undefined) throw new WaitError(turn.stall.message, 0);
  return isOver ? 'over' : turn.isMore ? 'again' : 'wait';
}

async function begin(cluster: Cluster, backfill: Backfill, now: UnixMs): Promise<Attended> {
  const { namespace = '' } = backfill.metadata;
  const schedule = await findObject<Schedule>(cluster, { kind: 'Schedule', namespace, name: backfill.spec.schedule });
  const status = openingStatus(backfill, schedule, now);
  await note(cluster, backfill, status, []);
  return status.finishedAt === undefined ? 'again' : 'over';
}

/** The status without those of its executions that have ended. */
async function countEnded(
  { cluster, phases }: Attending,
  { metadata }: Backfill,
  status: BackfillStatus,
): Promise<BackfillStatus> {
  const { namespace = '' } = metadata;
  const live: string[] = [];
  let [succeeded, failed] = [status.succeeded, status.failed];
  for (const name of status.live) {
    // What is not known by the watch, or is no more, may be archived; what is nowhere was deleted.
    const phase =
      phases.get(`${namespace}/${name}`) ??
      phaseOf(await findObject<Execution>(cluster, { kind: 'Execution', namespace, name }));
    if (phase === 'Succeeded') succeeded += 1;
    else if (phase === undefined || isTerminalPhase(phase)) failed += 1;
    else live.push(name);
  }
  return { ...status, live, running: live.length, succeeded, failed };
}

function phaseOf(execution: Execution | undefined): string | undefined {
  return execution === undefined ? undefined : (execution.status?.phase ?? 'Pending');
}

interface Turn {
  readonly status: BackfillStatus;
  readonly creates: readonly Write[];
  /** No tick is left, or none can be run any more. */
  readonly isComplete: boolean;
  /** Ticks are left for which there is room. */
  readonly isMore: boolean;
  /** Why nothing starts now. */
  readonly stall?: StalledError;
}

const NOTHING = { creates: [], isComplete: false, isMore: false } as const;

/** Goes on to the next ticks, as far as there is room; those whose execution exists need none. */
async function advance({ cluster }: Attending, backfill: Backfill, before: BackfillStatus): Promise<Turn> {
  const { message: _, ...counted } = before;
  const ticks = nextTicks(backfill, before, BACKFILL_SLICE);
  if (ticks.length === 0) return { ...NOTHING, status: counted, isComplete: true };
  const room = (backfill.spec.concurrency ?? 1) - before.live.length;
  if (room <= 0) return { ...NOTHING, status: counted };
  const { namespace = '', name } = backfill.metadata;
  const schedule = await findObject<Schedule>(cluster, { kind: 'Schedule', namespace, name: backfill.spec.schedule });
  if (schedule === undefined) {
    const message = `schedule "${backfill.spec.schedule}" is not active in ${namespace} any more: ticks after ${before.settledUntil ?? 'the first'} did not run`;
    return { ...NOTHING, status: { ...counted, message }, isComplete: true };
  }
  const start = await starterOf(cluster, schedule, name);
  if (start instanceof StalledError)
    return { ...NOTHING, status: { ...counted, message: start.message }, stall: start };
  const creates: Write[] = [];
  const live = [...before.live];
  let [started, skipped, settledUntil] = [before.started, before.skipped, before.settledUntil];
  let taken = 0;
  for (const tick of ticks) {
    const execution = tickExecutionName(schedule, tick);
    const found = await findObject<Execution>(cluster, { kind: 'Execution', namespace, name: execution });
    const isOwn = found !== undefined && isStartedBy(found, name) && !live.includes(execution);
    if (found !== undefined && !isOwn) skipped += 1;
    else if (taken === room) break;
    else {
      if (found === undefined) creates.push({ op: 'create', object: start(tick) });
      live.push(execution);
      started += 1;
      taken += 1;
    }
    settledUntil = instantText(tick);
  }
  const isMore = settledUntil === instantText(ticks.at(-1) as UnixMs);
  const progress = {
    started,
    skipped,
    live,
    running: live.length,
    ...(settledUntil !== undefined && { settledUntil }),
  };
  return { status: { ...counted, ...progress }, creates, isComplete: false, isMore };
}

/** One that this backfill created before it could note it, where a cluster knows no batches. */
function isStartedBy({ spec, status }: Execution, backfill: string): boolean {
  const isOver = status !== undefined && isTerminalPhase(status.phase);
  return spec.trigger.kind === 'schedule' && spec.trigger.backfill === backfill && !isOver;
}

/** Asks for the end of what runs, of each execution once. */
async function abortions(
  cluster: Cluster,
  { metadata }: Backfill,
  { live }: BackfillStatus,
  now: UnixMs,
): Promise<readonly Write[]> {
  const writes: Write[] = [];
  for (const name of live) {
    const key = { kind: 'Execution', namespace: metadata.namespace ?? '', name };
    const execution = await findObject<Execution>(cluster, key);
    if (execution === undefined || execution.spec.desired === 'Aborted') continue;
    const reason = `backfill ${metadata.name} was aborted`;
    writes.push({
      op: 'patch',
      key,
      patch: steeringPatch(execution, { desired: 'Aborted', at: instantText(now), reason }),
    });
  }
  return writes;
}

function finished(
  status: BackfillStatus,
  { isAborted, now }: { readonly isAborted: boolean; readonly now: UnixMs },
): BackfillStatus {
  const isWhole = status.started + status.skipped >= status.total;
  const phase = isAborted ? 'Aborted' : isWhole && status.failed === 0 ? 'Succeeded' : 'Failed';
  return { ...status, phase, finishedAt: instantText(now) };
}

async function note(
  cluster: Cluster,
  backfill: Backfill,
  status: BackfillStatus,
  writes: readonly Write[],
): Promise<void> {
  const { namespace = '', name, uid = '', resourceVersion = '' } = backfill.metadata;
  const isNews =
    canonicalJson((backfill.status ?? null) as unknown as Json) !== canonicalJson(status as unknown as Json);
  const patch = { ...status, message: status.message ?? null } as unknown as MergePatch;
  const key = { kind: 'Backfill', namespace, name };
  const noted: readonly Write[] = isNews ? [{ op: 'patchStatus', key, patch, if: { uid, resourceVersion } }] : [];
  if (noted.length + writes.length > 0) await cluster.write([...writes, ...noted], { discard: true });
}
