import {
  type Clock,
  ConflictError,
  instantMs,
  instantText,
  isJsonObject,
  type Json,
  type Log,
  MAX_KNOWN_POD_SOURCES,
  POD_SOURCE_TOUCH_MS,
  POD_SOURCE_UNUSED_MS,
  StalledError,
  type UnixMs,
  WaitError,
} from '../../base/index.ts';
import {
  AlreadyExistsError,
  ANNOTATION,
  type Cluster,
  findObject,
  type KubeObject,
  LABEL,
  NotFoundError,
  type ObjectKey,
  type Pod,
} from '../../cluster/index.ts';
import type { ObjectReader } from '../../git/index.ts';
import {
  readSourceFiles,
  SOURCE_REFUSED,
  type SourceFiles,
  type SourceItem,
  type SourceLayout,
} from './source-layout.ts';

export interface SourceMapsOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: another process with the repositories at hand makes the ConfigMaps, and this one waits for them. */
  readonly readerOf?: (repository: string) => ObjectReader | Promise<ObjectReader>;
}

/** Keeps source folders as immutable ConfigMaps named by their git tree ids, in the namespaces in which pods mount them. */
export interface SourceMaps {
  /** The layout, as far as it is known. */
  layout(namespace: string, tree: string): SourceLayout | undefined;
  /** Whether its ConfigMap is there for sure. */
  isThere(namespace: string, tree: string): boolean;
  /** Makes sure of it. Errors: StalledError('SourceRefused'), WaitError, what the cluster and the reader throw. */
  ensure(namespace: string, repository: string, tree: string): Promise<SourceLayout>;
  /** It has been deleted, by whomever: it is looked for before it is mounted again. Without a tree: any may have been. */
  forget(namespace?: string, tree?: string): void;
  /** Deletes ConfigMaps that nothing has mounted for POD_SOURCE_UNUSED_MS; resolves with how many. */
  sweep(): Promise<number>;
}

interface Known {
  readonly layout: SourceLayout;
  /** Until then no sweep may take it. */
  readonly until: UnixMs;
}

interface State {
  readonly options: SourceMapsOptions;
  readonly known: Map<string, Known>;
  readonly underWay: Map<string, Promise<SourceLayout>>;
}

/** Before the tree id in the name of a ConfigMap. */
const PREFIX = 'pipectl-source-';
/** A ConfigMap has up to 1.4 MB as JSON. */
const SWEEP_PAGE = 10;
const WAIT_MS = 1_000;

export function createSourceMaps(options: SourceMapsOptions): SourceMaps {
  const state: State = { options, known: new Map(), underWay: new Map() };
  return {
    layout: (namespace, tree) => state.known.get(`${namespace}/${tree}`)?.layout,
    isThere: (namespace, tree) => (state.known.get(`${namespace}/${tree}`)?.until ?? 0) > options.clock.now(),
    ensure(namespace, repository, tree) {
      const id = `${namespace}/${tree}`;
      const underWay = state.underWay.get(id);
      if (underWay !== undefined) return underWay;
      const work = ensure(state, namespace, repository, tree).finally(() => state.underWay.delete(id));
      state.underWay.set(id, work);
      return work;
    },
    forget(namespace, tree) {
      if (tree === undefined) state.known.clear();
      else state.known.delete(`${namespace}/${tree}`);
    },
    sweep: () => sweep(options),
  };
}

async function ensure(state: State, namespace: string, repository: string, tree: string): Promise<SourceLayout> {
  const { cluster, clock } = state.options;
  const key: ObjectKey = { kind: 'ConfigMap', namespace, name: `${PREFIX}${tree}` };
  const now = clock.now();
  const found = await findObject<KubeObject>(cluster, key);
  const why = found?.metadata.annotations?.[ANNOTATION.sourceRefused];
  if (why !== undefined) throw new StalledError(SOURCE_REFUSED, why);
  const items = found === undefined ? undefined : itemsOf(found);
  if (found !== undefined && items !== undefined && (await isKept(cluster, key, found, now))) {
    return remember(state, namespace, tree, { name: key.name, items }, now);
  }
  const { readerOf } = state.options;
  if (readerOf === undefined) {
    throw new WaitError(`the source of tree ${tree} is not laid out in ${namespace} yet`, WAIT_MS);
  }
  const about = {
    [ANNOTATION.sourceTree]: tree,
    [ANNOTATION.repository]: repository,
    [ANNOTATION.usedAt]: instantText(now),
  };
  const read = await readSource(await readerOf(repository), tree);
  if (read.kind === 'refused') {
    await create(cluster, key, { ...about, [ANNOTATION.sourceRefused]: read.message }, {});
    throw new StalledError(SOURCE_REFUSED, read.message);
  }
  const { items: made, data, binaryData } = read.files;
  await create(cluster, key, { ...about, [ANNOTATION.sourceItems]: JSON.stringify(made) }, { data, binaryData });
  return remember(state, namespace, tree, { name: key.name, items: made }, now);
}

