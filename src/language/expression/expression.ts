import type { Json } from '../../base/index.ts';
import type { Type } from '../type.ts';
import { isAssignable } from '../type-assign.ts';
import { printType } from '../type-print.ts';
import { type Compiled, compileNode, ExpressionRejection, type TypeScope } from './compile.ts';
import { isWritable } from './members.ts';
import type { Evaluated, ExpressionProblem } from './problem.ts';
import { chargeResult, EvaluationFailure, type Run, type Step, type ValueScope } from './run.ts';
import { parseExpression, type Syntax } from './syntax.ts';
import { coercion, describeType, holdsNever } from './typing.ts';

/** A checked expression, ready to run any number of times. */
export interface Expression {
  readonly source: string;
  readonly type: Type;
  /** The value for this scope, encoded as `checkValue` does. Never throws on data; an invariant of ours that breaks does. */
  readonly evaluate: (scope: ValueScope, meter?: Meter) => Evaluated<Json>;
  /** The part that runs, for those who run several under one budget. */
  readonly step: Step;
  /** It is an output of a node, as it is. */
  readonly isOutput: boolean;
}

/** Adds up what evaluations cost, for those who bound many of them together. */
export interface Meter {
  steps: number;
}

export type ExpressionResult =
  | { readonly kind: 'ok'; readonly expression: Expression }
  | { readonly kind: 'error'; readonly problem: ExpressionProblem };

/**
 * Parses, types and compiles `source`. With `expected` the value must be assignable to it, and becomes exactly of that type.
 * Problems carry offsets into `source`.
 */
export function compileExpression(source: string, scope: TypeScope, expected?: Type): ExpressionResult {
  const parsed = parseExpression(source);
  return parsed.kind === 'error' ? parsed : compileSyntax(parsed.syntax, scope, expected);
}

/** The same for an expression that is already parsed. */
export function compileSyntax(syntax: Syntax, scope: TypeScope, expected?: Type): ExpressionResult {
  try {
    const place = { syntax, scope, locals: [], present: scope.present ?? new Set<string>() };
    const compiled = compileNode(place, syntax.root, expected);
    return fitting(syntax.source, compiled, expected);
  } catch (error) {
    if (!(error instanceof ExpressionRejection)) throw error;
    return { kind: 'error', problem: error.problem };
  }
}

function fitting(source: string, compiled: Compiled, expected: Type | undefined): ExpressionResult {
  const { type } = compiled;
  if (expected !== undefined && !isAssignable(type, expected)) {
    return problem(source, `expected ${printType(expected)}, found ${describeType(type)}`, adviceFor(type, expected));
  }
  if (expected === undefined && holdsNever(type)) {
    return problem(
      source,
      `nothing tells the type of ${describeType(type)} here`,
      'give the output a type in its long form, or a value',
    );
  }
  if (expected === undefined && !isWritable(type)) {
    return problem(
      source,
      'the type of this value has too many parts',
      'take only what is needed, or make it json: dyn(…)',
    );
  }
  const convert = expected && coercion(type, expected);
  const { step } = compiled;
  const finalStep: Step = convert === undefined ? step : (run) => convert(step(run));
  const expression: Expression = {
    source,
    type: expected ?? type,
    step: finalStep,
    isOutput: compiled.isOutput === true && convert === undefined,
    evaluate: (scope, meter) => evaluateStep(source, finalStep, scope, meter),
  };
  return { kind: 'ok', expression };
}

function problem(source: string, message: string, help: string | undefined): ExpressionResult {
  return {
    kind: 'error',
    problem: { kind: 'type', message, start: 0, end: source.length, ...(help === undefined ? {} : { help }) },
  };
}

function adviceFor(type: Type, expected: Type): string | undefined {
  if (type.kind === 'optional') return 'it may be null: give it a default, default(…, …)';
  if (expected.kind === 'string') return 'make it a string: string(…)';
  if (expected.kind === 'json') return 'make it json: dyn(…)';
  if (expected.kind === 'integer' && type.kind === 'float') return 'make it whole: round(…), floor(…) or int(…)';
  if (type.kind === 'json') return 'say what the json value is, for example int(…) or string(…)';
  return undefined;
}

/** Runs one step under a fresh budget. */
export function evaluateStep(source: string, step: Step, scope: ValueScope, meter?: Meter): Evaluated<Json> {
  const run: Run = { scope, locals: [], steps: 0 };
  try {
    const value = step(run);
    if (typeof value === 'object' && value !== null) chargeResult(run, value);
    return { ok: true, value };
  } catch (error) {
    if (!(error instanceof EvaluationFailure)) throw error;
    return { ok: false, problem: { message: error.message, source } };
  } finally {
    const counted = meter ?? scope.meter;
    if (counted !== undefined) counted.steps += run.steps;
  }
}
