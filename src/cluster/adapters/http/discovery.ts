import type { Json } from '../../../base/index.ts';
import { KINDS, type KindInfo } from '../../index.ts';

/** What `/api`, `/apis` and their children answer, so that kubectl finds the kinds, their names and verbs. */

/** A kind that never has objects here, but whose absence would fail a client (`kubectl cluster-info` lists services). */
export const SERVICE: KindInfo = {
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  group: '',
  version: 'v1',
  namespaced: true,
  hasStatus: false,
};

/** Kinds by which `kubectl get all` shows what happens now; definitions and machinery are asked for by name. */
const IN_ALL: ReadonlySet<string> = new Set(['Workflow', 'LaunchPlan', 'Schedule', 'Execution', 'Pod']);

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const STATUS_VERBS = ['get', 'patch', 'update'];

interface Group {
  readonly name: string;
  readonly kinds: readonly KindInfo[];
  /** Resources that only answer questions: created, never stored. */
  readonly reviews: readonly { readonly kind: string; readonly plural: string }[];
}

const GROUPS: readonly Group[] = [
  { name: '', kinds: [...KINDS.filter((info) => info.group === ''), SERVICE], reviews: [] },
  ...[...new Set(KINDS.map((info) => info.group))]
    .filter((name) => name !== '')
    .map((name) => ({ name, kinds: KINDS.filter((info) => info.group === name), reviews: [] })),
  {
    name: 'authorization.k8s.io',
    kinds: [],
    reviews: [
      { kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews' },
      { kind: 'SelfSubjectRulesReview', plural: 'selfsubjectrulesreviews' },
    ],
  },
  {
    name: 'authentication.k8s.io',
    kinds: [],
    reviews: [{ kind: 'SelfSubjectReview', plural: 'selfsubjectreviews' }],
  },
];

/** The answer for a discovery path, or undefined when the path is none. `host` is what the client called us by. */
export function discoveryAnswer(
  path: string,
  host: string,
  aggregated: 'v2' | 'v2beta1' | undefined,
): Json | undefined {
  if (path === '/api') {
    if (aggregated !== undefined) return aggregatedList(aggregated, (group) => group.name === '');
    return {
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: host }],
    };
  }
  if (path === '/apis') {
    if (aggregated !== undefined) return aggregatedList(aggregated, (group) => group.name !== '');
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS.filter(({ name }) => name !== '').map(groupOf) };
  }
  const group = GROUPS.find(({ name }) => path === rootOf(name));
  if (group !== undefined) return resourceList(group);
  const parent = GROUPS.find(({ name }) => name !== '' && path === `/apis/${name}`);
  return parent === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(parent) };
}

function rootOf(group: string): string {
  return group === '' ? '/api/v1' : `/apis/${group}/v1`;
}

function groupOf({ name }: Group): { [field: string]: Json } {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
}

function categoriesOf(info: KindInfo): string[] {
  return [...(IN_ALL.has(info.kind) ? ['all'] : []), ...(info.group === 'pipectl.dev' ? ['pipectl'] : [])];
}

function verbsOf(info: KindInfo): string[] {
  return info === SERVICE ? ['get', 'list', 'watch'] : VERBS;
}

function subresourcesOf(info: KindInfo): { readonly name: string; readonly verbs: string[] }[] {
  return [
    ...(info.hasStatus ? [{ name: 'status', verbs: STATUS_VERBS }] : []),
    ...(info.kind === 'Pod' ? [{ name: 'log', verbs: ['get'] }] : []),
    ...(info.kind === 'Execution' ? [{ name: 'output', verbs: ['get'] }] : []),
  ];
}

function resourceList({ name, kinds, reviews }: Group): Json {
  const resources = kinds.flatMap((info): Json[] => [
    {
      name: info.plural,
      singularName: info.singular,
      namespaced: info.namespaced,
      kind: info.kind,
      verbs: verbsOf(info),
      ...(info.shortNames.length > 0 && { shortNames: info.shortNames }),
      ...(categoriesOf(info).length > 0 && { categories: categoriesOf(info) }),
    },
    ...subresourcesOf(info).map((sub) => ({
      name: `${info.plural}/${sub.name}`,
      singularName: '',
      namespaced: info.namespaced,
      kind: info.kind,
      verbs: sub.verbs,
    })),
  ]);
  const questions = reviews.map(({ kind, plural }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced: false,
    kind,
    verbs: ['create'],
  }));
  const groupVersion = name === '' ? 'v1' : `${name}/v1`;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [...resources, ...questions] };
}

/** Everything in one answer (apidiscovery.k8s.io): spares kubectl a request per group. */
function aggregatedList(version: 'v2' | 'v2beta1', isWanted: (group: Group) => boolean): Json {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: GROUPS.filter(isWanted).map((group) => ({
      metadata: { name: group.name, creationTimestamp: null },
      versions: [{ version: 'v1', freshness: 'Current', resources: aggregatedResources(group) }],
    })),
  };
}

function aggregatedResources({ name, kinds, reviews }: Group): Json[] {
  const responseKind = (kind: string): Json => ({ group: name, version: 'v1', kind });
  return [
    ...kinds.map((info) => ({
      resource: info.plural,
      responseKind: responseKind(info.kind),
      scope: info.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: info.singular,
      verbs: verbsOf(info),
      ...(info.shortNames.length > 0 && { shortNames: info.shortNames }),
      ...(categoriesOf(info).length > 0 && { categories: categoriesOf(info) }),
      subresources: subresourcesOf(info).map((sub) => ({
        subresource: sub.name,
        responseKind: responseKind(info.kind),
        verbs: sub.verbs,
      })),
    })),
    ...reviews.map(({ kind, plural }) => ({
      resource: plural,
      responseKind: responseKind(kind),
      scope: 'Cluster',
      singularResource: kind.toLowerCase(),
      verbs: ['create'],
    })),
  ];
}
