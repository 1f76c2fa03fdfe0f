import { type BlobRefs, canonicalJson, type Json } from '../../src/base/index.ts';
import type {
  Execution,
  ExecutionError,
  ExecutionPhase,
  ExecutionStatus,
  MergePatch,
  NodeStatus,
  SubtaskOutputs,
} from '../../src/cluster/index.ts';
import { isTerminalPhase } from '../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../src/compiler/closure.ts';
import {
  type AttemptObservation,
  type BatchMember,
  buildPlan,
  type ChildEffect,
  type Desired,
  type Effect,
  type EngineState,
  indexOfPath,
  type Observation,
  type Plan,
  restore,
  type Settings,
  step,
  type Terminated,
} from '../../src/propeller/index.ts';
import { batchText, sharesWith } from './batches.ts';
import { nodesBeside, upstreamOf } from './closure-paths.ts';
import { executionOf, planOf } from './closures.ts';
import { mergePatch } from './merge-patch.ts';

export interface WorldPod {
  readonly name: string;
  /** Of its node: numbers hold for one state of the engine only. */
  readonly path: string;
  readonly index: number;
  readonly attempt: number;
  readonly createdAt: number;
  readonly isInterruptible: boolean;
  readonly inputs: Readonly<Record<string, Json>>;
  /** Subtasks that it runs, where they are several. */
  readonly members?: readonly BatchMember[];
  startedAt?: number;
  ending?: string;
  end?: Terminated;
}

/**
 * An execution in a simulated cluster: what is written, which pods there are, what time it is. Checks at each step what
 * must always hold. `restarts` makes a new worker before every step, so that nothing but the status carries over.
 */
export interface World {
  readonly plan: Plan;
  readonly closure: WorkflowClosure;
  execution: Execution;
  readonly pods: Map<string, WorldPod>;
  /** Pods without an end, by node and subtask: never two of one. */
  readonly live: Map<string, WorldPod>;
  readonly settings: Settings;
  readonly restarts: boolean;
  readonly trace: string[];
  /** What maps keep beside the status, and how much was written of it. */
  readonly kept: Map<string, Map<number, SubtaskOutputs>>;
  keptBytes: number;
  now: number;
  state: EngineState | undefined;
  wakeAt: number | undefined;
  inbox: Observation[];
  /** Pods that changed since the last step. */
  news: { readonly pod: WorldPod; readonly isGone: boolean }[];
  /** Workflows that tasks have written, as stored. */
  readonly produced: Map<string, Plan>;
  readonly children: Map<string, WorldChild>;
  childNews: { readonly child: WorldChild; readonly isGone: boolean }[];
}

export function createWorld(
  closure: WorkflowClosure,
  options: { spec?: Partial<Execution['spec']>; settings?: Partial<Settings>; restarts?: boolean; plan?: Plan } = {},
): World {
  return {
    plan: options.plan ?? planOf(closure),
    closure,
    execution: executionOf(closure, options.spec),
    pods: new Map(),
    live: new Map(),
    settings: { maxParallelism: 25, maxStreak: 1_000, ...options.settings },
    restarts: options.restarts ?? false,
    trace: [],
    kept: new Map(),
    keptBytes: 0,
    now: Date.parse('2026-01-02T03:04:05Z'),
    state: undefined,
    wakeAt: undefined,
    inbox: [{ kind: 'Admit' }],
    news: [],
    produced: new Map(),
    children: new Map(),
    childNews: [],
  };
}

export const statusOf = (world: World): ExecutionStatus => world.execution.status as ExecutionStatus;
export const nodeOf = (world: World, id: string): NodeStatus | undefined => statusOf(world).nodes?.[id];
export const isOver = (world: World): boolean => isTerminalPhase(world.execution.status?.phase ?? 'Pending');
export const livePods = (world: World): WorldPod[] => [...world.live.values()];
const place = (of: { path: string; index: number }): string => `${of.path}#${of.index}`;

/** Steps until the engine has nothing more to do at this instant. */
export function settle(world: World): void {
  for (let rounds = 0; rounds < 10_000; rounds++) {
    if (!turn(world) && world.inbox.length + world.news.length + world.childNews.length === 0) return;
  }
  throw new Error('the engine does not come to rest');
}

