import {
  type BlobRefs,
  type Digest,
  instantMs,
  MAX_ENVIRONMENT_ENTRY_BYTES,
  MAX_ERROR_LENGTH,
  parseBlobRefs,
  sha256,
} from '../../base/index.ts';
import {
  ANNOTATION,
  API_VERSION,
  type Container,
  type EnvVar,
  type Execution,
  isLabelValue,
  LABEL,
  labelValue,
  OUTPUTS_STORED,
  type Pod,
} from '../../cluster/index.ts';
import type { EnvValue } from '../../language/index.ts';
import { type AttemptObservation, type Effect, type EngineState, indexOfPath } from '../../propeller/index.ts';
import type { PodForm, WantedPod } from '../../runtime/index.ts';
import { type BatchRun, batchCommand, batchScript } from './batch-script.ts';
import type { Engine } from './engine.ts';
import { hasLimit } from './slots.ts';

type Start = Extract<Effect, { readonly kind: 'StartAttempt' }>;

/**
 * The pod of an attempt: the same for the same attempt, whoever makes it, and owned by its execution. `storesOutputs`: what
 * is too large of its outputs can go to an object store.
 */
export function podOf(execution: Execution, start: Start, storesOutputs = false): Pod {
  const { metadata, spec } = execution;
  const { closure } = start.task;
  const { path } = start;
  const isLabel = isLabelValue(path);
  const { members } = start;
  const inputsText =
    members === undefined ? start.inputsText : batchScript(start.podName, runsOf(execution, start, members));
  const resources = Object.keys(closure.resources).length > 0 ? { resources: closure.resources } : {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: metadata.namespace ?? '',
      name: start.podName,
      labels: {
        [LABEL.execution]: labelValue(metadata.name),
        [LABEL.node]: isLabel ? path : start.slug,
        [LABEL.attempt]: String(start.attempt),
        [LABEL.workflow]: labelValue(spec.workflow),
        ...(start.isInterruptible === true && { [LABEL.interruptible]: 'true' }),
        ...shardLabel(execution),
      },
      annotations: {
        [ANNOTATION.execution]: metadata.name,
        [ANNOTATION.inputs]: inputsText,
        [ANNOTATION.repository]: spec.repository,
        [ANNOTATION.digest]: attemptDigest(execution, start, inputsText),
        ...(!isLabel && { [ANNOTATION.node]: path }),
        ...(closure.source !== undefined && { [ANNOTATION.sourceTree]: closure.source.tree }),
        ...(start.index >= 0 && { [ANNOTATION.mapIndex]: String(start.index) }),
        ...(members !== undefined && { [ANNOTATION.mapBatch]: members.map(({ index }) => index).join(',') }),
        ...(start.storedInputs && { [ANNOTATION.storedInputs]: JSON.stringify(start.storedInputs) }),
        // A map keeps the outputs of its subtasks together.
        ...(storesOutputs && start.index < 0 && { [ANNOTATION.outputTypes]: outputTypes(start) }),
      },
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'Execution', name: metadata.name, uid: metadata.uid ?? '', controller: true },
      ],
    },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'task',
          image: closure.run.image ?? '',
          command: members === undefined ? closure.run.command : batchCommand(closure.run.command),
          env: environment(execution, start),
          ...resources,
        },
      ],
    },
  };
}

function outputTypes({ task }: Start): string {
  const types = Object.entries(task.closure.outputs).map(([name, { type }]) => [name, type]);
  return JSON.stringify(Object.fromEntries(types));
}

/** The pod of an attempt, and what else its task says of it, for a form to make it. */
export function wantedPod(execution: Execution, start: Start): WantedPod {
  const { pod: settings, timeout } = start.task.closure;
  const { runMs } = timeout;
  const count = start.members?.length ?? 1;
  const times = runMs === undefined ? timeout : { ...timeout, runMs: runMs * count };
  return { pod: podOf(execution, start), settings, timeout: times };
}

/** The key of executions that share a limit is not told by their names. */
function shardLabel({ metadata, spec }: Execution): Readonly<Record<string, string>> {
  const key = metadata.labels?.[LABEL.shardKey];
  return !hasLimit(spec) || key === undefined ? {} : { [LABEL.shardKey]: key };
}

