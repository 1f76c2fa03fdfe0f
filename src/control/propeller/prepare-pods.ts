import { BugError, MAX_SINGLE_POD_READS, type UnixMs } from '../../base/index.ts';
import { ANNOTATION, type Execution, findObject, type Pod, type Write } from '../../cluster/index.ts';
import type { AttemptObservation, Effect, Room } from '../../propeller/index.ts';
import type { PodForm, Refused, WantedPod } from '../../runtime/index.ts';
import { type Engine, wakeKey } from './engine.ts';
import type { Entry } from './entry.ts';
import { podsOf, wantedPod } from './pod.ts';
import { refuseAttempt } from './refusals.ts';

/** What a round knows of its pods before it writes them, where they have a form. */
export interface PreparedPods {
  readonly form: PodForm;
  readonly wanted: ReadonlyMap<string, WantedPod>;
  readonly refused: Refused;
  /** What ends the pods that are to be ended, by their names. */
  readonly ends: ReadonlyMap<string, readonly Write[]>;
  /** Those that are to be ended and are not there. */
  readonly gone: readonly AttemptObservation[];
}

type Abort = Extract<Effect, { readonly kind: 'AbortAttempt' }>;

/** Sees to what the pods of a step need, and to how those that it ends are ended. What need not be waited for comes at once. */
export function preparePods(
  engine: Engine,
  execution: Execution,
  effects: readonly Effect[],
): PreparedPods | Promise<PreparedPods> | undefined {
  const form = engine.options.pods;
  if (form === undefined) return undefined;
  const wanted = new Map<string, WantedPod>();
  const aborts: Abort[] = [];
  for (const effect of effects) {
    if (effect.kind === 'StartAttempt') wanted.set(effect.podName, wantedPod(execution, effect));
    else if (effect.kind === 'AbortAttempt') aborts.push(effect);
  }
  const ready = wanted.size === 0 ? undefined : form.prepare([...wanted.values()]);
  const refused: Refused = new Map();
  if (ready === undefined && aborts.length === 0) return { form, wanted, refused, ends: new Map(), gone: [] };
  return Promise.all([ready ?? refused, endsOf(engine, form, execution, aborts)]).then(([refusals, ended]) => {
    return { form, wanted, refused: refusals, ...ended };
  });
}

async function endsOf(
  engine: Engine,
  form: PodForm,
  execution: Execution,
  aborts: readonly Abort[],
): Promise<Pick<PreparedPods, 'ends' | 'gone'>> {
  const ends = new Map<string, readonly Write[]>();
  const gone: AttemptObservation[] = [];
  const { namespace = '', name } = execution.metadata;
  const listed = aborts.length > MAX_SINGLE_POD_READS ? await podsOf(engine, namespace, name) : undefined;
  const byName = new Map(listed?.map((pod) => [pod.metadata.name, pod]));
  for (const { podName, ending, node, index, attempt } of aborts) {
    const key = { kind: 'Pod', namespace, name: podName };
    const pod = listed === undefined ? await findObject<Pod>(engine.options.cluster, key) : byName.get(podName);
    if (pod !== undefined) ends.set(podName, form.endOf(pod, ending));
    else gone.push({ kind: 'Attempt', node, index, attempt, seen: { kind: 'Gone' } });
  }
  return { ends, gone };
}

type OfAttempt = Extract<Effect, { readonly kind: 'StartAttempt' | 'AbortAttempt' }>;

export function isOfAttempt(effect: Effect): effect is OfAttempt {
  return effect.kind === 'StartAttempt' || effect.kind === 'AbortAttempt';
}

/** The writes of an attempt whose pod has a form. One that cannot be made has ended, and the next round is told. */
export function attemptWrites(entry: Entry, pods: PreparedPods, effect: OfAttempt): readonly Write[] {
  if (effect.kind === 'AbortAttempt') return pods.ends.get(effect.podName) ?? [];
  const wanted = pods.wanted.get(effect.podName);
  if (wanted === undefined) throw new BugError(`pod ${effect.podName} was not prepared`);
  const why = pods.refused.get(effect.podName);
  if (why === undefined) return [{ op: 'create', object: pods.form.podOf(wanted) }];
  refuseAttempt(entry, wanted.pod, why);
  return [];
}

/** What ends a pod of which no more is known than that it is not wanted. */
export function endOfPod({ options }: Engine, pod: Pod, ending: string): readonly Write[] {
  if (options.pods !== undefined) return options.pods.endOf(pod, ending);
  const { namespace = '', name } = pod.metadata;
  const annotations = { [ANNOTATION.abort]: ending };
  return [{ op: 'patch', key: { kind: 'Pod', namespace, name }, patch: { metadata: { annotations } } }];
}

/** Pods of an execution that have not ended. */
export async function livePodsOf(
  engine: Engine,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<readonly Pod[]> {
  const pods = await podsOf(engine, namespace, name);
  return pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
}

/** The execution gets a turn when its pods are to be offered again. `lacksRoom`: its last step did not offer them. */
export function offerAgain(engine: Engine, entry: Entry, lacksRoom: boolean): void {
  const { key, refused } = entry;
  if (refused === undefined) return;
  const isOver = refused.until <= engine.options.clock.now();
  if (isOver) entry.refused = undefined;
  if (lacksRoom) wakeKey(engine, key, refused.until);
}

/** Nothing may start while the cluster takes no pod; undefined: it may. */
export function closedRoom({ refused }: Entry, now: UnixMs): Room | undefined {
  if (refused === undefined || refused.until <= now) return undefined;
  const { POSITIVE_INFINITY } = Number;
  return {
    left: { tasks: 0, cpu: 0, memoryBytes: 0 },
    whole: { cpu: POSITIVE_INFINITY, memoryBytes: POSITIVE_INFINITY },
    of: '',
    limits: {},
    closed: refused.message,
  };
}
