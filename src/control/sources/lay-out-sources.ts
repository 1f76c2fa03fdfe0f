import {
  type Clock,
  type Digest,
  isJsonObject,
  type Json,
  type Log,
  MAX_KNOWN_POD_SOURCES,
  POD_SOURCE_SWEEP_MS,
  type Random,
  RECONCILE_PAGE,
  ROUND_BACKOFF,
  StalledError,
  WATCH_BACKOFF,
} from '../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  EXECUTIONS_NOT_OVER,
  type Execution,
  isTerminalPhase,
  type KubeObject,
  LABEL,
  NotFoundError,
  reflect,
} from '../../cluster/index.ts';
import type { SourceMaps } from '../../runtime/index.ts';
import { loadClosure } from '../closures/index.ts';

export interface LayOutOptions {
  readonly cluster: Cluster;
  readonly sources: SourceMaps;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface State {
  readonly options: LayOutOptions;
  /** Closure → the source trees of its tasks. */
  readonly trees: Map<string, Promise<readonly string[]>>;
  /** Executions whose sources are being laid out, by namespace and closure; each at most once. */
  readonly underWay: Set<string>;
  isStopped: boolean;
}

/**
 * Lays the source folders of executions out where pods can mount them, for shards that have no repositories at hand: as soon
 * as an execution is there, before its first pod. What cannot be laid out now is tried again.
 */
export function layOutSources(options: LayOutOptions): { stop(): Promise<void> } {
  const { cluster, clock, random, log } = options;
  const state: State = { options, trees: new Map(), underWay: new Set(), isStopped: false };
  const ending = new AbortController();
  const { done } = reflect<Execution>(
    cluster,
    'Execution',
    { clock, random, log, listOnly: EXECUTIONS_NOT_OVER },
    {
      changed(changes) {
        for (const change of changes) if (change.type === 'set') attend(state, change.object, 1);
      },
    },
    ending.signal,
  );
  const watching = watchDeletions(state, ending.signal);
  const cancelSweep = repeatedly(options, POD_SOURCE_SWEEP_MS, async () => {
    const gone = await options.sources.sweep();
    if (gone > 0) log.write('info', 'sources of pods deleted that nobody mounts', { count: gone });
  });
  return {
    async stop() {
      state.isStopped = true;
      cancelSweep();
      ending.abort('stopped');
      await Promise.all([done, watching]);
    },
  };
}

/**
 * What somebody deletes, by hand or with its namespace, is missed by pods that were started since, and by those to come: it is
 * laid out again for executions that are not over. After a break of the watch any may have been deleted.
 */
async function watchDeletions(state: State, signal: AbortSignal): Promise<void> {
  const { cluster, sources, clock, random, log } = state.options;
  const labelSelector = `${LABEL.source}=true`;
  const { initialMs, factor, maxMs } = WATCH_BACKOFF;
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const batch of cluster.watch<KubeObject>('ConfigMap', { labelSelector, signal })) {
        failures = 0;
        const namespaces = new Set<string>();
        for (const event of batch) {
          if (event.type !== 'DELETED') continue;
          const { namespace = '', annotations = {} } = event.object.metadata;
          sources.forget(namespace, annotations[ANNOTATION.sourceTree] ?? '');
          namespaces.add(namespace);
        }
        for (const namespace of namespaces) await attendAll(state, { namespace });
      }
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      log.write('warn', 'watch interrupted', { kind: 'ConfigMap', error: String(error) });
      const afterMs = Math.min(maxMs, initialMs * factor ** Math.min(failures, 20)) * (0.5 + random.unit() / 2);
      await pause(clock, afterMs, signal);
      sources.forget();
      await attendAll(state, {}).catch((error: unknown) => {
        log.write('warn', 'sources could not be looked for', { error: String(error) });
      });
    }
  }
}

/** Executions that are not over: of each closure one is enough. */
async function attendAll(state: State, where: { readonly namespace?: string }): Promise<void> {
  const seen = new Set<string>();
  for (let continueToken: string | undefined; !state.isStopped; ) {
    const page = await state.options.cluster.list<Execution>('Execution', {
      ...where,
      fieldSelector: EXECUTIONS_NOT_OVER,
      limit: RECONCILE_PAGE,
      ...(continueToken !== undefined && { continueToken }),
    });
    for (const execution of page.items) {
      const id = `${execution.metadata.namespace}/${execution.spec.closure}`;
      if (!seen.has(id)) attend(state, execution, 1);
      seen.add(id);
    }
    continueToken = page.continueToken;
    if (continueToken === undefined) return;
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.at(clock.now() + ms, resolve);
    signal.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });
}

function attend(state: State, execution: Execution, tries: number): void {
  const { clock, log } = state.options;
  const { namespace = '' } = execution.metadata;
  const id = `${namespace}/${execution.spec.closure}`;
  if (state.isStopped || state.underWay.has(id) || isTerminalPhase(execution.status?.phase ?? 'Pending')) return;
  state.underWay.add(id);
  layOut(state, execution)
    .catch((error: unknown) => {
      // Its files cannot be mounted, or it is registered no more: another try would say the same.
      const isFinal = error instanceof StalledError || error instanceof NotFoundError;
      log.write('warn', 'a source could not be laid out', { execution: execution.metadata.name, error: String(error) });
      if (isFinal || state.isStopped) return;
      const { initialMs, factor, maxMs } = ROUND_BACKOFF;
      const afterMs = Math.min(maxMs, initialMs * factor ** Math.min(tries, 20));
      clock.at(clock.now() + afterMs, () => attend(state, execution, tries + 1));
    })
    .finally(() => state.underWay.delete(id));
}

async function layOut(state: State, { metadata, spec }: Execution): Promise<void> {
  const { sources } = state.options;
  const { namespace = '' } = metadata;
  for (const tree of await treesOf(state, spec.closure)) {
    if (!sources.isThere(namespace, tree)) await sources.ensure(namespace, spec.repository, tree);
  }
}

function treesOf({ options, trees }: State, digest: string): Promise<readonly string[]> {
  const known = trees.get(digest);
  if (known !== undefined) return known;
  const found = loadClosure(options.cluster, digest as Digest).then((closure) => {
    const all = new Set<string>();
    collectTrees(closure as unknown as Json, all);
    return [...all];
  });
  trees.set(digest, found);
  found.catch(() => trees.delete(digest));
  const [oldest] = trees.keys();
  if (trees.size > MAX_KNOWN_POD_SOURCES && oldest !== undefined) trees.delete(oldest);
  return found;
}

/** A task's `source` says its folder and git's id of that. Closures have a bounded depth. */
function collectTrees(value: Json, into: Set<string>): void {
  if (Array.isArray(value)) for (const each of value) collectTrees(each, into);
  if (!isJsonObject(value)) return;
  const { source } = value;
  if (isJsonObject(source) && typeof source.path === 'string' && typeof source.tree === 'string') into.add(source.tree);
  for (const each of Object.values(value)) collectTrees(each as Json, into);
}

function repeatedly({ clock, log }: LayOutOptions, everyMs: number, work: () => Promise<void>): () => void {
  let cancel = clock.at(clock.now() + everyMs, again);
  function again(): void {
    work()
      .catch((error: unknown) => log.write('warn', 'sources could not be swept', { error: String(error) }))
      .finally(() => {
        cancel = clock.at(clock.now() + everyMs, again);
      });
  }
  return () => cancel();
}
