import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type {
  Action,
  ApproveSpec,
  Bindings,
  BranchAction,
  DynamicSpec,
  MapSpec,
  NodeKind,
  Path,
  SignalSpec,
} from '../document.ts';
import { foreignFields } from '../schema/node.ts';
import { INTEGER } from '../type.ts';
import { readDefault, readParameters, readType } from './parameters.ts';
import { durationOf, mapOf, numberOf, type Open, objectOf, present, type Reader, textOf, textsOf } from './reader.ts';
import { readRunPolicy } from './run-policy.ts';

/** The one of these kinds that an object has; undefined when the schema has told that it has none or several. */
export function kindOf<K extends string>(given: JsonObject, kinds: readonly K[]): K | undefined {
  let found: K | undefined;
  for (const kind of kinds) {
    if (!Object.hasOwn(given, kind)) continue;
    if (found !== undefined) return undefined;
    found = kind;
  }
  return found;
}

/** Tells the fields that do not go with the kind. */
export function checkForeign(reader: Reader, kind: NodeKind | 'fail', given: JsonObject, path: Path): void {
  for (const field of foreignFields(kind)) {
    if (!Object.hasOwn(given, field)) continue;
    const message = kind === 'fail' ? `"fail" has no "${field}"` : `a "${kind}" node has no "${field}"`;
    const help = INSIDE[kind]?.includes(field) ? `write "${field}" inside "${kind}"` : 'remove it';
    reader.tell('PIPE-SCHEMA-014', message, [...path, field], { isKey: true, help });
  }
}

/** Fields that a kind takes inside of the field that names it. */
const INSIDE: Readonly<Partial<Record<NodeKind | 'fail', readonly string[]>>> = {
  map: ['with'],
  dynamic: ['with'],
  approve: ['timeout'],
  signal: ['timeout'],
};

/** What a node, a branch or a failure handler of this kind does. */
export function readAction<K extends BranchAction['kind']>(
  reader: Reader,
  kind: K,
  given: JsonObject,
  path: Path,
): Extract<BranchAction, { kind: K }>;
export function readAction(reader: Reader, kind: BranchAction['kind'], given: JsonObject, path: Path): BranchAction {
  switch (kind) {
    case 'task': {
      const action = readRunPolicy(reader, given, path) as Open<Extract<Action, { kind: 'task' }>>;
      action.kind = kind;
      action.task = textOf(given.task) ?? '';
      action.with = bindings(given.with);
      return action;
    }
    case 'map': {
      checkMap(reader, given, path);
      const action = readRunPolicy(reader, given, path) as Open<Extract<Action, { kind: 'map' }>>;
      action.kind = kind;
      action.map = readMap(objectOf(given.map));
      return action;
    }
    case 'workflow':
      return readWorkflowAction(reader, given, path);
    case 'launchPlan': {
      const { retries, timeout } = readRunPolicy(reader, given, path);
      const launchPlan = textOf(given.launchPlan) ?? '';
      return present<Extract<Action, { kind: 'launchPlan' }>>({
        kind,
        launchPlan,
        with: bindings(given.with),
        retries,
        timeout,
      });
    }
    case 'approve':
      return { kind, approve: readApprove(reader, objectOf(given.approve), [...path, 'approve']) };
    case 'signal':
      return { kind, signal: readSignal(reader, objectOf(given.signal), [...path, 'signal']) };
    case 'sleep':
      return { kind, sleep: given.sleep ?? null };
    case 'compute':
      return { kind, compute: bindings(given.compute) };
    case 'dynamic': {
      const dynamic = readDynamic(reader, objectOf(given.dynamic), [...path, 'dynamic']);
      return { kind, ...readRunPolicy(reader, given, path), dynamic };
    }
    case 'fail':
      return { kind, fail: given.fail ?? null };
  }
}

function readMap(map: JsonObject): MapSpec {
  const isNamed = isJsonObject(map.over);
  return present<MapSpec>({
    task: Object.hasOwn(map, 'compute') ? undefined : (textOf(map.task) ?? ''),
    compute: isJsonObject(map.compute) ? bindings(map.compute) : undefined,
    over: isNamed ? bindings(map.over) : new Map(),
    items: isNamed ? undefined : map.over,
    with: bindings(map.with),
    concurrency: numberOf(map.concurrency),
    batch: numberOf(map.batch),
    minSuccessRatio: numberOf(map.minSuccessRatio),
    minSuccesses: numberOf(map.minSuccesses),
  });
}

