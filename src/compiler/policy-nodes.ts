import type { Json, JsonObject } from '../base/index.ts';
import {
  type Bindings,
  type BranchAction,
  type CacheSpec,
  type FailureHandler,
  type Node,
  type Parameter,
  parseType,
  printDuration,
  printType,
  type RecordType,
  type RunPolicy,
  type SwitchBranch,
  type TimeoutSpec,
  type Type,
} from '../language/index.ts';
import { recordOf } from './record.ts';

export const PARAMETERS = 'map<{ type: string, default: json, description: string? }>';
export const TIMEOUT = '{ queue: duration?, run: duration?, total: duration? }';
export const RESOURCES = '{ requests: map<string>, limits: map<string> }';
export const CACHE = '{ serialize: boolean, ttl: duration?, ignoreInputs: list<string> }?';

/** What a node, a branch or a handler does: fields of all kinds, null or empty where the kind has them not. */
const ACTION = recordTypeOf(`{
  kind: string, task: string?, workflow: string?, launchPlan: string?, with: map<json>, compute: map<json>,
  retries: { limit: integer?, backoff: { initial: duration?, factor: float?, max: duration? } }, timeout: ${TIMEOUT},
  resources: ${RESOURCES}, cache: ${CACHE}, isCacheOff: boolean, interruptible: boolean?,
  map: { over: json, concurrency: integer?, batch: integer?, minSuccessRatio: float?, minSuccesses: integer? }?,
  approve: { message: json, timeout: duration?, default: string? }?,
  signal: { type: string, message: json, timeout: duration?, default: json }?, sleep: json,
  dynamic: { outputs: ${PARAMETERS}, tasks: list<string> }?, fail: json }`);

const BRANCH = withFields(recordTypeOf('{ when: json }'), recordOf([['then', ACTION]]));
const NODE = withFields(recordTypeOf('{ description: string?, needs: list<string>, when: json }'), {
  ...fieldsOf(ACTION),
  switch: { kind: 'list', element: BRANCH },
  else: { kind: 'optional', of: ACTION },
});

/** The fields of a workflow's spec that hold actions. */
export const WORKFLOW_PARTS: Readonly<Record<string, Type>> = {
  nodes: { kind: 'map', value: NODE },
  onFailure: { kind: 'optional', of: withFields(recordTypeOf('{ when: json }'), fieldsOf(ACTION)) },
};

/** One of our own record types as it is written. */
export function recordTypeOf(text: string): RecordType {
  const parsed = parseType(text);
  if (parsed.kind !== 'ok' || parsed.type.kind !== 'record') throw new Error(`not a record type: ${text}`);
  return parsed.type;
}

/** The type with more fields, all of them required. */
export function withFields(type: RecordType, more: Readonly<Record<string, Type>>): RecordType {
  const added = Object.entries(more).map(([name, of]) => [name, { type: of, optional: false }] as const);
  return { kind: 'record', fields: new Map([...type.fields, ...added]) };
}

function fieldsOf(type: RecordType): Readonly<Record<string, Type>> {
  return Object.fromEntries([...type.fields].map(([name, field]) => [name, field.type]));
}

/** A node as rules see it. */
export function nodeObject(node: Node): JsonObject {
  const isSwitch = node.kind === 'switch';
  const branches = isSwitch ? node.switch.map(branchObject) : [];
  return {
    ...(isSwitch ? { ...NOTHING, kind: node.kind } : actionObject(node)),
    description: node.description ?? null,
    needs: node.needs,
    when: node.when ?? null,
    switch: branches,
    else: isSwitch && node.else !== undefined ? actionObject(node.else) : null,
  };
}

function branchObject({ when, action }: SwitchBranch): JsonObject {
  return recordOf<Json>([
    ['when', when],
    ['then', actionObject(action)],
  ]);
}

/** A failure handler as rules see it. */
export function handlerObject(handler: FailureHandler): JsonObject {
  return { ...actionObject(handler), when: handler.when ?? null };
}

