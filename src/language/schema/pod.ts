import { LABEL_KEY, record, ref, type Schema, TITLE } from './parts.ts';

const objectName: Schema = {
  type: 'string',
  title: TITLE.objectName,
  minLength: 1,
  maxLength: 253,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
};

/** What is Kubernetes' own: its API server knows its form. */
function kubernetes(description: string, example: unknown): Schema {
  return { type: 'object', description, maxProperties: 64, examples: [example] };
}

const volume: Schema = record(
  'A volume and where the command finds it.',
  {
    name: { ...ref('name'), description: 'Its name in the pod.', examples: ['data'] },
    mountPath: {
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      pattern: '^/[^:]*$',
      description: 'Where it is mounted: an absolute path.',
      examples: ['/data'],
    },
    subPath: {
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      description: 'A folder or file of the volume, instead of all of it.',
      examples: ['2026'],
    },
    readOnly: { type: 'boolean', default: false, description: 'Whether nothing may be written to it.' },
    source: {
      ...kubernetes("What it is, in Kubernetes' words.", { persistentVolumeClaim: { claimName: 'data' } }),
      minProperties: 1,
      maxProperties: 1,
    },
  },
  { required: ['name', 'mountPath', 'source'] },
);

/** Where and with what a task's pod runs, on a cluster. */
export const POD: Schema = record(
  'On a Kubernetes cluster: where and with what the pod of an attempt runs. One machine keeps it and applies nothing of it.',
  {
    nodeSelector: {
      type: 'object',
      description: 'Labels that the node must have.',
      propertyNames: LABEL_KEY,
      additionalProperties: { type: 'string', maxLength: 63, description: 'A label value.', examples: ['ssd'] },
      maxProperties: 64,
      examples: [{ 'node.kubernetes.io/instance-type': 'm5.large' }],
    },
    affinity: kubernetes('Which nodes and neighbours are preferred or required, as in a pod.', {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] },
    }),
    tolerations: {
      type: 'array',
      description: 'Taints of nodes that are no obstacle, as in a pod.',
      items: kubernetes('A toleration.', { key: 'spot', operator: 'Exists' }),
      maxItems: 64,
      examples: [[{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]],
    },
    priorityClass: { ...objectName, description: 'The PriorityClass: who makes room for whom.', examples: ['batch'] },
    runtimeClass: { ...objectName, description: 'The RuntimeClass that runs the container.', examples: ['gvisor'] },
    serviceAccount: {
      ...objectName,
      description: "The ServiceAccount of the execution's namespace; its token is mounted. Absent: none is.",
      examples: ['warehouse-reader'],
    },
    imagePullSecrets: {
      type: 'array',
      description: "Secrets of the execution's namespace with which the image is pulled.",
      items: { ...objectName, description: 'Name of a Secret.', examples: ['registry'] },
      maxItems: 16,
      examples: [['registry']],
    },
    volumes: {
      type: 'array',
      description: 'Volumes besides the source, the inputs and /tmp.',
      items: volume,
      maxItems: 32,
      examples: [[{ name: 'data', mountPath: '/data', source: { persistentVolumeClaim: { claimName: 'data' } } }]],
    },
    overlay: record(
      'Merged over the pod last, for what no field is there for.',
      {
        metadata: kubernetes('Labels and annotations.', { labels: { team: 'data' } }),
        spec: kubernetes('Fields of a pod; of its containers the one named `task` runs the command.', {
          topologySpreadConstraints: [],
        }),
      },
      { examples: [{ spec: { dnsConfig: { searches: ['internal.example'] } } }] },
    ),
  },
  { examples: [{ nodeSelector: { disk: 'ssd' }, priorityClass: 'batch' }] },
);
