import type { Json } from '../../base/index.ts';
import { wideInteger } from '../number.ts';
import { giveUp } from './cursor.ts';

const NULL = /^(?:~|[Nn]ull|NULL)$/;
const TRUE = /^(?:[Tt]rue|TRUE)$/;
const FALSE = /^(?:[Ff]alse|FALSE)$/;
const INTEGER = /^[-+]?[0-9]+$/;
const OCTAL = /^0o[0-7]+$/;
const HEXADECIMAL = /^0x[0-9a-fA-F]+$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const LEADING_ZERO = /^[-+]?0[0-9]/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/;

/** A plain scalar's value by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema). */
export function plainValue(text: string): Json {
  const first = text.charCodeAt(0);
  if (first < 0x3a) return first >= 0x30 || first === 0x2b || first === 0x2d || first === 0x2e ? number(text) : text;
  switch (first) {
    case 0x7e: // ~
    case 0x6e: // n
    case 0x4e: // N
      return NULL.test(text) ? null : text;
    case 0x74: // t
    case 0x54: // T
      return TRUE.test(text) ? true : text;
    case 0x66: // f
    case 0x46: // F
      return FALSE.test(text) ? false : text;
    default:
      return text;
  }
}

function number(text: string): Json {
  const count = countOf(text);
  if (count !== undefined) return count;
  if (INTEGER.test(text)) {
    // May be meant as octal: the full parser says so.
    if (LEADING_ZERO.test(text)) giveUp();
    return whole(text, Number.parseInt(text, 10));
  }
  if (OCTAL.test(text)) return whole(text, Number.parseInt(text.slice(2), 8));
  if (HEXADECIMAL.test(text)) return whole(text, Number.parseInt(text.slice(2), 16));
  if (FLOAT.test(text)) {
    const value = Number.parseFloat(text);
    return Number.isFinite(value) ? value : giveUp();
  }
  return NOT_FINITE.test(text) ? giveUp() : text;
}

/** A few digits without a zero before them, as most numbers are. */
function countOf(text: string): number | undefined {
  if (text.length > 9 || (text.charCodeAt(0) === 0x30 && text.length > 1)) return undefined;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    count = count * 10 + digit;
  }
  return count;
}

function whole(text: string, value: number): Json {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : (wideInteger(text) ?? giveUp());
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['a', '\x07'],
  ['b', '\b'],
  ['e', '\x1b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['N', '\u0085'],
  ['_', '\u00a0'],
  ['L', '\u2028'],
  ['P', '\u2029'],
  [' ', ' '],
  ['"', '"'],
  ['/', '/'],
  ['\\', '\\'],
]);
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu;

/** What stands between double quotes in one line, its escapes resolved. */
export function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (_all, x?: string, u?: string, long?: string, one?: string) => {
    if (one !== undefined) return ESCAPES.get(one) ?? giveUp();
    const code = Number.parseInt((x ?? u ?? long) as string, 16);
    return code > 0x10ffff ? giveUp() : String.fromCodePoint(code);
  });
}
