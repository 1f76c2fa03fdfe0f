import { presentWhen, type TemplateSyntax, templateReferences } from '../language/expression/index.ts';
import {
  type Bindings,
  type BranchAction,
  didYouMean,
  type Node,
  type Path,
  type ValueTemplate,
} from '../language/index.ts';
import { topologicalOrder } from './order.ts';
import { NODES_PER_SLICE, type Slices } from './slices.ts';
import { draftCondition, draftTemplate } from './typing.ts';
import type { WorkflowContext } from './workflow-context.ts';

export type Drafts = ReadonlyMap<string, TemplateSyntax>;

/** An action with its expressions found and not yet typed. */
export interface ActionDraft {
  readonly action: BranchAction;
  /** Where it stands: of a plain node the node itself. */
  readonly path: Path;
  /** Values by name: `with`, or those of a compute node. */
  readonly values: Drafts;
  /** The lists that a map runs over, by name. */
  readonly over: Drafts;
  /** The one value of its kind: a map's single list, a message, how long to sleep. */
  readonly single: TemplateSyntax | undefined;
}

/** A branch of a switch. */
export interface BranchDraft {
  /** Undefined: `else`. */
  readonly when: TemplateSyntax | undefined;
  readonly whenPath: Path;
  readonly draft: ActionDraft;
  /** Paths that are not null when this branch is taken. */
  readonly present: ReadonlySet<string>;
}

/** A node with its expressions found and not yet typed. */
export interface NodeDraft {
  readonly node: Node;
  readonly when: TemplateSyntax | undefined;
  /** What it does: one action, or the branches of a switch. */
  readonly action: ActionDraft | undefined;
  readonly branches: readonly BranchDraft[];
  /** Ids of the nodes whose outputs it reads or that it needs; unknown ones are left out. */
  readonly upstream: ReadonlySet<string>;
}

export function nodePath(node: Node): Path {
  return ['spec', 'nodes', node.id];
}

/** Where the values by name of an action stand. */
export function valuesPath({ action, path }: Pick<ActionDraft, 'action' | 'path'>): Path {
  switch (action.kind) {
    case 'map':
      return [...path, 'map', action.map.compute === undefined ? 'with' : 'compute'];
    case 'dynamic':
      return [...path, 'dynamic', 'with'];
    case 'compute':
      return [...path, 'compute'];
    default:
      return [...path, 'with'];
  }
}

function valuesOf(action: BranchAction): Bindings {
  switch (action.kind) {
    case 'task':
    case 'workflow':
    case 'launchPlan':
      return action.with;
    case 'map':
      return action.map.compute ?? action.map.with;
    case 'dynamic':
      return action.dynamic.with;
    case 'compute':
      return action.compute;
    default:
      return new Map();
  }
}

/** Where the lists of a map stand. */
export function overPath({ path }: Pick<ActionDraft, 'path'>): Path {
  return [...path, 'map', 'over'];
}

/** Where the one value of an action's kind stands. */
export function singlePath({ action, path }: Pick<ActionDraft, 'action' | 'path'>): Path {
  switch (action.kind) {
    case 'map':
      return [...path, 'map', 'over'];
    case 'approve':
    case 'signal':
      return [...path, action.kind, 'message'];
    default:
      return [...path, action.kind];
  }
}

function singleOf(action: BranchAction): ValueTemplate | undefined {
  switch (action.kind) {
    case 'map':
      return action.map.items;
    case 'approve':
      return action.approve.message;
    case 'signal':
      return action.signal.message;
    case 'sleep':
      return action.sleep;
    case 'fail':
      return action.fail;
    default:
      return undefined;
  }
}

/** Finds the expressions of all nodes, and so what each needs. */
export function* draftNodes(context: WorkflowContext): Slices<ReadonlyMap<string, NodeDraft>> {
  const drafts = new Map<string, NodeDraft>();
  for (const node of context.workflow.spec.nodes.values()) {
    drafts.set(node.id, draftNode(context, node));
    if (drafts.size % NODES_PER_SLICE === 0) yield;
  }
  return drafts;
}

