import { instantText } from '../../../src/base/index.ts';
import {
  ANNOTATION,
  type ObjectKey,
  type Pod,
  type SecretRef,
  type Secrets,
  type Write,
} from '../../../src/cluster/index.ts';
import { createRedactor, type Redactor, redactText } from '../../../src/runtime/redactor.ts';
import type { Behaviour } from '../workload/definitions.ts';
import { type Chance, chanceOf } from './random.ts';
import type { Commit, SimStore } from './store.ts';
import type { Timeline } from './timeline.ts';

/** The machine that runs pods: starts each, lets it work for a while, and reports how it ended. */
export interface Agent {
  observe(commits: readonly Commit[]): void;
  /** Pods whose process is there. */
  readonly live: ReadonlyMap<string, LivePod>;
  /** Takes a live pod's process away, or that of all; how the cluster learns of it differs. */
  disturb(how: 'evict' | 'lose' | 'vanish', choice: number): void;
  /** What attempts that were given secrets printed, as it is kept. */
  readonly logs: readonly string[];
  /** What the store had not made durable is lost, without a word. */
  losePower(): void;
  /** Nothing starts, ends or is reported until then. */
  pauseUntil(at: number): void;
}

export interface LivePod {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly behaviour: Behaviour;
  readonly inputs: string;
  readonly chance: Chance;
  readonly secrets: readonly SecretRef[];
  /** Their values, when they have been read. */
  values: readonly string[];
  redactor: Redactor | undefined;
  startedAt?: number;
  /** What it said that it waits for, before it started. */
  waitsFor: string;
  isEnding: boolean;
  isOver: boolean;
  /** The status that was reported last. */
  reported?: object;
}

export interface AgentOptions {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly store: SimStore;
  readonly clock: () => number;
  readonly secrets: Secrets;
}

interface State extends AgentOptions {
  readonly live: Map<string, LivePod>;
  readonly logs: string[];
  /** What is to be done again when it turns out not to be durable. */
  readonly unsettled: Set<() => void>;
  pausedUntil: number;
}

const WRITE_AGAIN_MS = 5_000;

export function createAgent(options: AgentOptions): Agent {
  const state: State = { ...options, live: new Map(), logs: [], unsettled: new Set(), pausedUntil: 0 };
  return {
    live: state.live,
    logs: state.logs,
    observe: (commits) => observe(state, commits),
    disturb: (how, choice) => disturb(state, how, choice),
    losePower() {
      for (const again of [...state.unsettled]) again();
    },
    pauseUntil(at) {
      state.pausedUntil = Math.max(state.pausedUntil, at);
    },
  };
}

function observe(state: State, commits: readonly Commit[]): void {
  for (const commit of commits) {
    if (commit.kind === 'put' && commit.object.kind === 'Pod') see(state, commit.object as Pod, commit.before);
    if (commit.kind === 'delete' && commit.key.kind === 'Pod') {
      const pod = state.live.get(commit.object.metadata.uid as string);
      if (pod !== undefined) forget(state, pod);
    }
  }
}

function see(state: State, { metadata, spec }: Pod, before: unknown): void {
  const { namespace = '', name, uid = '', annotations = {} } = metadata;
  const known = state.live.get(uid);
  if (annotations[ANNOTATION.abort] !== undefined && known !== undefined) end(state, known);
  if (before !== undefined) return;
  const behaviour = JSON.parse(spec.containers[0]?.command[1] ?? '{}') as Behaviour;
  const pod: LivePod = {
    key: { kind: 'Pod', namespace, name },
    uid,
    behaviour,
    inputs: annotations[ANNOTATION.inputs] ?? '{}',
    chance: chanceOf(state.seed, `${namespace}/${name}`),
    secrets: (spec.containers[0]?.env ?? []).flatMap((each) =>
      'valueFrom' in each && 'secretKeyRef' in each.valueFrom ? each.valueFrom.secretKeyRef : [],
    ),
    values: [],
    redactor: undefined,
    waitsFor: '',
    isEnding: false,
    isOver: false,
  };
  state.live.set(uid, pod);
  const startMs = pod.chance.chance(0.02) ? pod.chance.between(60_000, 900_000) : pod.chance.between(200, 8_000);
  later(state, pod, startMs, () => start(state, pod));
}

