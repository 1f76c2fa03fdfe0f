import type { ASTNode } from '@marcbachmann/cel-js';
import type { Json } from '../../base/index.ts';
import { BOOLEAN, DATETIME, DURATION, FLOAT, INTEGER, STRING, type Type } from '../type.ts';
import { isAssignable } from '../type-assign.ts';
import {
  type Compiled,
  compileInteger,
  compileNode,
  converted,
  literal,
  type Place,
  reject,
  withPresent,
} from './compile.ts';
import { factsWhen } from './narrowing.ts';
import {
  addIntegers,
  compareNumbers,
  divideIntegers,
  finite,
  floatOf,
  type IntegerValue,
  multiplyIntegers,
  remainderOfIntegers,
  subtractIntegers,
} from './number.ts';
import { charge, checkStringLength, isEqual, isForgivable, listOf, memberOf, type Step } from './run.ts';
import { addDurations, durationMs, instantMs, printInstant, printSpan } from './time.ts';
import { describeType, isNumber, isText, joinTypes } from './typing.ts';

/** `!x` and `-x`. */
export function compileUnary(place: Place, node: ASTNode & { op: '!_' | '-_' }): Compiled {
  if (node.op === '-_' && node.args.op === 'value' && typeof node.args.args === 'bigint') {
    return compileInteger(node, -node.args.args);
  }
  const operand = compileNode(place, node.args);
  const { step } = operand;
  if (node.op === '!_') {
    if (operand.type.kind === 'boolean') return { type: BOOLEAN, step: (run) => step(run) !== true };
    return reject(node, 'type', `"!" takes a boolean; this is ${describeType(operand.type)}`);
  }
  switch (operand.type.kind) {
    case 'integer':
      return { type: INTEGER, step: (run) => subtractIntegers(0, step(run) as IntegerValue) };
    case 'float':
      if (typeof operand.constant === 'number') return literal(FLOAT, -operand.constant);
      return { type: FLOAT, step: (run) => -(step(run) as number) };
    case 'duration':
      return { type: DURATION, step: (run) => printSpan(-durationMs(step(run))) };
    default:
      return reject(node, 'type', `"-" takes a number or a duration; this is ${describeType(operand.type)}`);
  }
}

/**
 * `a && b` and `a || b`: the right side runs only when the left one does not decide. A failure of the left is forgiven when
 * the right decides, as CEL defines it, unless the right relies on what the left tests.
 */
export function compileLogic(place: Place, node: ASTNode & { op: '&&' | '||' }): Compiled {
  const [leftNode, rightNode] = node.args;
  const decisive = node.op === '||';
  const facts = factsWhen(place, leftNode, !decisive);
  const left = compileNode(place, leftNode);
  const right = compileNode(withPresent(place, facts), rightNode);
  for (const [side, compiled] of [
    [leftNode, left],
    [rightNode, right],
  ] as const) {
    if (compiled.type.kind !== 'boolean') {
      reject(side, 'type', `"${node.op}" takes booleans; this is ${describeType(compiled.type)}`);
    }
  }
  const first = left.step;
  const second = right.step;
  const isForgiving = facts.size === 0;
  const step: Step = (run) => {
    try {
      if (first(run) === decisive) return decisive;
    } catch (error) {
      if (isForgiving && isForgivable(run, error) && second(run) === decisive) return decisive;
      throw error;
    }
    return second(run);
  };
  return { type: BOOLEAN, step };
}

type Binary = Extract<ASTNode, { op: '==' | '!=' | 'in' | '+' | '-' | '*' | '/' | '%' | '<' | '<=' | '>' | '>=' }>;

