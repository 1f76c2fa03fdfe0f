/** Integers are 64-bit; as JSON a number up to 2^53 − 1 in size, past that their decimal digits in a string. */

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 63n - 1n;
/** Enough for 64 bits in any base we read; longer digits are not converted, which would cost quadratic time. */
const MAX_DIGITS = 80;

/** The decimal digits of an integer past 2^53 in decimal, `0x` or `0o` form, or undefined when it needs more than 64 bits. */
export function wideInteger(source: string): string | undefined {
  const sign = source[0] === '-' ? -1n : 1n;
  const digits = source.replace(/^[-+]/, '').replace(/^0+(?=[0-9])/, '');
  if (digits.length > MAX_DIGITS) return undefined;
  const value = sign * BigInt(digits);
  return value < MIN_INTEGER || value > MAX_INTEGER ? undefined : value.toString();
}

/** Whether the text is how JSON holds an integer past 2^53: canonical digits, in range, and not within ±(2^53 − 1). */
export function isWideInteger(text: string): boolean {
  if (!/^-?[1-9][0-9]{15,18}$/.test(text)) return false;
  const value = BigInt(text);
  return value >= MIN_INTEGER && value <= MAX_INTEGER && !Number.isSafeInteger(Number(text));
}

/** A 64-bit integer as JSON, or undefined when it does not fit. */
export function integerToJson(value: bigint): number | string | undefined {
  if (value < MIN_INTEGER || value > MAX_INTEGER) return undefined;
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value.toString();
}
