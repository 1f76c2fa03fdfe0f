import { bareObject } from '../base/index.ts';
import type { CacheSpec, DefinitionOf, Parameter, ResourceSpec, RunPolicy, TimeoutSpec } from '../language/index.ts';
import { didYouMean, printType } from '../language/index.ts';
import type { ClosureParameter, ResourceList, RetryPolicy, TaskClosure, TimeoutPolicy } from './closure.ts';
import { DEFAULT_RETRIES } from './defaults.ts';
import { imageOf } from './images-lock.ts';
import { normalisePath } from './paths.ts';
import { type Open, recordOf } from './record.ts';
import { type Made, tellTo, treeOf, type Workspace } from './workspace.ts';

/** Compiles a task: its interface, how it runs, and the tree of its source folder. */
export function compileTask(workspace: Workspace, task: DefinitionOf<'Task'>): Made {
  const { spec } = task;
  const source = sourceOf(workspace, task);
  const image = imageOf(workspace, task);
  if (source?.kind === 'failed' || source?.kind === 'pending') return source;
  if (image.kind === 'pending') return image;
  checkCache(workspace, task);
  const { command, env } = spec.run;
  const run = (image.kind === 'none' ? {} : { image: image.image }) as Open<TaskClosure['run']>;
  run.command = command;
  if (env !== undefined) run.env = recordOf(Object.entries(env));
  const base = {
    kind: 'Task',
    name: task.name,
    inputs: parametersOf(spec.inputs),
    outputs: parametersOf(spec.outputs),
    run,
  } as Open<TaskClosure>;
  if (spec.pod !== undefined) base.pod = spec.pod;
  if (source !== undefined) base.source = { path: source.path, tree: source.tree };
  base.retries = DEFAULT_RETRIES;
  base.timeout = {};
  base.resources = {};
  if (spec.idempotent === false) base.idempotent = false;
  return {
    kind: 'ok',
    closure: withPolicy(base, spec),
    refs: [],
    folders: source === undefined ? [] : [source.path],
    ...(image.kind === 'none' || image.images === undefined ? {} : { images: image.images }),
  };
}

function checkCache(workspace: Workspace, task: DefinitionOf<'Task'>): void {
  const { cache, outputs, inputs } = task.spec;
  if (cache === undefined || cache === false) return;
  const tell = tellTo(workspace);
  if (outputs.size === 0) {
    const message = `task "${task.name}" has no outputs, so there is nothing to keep: every attempt runs`;
    tell('PIPE-TASK-001', message, task.placeOfKey(['spec', 'cache']));
  }
  for (const [at, name] of (cache.ignoreInputs ?? []).entries()) {
    if (inputs.has(name)) continue;
    const help = didYouMean(name, [...inputs.keys()]);
    const place = task.placeOf(['spec', 'cache', 'ignoreInputs', at]);
    tell('PIPE-TASK-002', `task "${task.name}" has no input "${name}" to ignore`, place, { help });
  }
}

type Source =
  | { readonly kind: 'ok'; readonly path: string; readonly tree: string }
  | { readonly kind: 'failed' }
  | { readonly kind: 'pending' };

function sourceOf(workspace: Workspace, task: DefinitionOf<'Task'>): Source | undefined {
  const written = task.spec.source;
  if (written === undefined) return undefined;
  const tell = tellTo(workspace);
  const folder = normalisePath(written);
  if (folder.kind === 'error') {
    tell('PIPE-REF-004', folder.message, task.placeOf(['spec', 'source']), { help: folder.help });
    return { kind: 'failed' };
  }
  const tree = treeOf(workspace, folder.path);
  if (tree === undefined) return { kind: 'pending' };
  if (tree === null) {
    const help = 'commit the folder, or correct its path: it begins at the root of the repository';
    tell('PIPE-REF-003', `this commit has no folder "${folder.path}"`, task.placeOf(['spec', 'source']), { help });
    return { kind: 'failed' };
  }
  return { kind: 'ok', path: folder.path, tree };
}

