import type { ASTNode } from '@marcbachmann/cel-js';
import type { Json, JsonObject } from '../../base/index.ts';
import { didYouMean } from '../suggest.ts';
import { acceptsNull, JSON_TYPE, optionalOf, type RecordType, type Type } from '../type.ts';
import { type Compiled, compileNode, type Place, reject } from './compile.ts';
import { pathOf } from './narrowing.ts';
import { allReadable, fail, listOf, type Run, readable, type Step } from './run.ts';
import { memberName } from './syntax.ts';
import { describeType, rowType } from './typing.ts';

type Access = ASTNode & { op: '.' | '[]' };

/** A name that stands alone: a loop variable, `inputs`, `execution`, … */
export function compileName(place: Place, node: ASTNode & { op: 'id' }): Compiled {
  const name = node.args;
  const local = place.locals.findLast((candidate) => candidate.name === name);
  if (local !== undefined) {
    const { slot } = local;
    return narrowed(place, node, { type: local.type, step: (run) => run.locals[slot] as Json });
  }
  if (name === 'inputs') return { type: place.scope.inputs, step: (run) => run.scope.inputs };
  if (name === 'nodes') return reject(node, 'name', '"nodes" is not a value', 'write nodes.ID.outputs.NAME');
  const type = place.scope.variables.get(name);
  if (type === undefined) {
    const known = [
      'inputs',
      'nodes',
      ...place.scope.variables.keys(),
      ...place.locals.map((candidate) => candidate.name),
    ];
    return reject(
      node,
      'name',
      `there is no "${name}" here`,
      name === 'domain' ? DOMAIN_HELP : (didYouMean(name, known) ?? `known are ${known.join(', ')}`),
    );
  }
  const step: Step = (run) => {
    const value = run.scope.variables?.[name];
    return value === undefined ? fail(`"${name}" has no value here`) : value;
  };
  return narrowed(place, node, { type, step });
}

/** Code is the same in every domain: only what starts it may differ. */
const DOMAIN_HELP =
  'only inputs of launch plans and schedules read "domain": take the value as an input, which a launch plan sets';

/** `target.name`. */
export function compileAccess(place: Place, node: ASTNode & { op: '.' }): Compiled {
  const name = memberName(place.syntax, node);
  return compileMember(place, node, name);
}

/** `target[index]`: a list's element, or a member by its name. */
export function compileIndex(place: Place, node: ASTNode & { op: '[]' }): Compiled {
  const [targetNode, indexNode] = node.args;
  if (indexNode.op === 'value' && typeof indexNode.args === 'string') return compileMember(place, node, indexNode.args);
  if (isNodes(place, targetNode)) {
    return reject(indexNode, 'type', 'the id of a node must be written out', 'for example nodes["my-node"].outputs.x');
  }
  const target = compileNode(place, targetNode);
  const index = compileNode(place, indexNode);
  const { type } = target;
  if (type.kind === 'list' || type.kind === 'table') {
    if (index.type.kind !== 'integer') {
      return reject(indexNode, 'type', `a list is indexed by an integer; this is ${describeType(index.type)}`);
    }
    const element = type.kind === 'list' ? type.element : rowType(type.columns);
    return narrowed(place, node, { type: element, step: elementStep(target.step, index.step) });
  }
  if (type.kind === 'map' && index.type.kind === 'string') {
    return narrowed(place, node, { type: type.value, step: keyStep(target.step, index.step) });
  }
  if (type.kind === 'json' && (index.type.kind === 'string' || index.type.kind === 'integer')) {
    const byKey = index.type.kind === 'string';
    const step = byKey ? keyStep(target.step, index.step) : elementStep(target.step, index.step);
    return { type: JSON_TYPE, step };
  }
  return reject(node, 'type', `${describeType(type)} cannot be indexed by ${describeType(index.type)}`);
}

function compileMember(place: Place, node: Access, name: string): Compiled {
  const targetNode = node.args[0];
  if (isNodes(place, targetNode)) {
    requireNode(place, node, name);
    return reject(
      node,
      'name',
      `node "${name}" alone is not a value`,
      `write ${node.op === '.' ? `nodes.${name}` : `nodes["${name}"]`}.outputs.NAME`,
    );
  }
  const id = nodeIdOf(place, targetNode);
  if (id !== undefined) return compileNodeOutputs(place, node, id, name);
  return selectMember(place, node, compileNode(place, targetNode), name);
}

/** The member `name` of a compiled target, with its type checked. */
export function selectMember(place: Place, node: Access, target: Compiled, name: string): Compiled {
  const type = memberType(place, node, target.type, name);
  const missing = target.type.kind === 'record' ? undefined : `there is no "${name}" in this value`;
  const isOutput = target.outputs === undefined ? {} : { isOutput: true as const };
  const step = memberStep(target.outputs ?? target.step, name, type, missing);
  return narrowed(place, node, { type, step, ...isOutput });
}

/** `nodes.ID.outputs` as a record; `compileMember` selects from it. */
function compileNodeOutputs(place: Place, node: Access, id: string, name: string): Compiled {
  const outputs = requireNode(place, node.args[0], id);
  if (name !== 'outputs') {
    return reject(node, 'name', `a node has no "${name}"`, `write nodes.${id}.outputs.NAME`);
  }
  return { type: outputs, step: (run) => allReadable(outputsOf(run, id)), outputs: (run) => outputsOf(run, id) };
}

