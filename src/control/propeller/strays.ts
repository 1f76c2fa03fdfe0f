import { BugError, REFLECTOR_PAGE_SIZE, STRAY_LOOK_MS, WaitError } from '../../base/index.ts';
import {
  EXECUTIONS_NOT_OVER,
  type Execution,
  isTerminalPhase,
  type KubeObject,
  LABEL,
  type ListOptions,
  PODS_NOT_ENDED,
  type Pod,
  type Write,
} from '../../cluster/index.ts';
import {
  type EngineState,
  type Standing,
  type StepResult,
  standingOfAttempt,
  standingOfChild,
} from '../../propeller/index.ts';
import { childAbort, liveChildrenOf } from './children.ts';
import type { Engine } from './engine.ts';
import type { AttemptRef, Entry } from './entry.ts';
import { ownsPod } from './ownership.ts';
import { attemptOf, executionKeyOf, isPodOver, podsOf } from './pod.ts';
import { endOfPod } from './prepare-pods.ts';
import { writeRound } from './refusals.ts';

/*
 * Where batches are written one by one, an attempt's pod or a child execution may be there and the status that tells of it
 * not: it was refused, or its writer died. Mostly the execution goes on as it did, and adopts them by their names. When it
 * does not, because it was aborted meanwhile, nobody would ever know of them. So before a node of it ends they are looked for.
 * And when it does so later than others, for want of room, they count meanwhile where its parallelism is limited.
 */

/** A batch was refused, and may have been written in part. Costs nothing where batches are whole, or nothing was to begin. */
export function suspectAfter({ options, suspects }: Engine, { key }: Entry, writes: readonly Write[]): void {
  if (options.cluster.writesOneByOne && writes.some(begins)) suspects.set(key, undefined);
}

function begins(write: Write): boolean {
  return write.op === 'create' && (write.object.kind === 'Pod' || write.object.kind === 'Execution');
}

/**
 * What others worked on before, or who owned all until it died, may have pods and children left behind with a batch half written. All that live are
 * listed once, before the executions that have become ours: to look for those of each when it ends would be two lists for each.
 */
export async function suspectLeft(engine: Engine): Promise<void> {
  const { options, owned, suspects } = engine;
  if (!options.cluster.writesOneByOne || owned === undefined) return;
  await eachListed<Pod>(engine, 'Pod', { labelSelector: LABEL.execution, fieldSelector: PODS_NOT_ENDED }, (pod) => {
    const key = executionKeyOf(pod);
    if (key === undefined || !ownsPod(engine, pod)) return;
    const known = suspects.get(key);
    if (known !== undefined) known.push(attemptOf(pod));
    else if (!suspects.has(key)) suspects.set(key, [attemptOf(pod)]);
  });
  await eachListed<Execution>(
    engine,
    'Execution',
    { labelSelector: LABEL.parent, fieldSelector: EXECUTIONS_NOT_OVER },
    (child) => {
      const { trigger } = child.spec;
      if (trigger.kind !== 'execution') return;
      const key = `${child.metadata.namespace ?? ''}/${trigger.execution}`;
      if (!suspects.has(key)) suspects.set(key, []);
    },
  );
}

async function eachListed<T extends KubeObject>(
  { options, ending }: Engine,
  kind: string,
  selection: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
  see: (object: T) => void,
): Promise<void> {
  for (let continueToken: string | undefined; !ending.signal.aborted; ) {
    const page = await options.cluster.list<T>(kind, {
      ...selection,
      limit: REFLECTOR_PAGE_SIZE,
      ...(continueToken !== undefined && { continueToken }),
    });
    for (const object of page.items) see(object);
    continueToken = page.continueToken;
    if (continueToken === undefined) return;
  }
}

/** A watch tells of one that came to be after the list: its writer had sent it when it lost the execution. */
export function suspectUnknown(engine: Engine, key: string, state: EngineState | undefined, pod: Pod): void {
  const { options, suspects } = engine;
  if (!options.cluster.writesOneByOne || state === undefined || suspects.has(key)) return;
  if (standingOfAttempt(state, attemptOf(pod)) !== 'Live' && !isPodOver(engine, pod)) suspects.set(key, []);
}

