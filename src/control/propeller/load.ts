import { MAX_SINGLE_POD_READS } from '../../base/index.ts';
import { type Execution, findObject, isTerminalPhase, type Pod } from '../../cluster/index.ts';
import { type Observation, type Restored, restore } from '../../propeller/index.ts';
import { lookForChildren } from './children.ts';
import type { Engine } from './engine.ts';
import { type Entry, splitKey } from './entry.ts';
import { claimOf, ownsExecution } from './ownership.ts';
import { observationOf, podsOf } from './pod.ts';
import { loadProduced } from './produced.ts';
import { loadPast } from './recover.ts';
import { noteRead } from './relist.ts';
import { loadResults } from './results.ts';
import { findStrays } from './strays.ts';

/**
 * Makes the state of an execution from the cluster: its status, its closure, and the pods of its live attempts.
 * False: there is nothing to run, it is gone or over. Errors are for the round to judge.
 */
export async function load(engine: Engine, entry: Entry): Promise<boolean> {
  const { cluster } = engine.options;
  const key = { kind: 'Execution', ...splitKey(entry.key) };
  const listed = entry.isListed || isFresh(engine, entry.execution) ? entry.execution : undefined;
  const execution = listed ?? (await findObject<Execution>(cluster, key));
  entry.isListed = false;
  entry.execution = execution;
  if (execution !== undefined) noteRead(entry, 'Execution', execution);
  if (execution === undefined || isTerminalPhase(execution.status?.phase ?? 'Pending')) {
    engine.quotas.forget(key.namespace, entry.key);
    return false;
  }
  if (!ownsExecution(engine, execution)) return false;
  entry.version = execution.metadata.resourceVersion;
  entry.claimedBy = claimOf(execution.status?.shard);
  entry.parked = execution.status?.parked;
  const plan = await engine.plans.load(execution.spec.closure, key.namespace);
  const past = await loadPast(engine, entry, execution);
  const kept = await loadResults(cluster, execution);
  const produced = await loadProduced(engine, execution);
  const restored = restore(plan, execution, engine.options.clock.now(), past, kept, produced);
  entry.inbox.push(...(await lookForPods(engine, entry, execution, restored)));
  entry.inbox.push(...(await lookForChildren(engine, execution, restored)));
  // Children have a watch of their own, of which nothing is known here.
  if (restored.children.length > 0) entry.relisted = undefined;
  entry.strays = await findStrays(engine, entry, execution);
  entry.run = { plan, state: restored.state };
  return true;
}

/** What has not begun is as it was created, and a shard's first write is refused when it is not. */
function isFresh({ owned }: Engine, execution: Execution | undefined): boolean {
  return owned !== 'all' && execution?.status === undefined;
}

/** As `load`, at once, for an execution that has just been created and whose plan is ready: nothing of it runs yet. */
export function loadFresh(engine: Engine, entry: Entry): boolean {
  const { execution } = entry;
  if (execution === undefined || execution.status !== undefined) return false;
  if (execution.spec.trigger.kind === 'recover') return false;
  const plan = engine.plans.ready(execution.spec.closure, execution.metadata.namespace ?? '');
  if (plan === undefined) return false;
  entry.isListed = false;
  entry.version = execution.metadata.resourceVersion;
  entry.claimedBy = undefined;
  entry.parked = undefined;
  entry.run = { plan, state: restore(plan, execution, engine.options.clock.now()).state };
  return true;
}

async function lookForPods(
  engine: Engine,
  entry: Entry,
  execution: Execution,
  { state, expected }: Restored,
): Promise<Observation[]> {
  if (expected.length === 0) return [];
  const { cluster } = engine.options;
  const { namespace = '', name } = execution.metadata;
  const pods = new Map<string, Pod>();
  if (expected.length <= MAX_SINGLE_POD_READS) {
    for (const { podName } of expected) {
      const pod = await findObject<Pod>(cluster, { kind: 'Pod', namespace, name: podName });
      if (pod !== undefined) pods.set(podName, pod);
    }
  } else {
    for (const pod of await podsOf(engine, namespace, name)) pods.set(pod.metadata.name, pod);
  }
  for (const pod of pods.values()) noteRead(entry, 'Pod', pod);
  return expected.map(({ podName, node, index, attempt }) => {
    const pod = pods.get(podName);
    const seen = pod === undefined ? undefined : observationOf(state, pod, false, engine.options.pods);
    return seen ?? { kind: 'Attempt', node, index, attempt, seen: { kind: 'Gone' } };
  });
}
