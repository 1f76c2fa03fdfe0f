import { BugError, type Digest, sha256 } from '../base/index.ts';
import { type NodeClosure, notRun, type TaskClosure, type WorkflowClosure } from '../compiler/index.ts';
import {
  type FieldsRenderer,
  inputsReader,
  inputsWriter,
  type OutputsParser,
  outputsParser,
  type Rendered,
  renderers,
  type Values,
} from './language.ts';

/** A workflow closure made ready to run: indexed, templates compiled. Built once per digest; immutable and shared. */
export interface Plan {
  readonly digest: Digest;
  readonly workflow: string;
  readonly nodes: readonly PlanNode[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Indexes of nodes that wait for nothing. */
  readonly roots: readonly number[];
  readonly failurePolicy: WorkflowClosure['failurePolicy'];
  readonly outputs: FieldsRenderer;
  /** Inputs of an execution, checked and complete. */
  readonly readInputs: (given: Values) => Rendered;
}

interface PlanNodeBase {
  readonly index: number;
  readonly id: string;
  /** How the id stands in names of pods: see `nodeSlug`. */
  readonly slug: string;
  /** How many nodes must have succeeded before. */
  readonly upstream: number;
  readonly downstream: readonly number[];
}

export interface PlannedTask {
  readonly digest: Digest;
  readonly closure: TaskClosure;
  readonly parseOutputs: OutputsParser;
  /** JSON text of inputs with exact integers. */
  readonly inputsText: (values: Values) => string;
}

export interface TaskPlan extends PlanNodeBase {
  readonly kind: 'task';
  readonly task: PlannedTask;
  readonly with: FieldsRenderer;
}

export interface MapPlan extends PlanNodeBase {
  readonly kind: 'map';
  readonly task: PlannedTask;
  readonly over: FieldsRenderer;
  readonly with: FieldsRenderer;
  readonly concurrency: number;
  readonly minSuccessRatio: number;
}

export interface ComputePlan extends PlanNodeBase {
  readonly kind: 'compute';
  readonly values: FieldsRenderer;
}

/** A node that this engine does not run: it fails when it is its turn. */
export interface NotRunPlan extends PlanNodeBase {
  readonly kind: 'not-run';
  /** In words. */
  readonly what: string;
}

export type PlanNode = TaskPlan | MapPlan | ComputePlan | NotRunPlan;

/**
 * Indexes a closure. Costs its size once; every step after that costs only what changes.
 * Throws BugError on a closure that no compiler of ours makes.
 */
export function buildPlan(digest: Digest, closure: WorkflowClosure): Plan {
  const { nodes } = closure;
  const render = renderers(closure);
  const downstream: number[][] = nodes.map(() => []);
  const indexOf = new Map<string, number>();
  nodes.forEach((node, index) => {
    if (indexOf.has(node.id)) throw new BugError(`closure ${digest} has two nodes "${node.id}"`);
    indexOf.set(node.id, index);
    for (const upstream of node.upstream) {
      if (!(upstream >= 0 && upstream < index)) {
        throw new BugError(`closure ${digest}: node "${node.id}" depends on node ${upstream}, which is not before it`);
      }
      downstream[upstream]?.push(index);
    }
  });
  const tasks = new Map<Digest, PlannedTask>();
  for (const [taskDigest, task] of Object.entries(closure.tasks)) {
    tasks.set(taskDigest, {
      digest: taskDigest,
      closure: task,
      parseOutputs: outputsParser(task),
      inputsText: inputsWriter(task),
    });
  }
  return {
    digest,
    workflow: closure.name,
    nodes: nodes.map((node, index) => planNode(node, index, downstream[index] ?? [], { digest, tasks, render })),
    indexOf,
    roots: nodes.flatMap((node, index) => (node.upstream.length === 0 ? [index] : [])),
    failurePolicy: closure.failurePolicy,
    outputs: render.outputs(closure.outputs),
    readInputs: inputsReader(closure),
  };
}

interface PlanContext {
  readonly digest: Digest;
  readonly tasks: ReadonlyMap<Digest, PlannedTask>;
  readonly render: ReturnType<typeof renderers>;
}

function planNode(node: NodeClosure, index: number, downstream: readonly number[], context: PlanContext): PlanNode {
  const { digest, tasks, render } = context;
  const base = { index, id: node.id, slug: nodeSlug(node.id), upstream: node.upstream.length, downstream };
  const what = notRun(node);
  if (what !== undefined) return { ...base, kind: 'not-run', what };
  const taskOf = (taskDigest: Digest): PlannedTask => {
    const task = tasks.get(taskDigest);
    if (task === undefined) throw new BugError(`closure ${digest}: node "${node.id}" names no task of the closure`);
    return task;
  };
  switch (node.kind) {
    case 'compute':
      return { ...base, kind: 'compute', values: render.values(node.values, node.outputs) };
    case 'task': {
      const task = taskOf(node.task);
      return { ...base, kind: 'task', task, with: render.inputs(node.with, task.closure.inputs) };
    }
    case 'map': {
      const task = taskOf(node.task);
      const { inputs } = task.closure;
      return {
        ...base,
        kind: 'map',
        task,
        over: render.lists(node.over, inputs),
        with: render.inputs(node.with, inputs, node.over),
        concurrency: node.concurrency ?? Number.POSITIVE_INFINITY,
        minSuccessRatio: node.minSuccessRatio,
      };
    }
    default:
      throw new BugError(`closure ${digest}: node kind "${node.kind}" is not known to this engine`);
  }
}

/**
 * A node id as part of a pod's name: the id itself where that is a DNS label that does not end in `-<digits>`,
 * else made so with a hash. Hence the groups of digits after it count: one is an attempt, two are subtask and attempt.
 */
export function nodeSlug(id: string): string {
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(id) && id.length <= 63 && !/(^|-)\d+$/.test(id)) return id;
  const readable = id
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return `${readable.replaceAll(/^-+|-+$/g, '') || 'node'}-h${sha256(id).slice(0, 7)}`;
}