/** Operators with two operands, each of which is always evaluated. */
export function compileBinary(place: Place, node: Binary): Compiled {
  const left = compileNode(place, node.args[0]);
  const right = compileNode(place, node.args[1]);
  switch (node.op) {
    case '==':
    case '!=':
      return compileEquality(node, left, right);
    case 'in':
      return compileMembership(node, left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileOrder(node, left, right);
    default:
      return compileArithmetic(place, node, left, right);
  }
}

function compileEquality(node: Binary, left: Compiled, right: Compiled): Compiled {
  const type = left.type.kind === 'json' || right.type.kind === 'json' ? undefined : joinTypes(left.type, right.type);
  if (type === undefined && left.type.kind !== 'json' && right.type.kind !== 'json') {
    reject(node, 'type', `${describeType(left.type)} is never equal to ${describeType(right.type)}`);
  }
  const first = type === undefined ? left.step : converted(left, type);
  const second = type === undefined ? right.step : converted(right, type);
  if (node.op === '==') return { type: BOOLEAN, step: (run) => isEqual(run, first(run), second(run)) };
  return { type: BOOLEAN, step: (run) => !isEqual(run, first(run), second(run)) };
}

function compileMembership(node: Binary, left: Compiled, right: Compiled): Compiled {
  const { type } = right;
  const first = left.step;
  const second = right.step;
  if (type.kind === 'list' || type.kind === 'json') {
    if (type.kind === 'list' && joinTypes(left.type, type.element) === undefined) {
      reject(node, 'type', `${describeType(left.type)} is never in ${describeType(type)}`);
    }
    return {
      type: BOOLEAN,
      step: (run) => {
        const value = first(run);
        const list = listOf(second(run));
        charge(run, list.length);
        return list.some((item) => isEqual(run, item, value));
      },
    };
  }
  if ((type.kind === 'map' || type.kind === 'record') && isText(left.type)) {
    return { type: BOOLEAN, step: (run) => memberOf(second(run), first(run) as string) !== null };
  }
  return reject(node, 'type', `"in" takes a list or a map on its right; this is ${describeType(type)}`);
}

function compileOrder(node: Binary, left: Compiled, right: Compiled): Compiled {
  const compare = comparison(left.type, right.type);
  if (compare === undefined) {
    return reject(
      node,
      'type',
      `${describeType(left.type)} and ${describeType(right.type)} have no order`,
      adviceFor(left, right),
    );
  }
  const first = left.step;
  const second = right.step;
  switch (node.op) {
    case '<':
      return { type: BOOLEAN, step: (run) => compare(first(run), second(run)) < 0 };
    case '<=':
      return { type: BOOLEAN, step: (run) => compare(first(run), second(run)) <= 0 };
    case '>':
      return { type: BOOLEAN, step: (run) => compare(first(run), second(run)) > 0 };
    default:
      return { type: BOOLEAN, step: (run) => compare(first(run), second(run)) >= 0 };
  }
}

/** How two values of these types are ordered, or undefined. */
export function comparison(left: Type, right: Type): ((a: Json, b: Json) => number) | undefined {
  if (isNumber(left) && isNumber(right)) return (a, b) => compareNumbers(a as IntegerValue, b as IntegerValue);
  if ((isText(left) && isText(right)) || (left.kind === 'datetime' && right.kind === 'datetime')) {
    // Instants have one fixed-width form, so their texts are in order of time.
    return (a, b) => ((a as string) < (b as string) ? -1 : a === b ? 0 : 1);
  }
  if (left.kind === 'duration' && right.kind === 'duration') return (a, b) => durationMs(a) - durationMs(b);
  return undefined;
}

function compileArithmetic(place: Place, node: Binary, left: Compiled, right: Compiled): Compiled {
  const first = left.step;
  const second = right.step;
  if (left.type.kind === 'integer' && right.type.kind === 'integer') {
    const operate = INTEGER_OPERATORS[node.op] as (a: IntegerValue, b: IntegerValue) => IntegerValue;
    return { type: INTEGER, step: (run) => operate(first(run) as IntegerValue, second(run) as IntegerValue) };
  }
  if (isNumber(left.type) && isNumber(right.type) && node.op !== '%') {
    return { type: FLOAT, step: floatStep(node.op, first, second) };
  }
  if (node.op === '+' && isText(left.type) && isText(right.type)) {
    const step: Step = (run) => {
      const a = first(run) as string;
      const b = second(run) as string;
      checkStringLength(run, a.length + b.length);
      return a + b;
    };
    return { type: STRING, step };
  }
  if (node.op === '+' && left.type.kind === 'list' && right.type.kind === 'list')
    return concatenation(node, left, right);
  const temporal = temporalArithmetic(node.op, left, right);
  if (temporal !== undefined) return temporal;
  const message = `"${node.op}" has no meaning between ${describeType(left.type)} and ${describeType(right.type)}`;
  return reject(node, 'type', message, hyphenAdvice(place, node) ?? adviceFor(left, right));
}

const INTEGER_OPERATORS: Readonly<Record<string, (a: IntegerValue, b: IntegerValue) => IntegerValue>> = {
  '+': addIntegers,
  '-': subtractIntegers,
  '*': multiplyIntegers,
  '/': divideIntegers,
  '%': remainderOfIntegers,
};

function floatStep(operator: string, first: Step, second: Step): Step {
  const a = (run: Parameters<Step>[0]) => floatOf(first(run) as IntegerValue);
  const b = (run: Parameters<Step>[0]) => floatOf(second(run) as IntegerValue);
  switch (operator) {
    case '+':
      return (run) => finite(a(run) + b(run));
    case '-':
      return (run) => finite(a(run) - b(run));
    case '*':
      return (run) => finite(a(run) * b(run));
    default:
      return (run) => finite(a(run) / b(run));
  }
}

function concatenation(node: Binary, left: Compiled, right: Compiled): Compiled {
  const type = joinTypes(left.type, right.type);
  if (type === undefined) {
    return reject(node, 'type', `${describeType(left.type)} and ${describeType(right.type)} do not make one list`);
  }
  const first = converted(left, type);
  const second = converted(right, type);
  const step: Step = (run) => {
    const a = listOf(first(run));
    const b = listOf(second(run));
    charge(run, a.length + b.length);
    return [...a, ...b];
  };
  return { type, step };
}

function temporalArithmetic(operator: string, left: Compiled, right: Compiled): Compiled | undefined {
  if (operator !== '+' && operator !== '-') return undefined;
  const sign = operator === '+' ? 1 : -1;
  const first = left.step;
  const second = right.step;
  const isInstant = left.type.kind === 'datetime';
  if (isInstant && right.type.kind === 'duration') {
    return { type: DATETIME, step: (run) => printInstant(instantMs(first(run)) + sign * durationMs(second(run))) };
  }
  if (operator === '+' && left.type.kind === 'duration' && right.type.kind === 'datetime') {
    return { type: DATETIME, step: (run) => printInstant(durationMs(first(run)) + instantMs(second(run))) };
  }
  if (operator === '-' && isInstant && right.type.kind === 'datetime') {
    return { type: DURATION, step: (run) => printSpan(instantMs(first(run)) - instantMs(second(run))) };
  }
  if (left.type.kind === 'duration' && right.type.kind === 'duration') {
    return { type: DURATION, step: (run) => addDurations(first(run), second(run), sign) };
  }
  return undefined;
}

/** `inputs.my - name` was probably meant as one name. */
function hyphenAdvice(place: Place, node: Binary): string | undefined {
  if (node.op !== '-') return undefined;
  const text = place.syntax.source.slice(node.start, node.end);
  return /^[\w.]+-[\w.-]+$/.test(text)
    ? 'put spaces around "-" to subtract; a name with a hyphen stands in brackets: x["a-b"]'
    : undefined;
}

function adviceFor(left: Compiled, right: Compiled): string | undefined {
  for (const { type } of [left, right]) {
    if (type.kind === 'optional') return 'one side may be null: give it a default, default(…, …)';
    if (type.kind === 'json') return 'say what the json value is: int(…), float(…), string(…) or bool(…)';
  }
  if (isText(left.type) && isAssignable(right.type, FLOAT)) return 'make it a string: string(…)';
  if (isText(right.type) && isAssignable(left.type, FLOAT)) return 'make it a string: string(…)';
  return undefined;
}