/** Parameters of a definition as a closure holds them. */
export function parametersOf(parameters: ReadonlyMap<string, Parameter>): Readonly<Record<string, ClosureParameter>> {
  const record = bareObject<ClosureParameter>();
  for (const [name, parameter] of parameters) record[name] = closureParameter(parameter);
  return record;
}

function closureParameter({ type, default: value, description }: Parameter): ClosureParameter {
  const parameter: Open<ClosureParameter> = { type: printType(type) };
  if (value !== undefined) parameter.default = value;
  if (description !== undefined) parameter.description = description;
  return parameter;
}

/** The task with what a policy says; where it is silent the task's own settings stay. */
export function withPolicy(task: TaskClosure, policy: RunPolicy): TaskClosure {
  const { retries, timeout, resources } = policy;
  const cache = policy.cache === undefined ? task.cache : cachePolicy(policy.cache);
  const { kind, name, inputs, outputs, run } = task;
  const made = { kind, name, inputs, outputs, run } as Open<TaskClosure>;
  if (task.pod !== undefined) made.pod = task.pod;
  if (task.source !== undefined) made.source = task.source;
  made.retries = retries === undefined ? task.retries : mergeRetries(task.retries, retries);
  made.timeout = timeout === undefined ? task.timeout : mergeTimeout(task.timeout, timeout);
  made.resources = resources === undefined ? task.resources : mergeResources(task.resources, resources);
  if (task.idempotent !== undefined) made.idempotent = task.idempotent;
  if (cache !== undefined) made.cache = cache;
  if ((policy.interruptible ?? task.interruptible) === true) made.interruptible = true;
  return made;
}

/** The own policy with what is given in its place. */
export function mergeRetries(own: RetryPolicy, given: NonNullable<RunPolicy['retries']>): RetryPolicy {
  const { initialMs, factor, maxMs } = given.backoff ?? own.backoff;
  const backoff = {
    initialMs: initialMs ?? own.backoff.initialMs,
    factor: factor ?? own.backoff.factor,
    maxMs: maxMs ?? own.backoff.maxMs,
  };
  return { limit: given.limit ?? own.limit, backoff };
}

export function mergeTimeout(own: TimeoutPolicy, given: TimeoutSpec): TimeoutPolicy {
  const [queueMs, runMs, totalMs] = [
    given.queueMs ?? own.queueMs,
    given.runMs ?? own.runMs,
    given.totalMs ?? own.totalMs,
  ];
  const timeout: Open<TimeoutPolicy> = {};
  if (queueMs !== undefined) timeout.queueMs = queueMs;
  if (runMs !== undefined) timeout.runMs = runMs;
  if (totalMs !== undefined) timeout.totalMs = totalMs;
  return timeout;
}

function mergeResources(own: ResourceList, given: ResourceSpec): ResourceList {
  const requests = mergedQuantities(own.requests, given.requests);
  const limits = mergedQuantities(own.limits, given.limits);
  const resources: Open<ResourceList> = {};
  if (requests !== undefined) resources.requests = requests;
  if (limits !== undefined) resources.limits = limits;
  return resources;
}

/** Undefined where there are none. */
function mergedQuantities(own: Quantities | undefined, given: Quantities | undefined): Quantities | undefined {
  const merged = bareObject<string>();
  let isEmpty = true;
  for (const quantities of [own, given]) {
    for (const name in quantities) {
      merged[name] = quantities[name] as string;
      isEmpty = false;
    }
  }
  return isEmpty ? undefined : merged;
}

type Quantities = Readonly<Record<string, string>>;

function cachePolicy(cache: CacheSpec | false): TaskClosure['cache'] {
  if (cache === false) return undefined;
  const { serialize, ttlMs, ignoreInputs = [] } = cache;
  return {
    serialize,
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(ignoreInputs.length === 0 ? {} : { ignoreInputs: [...ignoreInputs].sort() }),
  };
}
