import type { Digest } from '../base/index.ts';
import {
  type BranchAction,
  didYouMean,
  JSON_TYPE,
  type Parameter,
  type Path,
  parseQuantity,
  type RunPolicy,
  type Type,
} from '../language/index.ts';
import { calledPlan } from './called-plan.ts';
import type { ClosureParameter, EntityClosure, LaunchPlanClosure, TaskClosure, WorkflowClosure } from './closure.ts';
import { interfaceType } from './launch.ts';
import { resolvePlans } from './plan-targets.ts';
import { type Resolved, resolve } from './reference.ts';
import { actionsOf } from './runs.ts';
import { withPolicy } from './task.ts';
import type { WorkflowContext } from './workflow-context.ts';
import { keyOf } from './workspace.ts';

/** An interface that an action gives values to, its types parsed. */
export interface Callee {
  /** For messages: `task "add"`. */
  readonly title: string;
  readonly parameters: Readonly<Record<string, ClosureParameter>>;
  readonly inputs: ReadonlyMap<string, Type>;
  readonly outputs: ReadonlyMap<string, Type>;
}

export interface TargetTask {
  readonly closure: TaskClosure;
  readonly digest: Digest;
}

/** What an action runs. */
export type Target = { readonly callee: Callee } & (
  | ({ readonly kind: 'task' } & TargetTask)
  | { readonly kind: 'workflow'; readonly closure: WorkflowClosure; readonly digest: Digest }
  | {
      readonly kind: 'launchPlan';
      readonly closure: LaunchPlanClosure;
      readonly digest: Digest;
      /** Namespace → digest, where the plan is another one by domain. */
      readonly byNamespace?: Readonly<Record<string, Digest>>;
    }
  /** `tasks`: those that its workflow may run, by name. */
  | ({ readonly kind: 'dynamic'; readonly tasks: ReadonlyMap<string, TargetTask> } & TargetTask)
);

export interface Targets {
  /** One whose target is unknown or faulty is absent, and so is one that has none. */
  readonly byAction: ReadonlyMap<BranchAction, Target>;
  readonly refs: readonly string[];
  /** Something must be read first. */
  readonly isPending: boolean;
}

/** Resolves what all actions of a workflow run. */
export function findTargets(context: WorkflowContext): Targets {
  const finder = createFinder(context);
  const byAction = new Map<BranchAction, Target>();
  for (const { action, path } of actionsOf(context.workflow)) {
    const target = findTarget(finder, action, path);
    if (target !== undefined) byAction.set(action, target);
  }
  return { byAction, refs: [...finder.refs].sort(), isPending: finder.isPending() };
}

type Found<K extends 'Task' | 'Workflow'> = Extract<Resolved<K>, { kind: 'ok' }>;

interface Finder {
  readonly context: WorkflowContext;
  readonly refs: Set<string>;
  readonly isPending: () => boolean;
  readonly find: <K extends 'Task' | 'Workflow'>(kind: K, name: string, at: Path) => Found<K> | undefined;
  readonly findPlan: (name: string, at: Path) => Omit<Extract<Target, { kind: 'launchPlan' }>, 'callee'> | undefined;
  /** Parsed once for all actions that call it. */
  readonly calleeOf: (title: string, closure: TaskClosure | WorkflowClosure | LaunchPlanClosure) => Callee;
}

function createFinder(context: WorkflowContext): Finder {
  const refs = new Set<string>();
  const callees = new Map<EntityClosure, Callee>();
  let isPending = false;
  return {
    context,
    refs,
    isPending: () => isPending,
    find: (kind, name, at) => {
      refs.add(keyOf(kind, name));
      const found = resolve(context.workspace, context.workflow, at, kind, name);
      if (found.kind === 'ok') return found;
      if (found.kind === 'pending') isPending = true;
      else context.fault();
      return undefined;
    },
    findPlan: (name, at) => {
      refs.add(keyOf('LaunchPlan', name));
      const found = resolvePlans(context.workspace, context.workflow, at, name);
      if (found.kind === 'pending') isPending = true;
      if (found.kind === 'failed') context.fault();
      return found.kind === 'ok' ? calledPlan(context, found.targets, at) : undefined;
    },
    calleeOf: (title, closure) => {
      const known = callees.get(closure);
      if (known !== undefined) return known;
      const { inputs, outputs } = closure;
      const callee = { title, parameters: inputs, inputs: typesOf(inputs), outputs: typesOf(outputs) };
      callees.set(closure, callee);
      return callee;
    },
  };
}

function findTarget(finder: Finder, action: BranchAction, path: Path): Target | undefined {
  switch (action.kind) {
    case 'task':
      return findTask(finder, action.task, [...path, 'task'], action, path);
    case 'map':
      if (action.map.task === undefined) return undefined;
      return findTask(finder, action.map.task, [...path, 'map', 'task'], action, path);
    case 'workflow': {
      const found = finder.find('Workflow', action.workflow, [...path, 'workflow']);
      if (found === undefined) return undefined;
      return { ...found, kind: 'workflow', callee: finder.calleeOf(`workflow "${action.workflow}"`, found.closure) };
    }
    case 'launchPlan': {
      const found = finder.findPlan(action.launchPlan, [...path, 'launchPlan']);
      if (found === undefined) return undefined;
      const callee = finder.calleeOf(`launch plan "${action.launchPlan}"`, found.closure);
      return { ...found, kind: 'launchPlan', callee };
    }
    case 'dynamic':
      return findDynamic(finder, action, path);
    default:
      return undefined;
  }
}

