import { type Json, type JsonObject, MAX_EXPRESSION_STEPS, MAX_EXPRESSION_STRING } from '../../base/index.ts';
import { StoredValue } from '../stored-value.ts';

/** The values that an expression reads. All of them in the encoding of `checkValue`, so that none is converted here. */
export interface ValueScope {
  readonly inputs: JsonObject;
  /** Outputs of a node that has ended well; undefined when it has not. */
  readonly nodeOutputs: (id: string) => JsonObject | undefined;
  /** `execution`, and where they exist `item`, `index` and `error`. */
  readonly variables?: JsonObject;
  /** Told what each evaluation has cost, where it is not told otherwise. */
  readonly meter?: { steps: number };
}

/** One evaluation: what it reads, what it has cost, the values of the loops it is in. */
export interface Run {
  readonly scope: ValueScope;
  readonly locals: Json[];
  steps: number;
  /** What is evaluated now is an output as it is, for one that may be given stored values. */
  handsOn?: boolean;
}

/** A compiled part of an expression. */
export type Step = (run: Run) => Json;

/** Thrown by steps, caught where an evaluation begins: it never leaves this folder. */
export class EvaluationFailure extends Error {}

/** Ends the evaluation with a message for the person who runs the workflow. */
export function fail(message: string): never {
  throw new EvaluationFailure(message);
}

/** Whether an error is a failure that a deciding operand makes good: one of the data, not of the budget. */
export function isForgivable(run: Run, error: unknown): error is EvaluationFailure {
  return error instanceof EvaluationFailure && run.steps <= MAX_EXPRESSION_STEPS;
}

/** A value that is read; a stored one only to be handed on. */
export function readable(run: Run, name: string, value: Json): Json {
  return (value as unknown) instanceof StoredValue && run.handsOn !== true ? fail(notReadable(name)) : value;
}

/** The whole of some values. */
export function allReadable(values: JsonObject): JsonObject {
  for (const name in values) if ((values[name] as unknown) instanceof StoredValue) fail(notReadable(name));
  return values;
}

function notReadable(name: string): string {
  return `"${name}" is so large that it is in the object store: only a task can read it, as an input that is nothing but this output`;
}

/** Charges work against the budget of one evaluation. */
export function charge(run: Run, steps: number): void {
  run.steps += steps;
  if (run.steps > MAX_EXPRESSION_STEPS) {
    fail(`the expression takes more than ${MAX_EXPRESSION_STEPS} steps; do this work in a task`);
  }
}

/** Charges for reading or making a string: a step for each 64 characters. */
export function chargeText(run: Run, length: number): void {
  charge(run, 1 + (length >>> 6));
}

/** Refuses to make a string longer than MAX_EXPRESSION_STRING, before it is made. */
export function checkStringLength(run: Run, length: number): void {
  if (length > MAX_EXPRESSION_STRING)
    fail(`the expression makes a string of more than ${MAX_EXPRESSION_STRING} characters`);
  chargeText(run, length);
}

/** The elements of a list value. */
export function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : fail('expected a list, found another value');
}

/** The member `name` of a record or map; null when it has none. Names from data never reach a prototype. */
export function memberOf(value: Json, name: string): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  return Object.hasOwn(value, name) ? ((value as JsonObject)[name] as Json) : null;
}

/** Whether two JSON values are equal. Encodings are canonical, so equal values have one form. */
export function isEqual(run: Run, left: Json, right: Json): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  charge(run, 1);
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, at) => isEqual(run, item, right[at] as Json));
  }
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    if (!Object.hasOwn(right, name)) return false;
    return isEqual(run, (left as JsonObject)[name] as Json, (right as JsonObject)[name] as Json);
  });
}

/**
 * Walks a result once so that it can be stored: parts that are cheap to make by sharing (a list of the same list, and so on)
 * are counted as often as they will be written.
 */
export function chargeResult(run: Run, value: Json): void {
  if (typeof value === 'string') chargeText(run, value.length);
  if (value === null || typeof value !== 'object') return;
  charge(run, 1);
  const members: readonly Json[] = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) chargeResult(run, member);
}
