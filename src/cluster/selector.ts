import { MAX_SELECTOR_LENGTH, MAX_SELECTOR_TERMS } from '../base/index.ts';
import { InvalidError } from './errors.ts';

/** One term of a label selector; all terms of a selector must hold. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notIn' | 'exists' | 'notExists';
  /** Empty for `exists` and `notExists`. */
  readonly values: readonly string[];
}

const KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^\s!=]+)\s*(==|!=|=)\s*(\S*)$/;

/**
 * Parses Kubernetes' label selector syntax, `a=b,c!=d,e in (f,g),h notin (i),j,!k`, or throws InvalidError.
 * Source of the grammar: Kubernetes documentation, "Labels and Selectors".
 */
export function parseLabelSelector(text: string): readonly Requirement[] {
  return splitTerms(text).map((term) => requirement(term, text));
}

/** Whether the labels satisfy every requirement. `!=` and `notin` also hold where the label is absent. */
export function matchesLabels(
  requirements: readonly Requirement[],
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  for (const { key, operator, values } of requirements) {
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'in':
        if (value === undefined || !values.includes(value)) return false;
        break;
      case 'notIn':
        if (value !== undefined && values.includes(value)) return false;
        break;
      case 'exists':
        if (value === undefined) return false;
        break;
      case 'notExists':
        if (value !== undefined) return false;
        break;
    }
  }
  return true;
}

function requirement(term: string, selector: string): Requirement {
  const set = SET.exec(term);
  if (set !== null) {
    const values = (set[3] as string).split(',').map((value) => value.trim());
    return checked({ key: set[1] as string, operator: set[2] === 'in' ? 'in' : 'notIn', values }, selector);
  }
  const equality = EQUALITY.exec(term);
  if (equality !== null) {
    const operator = equality[2] === '!=' ? 'notIn' : 'in';
    return checked({ key: equality[1] as string, operator, values: [equality[3] as string] }, selector);
  }
  if (term.startsWith('!')) return checked({ key: term.slice(1).trim(), operator: 'notExists', values: [] }, selector);
  return checked({ key: term, operator: 'exists', values: [] }, selector);
}

function checked(term: Requirement, selector: string): Requirement {
  if (!KEY.test(term.key)) throw invalid(selector, `"${term.key}" is not a label key`);
  for (const value of term.values) {
    if (!VALUE.test(value)) throw invalid(selector, `"${value}" is not a label value`);
  }
  return term;
}

/** Splits at commas that are not inside the parentheses of `in (…)`. */
function splitTerms(text: string): string[] {
  if (text.length > MAX_SELECTOR_LENGTH) {
    throw new InvalidError(`the label selector is longer than ${MAX_SELECTOR_LENGTH} characters`);
  }
  if (text.trim() === '') return [];
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === undefined || (char === ',' && depth === 0)) {
      terms.push(text.slice(start, i).trim());
      start = i + 1;
    }
    if (depth < 0 || depth > 1) throw invalid(text, 'parentheses do not match');
  }
  if (depth !== 0) throw invalid(text, 'a parenthesis is not closed');
  if (terms.length > MAX_SELECTOR_TERMS) throw invalid(text, `more than ${MAX_SELECTOR_TERMS} terms`);
  return terms;
}

function invalid(selector: string, why: string): InvalidError {
  return new InvalidError(`cannot parse the label selector "${selector}": ${why}`, [
    { field: 'labelSelector', message: why, value: selector },
  ]);
}
