import type { TemplateSyntax } from '../language/expression/index.ts';
import { type BranchAction, type Path, printType, type RecordType } from '../language/index.ts';
import { compileAction, declaredOutputs } from './action.ts';
import type { FailureHandlerClosure, NodeClosure, WorkflowClosure } from './closure.ts';
import { checkInlineSize, inlineTables, rememberSize } from './inline.ts';
import { compileNode, learn } from './node.ts';
import { draftAction, draftNodes, type NodeDraft, nodePath, orderNodes } from './node-draft.ts';
import { type Open, recordOf, tableOf } from './record.ts';
import { NODES_PER_SLICE, type Slices } from './slices.ts';
import { findTargets, type Target } from './targets.ts';
import { parametersOf } from './task.ts';
import {
  draftCondition,
  draftTemplate,
  ERROR_TYPE,
  optionalRecord,
  type Typing,
  typeAt,
  typeCondition,
  typingOf,
  within,
} from './typing.ts';
import { type Workflow, type WorkflowContext, workflowContext } from './workflow-context.ts';
import type { Made, Workspace } from './workspace.ts';

type Targets = ReadonlyMap<BranchAction, Target>;
type Drafts = ReadonlyMap<string, NodeDraft>;

/** Compiles a workflow: what its nodes run is resolved, nodes are in order, every value and expression is typed. */
export function* compileWorkflow(workspace: Workspace, workflow: Workflow): Slices<Made> {
  const context = workflowContext(workspace, workflow);
  const targets = findTargets(context);
  // Without what it runs a workflow cannot be typed; it is compiled anew when that has been read.
  if (targets.isPending) return { kind: 'pending' };
  const isLong = workflow.spec.nodes.size > NODES_PER_SLICE;
  if (isLong) yield;
  const drafts = yield* draftNodes(context);
  const outputs = draftOutputs(context);
  const order = orderNodes(context, drafts);
  if (isLong) yield;
  const typing = typingOf(context);
  findSkippable(typing, drafts, order);
  learnOutputs(typing, drafts, targets.byAction, order);
  const nodes = yield* compileNodes(context, typing, drafts, targets.byAction, order);
  if (isLong) yield;
  const typedOutputs = compileOutputs(context, typing, outputs);
  const onFailure = compileHandler(context, typing, targets.byAction);
  const tables = inlineTables(targets.byAction);
  const isSmall = checkInlineSize(context, targets.byAction, tables);
  if (context.hasFaults() || !isSmall || nodes === undefined || typedOutputs === undefined) return { kind: 'failed' };
  const { spec } = workflow;
  const description = spec.description ?? workflow.description;
  const closure = { kind: 'Workflow', name: workflow.name } as Open<WorkflowClosure>;
  if (description !== undefined) closure.description = description;
  closure.inputs = parametersOf(spec.inputs);
  closure.outputs = typedOutputs;
  closure.nodes = nodes;
  closure.tasks = tableOf(tables.tasks);
  if (tables.workflows.size > 0) closure.workflows = tableOf(tables.workflows);
  closure.failurePolicy = spec.failurePolicy;
  if (onFailure !== undefined) closure.onFailure = onFailure;
  if (spec.notifications !== undefined) closure.notifications = spec.notifications;
  rememberSize(closure, targets.byAction);
  return { kind: 'ok', closure, refs: targets.refs, folders: [] };
}

/** A node may be skipped by its own condition, or with a node that it needs. */
function findSkippable(typing: Typing, drafts: Drafts, order: readonly string[]): void {
  const always: RecordType = { kind: 'record', fields: new Map() };
  for (const id of order) {
    const { node, when } = drafts.get(id) as NodeDraft;
    if (when !== undefined) {
      const path = [...nodePath(node), 'when'];
      typing.skippable.set(id, { always, path, message: `it is skipped where this does not hold` });
      continue;
    }
    const needed = node.needs.find((other) => typing.skippable.has(other));
    if (needed === undefined) continue;
    const message = `it is skipped when "${needed}" is`;
    typing.skippable.set(id, { always, path: [...nodePath(node), 'needs'], message });
  }
}

