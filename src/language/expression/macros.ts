import type { ASTNode } from '@marcbachmann/cel-js';
import { type Json, MAX_MAP_SIZE } from '../../base/index.ts';
import { BOOLEAN, type Type } from '../type.ts';
import { selectMember } from './access.ts';
import { type Compiled, compileNode, type Local, type Place, reject } from './compile.ts';
import { charge, type EvaluationFailure, fail, isForgivable, memberOf, type Run, type Step } from './run.ts';
import { memberName } from './syntax.ts';
import { describeType, loopType } from './typing.ts';

const MACROS: ReadonlyMap<string, readonly number[]> = new Map([
  ['all', [2]],
  ['exists', [2]],
  ['exists_one', [2]],
  ['filter', [2]],
  ['map', [2, 3]],
]);

export const MACRO_NAMES: readonly string[] = [...MACROS.keys()];

export function isMacro(name: string, argumentCount: number): boolean {
  return MACROS.get(name)?.includes(argumentCount) === true;
}

/** `list.all(x, …)`, `.exists`, `.exists_one`, `.filter`, `.map(x, …)` and `.map(x, condition, …)`. */
export function compileMacro(place: Place, name: string, receiver: ASTNode, args: readonly ASTNode[]): Compiled {
  const range = compileNode(place, receiver);
  const element = loopType(range.type);
  if (element === undefined) {
    const help = range.type.kind === 'optional' ? 'it may be null: give it a default, default(…, [])' : undefined;
    return reject(receiver, 'type', `${name}() loops over a list or a map; this is ${describeType(range.type)}`, help);
  }
  const variable = args[0] as ASTNode;
  if (variable.op !== 'id')
    return reject(variable, 'type', 'the first argument names the loop variable', `for example .${name}(x, …)`);
  const slot = place.locals.length;
  const inside = withLocal(place, { name: variable.args, type: element, slot });
  const conditionNode = name === 'map' && args.length === 2 ? undefined : (args[1] as ASTNode);
  const condition = conditionNode && compileNode(inside, conditionNode);
  if (conditionNode !== undefined && condition?.type.kind !== 'boolean') {
    return reject(
      conditionNode,
      'type',
      `the condition must be boolean; this is ${describeType(condition?.type as Type)}`,
    );
  }
  if (name === 'map') {
    const made = compileNode(inside, args.at(-1) as ASTNode);
    return { type: { kind: 'list', element: made.type }, step: mapStep(range.step, slot, condition?.step, made.step) };
  }
  const test = (condition as Compiled).step;
  switch (name) {
    case 'filter':
      return {
        type: { kind: 'list', element },
        step: mapStep(range.step, slot, test, (run) => run.locals[slot] as Json),
      };
    case 'exists_one':
      return { type: BOOLEAN, step: (run) => countOf(run, range.step, slot, test) === 1 };
    default:
      return { type: BOOLEAN, step: quantifierStep(range.step, slot, test, name === 'exists') };
  }
}

/** The place inside a loop. The variable hides what was known of the same name outside. */
function withLocal(place: Place, local: Local): Place {
  const isHidden = (path: string) => path === local.name || path.startsWith(`${local.name}[`);
  return {
    ...place,
    locals: [...place.locals, local],
    present: new Set([...place.present].filter((path) => !isHidden(path))),
  };
}

/** The values that a loop visits. */
function rangeOf(value: Json): readonly Json[] {
  if (value === null || typeof value !== 'object')
    return fail('a loop needs a list or a map; this json value is neither');
  const items = Array.isArray(value) ? value : Object.keys(value);
  if (items.length > MAX_MAP_SIZE)
    fail(`a loop visits at most ${MAX_MAP_SIZE} elements; this list has ${items.length}`);
  return items;
}

function mapStep(range: Step, slot: number, condition: Step | undefined, make: Step): Step {
  return (run) => {
    const made: Json[] = [];
    for (const item of rangeOf(range(run))) {
      charge(run, 1);
      run.locals[slot] = item;
      if (condition === undefined || condition(run) === true) made.push(make(run));
    }
    return made;
  };
}

function countOf(run: Run, range: Step, slot: number, test: Step): number {
  let count = 0;
  for (const item of rangeOf(range(run))) {
    charge(run, 1);
    run.locals[slot] = item;
    if (test(run) === true) count += 1;
  }
  return count;
}

/** Stops at the first element that decides. An element that fails is forgiven when another one decides, as CEL defines it. */
function quantifierStep(range: Step, slot: number, test: Step, decisive: boolean): Step {
  return (run) => {
    let failure: EvaluationFailure | undefined;
    for (const item of rangeOf(range(run))) {
      charge(run, 1);
      run.locals[slot] = item;
      try {
        if (test(run) === decisive) return decisive;
      } catch (error) {
        if (!isForgivable(run, error)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return !decisive;
  };
}

/** `has(x.y)`: whether the field is there and not null. The field must be one that the type declares. */
export function compileHas(place: Place, node: ASTNode, args: readonly ASTNode[]): Compiled {
  const argument = args[0];
  if (argument === undefined || args.length !== 1 || argument.op !== '.') {
    return reject(node, 'type', 'has() takes one field', 'for example has(inputs.limit)');
  }
  const target = compileNode(place, argument.args[0]);
  const name = memberName(place.syntax, argument);
  // The field must exist in the type, which cel-js itself does not check.
  selectMember(place, argument, target, name);
  const { step } = target;
  return { type: BOOLEAN, step: (run) => memberOf(step(run), name) !== null };
}
