import { isJsonObject, type Json, type JsonObject, MAX_POD_PREPARATION_MS, POD_GRACE_S } from '../../base/index.ts';
import {
  ANNOTATION,
  type Container,
  type EnvVar,
  type Pod,
  type PodVolume,
  type VolumeMount,
} from '../../cluster/index.ts';
import type { WantedPod } from './pod-form.ts';
import type { SourceLayout } from './source-layout.ts';

/** The container that runs the command. */
export const TASK_CONTAINER = 'task';
/** Where a task finds what it is given. The outputs are read by the kubelet, which knows this path on every image. */
const PLACE = {
  inputs: '/pipectl/inputs',
  source: '/pipectl/source',
  work: '/pipectl/work',
  scratch: '/tmp',
  outputs: '/dev/termination-log',
} as const;
const INPUTS_FILE = 'inputs.json';
/** Kubernetes keeps seconds in 32 bits. */
const MAX_SECONDS = 2 ** 31 - 1;
/** Nobody in particular, as distroless images have it: an image's own user is root more often than not. */
const NOBODY = 65_532;

/**
 * The pod of an attempt as a kubelet takes it: restricted by the Pod Security Standards, its inputs projected from an
 * annotation, its outputs the termination message, its source a ConfigMap. `source`: how that is laid out; absent: none.
 */
export function kubernetesPod({ pod, settings = {}, timeout }: WantedPod, source: SourceLayout | undefined): Pod {
  const container = pod.spec.containers[0] as Container;
  const own = volumesOf(source);
  const given = settings.volumes ?? [];
  const made: Pod = {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, 'app.kubernetes.io/managed-by': 'pipectl' } },
    spec: {
      restartPolicy: 'Never',
      ...deadlineOf(timeout),
      terminationGracePeriodSeconds: POD_GRACE_S,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: NOBODY,
        runAsGroup: NOBODY,
        fsGroup: NOBODY,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...placementOf(settings),
      containers: [
        {
          ...container,
          name: TASK_CONTAINER,
          command: container.command.map(literal),
          workingDir: source === undefined ? PLACE.work : PLACE.source,
          env: environmentOf(container.env ?? []),
          terminationMessagePath: PLACE.outputs,
          terminationMessagePolicy: 'File',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [...mountsOf(source), ...given.map(mountOf)],
        },
      ],
      volumes: [...own, ...given.map(({ name, source: from }) => ({ name, ...from }))],
    },
  };
  return settings.overlay === undefined ? made : overlaid(made, settings.overlay);
}

/** A backstop for an engine that is gone: the kubelet counts from the moment at which it took the pod, pulls included. */
function deadlineOf({ queueMs = MAX_POD_PREPARATION_MS, runMs }: WantedPod['timeout']): {
  activeDeadlineSeconds?: number;
} {
  if (runMs === undefined) return {};
  const seconds = Math.ceil((runMs + queueMs) / 1_000) + POD_GRACE_S;
  return { activeDeadlineSeconds: Math.min(seconds, MAX_SECONDS) };
}

function placementOf(settings: NonNullable<WantedPod['settings']>): JsonObject {
  const { nodeSelector, affinity, tolerations, priorityClass, runtimeClass, serviceAccount, imagePullSecrets } =
    settings;
  return {
    ...(nodeSelector !== undefined && { nodeSelector: { ...nodeSelector } }),
    ...(affinity !== undefined && { affinity }),
    ...(tolerations !== undefined && { tolerations }),
    ...(priorityClass !== undefined && { priorityClassName: priorityClass }),
    ...(runtimeClass !== undefined && { runtimeClassName: runtimeClass }),
    // Whoever names an account wants its token.
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount, automountServiceAccountToken: true }),
    ...(imagePullSecrets !== undefined && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

function volumesOf(source: SourceLayout | undefined): readonly PodVolume[] {
  const fieldRef = { fieldPath: `metadata.annotations['${ANNOTATION.inputs}']` };
  return [
    { name: 'inputs', downwardAPI: { items: [{ path: INPUTS_FILE, fieldRef }] } },
    { name: 'scratch', emptyDir: {} },
    source === undefined
      ? { name: 'work', emptyDir: {} }
      : {
          name: 'source',
          configMap: { name: source.name, defaultMode: 0o444, items: source.items as unknown as Json },
        },
  ];
}

function mountsOf(source: SourceLayout | undefined): readonly VolumeMount[] {
  return [
    { name: 'inputs', mountPath: PLACE.inputs, readOnly: true },
    { name: 'scratch', mountPath: PLACE.scratch },
    source === undefined
      ? { name: 'work', mountPath: PLACE.work }
      : { name: 'source', mountPath: PLACE.source, readOnly: true },
  ];
}

function mountOf({ name, mountPath, subPath, readOnly }: VolumeMount): VolumeMount {
  return {
    name,
    mountPath,
    ...(subPath !== undefined && { subPath }),
    ...(readOnly !== undefined && { readOnly }),
  };
}

/** The last of a name counts, so what the contract says stands behind what the task says. */
function environmentOf(env: readonly EnvVar[]): readonly EnvVar[] {
  const variables = env.map((variable) =>
    'value' in variable ? { name: variable.name, value: literal(variable.value) } : variable,
  );
  const hasLang = env.some(({ name }) => name === 'LANG');
  return [
    ...(hasLang ? [] : [{ name: 'LANG', value: 'C.UTF-8' }]),
    ...variables,
    { name: 'HOME', value: PLACE.scratch },
    { name: 'TMPDIR', value: PLACE.scratch },
    { name: 'PIPECTL_INPUTS', value: `${PLACE.inputs}/${INPUTS_FILE}` },
    { name: 'PIPECTL_OUTPUTS', value: PLACE.outputs },
    { name: 'PIPECTL_POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
  ];
}

/**
 * A kubelet puts variables in place of `$(NAME)` in values and commands, and `$` in place of `$$`: data would become code.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
function literal(text: string): string {
  return /\$[$(]/.test(text) ? text.replaceAll('$', '$$$$') : text;
}

/** What identifies the attempt stays, whatever the overlay says; containers are merged by their names. */
function overlaid(pod: Pod, overlay: JsonObject): Pod {
  const { metadata, spec } = overlay;
  const more = isJsonObject(metadata) ? metadata : {};
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...texts(more.labels), ...pod.metadata.labels },
      annotations: { ...texts(more.annotations), ...pod.metadata.annotations },
    },
    spec: isJsonObject(spec) ? (merged(pod.spec as unknown as Json, spec) as unknown as Pod['spec']) : pod.spec,
  };
}

function texts(value: Json | undefined): Readonly<Record<string, string>> {
  return isJsonObject(value) ? (value as Readonly<Record<string, string>>) : {};
}

/** As a strategic merge patch where lists have named members: those of one name are merged, others are added; else as RFC 7386. */
function merged(own: Json | undefined, given: Json): Json {
  if (isJsonObject(given)) {
    const result: Record<string, Json> = isJsonObject(own) ? { ...own } : {};
    for (const [name, value] of Object.entries(given)) {
      if (value === null) delete result[name];
      else result[name] = merged(result[name], value);
    }
    return result;
  }
  if (!Array.isArray(given) || !Array.isArray(own) || nameOf(own[0]) === undefined) return given;
  const list = [...own];
  for (const item of given) {
    const at = list.findIndex((known) => nameOf(known) === nameOf(item));
    if (at < 0) list.push(item);
    else list[at] = merged(list[at], item);
  }
  return list;
}

function nameOf(item: Json | undefined): Json | undefined {
  return isJsonObject(item) ? item.name : undefined;
}
