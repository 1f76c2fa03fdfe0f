import { type Json, MAX_VALUE_BYTES, MAX_VALUE_DEPTH } from '../base/index.ts';
import { wideInteger } from './number.ts';

export type JsonResult =
  | { readonly kind: 'ok'; readonly value: Json }
  | { readonly kind: 'error'; readonly message: string };

/** A run of digits that a double may not hold exactly. */
const LONG_DIGITS = /\d{16}/;

/**
 * JSON text → value; integers past 2^53 become their decimal digits as a string. Size and nesting are bounded before
 * parsing; numbers past what a double holds are errors. Never throws.
 */
export function parseExactJson(text: string, maxBytes: number = MAX_VALUE_BYTES): JsonResult {
  if (text.length > maxBytes) return { kind: 'error', message: `the JSON text is longer than ${maxBytes} bytes` };
  if (isDeeperThan(text, MAX_VALUE_DEPTH))
    return { kind: 'error', message: `values nest at most ${MAX_VALUE_DEPTH} deep` };
  let misfit: string | undefined;
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number') return value;
    const source = context?.source ?? '';
    if (!Number.isFinite(value)) misfit ??= source;
    if (Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
    // Past 64 bits it is no integer of ours, but a float is often printed so: 1e20 has 21 digits.
    return wideInteger(source) ?? value;
  };
  try {
    const needsCare = LONG_DIGITS.test(text) || /\d[eE]/.test(text);
    const value = (needsCare ? JSON.parse(text, exact) : JSON.parse(text)) as Json;
    if (misfit !== undefined) return { kind: 'error', message: `the number ${misfit.slice(0, 40)} is too large` };
    return { kind: 'ok', value };
  } catch (error) {
    return { kind: 'error', message: error instanceof SyntaxError ? error.message : 'this is not JSON' };
  }
}

function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > limit) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}