/** What an attempt is: equal digests may be adopted, others are somebody else's pod. */
function attemptDigest(execution: Execution, start: Start, inputsText: string): Digest {
  const { uid = '', namespace = '', name } = execution.metadata;
  const identity = [uid, namespace, name, start.path, start.index, start.attempt, start.task.digest];
  const blobs = start.storedInputs === undefined ? '' : `\n${JSON.stringify(start.storedInputs)}`;
  return sha256(`${identity.join('\n')}\n${inputsText}${blobs}`);
}

function environment(execution: Execution, start: Start): Container['env'] {
  const env = Object.entries(start.task.closure.run.env ?? {}).map(variableOf);
  return [
    ...env,
    { name: 'PIPECTL_EXECUTION', value: execution.metadata.name },
    { name: 'PIPECTL_NODE', value: start.path },
    { name: 'PIPECTL_COMMIT', value: execution.spec.commit },
    ...(start.isInterruptible === true ? [{ name: 'PIPECTL_INTERRUPTIBLE', value: 'true' }] : []),
    ...ownVariables(execution, start, start).map(([name, value]) => ({ name, value })),
  ];
}

type Run = Pick<Start, 'index' | 'attempt' | 'inputs'>;

/** Variables in which subtasks of one map differ. */
function ownVariables(execution: Execution, { path }: Start, { index, attempt, inputs }: Run): BatchRun['variables'] {
  const { uid = '', namespace = '', name } = execution.metadata;
  const variables: (readonly [string, string])[] = [];
  for (const [input, value] of Object.entries(inputs)) {
    if (value === null || typeof value === 'object') continue;
    const variable = `PIPECTL_INPUT_${input.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
    // No program can be started with a longer one; the inputs file holds it.
    const sizeBytes = Buffer.byteLength(variable) + Buffer.byteLength(String(value)) + '=\0'.length;
    if (sizeBytes <= MAX_ENVIRONMENT_ENTRY_BYTES) variables.push([variable, String(value)]);
  }
  // Free of the attempt: what a task did under this key before it failed is found again when it is retried.
  const key = sha256(`${uid}\n${namespace}\n${name}\n${path}\n${index}`).slice(0, 32);
  variables.push(['PIPECTL_ATTEMPT', String(attempt)], ['PIPECTL_IDEMPOTENCY_KEY', key]);
  return variables;
}

function runsOf(execution: Execution, start: Start, members: NonNullable<Start['members']>): readonly BatchRun[] {
  return members.map((member) => ({
    index: member.index,
    text: member.inputsText,
    variables: ownVariables(execution, start, member),
  }));
}

/** Of a secret the pod holds the reference only: whoever runs it looks the value up. */
function variableOf([name, value]: readonly [string, EnvValue]): EnvVar {
  if (typeof value === 'string') return { name, value };
  return { name, valueFrom: 'secret' in value ? { secretKeyRef: value.secret } : { configMapKeyRef: value.configMap } };
}

/** The execution that a pod belongs to, as `namespace/name`; undefined for pods that are not ours. */
export function executionKeyOf(pod: Pod): string | undefined {
  const { namespace, labels, annotations } = pod.metadata;
  const name = annotations?.[ANNOTATION.execution] ?? labels?.[LABEL.execution];
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/** The attempt that a pod is of, as it says itself. `index` is that of a map's subtask, else -1. */
export function attemptOf({ metadata }: Pod): {
  readonly path: string;
  readonly index: number;
  readonly attempt: number;
} {
  const { labels = {}, annotations = {} } = metadata;
  const path = annotations[ANNOTATION.node] ?? labels[LABEL.node] ?? '';
  return { path, index: Number(annotations[ANNOTATION.mapIndex] ?? -1), attempt: Number(labels[LABEL.attempt]) };
}

/** What a pod shows of its attempt; undefined when it shows nothing that the engine does not know. */
export function observationOf(
  state: EngineState,
  pod: Pod,
  isGone: boolean,
  form?: PodForm,
): AttemptObservation | undefined {
  const seen = form === undefined ? seenOf(pod) : form.judge(pod);
  // A pod that is gone while it ran is no longer running, whatever it showed last.
  if (isGone) return observed(state, pod, seen?.kind === 'Terminated' ? seen : { kind: 'Gone' });
  if (seen !== undefined && seen.kind !== 'Waiting') return observed(state, pod, seen);
  const createdAt = instantMs(pod.metadata.creationTimestamp) ?? 0;
  return observed(state, pod, { kind: 'Waiting', createdAt, ...(seen ?? whyOf(pod)) });
}

/** The end of an attempt whose pod could not be made. */
export function refusedAttempt(
  state: EngineState,
  wanted: Pod,
  { reason, message }: { readonly reason: string; readonly message: string },
): AttemptObservation | undefined {
  return observed(state, wanted, { kind: 'Terminated', exitCode: NEVER_RAN, reason, message });
}

/** There is no exit code. */
const NEVER_RAN = -1;

/** Of which attempt the pod is; undefined for a node that the state does not have. */
function observed(state: EngineState, pod: Pod, seen: AttemptObservation['seen']): AttemptObservation | undefined {
  const { path, index, attempt } = attemptOf(pod);
  const node = indexOfPath(state, path);
  if (node === undefined || !Number.isInteger(attempt)) return undefined;
  return { kind: 'Attempt', node, index, attempt, seen };
}

/** What keeps the container from starting; other reasons are no more than that its turn has not come. */
function whyOf({ status }: Pod): { readonly why?: string } {
  const waiting = status?.containerStatuses?.[0]?.state.waiting;
  if (waiting?.reason !== CONFIG_ERROR || waiting.message === undefined) return {};
  return { why: waiting.message.slice(0, MAX_ERROR_LENGTH) };
}

/** What a kubelet says when a secret that a container names is missing. */
const CONFIG_ERROR = 'CreateContainerConfigError';

/**
 * A container that the system ended, to empty its machine or for a pod of higher priority, exits as if it had failed; only
 * this condition of its pod tells. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
 */
function disruptionOf(
  { status }: Pod,
  reason: string,
): { readonly reason: string; readonly message: string } | undefined {
  if (reason !== 'Error') return undefined;
  const found = status?.conditions?.find(({ type, status: holds }) => type === 'DisruptionTarget' && holds === 'True');
  return found && { reason: 'Evicted', message: found.message || found.reason || 'its machine was taken away' };
}

/** All pods of an execution. */
export async function podsOf(engine: Engine, namespace: string, execution: string): Promise<readonly Pod[]> {
  const selector = `${LABEL.execution}=${labelValue(execution)}`;
  const list = await engine.options.cluster.list<Pod>('Pod', { namespace, labelSelector: selector });
  return list.items;
}

/** Whether its attempt has ended. */
export function isPodOver({ options }: Engine, pod: Pod): boolean {
  const seen = options.pods === undefined ? seenOf(pod) : options.pods.judge(pod);
  return seen?.kind === 'Terminated';
}

function seenOf(pod: Pod): AttemptObservation['seen'] | undefined {
  const { status, metadata } = pod;
  const state = status?.containerStatuses?.[0]?.state;
  const ending = metadata.annotations?.[ANNOTATION.abort];
  const abort = ending === undefined ? {} : { ending };
  // The container's end is seen before the pod's phase changes.
  if (state?.terminated !== undefined) {
    const { exitCode, signal, reason, message = '', startedAt, finishedAt } = state.terminated;
    const ranMs = Math.max(0, (instantMs(finishedAt) ?? Number.NaN) - (instantMs(startedAt) ?? Number.NaN));
    const storedOutputs = storedOutputsOf(pod);
    return {
      kind: 'Terminated',
      exitCode,
      ...(disruptionOf(pod, reason) ?? { reason, message }),
      ...(storedOutputs && { storedOutputs }),
      ...(signal !== undefined && { signal }),
      ...abort,
      ...(!Number.isNaN(ranMs) && { ranMs }),
    };
  }
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') {
    const reason = status.reason ?? 'Lost';
    return { kind: 'Terminated', exitCode: 137, reason, message: status.message ?? '', ...abort };
  }
  const startedAt = instantMs(state?.running?.startedAt);
  return startedAt === undefined ? undefined : { kind: 'Running', startedAt };
}

/** What the node agent has put into the object store; a task cannot write this. */
function storedOutputsOf({ status }: Pod): BlobRefs | undefined {
  const stored = status?.conditions?.find(({ type }) => type === OUTPUTS_STORED);
  return stored?.message === undefined ? undefined : parseBlobRefs(stored.message);
}
