import { canonicalJson, type Json } from '../../../src/base/index.ts';
import { type Execution, isTerminalPhase, type NodeStatus, type Pod } from '../../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../../src/compiler/closure.ts';
import { contentOf } from './content.ts';
import {
  type ExecutionFacts,
  type Facts,
  type Invariant,
  isOver,
  isTold,
  type PodFacts,
  placeOf,
  podFactsOf,
} from './facts.ts';

/** 9: terminal states never change, neither of executions nor of nodes. */
export const terminalIsFinal: Invariant = {
  of: ['Execution'],
  before(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution') return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    if (execution === undefined) return;
    if (isTerminalPhase(execution.phase as never)) {
      facts.violate(9, `${execution.key} is ${execution.phase} and gets ${JSON.stringify(commit.patch).slice(0, 200)}`);
    }
    for (const [id, patch] of Object.entries((commit.patch.nodes ?? {}) as Record<string, Json>)) {
      const was = execution.nodes.get(id)?.phase;
      if (was !== undefined && isTerminalPhase(was)) {
        facts.violate(9, `node ${id} of ${execution.key} is ${was} and gets ${JSON.stringify(patch).slice(0, 200)}`);
      }
    }
  },
};

/** 3, 4, 12: one live attempt per node, one identity per pod name, attempts in order, none after an abort or the end. */
export const attemptsAreSingle: Invariant = {
  of: ['Pod'],
  before(facts, commit) {
    if (commit.kind !== 'put' || commit.object.kind !== 'Pod' || commit.before !== undefined) return;
    const pod = podFactsOf(commit.object as Pod);
    const execution = facts.executions.get(pod.execution);
    if (execution === undefined) {
      facts.violate(4, `pod ${pod.name} is of no execution that ever was`);
      return;
    }
    if (execution.isDeleted) return;
    const place = placeOf(pod);
    for (const live of execution.livePods.values()) {
      if (placeOf(live) === place) facts.violate(3, `pod ${pod.name} starts while ${live.name} is live`);
    }
    const last = execution.attempts.get(place) ?? 0;
    const isAgain = last === pod.attempt && digests(facts).get(`${pod.execution}/${pod.name}`) === pod.digest;
    if (last >= pod.attempt && !isAgain) facts.violate(4, `pod ${pod.name} follows attempt ${last} of its node`);
    if (last + 1 < pod.attempt) facts.violate(4, `pod ${pod.name} leaves out an attempt after ${last}`);
    const known = digests(facts).get(`${pod.execution}/${pod.name}`);
    if (known !== undefined && known !== pod.digest) facts.violate(4, `pod ${pod.name} is another attempt than before`);
    digests(facts).set(`${pod.execution}/${pod.name}`, pod.digest);
    if (execution.isAborting) facts.violate(12, `pod ${pod.name} starts after its execution was aborted`);
    if (execution.spec.desired === 'Paused' && execution.message.startsWith('paused')) {
      facts.violate(12, `pod ${pod.name} starts while its execution is paused`);
    }
    if (isOver(execution)) facts.violate(12, `pod ${pod.name} starts after its execution ended: ${execution.phase}`);
    const phase = execution.nodes.get(pod.node)?.phase;
    if (phase !== undefined && isTerminalPhase(phase)) {
      facts.violate(12, `pod ${pod.name} starts after its node ended: ${phase}`);
    }
  },
};

/** 3: a node is over when its attempts are confirmed gone, and not before. */
export const endsAreConfirmed: Invariant = {
  of: ['Execution'],
  after(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution' || commit.patch.nodes === undefined) return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    if (execution === undefined || execution.livePods.size === 0 || facts.users.poisoned.has(execution.key)) return;
    for (const pod of execution.livePods.values()) {
      const phase = execution.nodes.get(pod.node)?.phase;
      if (phase !== undefined && isTerminalPhase(phase) && isTold(execution, pod)) {
        facts.violate(3, `node ${pod.node} of ${execution.key} is ${phase}, and pod ${pod.name} is live`);
      }
    }
  },
};

const digestsOf = new WeakMap<Facts, Map<string, string>>();

function digests(facts: Facts): Map<string, string> {
  const known = digestsOf.get(facts) ?? new Map<string, string>();
  digestsOf.set(facts, known);
  return known;
}

/** 11: an execution keeps its closure, and what else it was asked for. */
export const specIsKept: Invariant = {
  of: ['Execution'],
  before(facts, commit) {
    if (commit.kind !== 'put' || commit.object.kind !== 'Execution') return;
    const after = (commit.object as Execution).spec;
    if (commit.before === undefined) return;
    const { desired: _a, signals: _b, ...was } = (commit.before as Execution).spec as unknown as Record<string, Json>;
    const { desired: _c, signals: _d, ...is } = after as unknown as Record<string, Json>;
    if (canonicalJson(was) !== canonicalJson(is)) facts.violate(11, `${commit.object.metadata.name} changed its spec`);
  },
};

/**
 * 10: a node starts after what it reads and needs, and with exactly what was recorded. Without transactions the pod is
 * written before the status that tells why; so it is judged with that.
 */
