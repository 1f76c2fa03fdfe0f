import { stringify } from 'yaml';
import {
  customResourceDefinitions,
  DEFAULT_REPLICAS,
  dashboard,
  type InstallOptions,
  type Manifest,
  manifestsOf,
  PERMISSIONS,
  type Permission,
} from '../src/deploy/index.ts';
import { VERSION } from '../src/main/version.ts';

const HEAD = '# Made by `npm run generate`.\n';
/** What a kustomization sets by `images:`. */
const IMAGE = `pipectl:${VERSION}`;
const OPTIONS: InstallOptions = {
  version: VERSION,
  image: IMAGE,
  replicas: DEFAULT_REPLICAS,
  serviceMonitor: false,
  dashboard: true,
};

/** The files under `deploy/` that say what `pipectl install` says: definitions, a kustomize base, a Helm chart. */
export function deployFiles(): ReadonlyMap<string, string> {
  const definitions = customResourceDefinitions().map(
    (definition) => [`${definition.spec.names.plural}.yaml`, yamlFile(definition)] as const,
  );
  return new Map([
    ...definitions.map(([name, text]) => [`crds/${name}`, text] as const),
    ['crds/kustomization.yaml', kustomization(definitions.map(([name]) => name))],
    ...baseFiles(),
    ...chartFiles(),
    ...definitions.map(([name, text]) => [`chart/crds/${name}`, text] as const),
  ]);
}

/** YAML that readers of version 1.1, as Kubernetes' is, take for the same. */
function yamlFile(...documents: readonly object[]): string {
  const texts = documents.map((object) =>
    stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return HEAD + texts.join('---\n');
}

function kustomization(resources: readonly string[]): string {
  return yamlFile({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
}

/** The manifests by the part that they are, but for the definitions. */
function parts(options: InstallOptions): ReadonlyMap<string, readonly Manifest[]> {
  const found = new Map<string, Manifest[]>();
  for (const manifest of manifestsOf(options)) {
    const part = PARTS.get(manifest.kind);
    if (part !== undefined) found.set(part, [...(found.get(part) ?? []), manifest]);
  }
  return found;
}

const PARTS: ReadonlyMap<string, string> = new Map([
  ['Namespace', 'namespace'],
  ['ServiceAccount', 'access'],
  ['ClusterRole', 'access'],
  ['ClusterRoleBinding', 'access'],
  ['Role', 'access'],
  ['RoleBinding', 'access'],
  ['Service', 'network'],
  ['PodDisruptionBudget', 'network'],
  ['NetworkPolicy', 'network'],
  ['Deployment', 'workloads'],
  ['ConfigMap', 'dashboard'],
  ['ServiceMonitor', 'service-monitor'],
]);

function baseFiles(): readonly (readonly [string, string])[] {
  const files = [...parts(OPTIONS)].map(([part, manifests]) => [`${part}.yaml`, yamlFile(...manifests)] as const);
  return [
    ...files.map(([name, text]) => [`base/${name}`, text] as const),
    ['base/kustomization.yaml', kustomization(['../crds', ...files.map(([name]) => name)])],
  ];
}

/** Stand in the manifests of the chart where its values go. */
const PLACES = { image: 'IMAGE-OF-THE-CHART', replicas: 424_242, dataClaim: 'CLAIM-OF-THE-CHART' } as const;

/** Helm makes the namespace itself (`--create-namespace`), and installs what is in `crds/` before all else. */
function chartFiles(): readonly (readonly [string, string])[] {
  const manifests = parts({ ...OPTIONS, ...PLACES, serviceMonitor: true });
  const template = (part: string): string => withValues(yamlFile(...(manifests.get(part) ?? [])));
  const when = (value: string, text: string): string => `{{- if .Values.${value} }}\n${text}{{- end }}\n`;
  return [
    [
      'chart/Chart.yaml',
      yamlFile({
        apiVersion: 'v2',
        name: 'pipectl',
        description: DESCRIPTION,
        type: 'application',
        version: VERSION,
        appVersion: VERSION,
        kubeVersion: '>=1.31.0-0',
      }),
    ],
    ['chart/values.yaml', VALUES],
    ...['access', 'network', 'workloads'].map((part) => [`chart/templates/${part}.yaml`, template(part)] as const),
    ['chart/templates/dashboard.yaml', when('dashboard', dashboardTemplate(manifests.get('dashboard')?.[0]))],
    ['chart/templates/service-monitor.yaml', when('serviceMonitor', template('service-monitor'))],
    ['chart/dashboard.json', `${JSON.stringify(dashboard(), null, 2)}\n`],
  ];
}

const DESCRIPTION = 'Pipelines that git declares: a push registers, the commit is the version.';
const VALUES = `${HEAD}# Image of pipectl that the cluster can pull. Required.
image: ""
# Of the controller; one of them works at a time.
replicas: ${DEFAULT_REPLICAS}
# PersistentVolumeClaim for repositories that are pushed to the controller. Empty: only remotes, which are fetched again.
dataClaim: ""
# For the Prometheus operator.
serviceMonitor: false
# A ConfigMap for Grafana's sidecar.
dashboard: true
`;

function withValues(text: string): string {
  const claim = `persistentVolumeClaim:\n            claimName: ${PLACES.dataClaim}\n`;
  return text
    .replaceAll(
      PLACES.image,
      '{{ required "set image to one of pipectl that the cluster can pull" .Values.image | quote }}',
    )
    .replaceAll(String(PLACES.replicas), '{{ .Values.replicas }}')
    .replaceAll(
      claim,
      `{{- if .Values.dataClaim }}\n          persistentVolumeClaim:\n            claimName: {{ .Values.dataClaim | quote }}\n          {{- else }}\n          emptyDir:\n            sizeLimit: 4Gi\n          {{- end }}\n`,
    );
}

/** Its text has braces of Grafana's, which Helm must not read. */
function dashboardTemplate(manifest: Manifest | undefined): string {
  const { data: _, ...rest } = manifest as Manifest;
  return `${yamlFile(rest)}data:\n  pipectl.json: |\n{{ .Files.Get "dashboard.json" | indent 4 }}\n`;
}

/** The table in docs/kubernetes.md that says why each verb. */
export function permissionsTable(): string {
  const row = ({ component, scope, group, resources, names, verbs, why }: Permission): string => {
    const where = scope === 'cluster' ? 'everywhere' : '`pipectl-system`';
    const what = resources.map((resource) => `\`${resource}\``).join(', ');
    const only = names === undefined ? '' : ` (only ${names.map((name) => `\`${name}\``).join(', ')})`;
    return `| ${component} | ${where} | ${group === '' ? 'core' : group} | ${what}${only} | ${verbs.join(', ')} | ${why} |\n`;
  };
  return `| who | where | group | what | verbs | why |\n|---|---|---|---|---|---|\n${PERMISSIONS.map(row).join('')}`;
}
