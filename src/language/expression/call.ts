import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../suggest.ts';
import { type Compiled, compileNode, converted, type Place, reject } from './compile.ts';
import { compileFormat } from './format.ts';
import { FUNCTIONS, type Overload, type ParameterKind } from './functions.ts';
import { compileHas, compileMacro, isMacro, MACRO_NAMES } from './macros.ts';
import { compileMatches } from './matches.ts';
import type { Run, Step } from './run.ts';
import { describeType, isText, joinTypes } from './typing.ts';

/** What looks at the syntax of its operands, besides macros. */
export const SPECIAL_NAMES: readonly string[] = ['has', 'matches', 'orValue', 'default', 'format'];

/**
 * A call. Functions may be written both ways, `size(x)` and `x.size()`; macros only as CEL has them.
 */
export function compileCall(
  place: Place,
  node: ASTNode,
  name: string,
  receiver: ASTNode | undefined,
  args: readonly ASTNode[],
): Compiled {
  if (name === 'has' && receiver === undefined) return compileHas(place, node, args);
  if (receiver !== undefined && isMacro(name, args.length)) return compileMacro(place, name, receiver, args);
  const operands = receiver === undefined ? args : [receiver, ...args];
  if (name === 'format') return compileFormat(place, node, operands);
  if (name === 'matches') return compileMatches(place, node, operands);
  if (name === 'orValue' || name === 'default') return compileDefault(place, node, operands, name);
  const overloads = FUNCTIONS.get(name);
  if (overloads === undefined) {
    const help = didYouMean(name, [...FUNCTIONS.keys(), ...MACRO_NAMES, ...SPECIAL_NAMES]);
    return reject(node, 'name', `there is no function "${name}"`, help);
  }
  const compiled = operands.map((operand) => compileNode(place, operand));
  const overload = overloads.find((candidate) => takes(candidate, compiled));
  if (overload === undefined) return rejectCall(node, name, overloads, compiled);
  const types = compiled.map((operand) => operand.type);
  const type = typeof overload.result === 'function' ? overload.result(types) : overload.result;
  if (type === undefined) return rejectCall(node, name, overloads, compiled);
  return {
    type,
    step: callStep(
      overload,
      compiled.map((operand) => operand.step),
    ),
  };
}

/** Calls of one and two operands are written out: they are the hot ones. */
function callStep(overload: Overload, steps: readonly Step[]): Step {
  const { apply } = overload;
  const [first, second] = steps;
  if (first !== undefined && steps.length === 1) return (run) => apply(run, first(run));
  if (first !== undefined && second !== undefined && steps.length === 2)
    return (run) => apply(run, first(run), second(run));
  return (run: Run) => apply(run, ...steps.map((step) => step(run)));
}

function takes(overload: Overload, operands: readonly Compiled[]): boolean {
  return (
    overload.parameters.length === operands.length &&
    overload.parameters.every((parameter, at) => isTaken(parameter, operands[at] as Compiled))
  );
}

function isTaken(parameter: ParameterKind, { type }: Compiled): boolean {
  switch (parameter) {
    case 'any':
      return true;
    case 'text':
      return isText(type);
    case 'float':
      return type.kind === 'float' || type.kind === 'integer';
    case 'numbers':
      return type.kind === 'list' && (type.element.kind === 'integer' || type.element.kind === 'float');
    case 'integers':
      return type.kind === 'list' && type.element.kind === 'integer';
    case 'floats':
      return type.kind === 'list' && type.element.kind === 'float';
    case 'texts':
      return type.kind === 'list' && isText(type.element);
    case 'lists':
      return type.kind === 'list' && type.element.kind === 'list';
    case 'list':
      return type.kind === 'list' || type.kind === 'table';
    default:
      return type.kind === parameter;
  }
}

function rejectCall(node: ASTNode, name: string, overloads: readonly Overload[], operands: readonly Compiled[]): never {
  const given = operands.map((operand) => describeType(operand.type)).join(', ');
  const forms = overloads.map(
    (overload) => `${name}(${overload.parameters.map((kind) => PARAMETER_TEXT[kind] ?? kind).join(', ')})`,
  );
  const optional = operands.some((operand) => operand.type.kind === 'optional');
  const help = optional
    ? 'one of them may be null: give it a default, default(…, …)'
    : `it takes ${[...new Set(forms)].join(' or ')}`;
  return reject(node, 'type', `${name}(${given}) has no meaning`, help);
}

const PARAMETER_TEXT: Readonly<Partial<Record<ParameterKind, string>>> = {
  text: 'string',
  numbers: 'list of numbers',
  integers: 'list of integers',
  floats: 'list of floats',
  texts: 'list of strings',
  lists: 'list of lists',
};

/** `default(x, y)` and `x.orValue(y)`: x, or y when x is null. */
function compileDefault(place: Place, node: ASTNode, operands: readonly ASTNode[], name: string): Compiled {
  const [valueNode, defaultNode] = operands;
  if (valueNode === undefined || defaultNode === undefined || operands.length !== 2) {
    const help = 'for example default(inputs.limit, 10), or inputs.limit.orValue(10)';
    return reject(node, 'type', `${name} takes a value and one default`, help);
  }
  const value = compileNode(place, valueNode);
  if (value.type.kind !== 'optional' && value.type.kind !== 'json') {
    return reject(
      valueNode,
      'type',
      `this is never null: its type is ${describeType(value.type)}`,
      'leave the default away',
    );
  }
  const present = value.type.kind === 'optional' ? value.type.of : value.type;
  const otherwise = compileNode(place, defaultNode, present);
  const type = present.kind === 'json' ? present : joinTypes(present, otherwise.type);
  if (type === undefined) {
    const message = `the default must be ${describeType(present)}; this is ${describeType(otherwise.type)}`;
    return reject(defaultNode, 'type', message);
  }
  const first = value.step;
  const second = present.kind === 'json' ? otherwise.step : converted(otherwise, type);
  return { type, step: (run) => first(run) ?? second(run) };
}