function findTask(
  { context, find, calleeOf }: Finder,
  name: string,
  at: Path,
  policy: RunPolicy,
  path: Path,
): Extract<Target, { kind: 'task' }> | undefined {
  const found = find('Task', name, at);
  if (found === undefined) return undefined;
  const callee = calleeOf(`task "${name}"`, found.closure);
  return { kind: 'task', callee, ...overridden(context, policy, path, found) };
}

function findDynamic(
  finder: Finder,
  action: Extract<BranchAction, { kind: 'dynamic' }>,
  path: Path,
): Target | undefined {
  const { task, outputs, tasks: names } = action.dynamic;
  const maker = findTask(finder, task, [...path, 'dynamic', 'task'], action, path);
  const tasks = new Map<string, TargetTask>();
  names.forEach((name, at) => {
    const found = finder.find('Task', name, [...path, 'dynamic', 'tasks', at]);
    if (found !== undefined) tasks.set(name, { closure: found.closure, digest: found.digest });
  });
  if (maker === undefined || tasks.size < names.length) return undefined;
  if (maker.callee.outputs.get('workflow')?.kind !== JSON_TYPE.kind) {
    const known = [...maker.callee.outputs.keys()];
    const help = didYouMean('workflow', known) ?? 'declare workflow: json in its outputs';
    const message = `task "${task}" has no output "workflow" of type json, which would hold the workflow to run`;
    finder.context.tell('PIPE-NODE-005', message, finder.context.workflow.placeOf([...path, 'dynamic', 'task']), {
      help,
    });
    return undefined;
  }
  if (maker.closure.cache !== undefined) {
    const place = action.cache === undefined ? ['dynamic', 'task'] : ['cache'];
    const message = `a dynamic node is not cached: task "${task}" runs each time`;
    const help = 'write cache: false at the node; tasks of the workflow that it writes are cached';
    finder.context.tell('PIPE-TASK-003', message, finder.context.workflow.placeOf([...path, ...place]), { help });
  }
  const callee = { ...maker.callee, outputs: declaredTypes(outputs) };
  return { ...maker, kind: 'dynamic', callee, tasks };
}

function typesOf(parameters: Readonly<Record<string, { readonly type: string }>>): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>();
  for (const name of Object.keys(parameters)) types.set(name, interfaceType(parameters[name]!.type));
  return types;
}

function declaredTypes(parameters: ReadonlyMap<string, Parameter>): ReadonlyMap<string, Type> {
  return new Map([...parameters].map(([name, { type }]) => [name, type] as const));
}

/** The task with the action's own settings merged in. */
function overridden(context: WorkflowContext, policy: RunPolicy, path: Path, task: TargetTask): TargetTask {
  const { retries, timeout, resources, cache, interruptible } = policy;
  const isOverridden =
    retries !== undefined ||
    timeout !== undefined ||
    resources !== undefined ||
    cache !== undefined ||
    interruptible !== undefined;
  if (!isOverridden) return { closure: task.closure, digest: task.digest };
  const made = withOverrides(context, task.closure, { retries, timeout, resources, cache, interruptible });
  checkLimits(context, policy, path, made.closure);
  checkIgnoredInputs(context, policy, path, task.closure);
  return made;
}

/** What nodes make of a task with their settings, by the text of these: many nodes ask for the same. */
const OVERRIDDEN = new WeakMap<TaskClosure, Map<string, TargetTask>>();

function withOverrides(
  { workspace }: WorkflowContext,
  task: TaskClosure,
  settings: { readonly [K in keyof RunPolicy]: RunPolicy[K] | undefined },
): TargetTask {
  const text = JSON.stringify(settings);
  const made = OVERRIDDEN.get(task) ?? new Map<string, TargetTask>();
  OVERRIDDEN.set(task, made);
  const known = made.get(text);
  if (known !== undefined) return known;
  const closure = withPolicy(task, settings as RunPolicy);
  const overridden: TargetTask = { closure, digest: workspace.identify(closure, text).digest };
  made.set(text, overridden);
  return overridden;
}

/** A node may have its task's cache ignore inputs: those must be the task's. */
function checkIgnoredInputs({ workflow, tell }: WorkflowContext, { cache }: RunPolicy, path: Path, task: TaskClosure) {
  if (cache === undefined || cache === false) return;
  for (const [at, name] of (cache.ignoreInputs ?? []).entries()) {
    if (Object.hasOwn(task.inputs, name)) continue;
    const help = didYouMean(name, Object.keys(task.inputs));
    const place = workflow.placeOf([...path, 'cache', 'ignoreInputs', at]);
    tell('PIPE-TASK-002', `task "${task.name}" has no input "${name}" to ignore`, place, { help });
  }
}

/** A node may ask for more than its task's limit allows, which neither document shows alone. */
function checkLimits(
  { workflow, tell }: WorkflowContext,
  { resources: given }: RunPolicy,
  path: Path,
  { resources, name }: TaskClosure,
): void {
  if (given === undefined) return;
  const has = (list: Readonly<Record<string, string>> | undefined, resource: string): boolean =>
    list !== undefined && Object.hasOwn(list, resource);
  for (const [resource, request] of Object.entries(resources.requests ?? {})) {
    const limit = has(resources.limits, resource) ? resources.limits?.[resource] : undefined;
    const asked = parseQuantity(request);
    const allowed = limit === undefined ? undefined : parseQuantity(limit);
    if (asked === undefined || allowed === undefined || asked <= allowed) continue;
    const own = has(given.requests, resource);
    if (own && has(given.limits, resource)) continue;
    const message = `with task "${name}", the request of ${request} ${resource} is above the limit of ${limit}`;
    tell('PIPE-VALUE-005', message, workflow.placeOf([...path, 'resources']), {
      help: own ? 'raise the limit here too' : 'lower the request here too',
    });
  }
}
