import { MAX_SELECTOR_LENGTH, MAX_SELECTOR_TERMS } from '../base/index.ts';
import { InvalidError } from './errors.ts';
import type { KubeObject } from './object.ts';

/** One term of a field selector; all terms of a selector must hold. */
export interface FieldTerm {
  /** Path of the field, dot separated: `status.phase`. */
  readonly path: string;
  readonly segments: readonly string[];
  readonly equal: boolean;
  readonly value: string;
}

const PATH = /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*$/;

/**
 * Parses Kubernetes' field selector syntax, `metadata.name=x,status.phase!=Failed`, or throws InvalidError.
 * `\,`, `\=` and `\\` escape, as in apimachinery's `fields` package. Any scalar field of an object may be named.
 */
export function parseFieldSelector(text: string): readonly FieldTerm[] {
  if (text.length > MAX_SELECTOR_LENGTH) {
    throw new InvalidError(`the field selector is longer than ${MAX_SELECTOR_LENGTH} characters`);
  }
  const terms = splitUnescaped(text).filter((term) => term.trim() !== '');
  if (terms.length > MAX_SELECTOR_TERMS) throw invalid(text, `more than ${MAX_SELECTOR_TERMS} terms`);
  return terms.map((term) => fieldTerm(term, text));
}

/** Whether the object's fields satisfy every term; an absent field reads as the empty string. */
export function matchesFields(terms: readonly FieldTerm[], object: KubeObject): boolean {
  return terms.every((term) => (fieldText(object, term.segments) === term.value) === term.equal);
}

function fieldText(object: unknown, segments: readonly string[]): string {
  let value: unknown = object;
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return '';
    value = (value as Record<string, unknown>)[segment];
  }
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

function fieldTerm(term: string, selector: string): FieldTerm {
  const operator = /(?<!\\)(!=|==|=)/.exec(term);
  if (operator === null) throw invalid(selector, `"${term}" needs "=", "==" or "!="`);
  const path = term.slice(0, operator.index).trim();
  if (!PATH.test(path)) throw invalid(selector, `"${path}" is not a field`);
  const value = term.slice(operator.index + operator[0].length).replace(/\\([\\,=])/g, '$1');
  return { path, segments: path.split('.'), equal: operator[0] !== '!=', value };
}

function splitUnescaped(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function invalid(selector: string, why: string): InvalidError {
  return new InvalidError(`cannot parse the field selector "${selector}": ${why}`, [
    { field: 'fieldSelector', message: why, value: selector },
  ]);
}
