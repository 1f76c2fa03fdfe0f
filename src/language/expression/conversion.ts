import type { Json } from '../../base/index.ts';
import { parseExactJson } from '../exact-json.ts';
import { finite, floatOf, type IntegerValue, integerOf, integerOfFloat } from './number.ts';
import { charge, chargeText, fail, type Run } from './run.ts';
import { instantMs, isInstant } from './time.ts';

/** The text of a scalar, as it stands inside a string. */
export function textOf(run: Run, value: Json): string {
  if (typeof value === 'string') {
    chargeText(run, value.length);
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return fail(value === null ? 'null has no text' : 'a list or a record has no text');
}

/** `int(x)`: a float is cut toward zero, an instant becomes seconds since 1970, as CEL defines it. */
export function convertToInteger(_run: Run, value: Json): IntegerValue {
  if (typeof value === 'number') return integerOfFloat(Math.trunc(value));
  if (typeof value !== 'string') return fail('int() takes a number or a string of digits');
  if (isInstant(value)) return Math.floor(instantMs(value) / 1000);
  if (!/^[-+]?[0-9]{1,20}$/.test(value)) return fail(`int(${quoted(value)}) is not an integer`);
  return integerOf(BigInt(value.startsWith('+') ? value.slice(1) : value));
}

/** `double(x)`: a decimal text or a number as a float. */
export function convertToFloat(_run: Run, value: Json): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$/.test(value)) {
    return fail(`double(${quoted(value)}) is not a number`);
  }
  return finite(floatOf(value));
}

/** `bool(x)`: true, false and their texts. */
export function convertToBoolean(_run: Run, value: Json): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return fail(`bool(${quoted(value)}) is neither true nor false`);
}

/** `json(text)`: the value that a JSON text is. Its nesting and size are bounded. */
export function parseJson(run: Run, value: Json): Json {
  const text = value as string;
  // Parsing makes values, which takes more than looking at the text: a step for each four characters.
  charge(run, 1 + (text.length >>> 2));
  const parsed = parseExactJson(text);
  return parsed.kind === 'ok' ? parsed.value : fail(`json(): ${parsed.message}`);
}

/** A value for a message, cut short. */
function quoted(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