/** An action that has none of the fields. */
const NOTHING: JsonObject = {
  task: null,
  workflow: null,
  launchPlan: null,
  with: {},
  compute: {},
  ...runPolicyOf({}),
  map: null,
  approve: null,
  signal: null,
  sleep: null,
  dynamic: null,
  fail: null,
};

function actionObject(action: BranchAction): JsonObject {
  return { ...NOTHING, kind: action.kind, ...partsOf(action) };
}

function partsOf(action: BranchAction): JsonObject {
  switch (action.kind) {
    case 'task':
      return { task: action.task, with: bindingsOf(action.with), ...runPolicyOf(action) };
    case 'map': {
      const { task = null, compute, over, items, concurrency, batch, minSuccessRatio, minSuccesses } = action.map;
      const map = {
        over: items ?? bindingsOf(over),
        concurrency: concurrency ?? null,
        batch: batch ?? null,
        minSuccessRatio: minSuccessRatio ?? null,
        minSuccesses: minSuccesses ?? null,
      };
      const computed = compute === undefined ? {} : bindingsOf(compute);
      return { task, compute: computed, with: bindingsOf(action.map.with), map, ...runPolicyOf(action) };
    }
    case 'workflow':
      return { workflow: action.workflow, with: bindingsOf(action.with), timeout: timeoutOf(action.timeout) };
    case 'launchPlan':
      return { launchPlan: action.launchPlan, with: bindingsOf(action.with), ...runPolicyOf(action) };
    case 'approve': {
      const { message, timeoutMs, default: decision } = action.approve;
      return { approve: { message, timeout: durationOf(timeoutMs), default: decision ?? null } };
    }
    case 'signal': {
      const { type, message, timeoutMs, default: value } = action.signal;
      const waits = { timeout: durationOf(timeoutMs), default: value ?? null };
      return { signal: { type: printType(type), message: message ?? null, ...waits } };
    }
    case 'sleep':
      return { sleep: action.sleep };
    case 'compute':
      return { compute: bindingsOf(action.compute) };
    case 'dynamic': {
      const { task, outputs, tasks } = action.dynamic;
      const dynamic = { outputs: parametersOf(outputs), tasks };
      return { task, with: bindingsOf(action.dynamic.with), dynamic, ...runPolicyOf(action) };
    }
    case 'fail':
      return { fail: action.fail };
  }
}

function bindingsOf(bindings: Bindings): JsonObject {
  return recordOf(bindings);
}

/** What is written here; what a task says itself counts where this is silent, and stands in `facts`. */
function runPolicyOf({ retries, timeout, resources, cache, interruptible }: RunPolicy): JsonObject {
  const { initialMs, factor, maxMs } = retries?.backoff ?? {};
  const backoff = { initial: durationOf(initialMs), factor: factor ?? null, max: durationOf(maxMs) };
  return {
    retries: { limit: retries?.limit ?? null, backoff },
    timeout: timeoutOf(timeout),
    resources: { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} },
    cache: cache === false ? null : cacheObject(cache),
    isCacheOff: cache === false,
    interruptible: interruptible ?? null,
  };
}

/** All of a timeout's fields, null where it says nothing. */
export function timeoutOf({ queueMs, runMs, totalMs }: TimeoutSpec = {}): JsonObject {
  return { queue: durationOf(queueMs), run: durationOf(runMs), total: durationOf(totalMs) };
}

/** A cache setting as rules see it. */
export function cacheObject(cache: CacheSpec | undefined): Json {
  if (cache === undefined) return null;
  return { serialize: cache.serialize, ttl: durationOf(cache.ttlMs), ignoreInputs: cache.ignoreInputs ?? [] };
}

export function parametersOf(parameters: ReadonlyMap<string, Parameter>): JsonObject {
  return recordOf(
    [...parameters].map(([name, { type, default: value, description }]) => {
      return [name, { type: printType(type), default: value ?? null, description: description ?? null }] as const;
    }),
  );
}

export function durationOf(ms: number | undefined): Json {
  return ms === undefined ? null : printDuration(ms);
}
