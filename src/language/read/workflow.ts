import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type {
  ActionKind,
  BranchAction,
  FailureHandler,
  Node,
  NodeKind,
  Path,
  SwitchBranch,
  WorkflowOutput,
  WorkflowSpec,
} from '../document.ts';
import { NODE_KINDS } from '../schema/node.ts';
import { checkForeign, kindOf, readAction } from './action.ts';
import { readNotifications } from './notifications.ts';
import { readParameters, readType } from './parameters.ts';
import { mapOf, type Open, objectOf, present, type Reader, textOf, textsOf } from './reader.ts';

export function readWorkflow(reader: Reader, spec: JsonObject): WorkflowSpec {
  return present<WorkflowSpec>({
    description: textOf(spec.description),
    inputs: readParameters(reader, spec.inputs, ['spec', 'inputs']),
    outputs: mapOf(spec.outputs, (value, name) => readOutput(reader, value, ['spec', 'outputs', name])),
    nodes: readNodes(reader, spec.nodes),
    failurePolicy: spec.failurePolicy === 'failAfterExecutable' ? 'failAfterExecutable' : 'failImmediately',
    onFailure: readFailureHandler(reader, spec.onFailure),
    notifications: readNotifications(spec.notifications),
  });
}

function readOutput(reader: Reader, value: Json, path: Path): WorkflowOutput {
  if (!isJsonObject(value)) return { value, isLong: false };
  return present<WorkflowOutput>({
    value: value.value ?? null,
    isLong: true,
    type: readType(reader, value.type, [...path, 'type']),
    description: textOf(value.description),
  });
}

function readNodes(reader: Reader, value: Json | undefined): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>();
  for (const [id, given] of Object.entries(objectOf(value))) {
    const node = readNode(reader, id, objectOf(given));
    if (node !== undefined) nodes.set(id, node);
  }
  return nodes;
}

const NODE_KIND_NAMES = Object.keys(NODE_KINDS) as readonly NodeKind[];
const BRANCH_KINDS: readonly BranchAction['kind'][] = [
  ...NODE_KIND_NAMES.filter((kind): kind is ActionKind => kind !== 'switch'),
  'fail',
];

/** Undefined when the schema has told that it does not do exactly one thing. */
function readNode(reader: Reader, id: string, given: JsonObject): Node | undefined {
  const path = ['spec', 'nodes', id];
  const kind = kindOf(given, NODE_KIND_NAMES);
  if (kind === undefined) return undefined;
  checkForeign(reader, kind, given, path);
  const action = kind === 'switch' ? readSwitch(reader, given, path) : readAction(reader, kind, given, path);
  const node = action as Open<Node>;
  node.id = id;
  node.needs = textsOf(given.needs);
  if (typeof given.description === 'string') node.description = given.description;
  if (given.when !== undefined) node.when = given.when;
  return node as Node;
}

type Switch = Extract<Node, { kind: 'switch' }>;

function readSwitch(reader: Reader, given: JsonObject, path: Path): Pick<Switch, 'kind' | 'switch' | 'else'> {
  const branches: SwitchBranch[] = [];
  const written = Array.isArray(given.switch) ? given.switch : [];
  written.forEach((value: Json, at) => {
    const { when, then } = objectOf(value);
    const action = readBranch(reader, then, [...path, 'switch', at, 'then']);
    if (action !== undefined) branches.push({ when: when ?? null, action });
  });
  const otherwise = readBranch(reader, given.else, [...path, 'else']);
  return { kind: 'switch', switch: branches, ...(otherwise !== undefined && { else: otherwise }) };
}

function readBranch(reader: Reader, value: Json | undefined, path: Path): BranchAction | undefined {
  if (!isJsonObject(value)) return undefined;
  const kind = kindOf(value, BRANCH_KINDS);
  if (kind === undefined) return undefined;
  checkForeign(reader, kind, value, path);
  return readAction(reader, kind, value, path);
}

function readFailureHandler(reader: Reader, value: Json | undefined): FailureHandler | undefined {
  if (!isJsonObject(value)) return undefined;
  const path = ['spec', 'onFailure'];
  const kind = kindOf(value, ['task', 'workflow', 'launchPlan'] as const);
  if (kind === undefined) return undefined;
  checkForeign(reader, kind, value, path);
  return { ...readAction(reader, kind, value, path), ...(value.when !== undefined && { when: value.when }) };
}