/** Runs `work` when the time has come, the machine works and the pod is still there. */
function later(state: State, pod: LivePod, delayMs: number, work: () => void): void {
  state.timeline.after(delayMs, () => {
    if (pod.isOver) return;
    const pausedMs = state.pausedUntil - state.timeline.now;
    if (pausedMs > 0) later(state, pod, pausedMs, work);
    else work();
  });
}

function start(state: State, pod: LivePod): void {
  if (pod.isEnding) return;
  if (pod.secrets.length > 0) void startWithSecrets(state, pod);
  else run(state, pod);
}

/** As an agent does: waits, and says for what, until all of them are there. */
async function startWithSecrets(state: State, pod: LivePod): Promise<void> {
  const read = (ref: SecretRef): ReturnType<Secrets['read']> => state.secrets.read(pod.key.namespace ?? '', ref);
  const answers = await Promise.all(pod.secrets.map(read));
  if (pod.isOver || pod.isEnding) return;
  const missing = answers.find((answer) => answer.kind === 'missing');
  if (missing !== undefined) {
    const waiting = { reason: 'CreateContainerConfigError', message: missing.message };
    // As a kubelet does: what it said already is not written again.
    if (pod.waitsFor !== missing.message) report(state, pod, { phase: 'Pending', ...containers(pod, { waiting }) });
    pod.waitsFor = missing.message;
    later(state, pod, SECRET_AGAIN_MS, () => start(state, pod));
    return;
  }
  pod.values = answers.flatMap((answer) => (answer.kind === 'value' ? Buffer.from(answer.bytes).toString() : []));
  pod.redactor = createRedactor(pod.values);
  print(state, pod);
  run(state, pod);
}

const SECRET_AGAIN_MS = 120_000;

function run(state: State, pod: LivePod): void {
  pod.startedAt = state.clock();
  report(state, pod, { phase: 'Running', ...containers(pod, { running: { startedAt: instantText(pod.startedAt) } }) });
  const { mean } = pod.behaviour;
  const workMs = mean * 1_000 * (pod.chance.chance(0.05) ? pod.chance.between(1, 6) : pod.chance.between(0.3, 1.5));
  later(state, pod, workMs, () => {
    if (!pod.isEnding) finish(state, pod);
  });
}

/** Shows what it was given, as programs do that log their configuration or a request; the output comes in pieces. */
function print({ logs }: State, pod: LivePod): void {
  const { redactor, chance } = pod;
  const text = Buffer.from(`logging in\n${shown(pod)}\n`);
  const cut = chance.int(text.length);
  const pieces = [text.subarray(0, cut), text.subarray(cut)].map((piece) => redactor?.write(piece) ?? piece);
  logs.push(Buffer.concat([...pieces, redactor?.end() ?? Buffer.alloc(0)]).toString());
}

/** Forms in which the redactor promises to find a value (docs/secrets.md). */
function shown({ values, chance }: LivePod): string {
  const value = values[0] ?? '';
  switch (chance.int(4)) {
    case 0:
      return `token=${value}`;
    case 1:
      return JSON.stringify({ token: value });
    case 2:
      return `GET /login?token=${encodeURIComponent(value)}`;
    default:
      return `Authorization: Basic ${Buffer.from(`shop:${value}`).toString('base64')}`;
  }
}

function finish(state: State, pod: LivePod): void {
  const { chance, behaviour, redactor } = pod;
  const isBad = chance.chance(behaviour.fail);
  const exitCode = isBad ? 1 + chance.int(3) : 0;
  const says = pod.values.length === 0 ? '' : `refused: ${shown(pod)}`;
  const text = redactText(redactor, isBad ? says : outputsOf(pod));
  terminate(state, pod, exitCode, exitCode === 0 ? 'Completed' : 'Error', text);
}