/** One step. True when another is wanted at once. */
function turn(world: World): boolean {
  const observations = [...takeState(world), ...world.inbox];
  world.inbox = [];
  const state = world.state as EngineState;
  for (const { pod, isGone } of world.news) {
    const node = indexOfPath(state, pod.path);
    if (node !== undefined) observations.push(observationOf(node, pod, isGone));
  }
  world.news = [];
  for (const { child, isGone } of world.childNews) {
    const node = indexOfPath(state, child.path);
    if (node !== undefined) observations.push(childObservation(node, child, isGone, false));
  }
  world.childNews = [];
  const { signals } = world.execution.spec;
  if (signals !== undefined) observations.push({ kind: 'Signals', signals });
  const before = world.execution.status;
  const result = step(state, observations, world.now, world.settings);
  if (result.delta !== undefined) {
    write(world, result.delta);
    checkTerminal(before, world.execution.status, result.delta);
  }
  for (const effect of result.effects) perform(world, effect);
  checkLimits(world);
  world.wakeAt = result.wakeAt;
  if (world.restarts) world.state = undefined;
  return result.hasMore;
}

function takeState(world: World): Observation[] {
  if (world.state !== undefined) return [];
  const restored = restore(world.plan, world.execution, world.now, undefined, world.kept, world.produced);
  world.state = restored.state;
  const children = restored.children.map(({ node, name }): Observation => {
    const child = world.children.get(name);
    if (child === undefined) return { kind: 'Child', node, name, seen: { kind: 'Gone' } };
    return childObservation(node, child, false, true);
  });
  const attempts = restored.expected.map((expected): AttemptObservation => {
    const { node, index, attempt, podName } = expected;
    const pod = world.pods.get(podName);
    if (pod === undefined) return { kind: 'Attempt', node, index, attempt, seen: { kind: 'Gone' } };
    return observationOf(node, pod, false);
  });
  return [...attempts, ...children];
}

function observationOf(node: number, pod: WorldPod, isGone: boolean): AttemptObservation {
  const { index, attempt } = pod;
  if (isGone) return { kind: 'Attempt', node, index, attempt, seen: { kind: 'Gone' } };
  const seen: AttemptObservation['seen'] =
    pod.end ??
    (pod.startedAt === undefined
      ? { kind: 'Waiting', createdAt: pod.createdAt }
      : { kind: 'Running', startedAt: pod.startedAt });
  return { kind: 'Attempt', node, index, attempt, seen };
}

function write(world: World, delta: MergePatch): void {
  // Through text, as a store would: nothing of the engine's memory may leak into the status.
  const patch = JSON.parse(JSON.stringify(delta)) as Json;
  world.trace.push(`${world.now} ${canonicalJson(patch)}`);
  world.execution = {
    ...world.execution,
    status: mergePatch(world.execution.status as Json | undefined, patch) as never,
  };
}

/** Beside the status, through text as well. */
function keep(world: World, { path, results }: Extract<Effect, { kind: 'KeepResults' }>): void {
  const its = world.kept.get(path) ?? new Map();
  world.kept.set(path, its);
  for (const [index, [outputs]] of Object.entries(JSON.parse(JSON.stringify(results)) as typeof results)) {
    its.set(Number(index), outputs);
    world.keptBytes += JSON.stringify({ [index]: [outputs] }).length;
  }
}

/** A child execution in the simulated cluster. */
export interface WorldChild {
  readonly name: string;
  readonly path: string;
  readonly attempt: number;
  readonly inputs: Readonly<Record<string, Json>>;
  phase: ExecutionPhase;
  desired: Desired;
  isPausedWith: boolean;
  outputs?: Readonly<Record<string, Json>>;
  error?: ExecutionError;
}

/** Moves a child on; its parent hears of it with the next step. */
export function moveChild(world: World, child: WorldChild, phase: ExecutionPhase, end: Partial<WorldChild> = {}): void {
  Object.assign(child, end, { phase });
  world.childNews.push({ child, isGone: false });
}

