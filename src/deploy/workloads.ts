import { SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { labelsOf, selectorOf } from './labels.ts';
import type { Manifest } from './manifest.ts';
import type { InstallOptions } from './options.ts';
import type { Component } from './permissions.ts';
import { nameOf } from './rbac.ts';

/** Where a component listens inside of its pod: metrics and health; the controller also git and webhooks. */
export const PORT = 8080;
/** Who the processes are; no user of a node has this id. */
export const USER_ID = 65_532;
/** Where what the controller fetched of repositories lies. */
const DATA_FOLDER = '/data';

interface Program {
  readonly component: Component;
  readonly args: readonly string[];
  /** Absent: the propeller manager scales it to as many as git asks for. */
  readonly replicas?: number;
  readonly resources: object;
  /** Room on the disk of the node for what can be fetched again. */
  readonly dataLimit?: string;
}

/** The programs that run: controllers of which one works, and the propeller shards. */
export function workloadManifests(options: InstallOptions): readonly Manifest[] {
  return programs(options).map((program) => deployment(program, options));
}

function programs({ replicas }: InstallOptions): readonly Program[] {
  return [
    {
      component: 'controller',
      args: ['controller', '--data', DATA_FOLDER, '--listen', `0.0.0.0:${PORT}`],
      replicas,
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
      dataLimit: '4Gi',
    },
    {
      component: 'propeller',
      args: ['propeller', '--listen', `0.0.0.0:${PORT}`],
      resources: { requests: { cpu: '200m', memory: '192Mi' }, limits: { memory: '1Gi' } },
    },
  ];
}

function deployment(program: Program, options: InstallOptions): Manifest {
  const { component, replicas } = program;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: nameOf(component), namespace: SYSTEM_NAMESPACE, labels: labelsOf(component) },
    spec: {
      ...(replicas !== undefined && { replicas }),
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(component) },
      // A new one is there before an old one goes, so that somebody can always take over.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: {
          labels: labelsOf(component),
          annotations: {
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': String(PORT),
            'prometheus.io/path': '/metrics',
          },
        },
        spec: podSpec(program, options),
      },
    },
  };
}

function podSpec(program: Program, { image, dataClaim }: InstallOptions): object {
  const { component, args, resources, dataLimit } = program;
  const kept =
    dataClaim === undefined
      ? { emptyDir: { sizeLimit: dataLimit } }
      : { persistentVolumeClaim: { claimName: dataClaim } };
  const data = dataLimit === undefined ? [] : [{ name: 'data', ...kept }];
  return {
    serviceAccountName: nameOf(component),
    automountServiceAccountToken: true,
    terminationGracePeriodSeconds: 60,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
      fsGroup: USER_ID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selectorOf(component) },
      },
    ],
    containers: [
      {
        name: component,
        image,
        args,
        ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
        env: [
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'NODE_ENV', value: 'production' },
        ],
        resources,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        startupProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 2, failureThreshold: 60 },
        livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10, failureThreshold: 6 },
        readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 5 },
        volumeMounts: [
          { name: 'tmp', mountPath: '/tmp' },
          ...data.map(({ name }) => ({ name, mountPath: DATA_FOLDER })),
        ],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }, ...data],
  };
}
