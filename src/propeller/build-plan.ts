import { BugError, type Digest, sha256 } from '../base/index.ts';
import type {
  BranchClosure,
  ComputeMapAction,
  FailureHandlerClosure,
  InlineWorkflow,
  LaunchPlanAction,
  LaunchPlanClosure,
  MapAction,
  NodeClosure,
  SwitchAction,
  TaskClosure,
  WorkflowClosure,
} from '../compiler/index.ts';
import { BOOLEAN, DURATION, STRING } from '../language/index.ts';
import {
  converter,
  inputsReader,
  inputsWriter,
  outputsParser,
  type Renderers,
  readType,
  renderers,
  type Tested,
} from './language.ts';
import {
  type ActionPlan,
  type ComputeMapPlan,
  HANDLER_ID,
  type MapPlan,
  type Plan,
  type PlanNode,
  type PlannedTask,
  type SwitchPlan,
} from './plan.ts';

/** What the workflows of one closure share. */
interface Tables {
  readonly taskOf: (digest: Digest) => PlannedTask;
  /** The closure of a workflow that runs inline. */
  readonly workflowOf: (digest: Digest) => InlineWorkflow;
  readonly launchPlanOf: (digest: Digest) => LaunchPlanClosure;
  readonly namespace: string;
  readonly inline: (digest: Digest) => Plan;
}

/**
 * Indexes a closure. Costs its size once; every step after that costs only what changes. What it runs inline is indexed
 * when it is first run. `launchPlans` are those of `launchPlansOf`, as they are in the namespace. Throws BugError on a closure that no compiler of ours makes.
 */
export function buildPlan(
  digest: Digest,
  closure: WorkflowClosure,
  launchPlans: ReadonlyMap<Digest, LaunchPlanClosure> = new Map(),
  namespace = '',
): Plan {
  const tasks = new Map<Digest, PlannedTask>();
  for (const [taskDigest, task] of Object.entries(closure.tasks)) tasks.set(taskDigest, plannedTask(taskDigest, task));
  const workflows = new Map(Object.entries(closure.workflows ?? {}));
  const plans = new Map<Digest, Plan>();
  const tables: Tables = {
    taskOf: (taskDigest) => tasks.get(taskDigest) ?? missing(digest, 'task', taskDigest),
    workflowOf: (inner) => workflows.get(inner) ?? missing(digest, 'workflow', inner),
    namespace,
    launchPlanOf: (inner) => launchPlans.get(inner) ?? missing(digest, 'launch plan', inner),
    inline: (inner) => {
      const plan = plans.get(inner) ?? planOf(inner, tables.workflowOf(inner), tables);
      plans.set(inner, plan);
      return plan;
    },
  };
  const { notifications } = closure;
  return { ...planOf(digest, closure, tables), notifications };
}

function missing(digest: Digest, kind: 'task' | 'workflow' | 'launch plan', inner: Digest): never {
  throw new BugError(`closure ${digest} runs ${kind} ${inner}, which is not there`);
}

function plannedTask(digest: Digest, closure: TaskClosure): PlannedTask {
  return { digest, closure, parseOutputs: outputsParser(closure), inputsText: inputsWriter(closure) };
}

function planOf(digest: Digest, closure: InlineWorkflow, tables: Tables): Plan {
  const { nodes, onFailure } = closure;
  const render = renderers(closure);
  const { downstream, skips, indexOf } = indexed(digest, nodes);
  const planned = nodes.map((node, index): PlanNode => {
    const base = {
      index,
      id: node.id,
      slug: nodeSlug(node.id),
      upstream: node.upstream.length,
      branch: undefined,
      convert: undefined,
    };
    const edges = { downstream: downstream[index] ?? [], skips: skips.get(index) };
    const when = node.when && render.single(node.when, BOOLEAN);
    const guarded = node.when === undefined ? render : render.where([{ condition: node.when, held: true }]);
    return planNode(node, { ...base, ...edges, when }, { digest, tables, render: guarded });
  });
  if (onFailure !== undefined) {
    indexOf.set(HANDLER_ID, planned.length);
    planned.push(planHandler(onFailure, planned.length, { digest, tables, render: render.handler() }));
  }
  return {
    digest,
    workflow: closure.name,
    nodes: planned,
    size: nodes.length,
    indexOf,
    roots: nodes.flatMap((node, index) => (node.upstream.length === 0 ? [index] : [])),
    failurePolicy: closure.failurePolicy,
    outputs: render.outputs(closure.outputs),
    outputTypes: outputTypesOf(closure),
    readInputs: inputsReader(closure),
    notifications: undefined,
    inline: tables.inline,
  };
}