/** Somebody deletes the child. */
export function removeChild(world: World, child: WorldChild): void {
  world.children.delete(child.name);
  world.childNews.push({ child, isGone: true });
}

export const liveChildren = (world: World): WorldChild[] =>
  [...world.children.values()].filter(({ phase }) => !isTerminalPhase(phase));

function childObservation(node: number, child: WorldChild, isGone: boolean, isRead: boolean): Observation {
  const { name, phase, outputs = {}, error, desired, isPausedWith } = child;
  if (isGone) return { kind: 'Child', node, name, seen: { kind: 'Gone' } };
  if (isTerminalPhase(phase)) {
    return { kind: 'Child', node, name, seen: { kind: 'Ended', phase, outputs, ...(error && { error }) } };
  }
  return { kind: 'Child', node, name, seen: { kind: 'Live', phase, ...(isRead && { desired, isPausedWith }) } };
}

function performChild(world: World, effect: ChildEffect): void {
  world.trace.push(`${world.now} ${effect.kind} ${effect.name}`);
  if (effect.kind === 'SteerChild') {
    const child = world.children.get(effect.name);
    if (child === undefined) return;
    if (child.desired !== 'Aborted') child.desired = effect.desired;
    child.isPausedWith = effect.desired === 'Paused';
    return;
  }
  const { name, path, attempt, inputs } = effect;
  if (world.children.has(name)) throw new Error(`child ${name} is started twice`);
  if ((world.execution.spec.desired ?? 'Running') !== 'Running')
    throw new Error(`child ${name} is started while stopped`);
  const live = liveChildren(world).find((child) => child.path === path);
  if (live !== undefined) throw new Error(`child ${name} is started while ${live.name} is live`);
  const copy = JSON.parse(JSON.stringify(inputs)) as Readonly<Record<string, Json>>;
  const state = { phase: 'Pending', desired: 'Running', isPausedWith: false } as const;
  world.children.set(name, { name, path, attempt, inputs: copy, ...state });
}

function perform(world: World, effect: Effect): void {
  if (effect.kind === 'KeepResults') {
    keep(world, effect);
    return;
  }
  if (effect.kind === 'StoreClosure') {
    world.produced.set(effect.digest, buildPlan(effect.digest, JSON.parse(effect.text) as WorkflowClosure));
    return;
  }
  if (effect.kind === 'StartChild' || effect.kind === 'SteerChild') {
    performChild(world, effect);
    return;
  }
  if (effect.kind !== 'StartAttempt' && effect.kind !== 'AbortAttempt') throw new Error(`no ${effect.kind} here`);
  world.trace.push(`${world.now} ${effect.kind} ${effect.podName}`);
  if (effect.kind === 'AbortAttempt') {
    const pod = world.pods.get(effect.podName);
    if (pod !== undefined && pod.end === undefined) pod.ending = effect.ending;
    return;
  }
  const { path, index, attempt, podName: name, inputs } = effect;
  if (world.pods.has(name)) throw new Error(`pod ${name} is started twice`);
  if (world.execution.spec.desired === 'Aborted') throw new Error(`pod ${name} is started after the abort`);
  if (world.execution.spec.desired === 'Paused') throw new Error(`pod ${name} is started while paused`);
  const live = [...world.live.values()].find((other) => sharesWith(other, effect));
  if (live !== undefined) throw new Error(`pod ${name} is started while ${live.name} is live`);
  for (const upstream of upstreamOf(world.closure, effect.path)) {
    const phase = nodeOf(world, upstream)?.phase ?? 'Pending';
    if (!['Succeeded', 'Skipped'].includes(phase))
      throw new Error(`pod ${name} is started while ${upstream} is ${phase}`);
  }
  const pod: WorldPod = {
    name,
    path,
    index,
    attempt,
    inputs: JSON.parse(JSON.stringify(inputs)),
    createdAt: world.now,
    isInterruptible: effect.isInterruptible === true,
    ...(effect.members !== undefined && { members: JSON.parse(JSON.stringify(effect.members)) }),
  };
  world.pods.set(name, pod);
  world.live.set(place(pod), pod);
}

