import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { KINDS } from '../../src/cluster/index.ts';
import {
  customResourceDefinitions,
  dashboardMetrics,
  forVersion,
  type Manifest,
  manifestPath,
  manifestsOf,
  PERMISSIONS,
  PORT,
  RESOURCES,
} from '../../src/deploy/index.ts';

const OPTIONS = {
  version: '1.2.3',
  image: 'example.com/pipectl@sha256:00',
  replicas: 2,
  dashboard: true,
  serviceMonitor: true,
};
const MANIFESTS = manifestsOf(OPTIONS);

interface PodTemplate {
  readonly spec: {
    readonly serviceAccountName: string;
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly containers: readonly {
      readonly image: string;
      readonly args: readonly string[];
      readonly securityContext: Readonly<Record<string, unknown>>;
      readonly resources: { readonly requests: object; readonly limits: object };
      readonly volumeMounts: readonly { readonly name: string }[];
    }[];
    readonly volumes: readonly { readonly name: string }[];
  };
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
}
interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: PodTemplate;
  };
}

const workloads = MANIFESTS.filter(({ kind }) => kind === 'Deployment') as unknown as readonly Workload[];
const named = workloads.map((workload) => [workload.metadata.name, workload] as const);

describe('manifests', () => {
  it('come in an order in which each finds what it names', () => {
    const order = [...RESOURCES.keys()];
    const kinds = MANIFESTS.map(({ kind }) => order.indexOf(kind));
    expect(kinds).not.toContain(-1);
    expect(MANIFESTS.findIndex(({ kind }) => kind === 'Namespace')).toBe(0);
    const last = (kind: string): number => MANIFESTS.findLastIndex((manifest) => manifest.kind === kind);
    const first = (kind: string): number => MANIFESTS.findIndex((manifest) => manifest.kind === kind);
    for (const before of ['CustomResourceDefinition', 'ServiceAccount', 'ClusterRoleBinding', 'NetworkPolicy']) {
      expect(last(before), before).toBeLessThan(first('Deployment'));
    }
  });

  it('name no object twice, and mark each as a part', () => {
    const paths = MANIFESTS.map(manifestPath);
    expect(paths.filter((path, at) => paths.indexOf(path) !== at)).toEqual([]);
    expect(MANIFESTS.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] !== 'pipectl')).toEqual(
      [],
    );
  });

  it('mean the same to readers of YAML 1.1, for whom off is false', () => {
    const text = MANIFESTS.map((manifest) =>
      stringify(manifest, { version: '1.1', aliasDuplicateObjects: false }),
    ).join('---\n');
    const read = parseAllDocuments(text, { version: '1.1' });
    expect(read.map((document) => document.toJS())).toEqual(JSON.parse(JSON.stringify(MANIFESTS)));
  });

  it.each(named)('of %s keep the restricted Pod Security Standard', (_, { spec: { template } }) => {
    expect(template.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const container of template.spec.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(Object.keys(container.resources)).toEqual(['requests', 'limits']);
      expect(container.image).toBe(OPTIONS.image);
      const volumes = template.spec.volumes.map(({ name }) => name);
      expect(container.volumeMounts.map(({ name }) => name).filter((name) => !volumes.includes(name))).toEqual([]);
    }
  });

  it.each(named)('of %s select its pods, scrape them, and run them as an account of its own', (name, { spec }) => {
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.template.metadata.annotations['prometheus.io/port']).toBe(String(PORT));
    expect(spec.template.spec.serviceAccountName).toBe(name);
    expect(MANIFESTS.some(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === name)).toBe(true);
  });

  it('leave the number of shards to the propeller manager', () => {
    expect(workloads.map(({ spec }) => spec.replicas)).toEqual([2, undefined]);
  });

  it('keep pushed repositories on a claim when one is named', () => {
    const [controller] = manifestsOf({ ...OPTIONS, dataClaim: 'git' }).filter(
      ({ kind }) => kind === 'Deployment',
    ) as unknown as Workload[];
    expect(controller?.spec.template.spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'git' },
    });
  });

  it('have monitoring as far as it is asked for', () => {
    const kinds = manifestsOf({ ...OPTIONS, dashboard: false, serviceMonitor: false }).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'ServiceMonitor' || kind === 'ConfigMap')).toEqual([]);
  });

  it('leave out what servers before 1.31 refuse', () => {
    const definition = MANIFESTS.find(({ metadata }) => metadata.name === 'executions.pipectl.dev')!;
    expect(JSON.stringify(forVersion(definition, 29))).not.toContain('selectableFields');
    expect(forVersion(definition, 31)).toBe(definition);
    expect(forVersion(definition, Number.NaN)).toBe(definition);
    expect(customResourceDefinitions()).toHaveLength(17);
  });
});

describe('permissions', () => {
  const known = new Set(KINDS.map(({ group, plural }) => `${group}/${plural}`));

  it('are for resources that there are, and each has its reason', () => {
    const wrong = PERMISSIONS.flatMap(({ group, resources, why }) =>
      why === '' ? resources : resources.filter((resource) => !known.has(`${group}/${resource.split('/')[0]}`)),
    );
    expect(wrong).toEqual(['deployments/scale']);
  });

  it('let nobody write secrets, roles or what others run', () => {
    const secrets = PERMISSIONS.filter(({ resources }) => resources.includes('secrets'));
    expect(secrets.flatMap(({ verbs }) => verbs)).toEqual(['get']);
    expect(PERMISSIONS.filter(({ verbs, resources }) => [...verbs, ...resources].includes('*' as never))).toEqual([]);
  });

  it('give each component a resource in one row, so that the table says it once', () => {
    const rows = PERMISSIONS.flatMap(({ component, scope, group, resources }) =>
      resources.map((resource) => `${component} ${scope} ${group}/${resource}`),
    );
    expect(rows.filter((row, at) => rows.indexOf(row) !== at)).toEqual([]);
  });
});

it('the dashboard asks for metrics that the programs have', () => {
  const main = join(import.meta.dirname, '../../src/main');
  const sources = readdirSync(main).filter((name) => name.endsWith('.ts'));
  const text = sources.map((name) => readFileSync(join(main, name), 'utf8')).join('\n');
  const there = new Set([...text.matchAll(/'((?:pipectl|process)_[a-z_]+)'/g)].map(([, name]) => name));
  const missing = [...dashboardMetrics()].filter((name) => !there.has(name.replace(/_(?:bucket|sum|count)$/, '')));
  expect(there.size).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});
