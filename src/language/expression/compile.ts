import type { ASTNode } from '@marcbachmann/cel-js';
import type { Json } from '../../base/index.ts';
import { integerToJson } from '../number.ts';
import { BOOLEAN, FLOAT, INTEGER, type RecordType, STRING, type Type } from '../type.ts';
import { isAssignable } from '../type-assign.ts';
import { compileAccess, compileIndex, compileName } from './access.ts';
import { compileCall } from './call.ts';
import { isTooLarge, memberWanted, objectType } from './members.ts';
import { factsWhen } from './narrowing.ts';
import { compileBinary, compileLogic, compileUnary } from './operators.ts';
import type { ExpressionProblem } from './problem.ts';
import { charge, type Step } from './run.ts';
import type { Syntax } from './syntax.ts';
import { coercion, describeType, joinTypes, NEVER, NULL } from './typing.ts';

/** The types of what an expression may read. */
export interface TypeScope {
  readonly inputs: RecordType;
  /** Outputs of each node that the expression may refer to. */
  readonly nodes: ReadonlyMap<string, RecordType>;
  /** Nodes whose outputs are not known because of another fault: one of them may be meant by a name that nothing has. */
  readonly untyped?: ReadonlySet<string>;
  /** `execution`, and where they exist `item`, `index` and `error`. */
  readonly variables: ReadonlyMap<string, Type>;
  /** Paths that are known not to be null, by a condition that was tested before: see `presentWhen`. */
  readonly present?: ReadonlySet<string>;
}

/** A loop variable of a macro: its value is `run.locals[slot]`. */
export interface Local {
  readonly name: string;
  readonly type: Type;
  readonly slot: number;
}

/** Where a part of an expression is compiled: what it may read and what is known there. */
export interface Place {
  readonly syntax: Syntax;
  readonly scope: TypeScope;
  readonly locals: readonly Local[];
  /** Paths that are known not to be null here, as `pathOf` prints them. */
  readonly present: ReadonlySet<string>;
}

/** A part of an expression with its type, ready to run. */
export interface Compiled {
  readonly type: Type;
  readonly step: Step;
  /** The value of a literal. */
  readonly constant?: Json;
  /** Of the outputs of a node: gives them for one of them to be read. `step` gives the whole, if all of it can be read. */
  readonly outputs?: Step;
  /** It is an output of a node, as it is. */
  readonly isOutput?: true;
}