export const inputsAreThere: Invariant = {
  of: ['Execution', 'Pod'],
  after(facts, commit) {
    if (commit.kind === 'put' && commit.object.kind === 'Pod' && commit.before === undefined) {
      const pod = podFactsOf(commit.object as Pod);
      const inputs = commit.object.metadata.annotations?.['pipectl.dev/inputs'] ?? '{}';
      if (!pod.node.includes('/') && pod.index < 0)
        facts.executions.get(pod.execution)?.unjudged.push({ ...pod, inputs });
    }
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution') return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    if (execution === undefined || execution.unjudged.length === 0) return;
    const isKnown = (pod: PodFacts): boolean => (execution.nodes.get(pod.node)?.attempt ?? 0) >= pod.attempt;
    for (const pod of execution.unjudged) if (isKnown(pod)) judgeInputs(facts, execution, pod);
    execution.unjudged = execution.unjudged.filter((pod) => !isKnown(pod));
  },
};

/** Phases after which what follows may start. */
const GIVES: ReadonlySet<string> = new Set(['Succeeded', 'Skipped', 'Cached', 'Recovered']);

function judgeInputs(facts: Facts, execution: ExecutionFacts, pod: PodFacts & { readonly inputs: string }): void {
  const closure = contentOf(facts.world.store, execution.spec.closure) as WorkflowClosure | undefined;
  const node = closure?.nodes?.find?.(({ id }) => id === pod.node);
  if (closure === undefined || node === undefined) return;
  for (const upstream of node.upstream) {
    const id = closure.nodes[upstream]?.id as string;
    const status = execution.nodes.get(id);
    if (!GIVES.has(status?.phase ?? '')) {
      facts.violate(10, `pod ${pod.name} starts while ${id} is ${status?.phase ?? 'Pending'}`);
    }
  }
  if (node.kind !== 'task') return;
  const given = JSON.parse(pod.inputs) as Record<string, Json>;
  for (const [name, template] of Object.entries(node.with)) {
    const wanted = meaningOf(execution, template as { kind: string; source?: string; value?: Json });
    if (wanted !== undefined && canonicalJson(wanted) !== canonicalJson(given[name] ?? null)) {
      facts.violate(10, `pod ${pod.name} gets ${name}=${JSON.stringify(given[name])}, not ${JSON.stringify(wanted)}`);
    }
  }
}

/** What a template means, when it is a literal or a plain reference. */
function meaningOf(
  execution: ExecutionFacts,
  template: { readonly kind: string; readonly source?: string; readonly value?: Json },
): Json | undefined {
  if (template.kind === 'literal') return template.value;
  const source = template.source?.trim() ?? '';
  const node = /^nodes\.([\w-]+)\.outputs\.(\w+)$/.exec(source);
  if (node !== null) {
    const status = execution.nodes.get(node[1] as string) as NodeStatus | undefined;
    return status?.outputs?.[node[2] as string] as Json | undefined;
  }
  const input = /^inputs\.(\w+)$/.exec(source);
  return input === null ? undefined : (execution.spec.inputs[input[1] as string] as Json | undefined);
}

/** 8: what was acknowledged is there until a user, or retention after its end, removes it. */
export const nothingIsLost: Invariant = {
  of: ['Execution'],
  before(facts, commit) {
    if (commit.kind !== 'delete' || commit.key.kind !== 'Execution') return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    if (execution === undefined || isRemoved(facts, execution)) return;
    if (!isTerminalPhase(execution.phase as never)) {
      facts.violate(8, `${execution.key} was removed while it was ${execution.phase}`);
    }
  },
  end(facts) {
    const seen = new Set([...facts.executions.values()].map(({ key }) => key));
    for (const key of facts.users.acknowledged) {
      if (!seen.has(key)) facts.violate(8, `${key} was acknowledged and never seen`);
    }
  },
};

/** By a user, or with the execution that it is a child of. */
export function isRemoved({ users, byKey }: Facts, { key, spec }: ExecutionFacts): boolean {
  if (users.removed.has(key)) return true;
  return spec.trigger.kind === 'execution' && !byKey.has(`${key.slice(0, key.indexOf('/'))}/${spec.trigger.execution}`);
}

/** 12 and 14: what is aborted, poisoned or anything else comes to an end. 15: no pod outlives its execution. */
export const allComesToRest: Invariant = {
  end(facts) {
    const { executions, users, world } = facts;
    for (const execution of executions.values()) {
      if (isOver(execution)) continue;
      const what = users.poisoned.has(execution.key) ? 14 : execution.spec.desired === 'Aborted' ? 12 : 0;
      const nodes = [...execution.nodes].map(([id, { phase }]) => `${id}=${phase}`).join(' ');
      facts.violate(what, `${execution.key} is still ${execution.phase} (${execution.spec.desired ?? ''}): ${nodes}`);
    }
    for (const pod of world.agent.live.values()) facts.violate(15, `pod ${pod.key.name} still runs`);
    for (const key of users.poisoned) {
      const execution = [...executions.values()].find((each) => each.key === key);
      if (execution !== undefined && !execution.isDeleted && execution.phase === 'Succeeded') {
        if (Object.keys(execution.nodes).length > 0) facts.violate(14, `${key} cannot have succeeded`);
      }
    }
  },
};
