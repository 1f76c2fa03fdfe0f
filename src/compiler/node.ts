import type { Template, TypedTemplate } from '../language/expression/index.ts';
import { acceptsNull, didYouMean, listOf, optionalOf, type Path, printType, type Type } from '../language/index.ts';
import type { ComputeNode, MapNode, NodeClosure, TaskNode } from './closure.ts';
import { type Drafts, type NodeDraft, overPath, valuesPath } from './node-draft.ts';
import type { NodeTask, TaskCall } from './node-task.ts';
import { recordOf } from './record.ts';
import { recordType, type Typing, typeAt, type WorkflowContext } from './workflow-context.ts';

/** A node of the closure, less what its place among the others says. */
type PlacedBy = { readonly upstream: readonly number[] };

/** Types a node's values and makes its closure; undefined when something is wrong. Its outputs become known to the typing. */
export function compileNode(
  context: WorkflowContext,
  typing: Typing,
  draft: NodeDraft,
  task: NodeTask | undefined,
  placed: PlacedBy,
): NodeClosure | undefined {
  const { node } = draft;
  if (node.kind === 'compute') return compileCompute(context, typing, draft, placed);
  if (task === undefined) return undefined;
  return node.kind === 'task'
    ? compileTaskNode(context, typing, draft, node, task, placed)
    : compileMapNode(context, typing, draft, node, task, placed);
}

/** The outputs of a node that its task alone tells; undefined for compute nodes, which are inferred in order. */
export function declaredOutputs(draft: NodeDraft, task: NodeTask): ReadonlyMap<string, Type> {
  const { node } = draft;
  if (node.kind !== 'map') return task.types.outputs;
  const isPartial = (node.map.minSuccessRatio ?? 1) < 1;
  const outputs = [...task.types.outputs];
  return new Map(outputs.map(([name, type]) => [name, listOf(isPartial ? optionalOf(type) : type)] as const));
}

function compileCompute(
  context: WorkflowContext,
  typing: Typing,
  draft: NodeDraft,
  { upstream }: PlacedBy,
): ComputeNode | undefined {
  const { id } = draft.node;
  const typed = new Map<string, TypedTemplate>();
  for (const [name, syntax] of draft.values) {
    const value = typeAt(context, typing, syntax, undefined, [...valuesPath(draft.node), name]);
    if (value !== undefined) typed.set(name, value);
  }
  if (typed.size < draft.values.size) return undefined;
  typing.scope.nodes.set(id, recordType([...typed].map(([name, { type }]) => [name, type])));
  return {
    kind: 'compute',
    id,
    upstream,
    outputs: recordOf([...typed].map(([name, { type }]) => [name, printType(type)] as const)),
    values: recordOf([...typed].map(([name, { template }]) => [name, template] as const)),
  };
}

function compileTaskNode(
  context: WorkflowContext,
  typing: Typing,
  draft: NodeDraft,
  node: TaskCall,
  task: NodeTask,
  { upstream }: PlacedBy,
): TaskNode | undefined {
  const values = typeInputs(context, typing, draft.values, valuesPath(node), task, (type) => type);
  const isComplete = checkComplete(context, node, task, [draft.values]);
  if (values === undefined || !isComplete) return undefined;
  return {
    kind: 'task',
    id: node.id,
    upstream,
    outputs: printed(declaredOutputs(draft, task)),
    task: task.digest,
    with: withNulls(values, task, [draft.values]),
  };
}

