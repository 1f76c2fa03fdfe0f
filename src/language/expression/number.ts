import { integerToJson } from '../number.ts';
import { fail } from './run.ts';

/**
 * Arithmetic over numbers as they stand in JSON: a 64-bit integer is a number up to 2^53−1 and its decimal string beyond,
 * so the common case is a plain addition and a check.
 */
export type IntegerValue = number | string;

/** The encoding of `value`, or a failure when it does not fit 64 bits. */
export function integerOf(value: bigint): IntegerValue {
  return integerToJson(value) ?? fail(`the result ${value} does not fit a 64-bit integer`);
}

export function addIntegers(left: IntegerValue, right: IntegerValue): IntegerValue {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return integerOf(BigInt(left) + BigInt(right));
}

export function subtractIntegers(left: IntegerValue, right: IntegerValue): IntegerValue {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return integerOf(BigInt(left) - BigInt(right));
}

export function multiplyIntegers(left: IntegerValue, right: IntegerValue): IntegerValue {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right;
    // Adding zero turns −0 into 0, which is the only zero among integers.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return integerOf(BigInt(left) * BigInt(right));
}

/** Quotient truncated toward zero, as CEL defines it. */
export function divideIntegers(left: IntegerValue, right: IntegerValue): IntegerValue {
  if (right === 0) fail('division by zero');
  if (typeof left === 'number' && typeof right === 'number') return Math.trunc(left / right) + 0;
  return integerOf(BigInt(left) / BigInt(right));
}

/** Remainder with the sign of the dividend, as CEL defines it. */
export function remainderOfIntegers(left: IntegerValue, right: IntegerValue): IntegerValue {
  if (right === 0) fail('division by zero');
  if (typeof left === 'number' && typeof right === 'number') return (left % right) + 0;
  return integerOf(BigInt(left) % BigInt(right));
}

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`; floats and integers alike. */
export function compareNumbers(left: IntegerValue, right: IntegerValue): number {
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : 0;
  const exactLeft = typeof left === 'string' ? BigInt(left) : left;
  const exactRight = typeof right === 'string' ? BigInt(right) : right;
  // JavaScript compares a bigint with a number by exact mathematical value.
  return exactLeft < exactRight ? -1 : exactLeft > exactRight ? 1 : 0;
}

/** An integer or float as a float: the nearest one. */
export function floatOf(value: IntegerValue): number {
  return typeof value === 'number' ? value : Number(value);
}

/** A float that JSON can hold, or a failure. */
export function finite(value: number): number {
  return Number.isFinite(value) ? value : fail('the result is not a finite number');
}

/** The integer nearest to a whole float. */
export function integerOfFloat(value: number): IntegerValue {
  return Number.isSafeInteger(value) ? value + 0 : integerOf(BigInt(finite(value)));
}
