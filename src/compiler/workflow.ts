import type { Digest } from '../base/index.ts';
import type { TemplateSyntax } from '../language/expression/index.ts';
import { type Path, printType } from '../language/index.ts';
import type { NodeClosure, TaskClosure, WorkflowClosure } from './closure.ts';
import { compileNode, declaredOutputs } from './node.ts';
import { draftNodes, type NodeDraft, orderNodes } from './node-draft.ts';
import { type NodeTask, nodeTasks } from './node-task.ts';
import { recordOf } from './record.ts';
import { parametersOf } from './task.ts';
import {
  draftTemplate,
  recordType,
  type Typing,
  typeAt,
  typingOf,
  type Workflow,
  type WorkflowContext,
  workflowContext,
} from './workflow-context.ts';
import type { Made, Workspace } from './workspace.ts';

/** Compiles a workflow: tasks resolved, nodes in order, every value and expression typed. */
export function compileWorkflow(workspace: Workspace, workflow: Workflow): Made {
  const context = workflowContext(workspace, workflow);
  const tasks = nodeTasks(context);
  // Without its tasks a workflow cannot be typed; it is compiled anew when they have been read.
  if (tasks.isPending) return { kind: 'pending' };
  const drafts = draftNodes(context);
  const outputs = draftOutputs(context);
  const order = orderNodes(context, drafts);
  const typing = typingOf(context);
  learnOutputs(typing, drafts, tasks.byNode, order);
  const nodes = compileNodes(context, typing, drafts, tasks.byNode, order);
  const typedOutputs = compileOutputs(context, typing, outputs);
  if (context.hasFaults() || nodes === undefined || typedOutputs === undefined) return { kind: 'failed' };
  const closure = closureOf(workflow, nodes, tasks.byNode, typedOutputs);
  return { kind: 'ok', closure, refs: tasks.refs, folders: [] };
}

/** The outputs that tasks declare are known before any expression is typed; nodes that will not be typed are unknown. */
function learnOutputs(
  typing: Typing,
  drafts: ReadonlyMap<string, NodeDraft>,
  tasks: ReadonlyMap<string, NodeTask>,
  order: readonly string[],
): void {
  const ordered = new Set(order);
  for (const [id, draft] of drafts) {
    const task = tasks.get(id);
    if (task !== undefined) typing.scope.nodes.set(id, recordType(declaredOutputs(draft, task)));
    else if (draft.node.kind !== 'compute' || !ordered.has(id)) typing.unknown.add(id);
  }
}

function compileNodes(
  context: WorkflowContext,
  typing: Typing,
  drafts: ReadonlyMap<string, NodeDraft>,
  tasks: ReadonlyMap<string, NodeTask>,
  order: readonly string[],
): readonly NodeClosure[] | undefined {
  const positions = new Map(order.map((id, at) => [id, at]));
  const nodes: NodeClosure[] = [];
  for (const id of order) {
    const draft = drafts.get(id) as NodeDraft;
    const upstream = [...draft.upstream].map((other) => positions.get(other) as number).sort((a, b) => a - b);
    const node = compileNode(context, typing, draft, tasks.get(id), { upstream });
    if (node !== undefined) nodes.push(node);
    else if (!typing.scope.nodes.has(id)) typing.unknown.add(id);
  }
  return nodes.length === drafts.size ? nodes : undefined;
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

function closureOf(
  workflow: Workflow,
  nodes: readonly NodeClosure[],
  tasks: ReadonlyMap<string, NodeTask>,
  outputs: WorkflowClosure['outputs'],
): WorkflowClosure {
  const { spec } = workflow;
  const description = spec.description ?? workflow.description;
  const byDigest = new Map<Digest, TaskClosure>([...tasks.values()].map((task) => [task.digest, task.closure]));
  return {
    kind: 'Workflow',
    name: workflow.name,
    ...(description === undefined ? {} : { description }),
    inputs: parametersOf(spec.inputs),
    outputs,
    nodes,
    tasks: recordOf(byDigest),
    failurePolicy: spec.failurePolicy,
  };
}