function compileMapNode(
  context: WorkflowContext,
  typing: Typing,
  draft: NodeDraft,
  node: Extract<TaskCall, { kind: 'map' }>,
  task: NodeTask,
  { upstream }: PlacedBy,
): MapNode | undefined {
  const over = typeInputs(context, typing, draft.over, overPath(node), task, listOf);
  const values = typeInputs(context, typing, draft.values, valuesPath(node), task, (type) => type);
  const given = [draft.over, draft.values];
  const isComplete = checkComplete(context, node, task, given);
  const isApart = checkApart(context, draft);
  if (over === undefined || values === undefined || !isComplete || !isApart) return undefined;
  return {
    kind: 'map',
    id: node.id,
    upstream,
    outputs: printed(declaredOutputs(draft, task)),
    task: task.digest,
    over: recordOf(over),
    with: withNulls(values, task, given),
    ...(node.map.concurrency === undefined ? {} : { concurrency: node.map.concurrency }),
    minSuccessRatio: node.map.minSuccessRatio ?? 1,
  };
}

function printed(types: ReadonlyMap<string, Type>): Readonly<Record<string, string>> {
  return recordOf([...types].map(([name, type]) => [name, printType(type)] as const));
}

/** Types values given to a task's inputs, each as `wanted` makes of the input's type; undefined when one is wrong. */
function typeInputs(
  context: WorkflowContext,
  typing: Typing,
  drafts: Drafts,
  path: Path,
  task: NodeTask,
  wanted: (input: Type) => Type,
): ReadonlyMap<string, Template> | undefined {
  const templates = new Map<string, Template>();
  for (const [name, syntax] of drafts) {
    const input = task.types.inputs.get(name);
    if (input === undefined) {
      const known = [...task.types.inputs.keys()];
      const help =
        didYouMean(name, known) ?? (known.length === 0 ? 'it has no inputs' : `its inputs are ${known.join(', ')}`);
      const place = context.workflow.placeOfKey([...path, name]);
      context.tell('PIPE-INPUT-002', `task "${task.closure.name}" has no input "${name}"`, place, { help });
      continue;
    }
    const typed = typeAt(context, typing, syntax, wanted(input), [...path, name]);
    if (typed !== undefined) templates.set(name, typed.template);
  }
  return templates.size === drafts.size ? templates : undefined;
}

/** Every input without a default that cannot be null must be given. */
function checkComplete(context: WorkflowContext, node: TaskCall, task: NodeTask, given: readonly Drafts[]): boolean {
  let isComplete = true;
  for (const [name, type] of task.types.inputs) {
    const isGiven = given.some((drafts) => drafts.has(name));
    if (isGiven || acceptsNull(type) || task.closure.inputs[name]?.default !== undefined) continue;
    isComplete = false;
    const message = `task "${task.closure.name}" wants the input "${name}" (${printType(type)}), and node "${node.id}" does not give it`;
    const help = node.kind === 'map' ? `add it under "over", as a list, or under "with"` : 'add it under "with"';
    context.tell('PIPE-INPUT-001', message, context.workflow.placeOfKey(['spec', 'nodes', node.id]), { help });
  }
  return isComplete;
}

/** An input is a list that is run over, or the same for all: not both. */
function checkApart({ workflow, tell }: WorkflowContext, { node, over, values }: NodeDraft): boolean {
  const both = [...values.keys()].filter((name) => over.has(name));
  for (const name of both) {
    const related = [{ message: 'given here', ...workflow.placeOfKey([...overPath(node), name]) }];
    const place = workflow.placeOfKey([...valuesPath(node), name]);
    tell('PIPE-INPUT-004', `the input "${name}" is given twice: under "over" and under "with"`, place, { related });
  }
  return both.length === 0;
}

/** An input that may be null and is not given is null; one with a default gets it when the task starts. */
function withNulls(
  values: ReadonlyMap<string, Template>,
  task: NodeTask,
  given: readonly Drafts[],
): Readonly<Record<string, Template>> {
  const all = new Map(values);
  for (const [name, type] of task.types.inputs) {
    const isOpen = !given.some((drafts) => drafts.has(name)) && task.closure.inputs[name]?.default === undefined;
    if (isOpen && acceptsNull(type)) all.set(name, { kind: 'literal', value: null });
  }
  return recordOf(all);
}
