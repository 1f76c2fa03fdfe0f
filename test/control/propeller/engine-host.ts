import type { Json } from '../../../src/base/index.ts';
import { canonicalJson, digestOf } from '../../../src/base/index.ts';
import {
  type Cluster,
  createObject,
  type Execution,
  isTerminalPhase,
  newExecution,
  type ObjectKey,
  type Pod,
  patchStatus,
} from '../../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../../src/compiler/index.ts';
import { encodeClosure } from '../../../src/control/closures/index.ts';
import { commitOf, compileAll } from '../../compiler/commit.ts';

/** What a test of the workers does to a cluster: registers closures, starts executions, plays the node agent, waits. */

export const NAMESPACE = 'shop-production';
const DEADLINE_MS = 5_000;

export async function register(cluster: Cluster, closure: WorkflowClosure): Promise<void> {
  const json = closure as unknown as Json;
  const objects = encodeClosure({
    of: 'Workflow',
    name: closure.name,
    digest: digestOf(json),
    text: canonicalJson(json),
  });
  await cluster.write(objects.map((object) => ({ op: 'create', object })));
}

/** Compiles documents and registers all of them. Digests by `<Kind>/<name>`. */
export async function registerDocuments(
  cluster: Cluster,
  documents: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const compiled = compileAll(commitOf(...documents));
  if (compiled.kind !== 'compiled') throw new Error(JSON.stringify(compiled.diagnostics));
  const digests = new Map<string, string>();
  for (const { kind, name, digest, closure } of compiled.changed) {
    digests.set(`${kind}/${name}`, digest);
    const objects = encodeClosure({ of: kind, name, digest, text: canonicalJson(closure as unknown as Json) });
    await cluster.write(objects.map((object) => ({ op: 'create', object })));
  }
  return digests;
}

export function execution(
  closure: WorkflowClosure,
  name: string,
  changes: Partial<Parameters<typeof newExecution>[0]> = {},
): Execution {
  return newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'shop',
    commit: 'a'.repeat(40),
    workflow: closure.name,
    closure: digestOf(closure as unknown as Json),
    inputs: {},
    trigger: { kind: 'manual' },
    ...changes,
  });
}

export const keyOf = (kind: 'Execution' | 'Pod', name: string): ObjectKey => ({ kind, namespace: NAMESPACE, name });

export async function launch(cluster: Cluster, closure: WorkflowClosure, name: string, changes = {}): Promise<void> {
  await createObject(cluster, execution(closure, name, changes));
}

/** Waits on the cluster's own watch until the object is as wanted. */
export async function untilObject<T extends Execution | Pod>(
  cluster: Cluster,
  key: ObjectKey,
  isWanted: (object: T) => boolean,
): Promise<T> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const fieldSelector = `metadata.name=${key.name}`;
  const list = await cluster.list<T>(key.kind, { namespace: NAMESPACE, fieldSelector });
  for (const object of list.items) if (isWanted(object)) return object;
  const watch = cluster.watch<T>(key.kind, {
    namespace: NAMESPACE,
    fieldSelector,
    resourceVersion: list.resourceVersion,
    signal,
  });
  for await (const batch of watch) {
    for (const event of batch) if (event.type !== 'BOOKMARK' && isWanted(event.object)) return event.object;
  }
  const last = await cluster.get(key).catch(String);
  throw new Error(`${key.kind} ${key.name} did not become as wanted: ${JSON.stringify(last)}`);
}

export const isOver = (execution: Execution): boolean => isTerminalPhase(execution.status?.phase ?? 'Pending');

export function untilOver(cluster: Cluster, name: string): Promise<Execution> {
  return untilObject<Execution>(cluster, keyOf('Execution', name), isOver);
}

export function untilPod(cluster: Cluster, name: string, isWanted: (pod: Pod) => boolean = () => true): Promise<Pod> {
  return untilObject<Pod>(cluster, keyOf('Pod', name), isWanted);
}

/** Ends a pod as a node agent does: with outputs, or with an exit code. */
export async function endPod(
  cluster: Cluster,
  name: string,
  how: { text?: string; exitCode?: number; reason?: string },
) {
  const { exitCode = 0, reason = exitCode === 0 ? 'Completed' : 'Error', text: message = '' } = how;
  const at = '2026-01-02T03:04:05.000Z';
  const terminated = { exitCode, reason, message, startedAt: at, finishedAt: at };
  const container = { name: 'task', ready: false, restartCount: 0, image: '', state: { terminated } };
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
  await patchStatus(cluster, keyOf('Pod', name), { phase, containerStatuses: [container] });
}