/** Thrown on the first problem of an expression, caught in `expression.ts`. */
export class ExpressionRejection extends Error {
  readonly problem: ExpressionProblem;
  constructor(problem: ExpressionProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Ends the compilation of the expression with a problem at `node`. */
export function reject(node: ASTNode, kind: ExpressionProblem['kind'], message: string, help?: string): never {
  throw new ExpressionRejection({
    kind,
    message,
    start: node.start,
    end: node.end,
    ...(help === undefined ? {} : { help }),
  });
}

/** Types and compiles one node of the syntax tree. `expected` guides literals only: the caller still checks the result. */
export function compileNode(place: Place, node: ASTNode, expected?: Type): Compiled {
  switch (node.op) {
    case 'value':
      return compileLiteral(node, expected);
    case 'id':
      return compileName(place, node);
    case '.':
      return compileAccess(place, node);
    case '[]':
      return compileIndex(place, node);
    case '.?':
    case '[?]':
      return reject(node, 'forbidden', 'optional access is not available', 'use has(…) or default(…, …)');
    case 'call':
      return compileCall(place, node, node.args[0], undefined, node.args[1]);
    case 'rcall':
      return compileCall(place, node, node.args[0], node.args[1], node.args[2]);
    case 'list':
      return compileList(place, node, expected);
    case 'map':
      return compileMap(place, node, expected);
    case '?:':
      return compileTernary(place, node, expected);
    case '||':
    case '&&':
      return compileLogic(place, node);
    case '!_':
    case '-_':
      return compileUnary(place, node);
    default:
      return compileBinary(place, node);
  }
}

/** A literal whose value is known: `constant` lets callers look at it. */
export function literal(type: Type, value: Json): Compiled {
  return { type, step: () => value, constant: value };
}

function compileLiteral(node: ASTNode & { op: 'value' }, expected?: Type): Compiled {
  const value = node.args;
  if (value === null) return literal(NULL, null);
  switch (typeof value) {
    case 'string': {
      const wanted = expected?.kind === 'optional' ? expected.of : expected;
      return literal(wanted?.kind === 'enum' && wanted.values.includes(value) ? wanted : STRING, value);
    }
    case 'boolean':
      return literal(BOOLEAN, value);
    case 'number':
      return literal(FLOAT, value);
    case 'bigint':
      return compileInteger(node, value);
    default:
      return reject(node, 'forbidden', 'bytes and unsigned integers are not types of pipectl');
  }
}

/** An integer literal; the sign is given apart because CEL parses `-5` as a negation. */
export function compileInteger(node: ASTNode, value: bigint): Compiled {
  const encoded = integerToJson(value);
  return encoded === undefined
    ? reject(node, 'type', `${value} does not fit a 64-bit integer`)
    : literal(INTEGER, encoded);
}

function compileList(place: Place, node: ASTNode & { op: 'list' }, expected?: Type): Compiled {
  const wanted = expected?.kind === 'list' ? expected.element : undefined;
  const items = node.args.map((item) => compileNode(place, item, wanted));
  let element = wanted !== undefined && items.every((item) => isAssignable(item.type, wanted)) ? wanted : NEVER;
  items.forEach((item, at) => {
    const joined = joinTypes(element, item.type);
    if (joined === undefined) {
      const message = `the elements of a list have one type: this is ${describeType(item.type)}, those before are ${describeType(element)}`;
      reject(node.args[at] as ASTNode, 'type', message);
    }
    element = joined;
  });
  const steps = items.map((item) => converted(item, element));
  return {
    type: { kind: 'list', element },
    step: (run) => {
      charge(run, steps.length);
      return steps.map((step) => step(run));
    },
  };
}

/** The step of `compiled`, its value made one of type `to`, which it is assignable to. */
export function converted(compiled: Compiled, to: Type): Step {
  const convert = coercion(compiled.type, to);
  const { step } = compiled;
  return convert === undefined ? step : (run) => convert(step(run));
}

/** `{'a': 1}`: a map where one is expected, else a record, so that each member keeps its type. */
function compileMap(place: Place, node: ASTNode & { op: 'map' }, expected?: Type): Compiled {
  const members = new Map<string, Compiled>();
  const wanted = expected?.kind === 'optional' ? expected.of : expected;
  for (const [key, value] of node.args) {
    if (key.op !== 'value' || typeof key.args !== 'string') {
      return reject(key, 'type', 'a key must be a string literal', "write it in quotes, for example {'a': 1}");
    }
    if (members.has(key.args)) return reject(key, 'type', `the key "${key.args}" stands twice`);
    members.set(key.args, compileNode(place, value, memberWanted(wanted, key.args)));
  }
  const type = mapType(node, members, wanted);
  const steps = [...members].map(([name, compiled]) => ({
    name,
    step: type.kind === 'map' ? converted(compiled, type.value) : compiled.step,
  }));
  const step: Step = (run) => {
    charge(run, steps.length);
    const record: Record<string, Json> = Object.create(null);
    for (const { name, step: make } of steps) record[name] = make(run);
    return record;
  };
  return { type, step };
}

function mapType(node: ASTNode, members: ReadonlyMap<string, Compiled>, wanted: Type | undefined): Type {
  const compiled = [...members.values()];
  if (wanted?.kind === 'map' && compiled.every((member) => isAssignable(member.type, wanted.value))) return wanted;
  const type = objectType(new Map([...members].map(([name, member]) => [name, member.type] as const)));
  if (type === undefined) {
    return reject(
      node,
      'type',
      'the values of a map with such keys must have one type',
      'use names as keys for a record',
    );
  }
  return isTooLarge(type) ? reject(node, 'type', 'the type of this value has too many parts') : type;
}

function compileTernary(place: Place, node: ASTNode & { op: '?:' }, expected?: Type): Compiled {
  const [conditionNode, yesNode, noNode] = node.args;
  const condition = compileNode(place, conditionNode);
  if (condition.type.kind !== 'boolean') {
    reject(conditionNode, 'type', `a condition must be boolean; this is ${describeType(condition.type)}`);
  }
  const yes = compileNode(withPresent(place, factsWhen(place, conditionNode, true)), yesNode, expected);
  const no = compileNode(withPresent(place, factsWhen(place, conditionNode, false)), noNode, expected);
  const type = joinTypes(yes.type, no.type);
  if (type === undefined) {
    const message = `both branches must have one type: ${describeType(yes.type)} and ${describeType(no.type)} differ`;
    return reject(node, 'type', message);
  }
  const test = condition.step;
  const yesStep = converted(yes, type);
  const noStep = converted(no, type);
  return { type, step: (run) => (test(run) === true ? yesStep(run) : noStep(run)) };
}

/** The place with more paths known not to be null. */
export function withPresent(place: Place, paths: ReadonlySet<string>): Place {
  return paths.size === 0 ? place : { ...place, present: new Set([...place.present, ...paths]) };
}