/** A folder that no pod can mount is refused for good: those who cannot read it are told so by its ConfigMap. */
async function readSource(
  reader: ObjectReader,
  tree: string,
): Promise<
  { readonly kind: 'read'; readonly files: SourceFiles } | { readonly kind: 'refused'; readonly message: string }
> {
  try {
    return { kind: 'read', files: await readSourceFiles(reader, tree) };
  } catch (error) {
    if (!(error instanceof StalledError) || error.reason !== SOURCE_REFUSED) throw error;
    return { kind: 'refused', message: error.message };
  }
}

async function create(
  cluster: Cluster,
  { namespace = '', name }: ObjectKey,
  annotations: Readonly<Record<string, string>>,
  content: Partial<Pick<SourceFiles, 'data' | 'binaryData'>>,
): Promise<void> {
  const labels = { [LABEL.source]: 'true', 'app.kubernetes.io/managed-by': 'pipectl' };
  const metadata = { namespace, name, labels, annotations };
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata, immutable: true, ...content };
  try {
    await cluster.write([{ op: 'create', object }], { discard: true });
  } catch (error) {
    // Another process was faster, with the same content.
    if (!(error instanceof AlreadyExistsError)) throw error;
  }
}

/** Says that it is in use, when that was last said a while ago. False: it has gone meanwhile. */
async function isKept(cluster: Cluster, key: ObjectKey, found: KubeObject, now: UnixMs): Promise<boolean> {
  if (usedAtOf(found) > now - POD_SOURCE_TOUCH_MS) return true;
  try {
    const patch = { metadata: { annotations: { [ANNOTATION.usedAt]: instantText(now) } } };
    await cluster.write([{ op: 'patch', key, patch }], { discard: true });
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

function remember(state: State, namespace: string, tree: string, layout: SourceLayout, now: UnixMs): SourceLayout {
  const id = `${namespace}/${tree}`;
  state.known.delete(id);
  state.known.set(id, { layout, until: now + POD_SOURCE_TOUCH_MS });
  const [oldest] = state.known.keys();
  if (state.known.size > MAX_KNOWN_POD_SOURCES && oldest !== undefined) state.known.delete(oldest);
  return layout;
}

async function sweep({ cluster, clock, log }: SourceMapsOptions): Promise<number> {
  const unusedSince = clock.now() - POD_SOURCE_UNUSED_MS;
  const stale: KubeObject[] = [];
  for (let continueToken: string | undefined; ; ) {
    const page = await cluster.list<KubeObject>('ConfigMap', {
      labelSelector: `${LABEL.source}=true`,
      limit: SWEEP_PAGE,
      ...(continueToken !== undefined && { continueToken }),
    });
    // Only what says who it is: bytes are not kept while all pages are read.
    for (const { apiVersion, kind, metadata } of page.items) {
      if (usedAtOf({ apiVersion, kind, metadata }) < unusedSince) stale.push({ apiVersion, kind, metadata });
    }
    continueToken = page.continueToken;
    if (continueToken === undefined) break;
  }
  if (stale.length === 0) return 0;
  const mounted = await mountedSources(cluster);
  let gone = 0;
  for (const { metadata } of stale) {
    const { namespace = '', name, uid, resourceVersion } = metadata;
    if (mounted.has(`${namespace}/${name}`)) continue;
    // Whoever takes it up again touches it, and then this version is not there any more.
    const unchanged = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
    try {
      await cluster.write([{ op: 'delete', key: { kind: 'ConfigMap', namespace, name }, if: unchanged }]);
      gone++;
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
    }
  }
  if (gone > 0) log.write('info', 'unused sources of pods deleted', { count: gone });
  return gone;
}

/** ConfigMaps of pods that have not ended: their kubelets may still have to mount them. */
async function mountedSources(cluster: Cluster): Promise<ReadonlySet<string>> {
  const fieldSelector = 'status.phase!=Succeeded,status.phase!=Failed';
  const { items } = await cluster.list<Pod>('Pod', { labelSelector: LABEL.execution, fieldSelector });
  const names = new Set<string>();
  for (const { metadata } of items) {
    const tree = metadata.annotations?.[ANNOTATION.sourceTree];
    if (tree !== undefined) names.add(`${metadata.namespace}/${PREFIX}${tree}`);
  }
  return names;
}

/** A ConfigMap that does not say when it was used was touched by somebody else, and is nobody's to delete. */
function usedAtOf({ metadata }: KubeObject): UnixMs {
  return instantMs(metadata.annotations?.[ANNOTATION.usedAt]) ?? Number.POSITIVE_INFINITY;
}

/** Undefined when somebody changed what it says of itself: then it is made anew from git, as far as it can be. */
function itemsOf({ metadata }: KubeObject): readonly SourceItem[] | undefined {
  let items: Json;
  try {
    items = JSON.parse(metadata.annotations?.[ANNOTATION.sourceItems] ?? 'null') as Json;
  } catch {
    return undefined;
  }
  const isItem = (item: Json): boolean =>
    isJsonObject(item) && typeof item.key === 'string' && typeof item.path === 'string';
  return Array.isArray(items) && items.every(isItem) ? (items as unknown as readonly SourceItem[]) : undefined;
}
