import { type Digest, digestOf, type Json } from '../base/index.ts';
import { type Node, parseQuantity, type Type } from '../language/index.ts';
import type { ClosureParameter, TaskClosure } from './closure.ts';
import { interfaceType } from './launch.ts';
import { resolve } from './reference.ts';
import { withPolicy } from './task.ts';
import type { WorkflowContext } from './workflow-context.ts';
import { keyOf } from './workspace.ts';

export type TaskCall = Extract<Node, { kind: 'task' | 'map' }>;

/** The task that a node runs, with the node's own settings merged in. */
export interface NodeTask {
  readonly closure: TaskClosure;
  readonly digest: Digest;
  readonly types: TaskTypes;
}

/** A task's interface, parsed once for all nodes that run it. */
export interface TaskTypes {
  readonly inputs: ReadonlyMap<string, Type>;
  readonly outputs: ReadonlyMap<string, Type>;
}

export interface NodeTasks {
  /** By node id; a node whose task is unknown or faulty is absent. */
  readonly byNode: ReadonlyMap<string, NodeTask>;
  readonly refs: readonly string[];
  /** Some task must be read first. */
  readonly isPending: boolean;
}

export function taskNameOf(node: TaskCall): string {
  return node.kind === 'map' ? node.map.task : node.task;
}

/** Resolves the tasks of all nodes. */
export function nodeTasks(context: WorkflowContext): NodeTasks {
  const { workspace, workflow } = context;
  const byNode = new Map<string, NodeTask>();
  const interfaces = new Map<string, TaskTypes>();
  const names = new Set<string>();
  let isPending = false;
  for (const node of workflow.spec.nodes.values()) {
    if (node.kind === 'compute') continue;
    const name = taskNameOf(node);
    names.add(name);
    const path = ['spec', 'nodes', node.id, ...(node.kind === 'map' ? ['map', 'task'] : ['task'])];
    const task = resolve(workspace, workflow, path, 'Task', name);
    if (task.kind === 'pending') isPending = true;
    if (task.kind === 'failed') context.fault();
    if (task.kind !== 'ok') continue;
    const types = interfaces.get(name) ?? taskTypes(task.closure);
    interfaces.set(name, types);
    byNode.set(node.id, overridden(context, node, task, types));
  }
  return { byNode, refs: [...names].sort().map((name) => keyOf('Task', name)), isPending };
}

function taskTypes(task: TaskClosure): TaskTypes {
  return { inputs: typesOf(task.inputs), outputs: typesOf(task.outputs) };
}

function typesOf(parameters: Readonly<Record<string, ClosureParameter>>): ReadonlyMap<string, Type> {
  return new Map(Object.entries(parameters).map(([name, parameter]) => [name, interfaceType(parameter.type)] as const));
}

function overridden(
  context: WorkflowContext,
  node: TaskCall,
  task: { readonly closure: TaskClosure; readonly digest: Digest },
  types: TaskTypes,
): NodeTask {
  const { retries, timeout, resources, cache } = node;
  const isOverridden = [retries, timeout, resources, cache].some((setting) => setting !== undefined);
  if (!isOverridden) return { closure: task.closure, digest: task.digest, types };
  const closure = withPolicy(task.closure, node);
  checkLimits(context, node, closure);
  return { closure, digest: digestOf(closure as unknown as Json), types };
}

/** A node may ask for more than its task's limit allows, which neither document shows alone. */
function checkLimits({ workflow, tell }: WorkflowContext, node: TaskCall, { resources, name }: TaskClosure): void {
  if (node.resources === undefined) return;
  for (const [resource, request] of Object.entries(resources.requests ?? {})) {
    const limit =
      resources.limits !== undefined && Object.hasOwn(resources.limits, resource)
        ? resources.limits[resource]
        : undefined;
    const asked = parseQuantity(request);
    const allowed = limit === undefined ? undefined : parseQuantity(limit);
    if (asked === undefined || allowed === undefined || asked <= allowed) continue;
    const own = node.resources.requests !== undefined && Object.hasOwn(node.resources.requests, resource);
    const limitOfNode = node.resources.limits !== undefined && Object.hasOwn(node.resources.limits, resource);
    if (own && limitOfNode) continue;
    const message = `with task "${name}", the request of ${request} ${resource} is above the limit of ${limit}`;
    tell('PIPE-VALUE-005', message, workflow.placeOf(['spec', 'nodes', node.id, 'resources']), {
      help: own ? 'raise the limit here too' : 'lower the request here too',
    });
  }
}