function outputTypesOf({ outputs }: InlineWorkflow): Plan['outputTypes'] {
  const types: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, { type }] of Object.entries(outputs)) types[name] = type;
  return types;
}

function indexed(digest: Digest, nodes: readonly NodeClosure[]) {
  const downstream: number[][] = nodes.map(() => []);
  const skips = new Map<number, Set<number>>();
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
    for (const needed of node.skipsWith ?? []) {
      const its = skips.get(needed) ?? new Set<number>();
      skips.set(needed, its.add(index));
    }
  });
  return { downstream, skips, indexOf };
}

type Base = Omit<Extract<PlanNode, { kind: 'fail' }>, 'kind' | 'message'>;

interface PlanContext {
  readonly digest: Digest;
  readonly tables: Tables;
  readonly render: Renderers;
}

function planNode(node: NodeClosure, base: Base, context: PlanContext): PlanNode {
  return node.kind === 'switch' ? planSwitch(node, base, context) : planAction(node, base, context);
}

function planHandler(handler: FailureHandlerClosure, index: number, context: PlanContext): PlanNode {
  const when = handler.when && context.render.single(handler.when, BOOLEAN);
  const slug = nodeSlug(HANDLER_ID);
  const place = {
    index,
    id: HANDLER_ID,
    slug,
    upstream: 0,
    downstream: [],
    skips: undefined,
    branch: undefined,
    convert: undefined,
  };
  return planAction(handler, { ...place, when }, context);
}

function planSwitch(node: SwitchAction, base: Base, context: PlanContext): SwitchPlan {
  const tested: Tested[] = [];
  const branches = node.branches.map(({ when, action }, branch) => {
    const render = context.render.where([...tested, { condition: when, held: true }]);
    const holds = context.render.single(when, BOOLEAN);
    tested.push({ condition: when, held: false });
    const convert = converter(action.outputs, node.outputs);
    return { holds, action: planAction(action, { ...base, branch, convert }, { ...context, render }) };
  });
  const render = context.render.where(tested);
  const convert = node.else && converter(node.else.outputs, node.outputs);
  const otherwise = node.else && planAction(node.else, { ...base, branch: 'else', convert }, { ...context, render });
  return { ...base, kind: 'switch', branches, otherwise };
}

