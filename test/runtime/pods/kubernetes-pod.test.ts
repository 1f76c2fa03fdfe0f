import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/index.ts';
import { ANNOTATION, type Pod } from '../../../src/cluster/index.ts';
import type { PodSettings } from '../../../src/language/index.ts';
import { kubernetesPod } from '../../../src/runtime/pods/kubernetes-pod.ts';

const BASE: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'run-a-1', namespace: 'shop-production', annotations: { [ANNOTATION.inputs]: '{"a":1}' } },
  spec: {
    restartPolicy: 'Never',
    containers: [{ name: 'task', image: 'busybox:1.37', command: ['sh', '-c', 'echo $(A) $$ $HOME'], env: [] }],
  },
};

const made = (settings?: PodSettings, timeout = {}): Pod =>
  kubernetesPod(
    { pod: BASE, settings, timeout },
    { name: 'pipectl-source-1', items: [{ key: 'k', path: 'a.sh', mode: 365 }] },
  );
const taskOf = (pod: Pod): JsonObject => pod.spec.containers[0] as unknown as JsonObject;

describe('a pod for kubelets', () => {
  it('keeps the restricted Pod Security Standard', () => {
    const { spec } = made();
    expect(spec).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(taskOf(made()).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('mounts its inputs from its annotation, its source by paths, and a place to write', () => {
    expect(made().spec.volumes).toMatchObject([
      {
        name: 'inputs',
        downwardAPI: { items: [{ fieldRef: { fieldPath: "metadata.annotations['pipectl.dev/inputs']" } }] },
      },
      { name: 'scratch', emptyDir: {} },
      { name: 'source', configMap: { name: 'pipectl-source-1', items: [{ key: 'k', path: 'a.sh', mode: 365 }] } },
    ]);
    expect(taskOf(made())).toMatchObject({
      workingDir: '/pipectl/source',
      terminationMessagePath: '/dev/termination-log',
    });
  });

  it('hands its command over to the letter', () => {
    expect(made().spec.containers[0]?.command).toEqual(['sh', '-c', 'echo $$(A) $$$$ $$HOME']);
  });

  it('is ended by its kubelet when nobody else ends it', () => {
    expect(made().spec.activeDeadlineSeconds).toBeUndefined();
    expect(made(undefined, { runMs: 60_000, queueMs: 30_000 }).spec.activeDeadlineSeconds).toBe(100);
  });

  it('runs where and with what its task says', () => {
    const volume = { name: 'data', mountPath: '/data', source: { persistentVolumeClaim: { claimName: 'data' } } };
    const pod = made({
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'spot', operator: 'Exists' }],
      priorityClass: 'batch',
      runtimeClass: 'gvisor',
      serviceAccount: 'reader',
      imagePullSecrets: ['registry'],
      volumes: [volume],
    });
    expect(pod.spec).toMatchObject({
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'spot', operator: 'Exists' }],
      priorityClassName: 'batch',
      runtimeClassName: 'gvisor',
      serviceAccountName: 'reader',
      automountServiceAccountToken: true,
      imagePullSecrets: [{ name: 'registry' }],
    });
    expect(pod.spec.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data' } });
    expect(pod.spec.containers[0]?.volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
  });

  it('takes an overlay, which merges containers and volumes by name and never what tells whose it is', () => {
    const pod = made({
      overlay: {
        metadata: { labels: { team: 'data' }, annotations: { [ANNOTATION.inputs]: 'forged', note: 'x' } },
        spec: {
          securityContext: { runAsUser: 1_000, fsGroup: null },
          containers: [
            {
              name: 'task',
              securityContext: { readOnlyRootFilesystem: false },
              volumeMounts: [{ name: 'extra', mountPath: '/extra' }],
            },
          ],
          volumes: [{ name: 'extra', emptyDir: {} }],
          initContainers: [{ name: 'proxy', image: 'proxy', restartPolicy: 'Always' }],
        },
      },
    });
    expect(pod.metadata.labels).toMatchObject({ team: 'data' });
    expect(pod.metadata.annotations).toEqual({ [ANNOTATION.inputs]: '{"a":1}', note: 'x' });
    expect(pod.spec.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1_000,
      runAsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const task = taskOf(pod);
    expect(task.securityContext).toMatchObject({ readOnlyRootFilesystem: false, capabilities: { drop: ['ALL'] } });
    expect(task.volumeMounts).toHaveLength(4);
    expect(pod.spec.volumes).toHaveLength(4);
    expect(pod.spec.initContainers).toEqual([{ name: 'proxy', image: 'proxy', restartPolicy: 'Always' }]);
    expect(pod.spec.containers).toHaveLength(1);
  });
});
