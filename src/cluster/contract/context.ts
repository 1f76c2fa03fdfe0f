import assert from 'node:assert/strict';
import type { KubeObject, ObjectKey } from '../object.ts';
import type { Cluster, WatchEvent, WatchOptions } from '../port.ts';

/** What a case is run against. */
export interface ContractContext {
  readonly cluster: Cluster;
  /** A namespace of this case alone. */
  readonly namespace: string;
  /** Whether a batch is one durable record. False over HTTP, where it is one request each. */
  readonly isAtomic: boolean;
  /** A version that is too old to watch `kind` from, where the cluster at hand can be made to forget. */
  readonly expiredVersion?: (kind: string) => Promise<string>;
}

/** One promise of the port, as an executable case. Rejects with an AssertionError when it is broken. */
export interface ContractCase {
  readonly name: string;
  readonly run: (context: ContractContext) => Promise<void>;
}

/** A case waits no longer than this for an event. */
const DEADLINE_MS = 10_000;

/** A workflow: a kind with spec and status whose spec may change. */
export function workflow(
  { namespace }: ContractContext,
  name: string,
  spec: object = { nodes: 1 },
  labels?: object,
): KubeObject {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Workflow',
    metadata: { name, namespace, ...(labels && { labels: labels as Record<string, string> }) },
    spec,
  };
}

export function workflowKey({ namespace }: ContractContext, name: string): ObjectKey {
  return { kind: 'Workflow', namespace, name };
}

export function execution({ namespace }: ContractContext, name: string, spec: object = {}): KubeObject {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Execution',
    metadata: { name, namespace },
    spec: {
      repository: 'r',
      commit: 'c',
      workflow: 'w',
      closure: 'd',
      inputs: { a: 1 },
      trigger: { kind: 'manual' },
      ...spec,
    },
  };
}

/** Creates and returns the stored object. */
export async function create(context: ContractContext, object: KubeObject): Promise<KubeObject> {
  const [created] = await context.cluster.write([{ op: 'create', object }]);
  assert.ok(created !== undefined, 'create answers with the object');
  return created;
}

/**
 * Watches the case's namespace from `resourceVersion` while `act` runs, until `isEnough` of the events so far; bookmarks
 * are left out.
 */
export async function watchUntil(
  context: ContractContext,
  kind: string,
  options: Omit<WatchOptions, 'signal' | 'namespace'>,
  act: () => Promise<unknown>,
  isEnough: (events: readonly Change[]) => boolean,
): Promise<readonly Change[]> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), DEADLINE_MS);
  const events: Change[] = [];
  try {
    const watch = context.cluster.watch(kind, { ...options, namespace: context.namespace, signal: abort.signal });
    const acted = act();
    for await (const batch of watch) {
      for (const event of batch) if (event.type !== 'BOOKMARK') events.push(event);
      if (isEnough(events)) break;
    }
    await acted;
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
  assert.ok(isEnough(events), `the watch gave only ${describe(events)}`);
  return events;
}

export type Change = Exclude<WatchEvent, { readonly type: 'BOOKMARK' }>;

/** `ADDED a, MODIFIED a` */
export function describe(events: readonly Change[]): string {
  return events.map(({ type, object }) => `${type} ${object.metadata.name}`).join(', ');
}

export function seen(type: Change['type'], name: string): (events: readonly Change[]) => boolean {
  return (events) => events.some((event) => event.type === type && event.object.metadata.name === name);
}