function planAction(action: BranchClosure, base: Base, { digest, tables, render }: PlanContext): ActionPlan {
  switch (action.kind) {
    case 'compute':
      return { ...base, kind: 'compute', values: render.values(action.values, action.outputs) };
    case 'task': {
      const task = tables.taskOf(action.task);
      return { ...base, kind: 'task', task, with: render.taskInputs(action.with, task.closure.inputs) };
    }
    case 'map':
      return planMap(action, base, tables.taskOf(action.task), render);
    case 'computeMap':
      return planComputeMap(action, base, render);
    case 'workflow': {
      const { inputs } = tables.workflowOf(action.workflow);
      const totalMs = action.timeout?.totalMs;
      return {
        ...base,
        kind: 'workflow',
        workflow: action.workflow,
        with: render.inputs(action.with, inputs),
        totalMs,
      };
    }
    case 'launchPlan': {
      const { launchPlan, retries, timeout } = action;
      const own = planDigest(launchPlan, tables.namespace);
      const plan = tables.launchPlanOf(own);
      const closure = { retries, timeout };
      const inputs = render.inputs(action.with, plan.inputs);
      return { ...base, kind: 'launchPlan', digest: own, launchPlan: plan, with: inputs, closure };
    }
    case 'approve': {
      const { timeoutMs, default: byDefault } = action;
      return { ...base, kind: 'approve', message: render.single(action.message, STRING), timeoutMs, byDefault };
    }
    case 'signal': {
      const { timeoutMs, default: byDefault, outputs } = action;
      const type = outputs.value ?? 'json';
      const message = action.message && render.single(action.message, STRING);
      return { ...base, kind: 'signal', message, type, valueType: readType(type), timeoutMs, byDefault };
    }
    case 'dynamic': {
      const task = tables.taskOf(action.task);
      const values = render.inputs(action.with, task.closure.inputs);
      const tasks = new Map(Object.entries(action.tasks).map(([name, inner]) => [name, tables.taskOf(inner)] as const));
      return { ...base, kind: 'dynamic', task, with: values, tasks, outputs: action.outputs };
    }
    case 'sleep':
      return { ...base, kind: 'sleep', duration: render.single(action.duration, DURATION) };
    case 'fail':
      return { ...base, kind: 'fail', message: render.single(action.message, STRING) };
    default:
      throw new BugError(
        `closure ${digest}: node kind "${(action as BranchClosure).kind}" is not known to this engine`,
      );
  }
}

/** The launch plans that a closure's nodes run in a namespace, at any depth: what `buildPlan` needs besides the closure. */
export function launchPlansOf(
  closure: WorkflowClosure,
  namespace: string,
): { readonly digests: readonly Digest[]; readonly differ: boolean } {
  const found = new Set<Digest>();
  let differ = false;
  const see = (action: BranchClosure | SwitchAction | undefined): void => {
    if (action?.kind === 'launchPlan') {
      found.add(planDigest(action.launchPlan, namespace));
      if (action.launchPlan.byNamespace !== undefined) differ = true;
    }
    if (action?.kind !== 'switch') return;
    for (const branch of action.branches) see(branch.action);
    see(action.else);
  };
  for (const { nodes, onFailure } of [closure, ...Object.values(closure.workflows ?? {})]) {
    for (const node of nodes) see(node);
    see(onFailure);
  }
  return { digests: [...found], differ };
}

function planMap(action: MapAction, base: Base, task: PlannedTask, render: Renderers): MapPlan {
  const { over, items, each } = action;
  const { inputs, outputs } = task.closure;
  return {
    ...base,
    kind: 'map',
    task,
    over: items === undefined ? render.lists(over, inputs) : render.inferred({ items }),
    isSingle: items !== undefined,
    with: render.inputs(action.with, inputs, { ...over, ...each }),
    each: each && render.each(over, inputs, items).given(each, inputs),
    names: Object.keys(outputs),
    concurrency: action.concurrency ?? Number.POSITIVE_INFINITY,
    batch: action.batch ?? 1,
    minSuccessRatio: action.minSuccessRatio,
    minSuccesses: action.minSuccesses,
  };
}

function planComputeMap(action: ComputeMapAction, base: Base, render: Renderers): ComputeMapPlan {
  const { over, items, values } = action;
  return {
    ...base,
    kind: 'computeMap',
    over: render.inferred(items === undefined ? over : { items }),
    isSingle: items !== undefined,
    values: render.each(over, undefined, items).inferred(values),
    names: Object.keys(values),
    minSuccessRatio: action.minSuccessRatio,
    minSuccesses: action.minSuccesses,
  };
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
  // Paths of nested nodes are many, and their readable parts alike.
  const digits = id.includes('/') ? 12 : 7;
  return `${readable.replaceAll(/^-+|-+$/g, '') || 'node'}-h${sha256(id).slice(0, digits)}`;
}

/** The launch plan that a node runs in a namespace. */
function planDigest({ closure, byNamespace = {} }: LaunchPlanAction['launchPlan'], namespace: string): Digest {
  return Object.hasOwn(byNamespace, namespace) ? (byNamespace[namespace] as Digest) : closure;
}