function requireNode(place: Place, node: ASTNode, id: string): RecordType {
  const outputs = place.scope.nodes.get(id);
  if (outputs !== undefined) return outputs;
  const { nodes, untyped = [] } = place.scope;
  const help = didYouMean(id, [...nodes.keys(), ...untyped]) ?? hyphenAdvice(place, node, `nodes.ID.outputs.NAME`);
  return reject(node, 'name', `there is no node "${id}" to read from here`, help);
}

function outputsOf(run: Run, id: string): JsonObject {
  return run.scope.nodeOutputs(id) ?? fail(`node "${id}" has no outputs`);
}

function isNodes(place: Place, node: ASTNode): boolean {
  return node.op === 'id' && node.args === 'nodes' && !place.locals.some((local) => local.name === 'nodes');
}

/** The id when `node` is `nodes.ID` or `nodes["ID"]`. */
function nodeIdOf(place: Place, node: ASTNode): string | undefined {
  if ((node.op !== '.' && node.op !== '[]') || !isNodes(place, node.args[0])) return undefined;
  if (node.op === '.') return memberName(place.syntax, node);
  const key = node.args[1];
  return key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
}

function memberType(place: Place, node: Access, target: Type, name: string): Type {
  switch (target.kind) {
    case 'record': {
      const field = target.fields.get(name);
      if (field !== undefined) return field.optional ? optionalOf(field.type) : field.type;
      return reject(
        node,
        'name',
        missingField(place, node, target, name),
        hyphenAdvice(place, node) ?? didYouMean(name, target.fields.keys()),
      );
    }
    case 'map':
      return target.value;
    case 'json':
      return JSON_TYPE;
    case 'optional': {
      const text = place.syntax.source.slice(node.args[0].start, node.args[0].end);
      return reject(
        node.args[0],
        'type',
        'this may be null, so nothing can be read from it',
        `test it first: ${text} != null ? … : …`,
      );
    }
    case 'list':
    case 'table':
      return reject(node, 'type', `a list has no field "${name}"`, `read it from each element: .map(x, x.${name})`);
    default:
      return reject(node, 'type', `${describeType(target)} has no fields`);
  }
}

/** When a hyphen follows a name that does not exist, CEL's subtraction was hardly meant. */
function hyphenAdvice(place: Place, node: ASTNode, form?: string): string | undefined {
  if (!/^-\w/.test(place.syntax.source.slice(node.end, node.end + 2))) return undefined;
  return form === undefined ? 'a name with a hyphen stands in brackets: x["a-b"]' : `write ${form}`;
}

/** A longer type hides the message that it is part of. */
const MAX_SHOWN_TYPE = 120;

function missingField(place: Place, node: Access, target: RecordType, name: string): string {
  const owner = node.args[0];
  if (owner.op === 'id' && owner.args === 'inputs' && target === place.scope.inputs)
    return `there is no input "${name}"`;
  if (owner.op === '.' || owner.op === '[]') {
    const id = nodeIdOf(place, owner.args[0]);
    if (id !== undefined) return `node "${id}" has no output "${name}"`;
  }
  const text = describeType(target);
  if (text.length <= MAX_SHOWN_TYPE) return `there is no field "${name}" in ${text}`;
  return `there is no field "${name}" here; the fields are ${[...target.fields.keys()].join(', ')}`;
}

/** Reads a member. A missing one is null where the type has null, and a failure elsewhere. */
function memberStep(target: Step, name: string, type: Type, missing: string | undefined): Step {
  const hasNull = acceptsNull(type);
  // Names such as "constructor" exist on every object, so they are looked up as own members; the others need no such care.
  const isPlainName = !(name in Object.prototype);
  return (run) => {
    const object = target(run) as JsonObject | null;
    const value =
      object !== null && typeof object === 'object' && (isPlainName || Object.hasOwn(object, name))
        ? object[name]
        : undefined;
    if (value !== undefined && (value !== null || hasNull)) return readable(run, name, value);
    if (value === undefined && missing !== undefined) return fail(missing);
    return hasNull ? null : fail(`"${name}" has no value`);
  };
}

function elementStep(target: Step, index: Step): Step {
  return (run) => {
    const list = listOf(target(run));
    const at = index(run);
    const element = typeof at === 'number' ? list[at] : undefined;
    return element === undefined ? fail(`index ${String(at)} is outside the list of ${list.length}`) : element;
  };
}

function keyStep(target: Step, key: Step): Step {
  return (run) => {
    const object = target(run);
    const name = key(run) as string;
    const isObject = object !== null && typeof object === 'object' && !Array.isArray(object);
    return isObject && Object.hasOwn(object, name)
      ? ((object as JsonObject)[name] as Json)
      : fail(`there is no key ${JSON.stringify(name)}`);
  };
}

/** The same with `T` for `T?` where the path is known not to be null. */
function narrowed(place: Place, node: ASTNode, compiled: Compiled): Compiled {
  if (compiled.type.kind !== 'optional') return compiled;
  const path = pathOf(place.syntax, node);
  return path !== undefined && place.present.has(path) ? { ...compiled, type: compiled.type.of } : compiled;
}
