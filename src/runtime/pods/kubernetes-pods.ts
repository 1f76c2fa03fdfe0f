import { MAX_POD_INPUTS_BYTES, StalledError, WaitError } from '../../base/index.ts';
import { ANNOTATION, type Pod, type Write } from '../../cluster/index.ts';
import { judgePod } from './judge-pod.ts';
import { judgeRefusal } from './judge-refusal.ts';
import { kubernetesPod } from './kubernetes-pod.ts';
import type { PodForm, Refused, WantedPod } from './pod-form.ts';
import { SOURCE_REFUSED } from './source-layout.ts';
import type { SourceMaps } from './source-maps.ts';

export interface KubernetesPodsOptions {
  /** Of tasks that name none. Absent: such a task cannot run. */
  readonly image?: string;
}

/** The form of pods for kubelets: hardened, with their sources as ConfigMaps, judged by what kubelets write. */
export function createKubernetesPods(sources: SourceMaps, { image = '' }: KubernetesPodsOptions = {}): PodForm {
  return {
    prepare: (wanted) => {
      const isReady = wanted.every(({ pod }) => {
        const tree = treeOf(pod);
        if (isTooLarge(pod) || imageOf(pod, image) === '') return false;
        return tree === undefined || sources.isThere(namespaceOf(pod), tree);
      });
      return isReady ? undefined : prepare(sources, image, wanted);
    },
    podOf(given) {
      const wanted = withImage(given, image);
      const { pod } = wanted;
      const tree = treeOf(pod);
      if (tree === undefined) return kubernetesPod(wanted, undefined);
      const layout = sources.layout(namespaceOf(pod), tree);
      // Other executions may have pushed it out of memory between the two.
      if (layout === undefined) throw new WaitError(`the source of pod ${pod.metadata.name} is laid out again`, 0);
      return kubernetesPod(wanted, layout);
    },
    endOf,
    judge: judgePod,
    judgeRefusal,
  };
}

async function prepare(sources: SourceMaps, image: string, wanted: readonly WantedPod[]): Promise<Refused> {
  const refused = new Map<string, { readonly reason: string; readonly message: string }>();
  for (const { pod } of wanted) {
    const { name } = pod.metadata;
    if (isTooLarge(pod)) {
      const message = `its inputs have more than the ${MAX_POD_INPUTS_BYTES} bytes as JSON that a pod can be given: hand over where the data are`;
      refused.set(name, { reason: 'InputsTooLarge', message });
      continue;
    }
    if (imageOf(pod, image) === '') {
      const message = 'a cluster runs tasks in containers, and this one names no image: set run.image';
      refused.set(name, { reason: 'ImageMissing', message });
      continue;
    }
    const tree = treeOf(pod);
    if (tree === undefined) continue;
    try {
      await sources.ensure(namespaceOf(pod), pod.metadata.annotations?.[ANNOTATION.repository] ?? '', tree);
    } catch (error) {
      if (!(error instanceof StalledError) || error.reason !== SOURCE_REFUSED) throw error;
      refused.set(name, { reason: 'SourceError', message: error.message });
    }
  }
  return refused;
}

/**
 * A container that runs is ended by a deadline that has passed: its kubelet ends it with its grace, and pod and log stay to be
 * read. A pod that no kubelet has taken is deleted. Both only while it is the pod that was looked at.
 */
function endOf({ metadata, status }: Pod, ending: string): readonly Write[] {
  const { namespace = '', name, uid } = metadata;
  const key = { kind: 'Pod', namespace, name };
  const same = uid === undefined ? {} : { if: { uid } };
  const annotations = { [ANNOTATION.abort]: ending };
  const isStarted = status?.startTime !== undefined && metadata.deletionTimestamp === undefined;
  if (isStarted) {
    return [{ op: 'patch', key, patch: { metadata: { annotations }, spec: { activeDeadlineSeconds: 1 } }, ...same }];
  }
  return [
    { op: 'patch', key, patch: { metadata: { annotations } }, ...same },
    { op: 'delete', key, ...same },
  ];
}

function imageOf({ spec }: Pod, image: string): string {
  return spec.containers[0]?.image || image;
}

function withImage(wanted: WantedPod, image: string): WantedPod {
  const { pod } = wanted;
  const [container] = pod.spec.containers;
  if (container === undefined || container.image !== '') return wanted;
  return { ...wanted, pod: { ...pod, spec: { ...pod.spec, containers: [{ ...container, image }] } } };
}

function isTooLarge({ metadata }: Pod): boolean {
  return Buffer.byteLength(metadata.annotations?.[ANNOTATION.inputs] ?? '') > MAX_POD_INPUTS_BYTES;
}

function treeOf({ metadata }: Pod): string | undefined {
  return metadata.annotations?.[ANNOTATION.sourceTree];
}

function namespaceOf({ metadata }: Pod): string {
  return metadata.namespace ?? '';
}
