import type { ExecutionError, Pod, Repository } from '../../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../../src/compiler/closure.ts';
import { contentOf } from './content.ts';
import { compareLive } from './definitions.ts';
import { type ExecutionFacts, type Facts, type Invariant, placeOf, podFactsOf } from './facts.ts';

/** Reasons that only a fault of ours gives: nothing that this world does leads there. */
const OURS: ReadonlySet<string> = new Set(['Bug', 'UnexpectedError', 'StatusRefused', 'NameTaken', 'ClosureMissing']);

/** 14 and 4: only what was poisoned ends by a fault of the engine, and no two attempts want one name. */
export const endsAreDeserved: Invariant = {
  of: ['Execution'],
  after(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution') return;
    const key = `${commit.key.namespace}/${commit.key.name}`;
    if (facts.users.poisoned.has(key)) return;
    const { error, nodes } = commit.patch as {
      error?: ExecutionError | null;
      nodes?: Record<string, { error?: ExecutionError }>;
    };
    const errors = [error, ...Object.values(nodes ?? {}).map((node) => node?.error)];
    for (const each of errors) {
      if (each?.reason !== undefined && OURS.has(each.reason))
        facts.violate(14, `${key}: ${each.reason}: ${each.message}`);
    }
  },
};

/** Ends that are the task's own doing. */
const USER_REASONS: ReadonlySet<string> = new Set(['NonZeroExit', 'InvalidOutputs']);

/** 3: a node fails when its budget of retries is used up, no sooner and no later. */
export const budgetsAreKept: Invariant = {
  of: ['Execution'],
  after(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution' || commit.patch.nodes === undefined) return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    if (execution === undefined) return;
    for (const id of Object.keys(commit.patch.nodes as object)) {
      const status = execution.nodes.get(id);
      if (status === undefined || status.phase !== 'Failed' || id.includes('/')) continue;
      const closure = contentOf(facts.world.store, execution.spec.closure) as WorkflowClosure | undefined;
      const node = closure?.nodes?.find?.((each) => each.id === id);
      if (closure === undefined || node?.kind !== 'task' || !USER_REASONS.has(status.error?.reason ?? '')) continue;
      const limit = closure.tasks[node.task]?.retries.limit ?? 0;
      // Counted by what the machine saw, not by what the engine says of it.
      const used = execution.ownFailures.get(placeOf({ node: id, index: -1 })) ?? 0;
      if (used !== limit + 1) {
        facts.violate(
          3,
          `node ${id} of ${execution.key} failed after ${used} attempts of its own; it has ${limit} retries`,
        );
      }
    }
  },
};

/** Phases of nodes whose results a recovery takes over. */
const DONE: ReadonlySet<string> = new Set(['Succeeded', 'Cached', 'Recovered']);

/** 8: what was done is not done again by an execution that recovers it. */
export const recoveredIsKept: Invariant = {
  of: ['Pod'],
  after(facts, commit) {
    if (commit.kind !== 'put' || commit.object.kind !== 'Pod' || commit.before !== undefined) return;
    const pod = podFactsOf(commit.object as Pod);
    const execution = facts.executions.get(pod.execution);
    if (execution?.spec.trigger.kind !== 'recover' || pod.index >= 0 || pod.node.includes('/')) return;
    const old = facts.executions.get(execution.spec.trigger.uid);
    if (old === undefined || old.spec.closure !== execution.spec.closure || !isThere(facts, old)) return;
    const closure = contentOf(facts.world.store, old.spec.closure) as WorkflowClosure | undefined;
    const isDone = (index: number): boolean => {
      const node = closure?.nodes[index];
      // What somebody sends is asked for again, and may be something else.
      if (node === undefined || node.kind === 'signal') return false;
      return DONE.has(old.nodes.get(node.id)?.phase ?? '') && node.upstream.every(isDone);
    };
    const place = closure?.nodes.findIndex(({ id, kind }) => id === pod.node && kind === 'task') ?? -1;
    if (place >= 0 && isDone(place)) facts.violate(8, `pod ${pod.name} does again what ${old.key} has done`);
  },
};

function isThere({ world }: Facts, { key, uid }: ExecutionFacts): boolean {
  const [namespace = '', name = ''] = key.split('/');
  const found = world.store.find({ kind: 'Execution', namespace, name }) ?? world.archive?.find(namespace, name);
  return found?.metadata.uid === uid;
}

/** 6: a domain that says it shows a commit shows it. */
export const appliedIsTrue: Invariant = {
  of: ['Repository'],
  after(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Repository' || facts.users.definitionsTouched.size > 0) return;
    const patch = commit.patch as NonNullable<Repository['status']>;
    const repository = facts.world.store.find(commit.key) as Repository | undefined;
    for (const [domain, status] of Object.entries(patch.domains ?? {})) {
      if (status?.lastApplied === undefined || repository === undefined) continue;
      compareLive(facts, commit.key.name, `${repository.status?.project}-${domain}`, status.lastApplied);
    }
  },
};