/** Fields of a map that mean something only where attempts are made. */
const OF_ATTEMPTS = {
  beside: ['retries', 'timeout', 'resources', 'cache', 'interruptible'],
  inside: ['with', 'concurrency', 'batch'],
} as const;

function checkMap(reader: Reader, given: JsonObject, path: Path): void {
  const map = objectOf(given.map);
  if (Object.hasOwn(map, 'minSuccesses') && Object.hasOwn(map, 'minSuccessRatio')) {
    const message = '"minSuccesses" and "minSuccessRatio" say the same twice';
    reader.tell('PIPE-SCHEMA-014', message, [...path, 'map', 'minSuccesses'], { isKey: true, help: 'remove one' });
  }
  if (!Object.hasOwn(map, 'compute')) return;
  const foreign = [
    ...OF_ATTEMPTS.beside.filter((field) => Object.hasOwn(given, field)).map((field) => [field]),
    ...OF_ATTEMPTS.inside.filter((field) => Object.hasOwn(map, field)).map((field) => ['map', field]),
  ];
  for (const place of foreign) {
    const message = `a map that computes has no "${place.at(-1)}": it starts no process`;
    reader.tell('PIPE-SCHEMA-014', message, [...path, ...place], { isKey: true, help: 'remove it' });
  }
}

/** Nodes that run inline have timeouts of their own: of the whole only its total means something. */
function readWorkflowAction(
  reader: Reader,
  given: JsonObject,
  path: Path,
): Extract<Action, { readonly kind: 'workflow' }> {
  const { timeout } = readRunPolicy(reader, given, path);
  for (const field of ['queue', 'run'] as const) {
    if (!Object.hasOwn(objectOf(given.timeout), field)) continue;
    const help = `write "total", or "${field}" in its tasks`;
    reader.tell('PIPE-SCHEMA-014', `a "workflow" node has no "timeout.${field}"`, [...path, 'timeout', field], {
      isKey: true,
      help,
    });
  }
  return present<Extract<Action, { readonly kind: 'workflow' }>>({
    kind: 'workflow',
    workflow: textOf(given.workflow) ?? '',
    with: bindings(given.with),
    timeout: timeout?.totalMs === undefined ? undefined : { totalMs: timeout.totalMs },
  });
}

function readApprove(reader: Reader, given: JsonObject, path: Path): ApproveSpec {
  checkWait(reader, given, path);
  return present<ApproveSpec>({
    message: given.message ?? '',
    timeoutMs: durationOf(reader, given.timeout, [...path, 'timeout']),
    default: given.default === 'approve' || given.default === 'reject' ? given.default : undefined,
  });
}

function readSignal(reader: Reader, given: JsonObject, path: Path): SignalSpec {
  checkWait(reader, given, path);
  const type = readType(reader, given.type, [...path, 'type']);
  const hasDefault = type !== undefined && given.default !== undefined;
  return present<SignalSpec>({
    type: type ?? INTEGER,
    message: given.message,
    timeoutMs: durationOf(reader, given.timeout, [...path, 'timeout']),
    default: hasDefault ? readDefault(reader, given.default as Json, type, [...path, 'default']) : undefined,
  });
}

/** A default is what holds when the time is over: without a timeout it never does. */
function checkWait(reader: Reader, given: JsonObject, path: Path): void {
  if (given.default === undefined || given.timeout !== undefined) return;
  const message = 'this default never holds: without a "timeout" the node waits for ever';
  reader.tell('PIPE-NODE-002', message, [...path, 'default'], { isKey: true, help: 'add for example timeout: 24h' });
}

function readDynamic(reader: Reader, given: JsonObject, path: Path): DynamicSpec {
  return {
    task: textOf(given.task) ?? '',
    with: bindings(given.with),
    outputs: readParameters(reader, given.outputs, [...path, 'outputs']),
    tasks: textsOf(given.tasks),
  };
}

function bindings(value: Json | undefined): Bindings {
  return mapOf(value, (inner) => inner);
}