/** Finds the expressions of an action. */
export function draftAction(context: WorkflowContext, action: BranchAction, path: Path): ActionDraft {
  const placed = { action, path };
  const single = singleOf(action);
  return {
    ...placed,
    values: draftBindings(context, valuesOf(action), valuesPath(placed)),
    over: action.kind === 'map' ? draftBindings(context, action.map.over, overPath(placed)) : new Map(),
    single: single === undefined ? undefined : draftTemplate(context, single, singlePath(placed)),
  };
}

function draftNode(context: WorkflowContext, node: Node): NodeDraft {
  const path = nodePath(node);
  const when = node.when === undefined ? undefined : draftCondition(context, node.when, [...path, 'when']);
  const action = node.kind === 'switch' ? undefined : draftAction(context, node, path);
  const branches = node.kind === 'switch' ? draftBranches(context, node) : [];
  const upstream = new Set<string>();
  const { nodes } = context.workflow.spec;
  const read = (template: TemplateSyntax | undefined): void => {
    if (template === undefined || template.kind === 'literal') return;
    for (const id of templateReferences(template).nodes) if (nodes.has(id)) upstream.add(id);
  };
  const readAll = ({ values, over, single }: ActionDraft): void => {
    for (const template of values.values()) read(template);
    for (const template of over.values()) read(template);
    read(single);
  };
  read(when);
  for (const branch of branches) read(branch.when);
  if (action !== undefined) readAll(action);
  for (const branch of branches) readAll(branch.draft);
  checkNeeds(context, node, upstream);
  return { node, when, action, branches, upstream };
}

/** A branch is taken when its own condition holds and those before it do not. */
function draftBranches(context: WorkflowContext, node: Extract<Node, { kind: 'switch' }>): readonly BranchDraft[] {
  const path = nodePath(node);
  const branches: BranchDraft[] = [];
  let before: readonly string[] = [];
  node.switch.forEach(({ when, action }, at) => {
    const whenPath = [...path, 'switch', at, 'when'];
    const condition = draftCondition(context, when, whenPath);
    const draft = draftAction(context, action, [...path, 'switch', at, 'then']);
    const present = new Set([...before, ...presentWhen(condition, true)]);
    branches.push({ when: condition, whenPath, draft, present });
    before = [...before, ...presentWhen(condition, false)];
  });
  if (node.else !== undefined) {
    const draft = draftAction(context, node.else, [...path, 'else']);
    branches.push({ when: undefined, whenPath: path, draft, present: new Set(before) });
  }
  return branches;
}

function checkNeeds({ workflow, tell }: WorkflowContext, node: Node, upstream: Set<string>): void {
  const { nodes } = workflow.spec;
  node.needs.forEach((id, at) => {
    if (nodes.has(id)) upstream.add(id);
    else {
      const place = workflow.placeOf([...nodePath(node), 'needs', at]);
      tell('PIPE-DAG-002', `there is no node "${id}" to need`, place, { help: didYouMean(id, nodes.keys()) });
    }
  });
}

function draftBindings(context: WorkflowContext, bindings: Bindings, path: Path): Drafts {
  const drafts = new Map<string, TemplateSyntax>();
  for (const [name, value] of bindings) drafts.set(name, draftTemplate(context, value, [...path, name]));
  return drafts;
}

/** Ids in topological order. Cycles are told, each once, with their whole path. */
export function orderNodes(context: WorkflowContext, drafts: ReadonlyMap<string, NodeDraft>): readonly string[] {
  const { workflow, tell } = context;
  const upstream = new Map([...drafts].map(([id, draft]) => [id, draft.upstream] as const));
  const { order, cycles } = topologicalOrder(upstream);
  for (const cycle of cycles) {
    const [first = '', ...rest] = cycle;
    const related = rest
      .slice(0, -1)
      .map((id) => ({ message: `"${id}" is part of it`, ...workflow.placeOfKey(['spec', 'nodes', id]) }));
    const message =
      cycle.length === 2
        ? `node "${first}" needs itself`
        : `nodes need each other in a circle: ${cycle.join(' needs ')}`;
    const help = 'take one of these references away: a node starts when all that it needs has ended';
    tell('PIPE-DAG-001', message, workflow.placeOfKey(['spec', 'nodes', first]), { help, related });
  }
  return order;
}