function checkTerminal(
  before: ExecutionStatus | undefined,
  after: ExecutionStatus | undefined,
  delta: MergePatch,
): void {
  if (before === undefined || after === undefined) return;
  if (isTerminalPhase(before.phase)) throw new Error(`a terminal execution is patched: ${JSON.stringify(delta)}`);
  for (const id of Object.keys((delta.nodes ?? {}) as object)) {
    const was = before.nodes?.[id]?.phase ?? 'Pending';
    if (isTerminalPhase(was)) throw new Error(`terminal node ${id} is patched: ${JSON.stringify(delta)}`);
  }
}

function checkLimits(world: World): void {
  const counts = new Map<string, number>();
  let tasks = 0;
  for (const pod of world.live.values()) {
    if (pod.index < 0) tasks++;
    else counts.set(pod.path, (counts.get(pod.path) ?? 0) + 1);
  }
  const limit = world.execution.spec.maxParallelism ?? world.settings.maxParallelism;
  if (tasks > limit) throw new Error(`${tasks} tasks are live; the limit is ${limit}`);
  for (const [path, subtasks] of counts) {
    const node = nodesBeside(world.closure, path).find(({ id }) => id === path.split('/').at(-1));
    const concurrency = node?.kind === 'map' ? node.concurrency : undefined;
    if (subtasks > (concurrency ?? Number.POSITIVE_INFINITY)) {
      throw new Error(`${subtasks} subtasks of ${node?.id} are live; the limit is ${concurrency}`);
    }
  }
}

export function desire(world: World, desired: 'Running' | 'Paused' | 'Aborted', why?: string): void {
  if (world.execution.spec.desired === 'Aborted') return;
  world.execution = { ...world.execution, spec: { ...world.execution.spec, desired } };
  world.inbox.push({ kind: 'Desired', desired, ...(why !== undefined && { why }) });
}

/** The pod's process starts. */
export function start(world: World, pod: WorldPod): void {
  pod.startedAt = world.now;
  world.news.push({ pod, isGone: false });
}

/** Somebody deletes the pod. */
export function vanish(world: World, pod: WorldPod): void {
  world.live.delete(place(pod));
  world.pods.delete(pod.name);
  world.news.push({ pod, isGone: true });
}

/** The pod ends: by itself with these outputs or this exit code, or because its end was asked for. */
export function end(
  world: World,
  pod: WorldPod,
  how: { text?: string; exitCode?: number; reason?: string; storedOutputs?: BlobRefs } = {},
): void {
  const exitCode = how.exitCode ?? 0;
  world.live.delete(place(pod));
  pod.end = {
    kind: 'Terminated',
    exitCode,
    reason: how.reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
    message: how.text ?? '',
    ...(how.storedOutputs && { storedOutputs: how.storedOutputs }),
    ...(pod.ending !== undefined && { ending: pod.ending }),
    ...(pod.startedAt !== undefined && { ranMs: world.now - pod.startedAt }),
  };
  world.news.push({ pod, isGone: false });
}

/** Lets all live pods end well with outputs made from their inputs, wave after wave, and time pass, until it is over. */
export function runOut(world: World, outputs: (pod: WorldPod) => string = double): void {
  for (let rounds = 0; rounds < 10_000 && !isOver(world); rounds++) {
    settle(world);
    if (isOver(world)) return;
    const live = livePods(world);
    for (const pod of live) {
      if (pod.ending !== undefined) end(world, pod, { exitCode: 143, reason: 'Aborted' });
      else end(world, pod, { text: outputs(pod) });
    }
    if (live.length === 0) {
      if (world.wakeAt === undefined) throw new Error(`stuck: ${JSON.stringify(world.execution.status)}`);
      world.now = Math.max(world.now, world.wakeAt);
    }
  }
}

export const double = (pod: WorldPod): string =>
  pod.members === undefined
    ? `x=${Number(pod.inputs.a) * 2}`
    : batchText(
        pod,
        pod.members.map(({ inputs }) => `x=${Number(inputs.a) * 2}`),
      );
