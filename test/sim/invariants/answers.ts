import { isTerminalPhase, type KubeObject } from '../../../src/cluster/index.ts';
import { recoveryMs } from '../world/processes.ts';
import { type ExecutionFacts, type Facts, type Invariant, isOver, isTold } from './facts.ts';

const MINUTE = 60_000;
/** In calm, news is taken up at once; some wait for workers, of which there may be one. */
const ANSWER_MS = 5 * MINUTE;
/** Nothing of the workload takes longer without a word than its waits of two hours, and what they wait for. */
const SILENCE_MS = 4 * 60 * MINUTE;

/** 0: when nothing has gone wrong for a while, what happens is answered: attempts that end, aborts, new executions. */
export const answersCome: Invariant = {
  end(facts) {
    const { world, executions, users } = facts;
    const since = world.timeline.now - recoveryMs(world.plan.seed);
    if (world.troubledUntil > since) return;
    const answeredBy = world.timeline.now - ANSWER_MS;
    for (const execution of executions.values()) {
      if (isOver(execution) || users.poisoned.has(execution.key)) continue;
      if (execution.unansweredSince !== undefined && execution.unansweredSince < answeredBy && !isPaused(execution)) {
        const minutes = Math.round((world.timeline.now - execution.unansweredSince) / MINUTE);
        facts.violate(0, `what happened to ${execution.key} is not in its status after ${minutes} minutes`);
      }
      if (execution.spec.desired === 'Aborted' && execution.changedAt < since) {
        facts.violate(12, `${execution.key} is aborted and still ${execution.phase}`);
      }
      if (isSilent(facts, execution))
        facts.violate(0, `${execution.key} is ${execution.phase} and nothing comes of it`);
    }
  },
};

function isPaused({ spec }: ExecutionFacts): boolean {
  return spec.desired === 'Paused';
}

/** Whether it runs, and neither it nor what it waits for has moved for hours. */
function isSilent({ world, executions }: Facts, execution: ExecutionFacts): boolean {
  const since = world.timeline.now - SILENCE_MS - world.worstSkewMs;
  if (execution.phase !== 'Running' || isPaused(execution)) return false;
  if (execution.changedAt > since || world.troubledUntil > since) return false;
  const namespace = execution.key.slice(0, execution.key.indexOf('/') + 1);
  for (const { key, spec, phase } of executions.values()) {
    if (isTerminalPhase(phase as never) || spec.trigger.kind !== 'execution') continue;
    if (`${namespace}${spec.trigger.execution}` === execution.key && key.startsWith(namespace)) return false;
  }
  return true;
}

/** 12: an abort reaches every attempt that the execution knows of, at once. */
export const abortsReachAll: Invariant = {
  of: ['Execution'],
  after(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution') return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    const nodes = (commit.patch.nodes ?? {}) as Record<string, { ending?: { reason?: string } } | null>;
    if (execution === undefined) return;
    for (const [path, node] of Object.entries(nodes)) {
      if (node?.ending?.reason !== 'Aborted') continue;
      for (const pod of execution.livePods.values()) {
        if (pod.node !== path || pod.isAborted || !isTold(execution, pod)) continue;
        facts.violate(12, `node ${path} of ${execution.key} is aborted, and pod ${pod.name} is not told`);
      }
    }
  },
};

/** 15: what belongs to something that is gone goes too. */
export const nothingIsLeftOver: Invariant = {
  end(facts) {
    const { table, find } = facts.world.store;
    for (const kind of ['Pod', 'Execution']) {
      for (const { namespace, entries } of table.kinds.get(kind)?.shelves.values() ?? []) {
        for (const name of entries.keys()) {
          const object = find({ kind, namespace, name });
          if (object !== undefined && isOrphan(facts, object)) {
            facts.violate(15, `${kind} ${namespace}/${name} stays after its owner is gone`);
          }
        }
      }
    }
  },
};

/** 8: what was refused, or never became durable, has left nothing behind in the store. */
export const nothingIsHalf: Invariant = {
  end({ world, violate }) {
    for (const { kind, shelves } of world.store.table.kinds.values()) {
      for (const { namespace, entries } of shelves.values()) {
        for (const [name, { pending, rv }] of entries) {
          if (pending !== undefined || rv === 0)
            violate(8, `${kind} ${namespace}/${name} waits for a write that never comes`);
        }
      }
    }
  },
};

function isOrphan({ executions }: Facts, { metadata }: KubeObject): boolean {
  const owners = (metadata.ownerReferences ?? []).map(({ uid }) => executions.get(uid));
  return owners.length > 0 && owners.every((owner) => owner?.isDeleted === true);
}
