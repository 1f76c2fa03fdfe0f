import type { Json, JsonObject } from '../base/index.ts';
import { shortestInterval, tickRuleOf } from '../calendar/index.ts';
import {
  type DefinitionKind,
  type Path,
  parseImageReference,
  parseQuantity,
  type RecordType,
} from '../language/index.ts';
import type { BranchClosure, ResourceList, TaskClosure, WorkflowClosure } from './closure.ts';
import { recordTypeOf } from './policy-nodes.ts';
import type { Subject } from './policy-object.ts';
import { recordOf } from './record.ts';

/** What rules would have to compute themselves otherwise, by kind. `file` is there for each. */
const AMOUNTS = '{ cpu: float?, memory: float?, storage: float?, others: map<float> }';
const RUN = `image: { registry: string, repository: string, tag: string?, digest: string? }?, isImagePinned: boolean, requests: ${AMOUNTS}, limits: ${AMOUNTS}`;

const FACTS: Readonly<Partial<Record<DefinitionKind, string>>> = {
  Task: RUN,
  Workflow: `nodes: list<{ id: string, task: string, retries: integer, ${RUN} }>`,
  Schedule: 'minIntervalSeconds: integer',
};

/** Where in a definition a fact comes from, so that a finding can point there: the first path that is written. */
export const FACT_PATHS: Readonly<Record<string, readonly Path[]>> = {
  image: [['spec', 'run', 'image']],
  isImagePinned: [['spec', 'run', 'image']],
  requests: [['spec', 'resources', 'requests']],
  limits: [['spec', 'resources', 'limits']],
  nodes: [['spec', 'nodes']],
  minIntervalSeconds: [
    ['spec', 'cron'],
    ['spec', 'every'],
  ],
};

const TYPES = new Map<DefinitionKind, RecordType>();

/** The type of `facts` in the rules about a kind. */
export function factsTypeOf(kind: DefinitionKind): RecordType {
  const known = TYPES.get(kind);
  if (known !== undefined) return known;
  const own = FACTS[kind];
  const type = recordTypeOf(own === undefined ? '{ file: string }' : `{ file: string, ${own} }`);
  TYPES.set(kind, type);
  return type;
}

/** The value of `facts` for a subject, of the type that `factsTypeOf` tells. */
export function factsOf({ definition, closure }: Subject): JsonObject {
  const { file } = definition;
  switch (closure?.kind) {
    case 'Task':
      return { file, ...runFacts(closure) };
    case 'Workflow':
      return { file, nodes: nodeFacts(closure) };
    case 'Schedule':
      return { file, minIntervalSeconds: minIntervalSeconds(closure) };
    default:
      return { file };
  }
}

/** A schedule with less than two ticks in four years counts as one a year. */
const YEAR_S = 365 * 86_400;

function minIntervalSeconds(schedule: Parameters<typeof tickRuleOf>[0]): number {
  const rule = tickRuleOf(schedule);
  return (rule.kind === 'ok' ? shortestInterval(rule.rule) : undefined) ?? YEAR_S;
}

/**
 * Everything in a workflow that runs a task, with what it overrides of it: a node, each branch of a switch under that
 * node's id, and the failure handler as `onFailure`. Workflows that run inline are judged as what they are.
 */
function nodeFacts(closure: WorkflowClosure): readonly JsonObject[] {
  return actionsOf(closure).flatMap(([id, action]) => {
    const task = 'task' in action ? closure.tasks[action.task] : undefined;
    if (task === undefined) return [];
    return [{ id, task: task.name, retries: task.retries.limit, ...runFacts(task) }];
  });
}

function actionsOf({ nodes, onFailure }: WorkflowClosure): readonly (readonly [string, BranchClosure])[] {
  const actions: (readonly [string, BranchClosure])[] = [];
  for (const node of nodes) {
    if (node.kind !== 'switch') {
      actions.push([node.id, node]);
      continue;
    }
    for (const { action } of node.branches) actions.push([node.id, action]);
    if (node.else !== undefined) actions.push([node.id, node.else]);
  }
  if (onFailure !== undefined) actions.push(['onFailure', onFailure]);
  return actions;
}

function runFacts({ run, resources }: TaskClosure): JsonObject {
  const parsed = run.image === undefined ? undefined : parseImageReference(run.image);
  const reference = parsed?.kind === 'ok' ? parsed.reference : undefined;
  const { registry = '', repository = '', tag = null, digest = null } = reference ?? {};
  return {
    image: reference === undefined ? null : { registry, repository, tag, digest },
    isImagePinned: run.image === undefined || digest !== null,
    requests: amountsOf(resources.requests),
    limits: amountsOf(resources.limits),
  };
}

const AMOUNT_NAMES: ReadonlyMap<string, string> = new Map([
  ['cpu', 'cpu'],
  ['memory', 'memory'],
  ['ephemeral-storage', 'storage'],
]);

/** Cores and bytes as numbers. */
function amountsOf(quantities: ResourceList['requests'] = {}): JsonObject {
  const amounts: Record<string, Json> = { cpu: null, memory: null, storage: null };
  const others: (readonly [string, number])[] = [];
  for (const [name, text] of Object.entries(quantities)) {
    const amount = parseQuantity(text);
    const known = AMOUNT_NAMES.get(name);
    if (amount === undefined) continue;
    if (known === undefined) others.push([name, amount]);
    else amounts[known] = amount;
  }
  return { ...amounts, others: recordOf(others) };
}