/** Finds which attempts of an execution that has just been loaded live though its status may not tell of them. */
export async function findStrays(engine: Engine, entry: Entry, execution: Execution): Promise<readonly AttemptRef[]> {
  const { suspects } = engine;
  if (!suspects.has(entry.key)) return [];
  const listed = suspects.get(entry.key);
  // What becomes of them is told to whoever has loaded it; to the next one the list is old.
  suspects.set(entry.key, undefined);
  if (listed !== undefined) return listed;
  const { namespace = '', name } = execution.metadata;
  const live = (await podsOf(engine, namespace, name)).filter((pod) => isOf(execution, pod) && !isPodOver(engine, pod));
  return live.map(attemptOf);
}

/** News of a pod of an execution that may have strays. */
export function noteStray(engine: Engine, entry: Entry, pod: Pod, isGone: boolean): void {
  const isSuspect = engine.suspects.has(entry.key);
  if (!isSuspect && entry.strays.length === 0) return;
  const told = attemptOf(pod);
  const others = entry.strays.filter((ref) => !isSame(ref, told));
  entry.strays = isGone || !isSuspect || isPodOver(engine, pod) ? others : [...others, told];
}

function isSame(a: AttemptRef, b: AttemptRef): boolean {
  return a.path === b.path && a.index === b.index && a.attempt === b.attempt;
}

/** How many of them the state does not know of. */
export function straysUnknown({ strays, run }: Entry): number {
  if (strays.length === 0 || run === undefined) return 0;
  return strays.filter((ref) => standingOfAttempt(run.state, ref) !== 'Live').length;
}

/** Whether strays are to be looked for before the step is written. */
export function mayLeaveStrays({ suspects }: Engine, { key }: Entry, { delta }: StepResult): boolean {
  if (delta === undefined || !suspects.has(key)) return false;
  if (typeof delta.phase === 'string' && isTerminalPhase(delta.phase)) return true;
  const nodes = (delta.nodes ?? {}) as Readonly<Record<string, { readonly phase?: string } | null>>;
  return Object.values(nodes).some((node) => isTerminalPhase(node?.phase ?? 'Pending'));
}

/** Rejects while attempts or children live that the step takes no account of. Ends them, and what it would end itself. */
export async function endStrays(engine: Engine, entry: Entry, writes: readonly Write[]): Promise<void> {
  const { run, execution } = entry;
  if (run === undefined || execution === undefined) throw new BugError(`${entry.key} has effects without a state`);
  const aborts = await strayAborts(engine, entry, execution, run.state);
  if (aborts.length === 0) return;
  await writeRound(engine, entry, [...aborts, ...writes.filter(endsPod)]);
  throw new WaitError('an attempt that its execution did not know of has to end first', STRAY_LOOK_MS);
}

function endsPod(write: Write): boolean {
  return (write.op === 'patch' || write.op === 'delete') && write.key.kind === 'Pod';
}

/** What ends the pods and children that live though their node would be over after the step. None: it may be written. */
async function strayAborts(
  engine: Engine,
  { key }: Entry,
  execution: Execution,
  state: StepResult['state'],
): Promise<Write[]> {
  const { namespace = '', name } = execution.metadata;
  const aborts: Write[] = [];
  let isUnknown = false;
  const judge = (standing: Standing, abort: readonly Write[]): void => {
    if (standing === 'Over') aborts.push(...abort);
    else if (standing === 'Unknown') isUnknown = true;
  };
  for (const pod of await podsOf(engine, namespace, name)) {
    if (isPodOver(engine, pod) || !isOf(execution, pod)) continue;
    judge(standingOfAttempt(state, attemptOf(pod)), endOfPod(engine, pod, WHY));
  }
  for (const child of await liveChildrenOf(engine, { namespace, name })) {
    if (!isOf(execution, child) || child.spec.trigger.kind !== 'execution') continue;
    const { node: path } = child.spec.trigger;
    judge(standingOfChild(state, { path, name: child.metadata.name }), [childAbort(child, WHY)]);
  }
  if (aborts.length === 0 && !isUnknown) engine.suspects.delete(key);
  return aborts;
}

function isOf({ metadata: { uid } }: Execution, { metadata }: KubeObject): boolean {
  return metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

const WHY = 'Aborted: its execution went on without it, before its start was recorded';
