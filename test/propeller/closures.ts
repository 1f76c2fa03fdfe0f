import type { Json } from '../../src/base/index.ts';
import { digestOf } from '../../src/base/index.ts';
import type { Execution } from '../../src/cluster/index.ts';
import type { MapNode, NodeClosure, TaskClosure, Template, WorkflowClosure } from '../../src/compiler/closure.ts';
import { buildPlan, type Plan } from '../../src/propeller/index.ts';

/** Closures for tests, made by hand: what the compiler would make of a small workflow. */

export const expr = (source: string): Template => ({ kind: 'expression', source });
export const literal = (value: Json): Template => ({ kind: 'literal', value });

export function taskClosure(changes: Partial<TaskClosure> = {}): TaskClosure {
  return {
    kind: 'Task',
    name: 'work',
    inputs: { a: { type: 'integer' } },
    outputs: { x: { type: 'integer' } },
    run: { command: ['./work'] },
    retries: { limit: 0, backoff: { initialMs: 1_000, factor: 2, maxMs: 60_000 } },
    timeout: {},
    resources: {},
    ...changes,
  };
}

export type NodeSketch =
  | { readonly kind: 'task'; readonly with?: Readonly<Record<string, Template>>; readonly task?: Partial<TaskClosure> }
  | {
      readonly kind: 'map';
      readonly over: Template | Readonly<Record<string, Template>>;
      readonly task?: Partial<TaskClosure>;
      readonly with?: MapNode['with'];
      readonly concurrency?: number;
      readonly batch?: number;
      readonly minSuccessRatio?: number;
    }
  | { readonly kind: 'compute'; readonly values: Readonly<Record<string, Template>> };

type Sketch = NodeSketch & { readonly needs?: readonly string[] };

/** A workflow closure from nodes by id; `needs` names all upstream nodes. */
export function workflow(
  nodes: Readonly<Record<string, Sketch>>,
  changes: Partial<Omit<WorkflowClosure, 'nodes' | 'tasks'>> = {},
): WorkflowClosure {
  const ids = Object.keys(nodes);
  const tasks: Record<string, TaskClosure> = {};
  const made = Object.entries(nodes).map(([id, sketch]): NodeClosure => {
    const upstream = (sketch.needs ?? []).map((need) => ids.indexOf(need)).sort((a, b) => a - b);
    if (sketch.kind === 'compute') {
      const outputs = Object.fromEntries(Object.keys(sketch.values).map((name) => [name, 'integer']));
      return { kind: 'compute', id, upstream, outputs, values: sketch.values };
    }
    const task = taskClosure(sketch.task);
    const digest = digestOf(task as unknown as Json);
    tasks[digest] = task;
    const types = Object.entries(task.outputs).map(([name, output]): [string, string] => [name, output.type]);
    if (sketch.kind === 'task') {
      const values = sketch.with ?? { a: literal(1) };
      return { kind: 'task', id, upstream, outputs: Object.fromEntries(types), task: digest, with: values };
    }
    const ratio = sketch.minSuccessRatio ?? 1;
    const lists = types.map(([name, type]): [string, string] => [name, ratio < 1 ? `list<${type}?>` : `list<${type}>`]);
    return {
      kind: 'map',
      id,
      upstream,
      outputs: Object.fromEntries(lists),
      task: digest,
      over: 'kind' in sketch.over ? { a: sketch.over as Template } : sketch.over,
      with: sketch.with ?? {},
      minSuccessRatio: ratio,
      ...(sketch.concurrency !== undefined && { concurrency: sketch.concurrency }),
      ...(sketch.batch !== undefined && { batch: sketch.batch }),
    };
  });
  return {
    kind: 'Workflow',
    name: 'flow',
    inputs: {},
    outputs: {},
    failurePolicy: 'failImmediately',
    ...changes,
    nodes: made,
    tasks,
  };
}

export function planOf(closure: WorkflowClosure): Plan {
  return buildPlan(digestOf(closure as unknown as Json), closure);
}

export function executionOf(closure: WorkflowClosure, changes: Partial<Execution['spec']> = {}): Execution {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Execution',
    metadata: {
      namespace: 'shop-production',
      name: 'flow-abc123',
      uid: 'u1',
      creationTimestamp: '2026-01-02T03:04:05Z',
    },
    spec: {
      repository: 'shop',
      commit: 'a'.repeat(40),
      workflow: closure.name,
      closure: digestOf(closure as unknown as Json),
      inputs: {},
      trigger: { kind: 'manual' },
      ...changes,
    },
  };
}