/** What an attempt gives follows from its inputs alone, as that of a deterministic program does. */
export function outputsOf(pod: LivePod): string {
  const { behaviour, inputs } = pod;
  const a = Number((JSON.parse(inputs) as { a?: number }).a ?? 0);
  if (behaviour.outputs === 'x') return `x=${(a * 7 + 1) % 1_000}\n`;
  if (behaviour.outputs === 'xs') return `{"xs":[${Array.from({ length: a % 5 }, (_, i) => i + a).join(',')}]}`;
  if (behaviour.outputs === 'workflow') return `${JSON.stringify({ workflow: writtenWorkflow(a) })}\n`;
  if (behaviour.outputs === 'told') return JSON.stringify({ x: (a * 7 + 1) % 1_000, told: shown(pod) });
  return 'y=no such output\n';
}

/** What a dynamic node's task writes: a chain that grows with its input. */
function writtenWorkflow(a: number): object {
  const nodes: Record<string, object> = {};
  const length = 1 + (a % 3);
  for (let i = 0; i < length; i++) {
    nodes[`d${i}`] = {
      task: i % 2 === 0 ? 'add' : 'flaky',
      with: { a: i === 0 ? a : `\${{ nodes.d${i - 1}.outputs.x }}` },
    };
  }
  return { nodes, outputs: { out: `\${{ nodes.d${length - 1}.outputs.x }}` } };
}

/** SIGTERM, and what is left of the grace. Some programs end themselves then as if all were well, with what they have by then. */
function end(state: State, pod: LivePod): void {
  if (pod.isEnding) return;
  pod.isEnding = true;
  later(state, pod, pod.chance.between(10, 10_000), () => {
    const { chance, redactor } = pod;
    const isGraceful = pod.startedAt !== undefined && chance.chance(0.25);
    if (!isGraceful) terminate(state, pod, 143, 'Aborted', '');
    else terminate(state, pod, 0, 'Completed', chance.chance(0.5) ? '' : redactText(redactor, outputsOf(pod)));
  });
}

function terminate(state: State, pod: LivePod, exitCode: number, reason: string, message: string): void {
  forget(state, pod);
  const startedAt = instantText(pod.startedAt ?? state.clock());
  const terminated = { exitCode, reason, message, startedAt, finishedAt: instantText(state.clock()) };
  report(state, pod, { phase: exitCode === 0 ? 'Succeeded' : 'Failed', ...containers(pod, { terminated }) });
}

function containers({ key }: LivePod, shown: object): object {
  return {
    containerStatuses: [{ name: 'task', ready: false, restartCount: 0, image: key.name.slice(0, 0), state: shown }],
  };
}

function forget(state: State, pod: LivePod): void {
  pod.isOver = true;
  state.live.delete(pod.uid);
}

/** Status is written until it is durable: a kubelet does not give up, and never goes back to what was before. */
function report(state: State, pod: LivePod, status: object): void {
  pod.reported = status;
  const write: Write = { op: 'patchStatus', key: pod.key, patch: status as never, if: { uid: pod.uid } };
  insist(state, pod, write, () => pod.reported === status);
}

/** Writes until it is durable, or the pod is gone, or nobody wants it any more. */
function insist(state: State, pod: LivePod, write: Write, isWanted: () => boolean): void {
  const { store, timeline, unsettled } = state;
  const again = (): void => {
    unsettled.delete(again);
    if (store.find(pod.key)?.metadata.uid !== pod.uid) return;
    timeline.after(WRITE_AGAIN_MS, () => {
      if (isWanted()) insist(state, pod, write, isWanted);
    });
  };
  unsettled.add(again);
  store.write([write]).then(() => void unsettled.delete(again), again);
}

function disturb(state: State, how: 'evict' | 'lose' | 'vanish', choice: number): void {
  const pods = [...state.live.values()];
  // One of them, or the whole machine.
  const first = choice % Math.max(pods.length, 1);
  for (const pod of choice % 2 === 0 ? pods : pods.slice(first, first + 1)) take(state, how, pod);
}

function take(state: State, how: 'evict' | 'lose' | 'vanish', pod: LivePod): void {
  if (how === 'lose') {
    terminate(state, pod, 137, 'Lost', '');
    return;
  }
  forget(state, pod);
  if (how === 'evict')
    report(state, pod, { phase: 'Failed', reason: 'Evicted', message: 'the node was low on memory' });
  else insist(state, pod, { op: 'delete', key: pod.key, if: { uid: pod.uid } }, () => true);
}
