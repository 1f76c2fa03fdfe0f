import { instantMs, instantText, type Json, StalledError, type UnixMs } from '../../base/index.ts';
import {
  API_VERSION,
  type Cluster,
  findObject,
  type ObjectKey,
  SCHEDULER_STATE_NAME,
  type SchedulerState,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import type { Gap, Lanes } from './lanes.ts';

export const STATE_KEY: ObjectKey = {
  kind: 'SchedulerState',
  namespace: SYSTEM_NAMESPACE,
  name: SCHEDULER_STATE_NAME,
};

/** How far the scheduler was, and what its next write must find. */
export interface LoadedState {
  /** Undefined: nobody knows, and each schedule goes by its own last tick. */
  readonly settledUntil: UnixMs | undefined;
  /** Until when whoever wrote it knew of all that happened to schedules; undefined: as far as it was. */
  readonly heardUntil: UnixMs | undefined;
  readonly gaps: readonly Gap[];
  readonly fence: Fence;
  /** Counts who worked with it. */
  readonly epoch: number;
  /** Why it could not be read. */
  readonly problem?: string;
}

/** Who writes with a version that is not the last one any more has been replaced by another scheduler. */
export interface Fence {
  readonly uid: string;
  resourceVersion: string;
}

/** Form of the status that this version writes. */
const VERSION = 1;

/**
 * Reads the state and makes it ours: whoever wrote it before finds its next batch refused, so what is read after this
 * is all that there is. Throws StalledError for a state that a newer version has written.
 */
export async function claimState(cluster: Cluster, now: UnixMs): Promise<LoadedState> {
  const found = await findObject<SchedulerState>(cluster, STATE_KEY);
  const read = readStatus(found?.status);
  const epoch = epochOf(found) + 1;
  const writes: Write[] = [];
  if (found === undefined) {
    const { kind, namespace, name } = STATE_KEY as Required<ObjectKey>;
    writes.push({ op: 'create', object: { apiVersion: API_VERSION, kind, metadata: { namespace, name }, spec: {} } });
  }
  const { uid, resourceVersion } = found?.metadata ?? {};
  const unchanged = uid === undefined || resourceVersion === undefined ? undefined : { uid, resourceVersion };
  const patch = {
    version: VERSION,
    epoch,
    conditions: read.problem === undefined ? null : unready('UnreadableState', read.problem, now),
  };
  writes.push({ op: 'patchStatus', key: STATE_KEY, patch, ...(unchanged && { if: unchanged }) });
  const written = (await cluster.write(writes)).at(-1);
  const fence = { uid: written?.metadata.uid ?? '', resourceVersion: written?.metadata.resourceVersion ?? '' };
  return { ...read, fence, epoch };
}

/** What a batch says of how far it is. */
export function statePatch({ settledUntil, heardUntil, gaps }: Pick<Lanes, 'settledUntil' | 'heardUntil' | 'gaps'>): {
  readonly settledUntil: string;
  readonly heardUntil: string;
  readonly catchUp: Json;
} {
  const [first, ...later] = gaps;
  const catchUp =
    first === undefined
      ? null
      : {
          from: instantText(first.from),
          settledUntil: instantText(first.settledUntil),
          until: instantText(first.until),
          later: later.map(({ from, until }) => ({ from: instantText(from), until: instantText(until) })),
        };
  return { settledUntil: instantText(settledUntil), heardUntil: instantText(heardUntil), catchUp };
}

/**
 * What the next write must find when one was refused. Undefined: another scheduler has taken over. Else the state is still
 * this one's: somebody touched the object, or the write had arrived though nobody heard of it.
 */
export async function ownFence(cluster: Cluster, { uid }: Fence, epoch: number): Promise<Fence | undefined> {
  const found = await findObject<SchedulerState>(cluster, STATE_KEY);
  const { resourceVersion } = found?.metadata ?? {};
  if (found?.metadata.uid !== uid || resourceVersion === undefined || epochOf(found) !== epoch) return undefined;
  return { uid, resourceVersion };
}

function readStatus(
  status: SchedulerState['status'],
): Pick<LoadedState, 'settledUntil' | 'heardUntil' | 'gaps' | 'problem'> {
  const nothing = { settledUntil: undefined, heardUntil: undefined, gaps: [] };
  if (status === undefined || status.settledUntil === undefined) return nothing;
  const { version } = status as { readonly version: number };
  if (Number.isInteger(version) && version > VERSION) {
    throw new StalledError(
      'NewerState',
      `the scheduler's state is of version ${version}, this pipectl knows ${VERSION}: no schedule ticks until a newer one runs; or delete SchedulerState "${SCHEDULER_STATE_NAME}", and each schedule goes on from its last tick`,
    );
  }
  const settledUntil = instantMs(text(status.settledUntil));
  const gaps = gapsOf(status.catchUp);
  if (version === VERSION && settledUntil !== undefined && gaps !== undefined) {
    return { settledUntil, heardUntil: instantMs(text(status.heardUntil)), gaps };
  }
  const problem = 'the state of the scheduler was not readable: each schedule went on from its last tick';
  return { ...nothing, problem };
}

function gapsOf(catchUp: NonNullable<SchedulerState['status']>['catchUp']): readonly Gap[] | undefined {
  if (catchUp === undefined || catchUp === null) return [];
  const spans = [catchUp, ...(Array.isArray(catchUp.later) ? catchUp.later : [])];
  const gaps = spans.map((span, place): Gap | undefined => {
    const from = instantMs(text(span.from));
    const until = instantMs(text(span.until));
    const settledUntil = place === 0 ? instantMs(text(catchUp.settledUntil)) : from;
    return from === undefined || until === undefined || settledUntil === undefined
      ? undefined
      : { from, settledUntil, until };
  });
  return gaps.some((gap) => gap === undefined) ? undefined : (gaps as Gap[]);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function epochOf(state: SchedulerState | undefined): number {
  const epoch = state?.status?.epoch;
  return typeof epoch === 'number' && Number.isSafeInteger(epoch) ? epoch : 0;
}

function unready(reason: string, message: string, now: UnixMs): Json {
  return [{ type: 'Ready', status: 'False', reason, message, lastTransitionTime: instantText(now) }];
}

/** Says on the state itself why nothing ticks. */
export async function noteRefusal(cluster: Cluster, { reason, message }: StalledError, now: UnixMs): Promise<void> {
  const patch = { conditions: unready(reason, message, now) };
  await cluster.write([{ op: 'patchStatus', key: STATE_KEY, patch }], { discard: true });
}