/** Outputs that are declared are known before any expression is typed; nodes that will not be typed are unknown. */
function learnOutputs(typing: Typing, drafts: Drafts, targets: Targets, order: readonly string[]): void {
  const ordered = new Set(order);
  for (const [id, draft] of drafts) {
    const action = draft.action?.action;
    const outputs = action === undefined ? undefined : declaredOutputs(action, targets.get(action));
    if (outputs !== undefined) learn(typing, draft, outputs);
    else if ((action !== undefined && !isComputed(action)) || !ordered.has(id)) typing.unknown.add(id);
  }
}

/** Whether the outputs are what expressions give: known once those are typed. */
function isComputed(action: BranchAction): boolean {
  return action.kind === 'compute' || (action.kind === 'map' && action.map.compute !== undefined);
}

function* compileNodes(
  context: WorkflowContext,
  typing: Typing,
  drafts: Drafts,
  targets: Targets,
  order: readonly string[],
): Slices<readonly NodeClosure[] | undefined> {
  const positions = new Map(order.map((id, at) => [id, at]));
  const placesOf = (ids: Iterable<string>): readonly number[] =>
    [...new Set(ids)].map((id) => positions.get(id) as number).sort((a, b) => a - b);
  const nodes: NodeClosure[] = [];
  let count = 0;
  for (const id of order) {
    if (++count % NODES_PER_SLICE === 0) yield;
    const draft = drafts.get(id) as NodeDraft;
    const skipsWith = placesOf(draft.node.needs.filter((other) => typing.skippable.has(other)));
    const node = compileNode(context, typing, draft, targets, { upstream: placesOf(draft.upstream), skipsWith });
    if (node !== undefined) nodes.push(node);
    else if (!typing.scope.nodes.has(id)) typing.unknown.add(id);
  }
  return nodes.length === drafts.size ? nodes : undefined;
}

/** The failure handler reads `error`; of the nodes it cannot know which have run. */
function compileHandler(context: WorkflowContext, typing: Typing, targets: Targets): FailureHandlerClosure | undefined {
  const { onFailure } = context.workflow.spec;
  if (onFailure === undefined) return undefined;
  const path = ['spec', 'onFailure'];
  const nodes = new Map([...typing.scope.nodes].map(([id, outputs]) => [id, optionalRecord(outputs)] as const));
  const { scope, ...rest } = within(typing, { variables: { error: ERROR_TYPE } });
  const inside: Typing = { ...rest, scope: { ...scope, nodes } };
  const condition =
    onFailure.when === undefined ? undefined : draftCondition(context, onFailure.when, [...path, 'when']);
  const when = condition && typeCondition(context, inside, condition, [...path, 'when']);
  const draft = draftAction(context, onFailure, path);
  const made = compileAction(context, inside, draft, targets.get(onFailure));
  if (made === undefined || (condition !== undefined && when === undefined)) return undefined;
  return {
    ...(made.closure as FailureHandlerClosure),
    ...(when === undefined ? {} : { when: when.template }),
  };
}

function outputPath(workflow: Workflow, name: string): Path {
  const isLong = workflow.spec.outputs.get(name)?.isLong === true;
  return ['spec', 'outputs', name, ...(isLong ? ['value'] : [])];
}

function draftOutputs(context: WorkflowContext): ReadonlyMap<string, TemplateSyntax> {
  const { workflow } = context;
  const drafts = new Map<string, TemplateSyntax>();
  for (const [name, output] of workflow.spec.outputs) {
    drafts.set(name, draftTemplate(context, output.value, outputPath(workflow, name)));
  }
  return drafts;
}

function compileOutputs(
  context: WorkflowContext,
  typing: Typing,
  drafts: ReadonlyMap<string, TemplateSyntax>,
): WorkflowClosure['outputs'] | undefined {
  const { workflow } = context;
  const outputs = new Map<string, WorkflowClosure['outputs'][string]>();
  for (const [name, draft] of drafts) {
    const expected = workflow.spec.outputs.get(name)?.type;
    const typed = typeAt(context, typing, draft, expected, outputPath(workflow, name));
    if (typed !== undefined) outputs.set(name, { type: printType(typed.type), value: typed.template });
  }
  return outputs.size === drafts.size ? recordOf(outputs) : undefined;
}
