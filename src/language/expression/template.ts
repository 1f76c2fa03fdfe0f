import { type Json, type JsonObject, MAX_TEXT_EXPRESSIONS, remembered } from '../../base/index.ts';
import type { ExpressionProblem } from './problem.ts';
import type { References } from './references.ts';
import { domainValuesOf, referencesOf } from './references.ts';
import { hasExpression, scanTemplate } from './scan.ts';
import { parseExpression, type Syntax } from './syntax.ts';

/** A value that may hold expressions, as it is stored: plain JSON. */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  /** CEL text of a lone `${{ … }}`: keeps its type. */
  | { readonly kind: 'expression'; readonly source: string }
  /** A string with expressions inside: strings stand for themselves. */
  | { readonly kind: 'text'; readonly parts: readonly (string | { readonly source: string })[] }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'record'; readonly fields: Readonly<Record<string, Template>> };

/** An expression inside a value, parsed. */
export interface TemplateExpression {
  readonly syntax: Syntax;
  /** Where its source begins in the string that holds it, in UTF-16 code units. */
  readonly offset: number;
}

/** A value with its expressions parsed and not yet typed. Parts without any expression are literals. */
export type TemplateSyntax =
  | { readonly kind: 'literal'; readonly value: Json }
  /** A string whose problems were reported. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'expression'; readonly expression: TemplateExpression }
  | { readonly kind: 'text'; readonly parts: readonly (string | TemplateExpression)[] }
  | { readonly kind: 'list'; readonly items: readonly TemplateSyntax[] }
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, TemplateSyntax> };

/** Where a problem stands: the path of the string inside the value, and the range inside that string. */
export interface TemplateProblem {
  readonly path: readonly (string | number)[];
  /** Absent: the value at `path` as a whole. */
  readonly range?: { readonly start: number; readonly end: number };
  /** `value`: a literal that does not have the wanted type. */
  readonly kind: ExpressionProblem['kind'] | 'value';
  readonly message: string;
  readonly help?: string;
}

export type Report = (problem: TemplateProblem) => void;

/** Finds and parses the expressions of a value as written. What is wrong with a string is reported. */
export function parseTemplate(value: Json, report: Report, path: readonly (string | number)[] = []): TemplateSyntax {
  if (typeof value === 'string')
    return hasExpression(value) ? (knownText(value) ?? parseText(value, report, path)) : { kind: 'literal', value };
  if (value === null || typeof value !== 'object') return { kind: 'literal', value };
  if (Array.isArray(value)) {
    const items = value.map((item, at) => parseTemplate(item, report, [...path, at]));
    return items.every((item) => item.kind === 'literal') ? { kind: 'literal', value } : { kind: 'list', items };
  }
  const fields = new Map<string, TemplateSyntax>();
  for (const name of Object.keys(value)) {
    fields.set(name, parseTemplate((value as JsonObject)[name] as Json, report, [...path, name]));
  }
  return [...fields.values()].every((field) => field.kind === 'literal')
    ? { kind: 'literal', value }
    : { kind: 'record', fields };
}

/** The syntax of a text without problems; the others are parsed again, for what is wrong with them. */
const knownText = remembered(
  (text) => {
    const syntax = parseText(text, () => {}, []);
    return syntax.kind === 'broken' ? undefined : syntax;
  },
  (syntax) => syntax !== undefined,
);

function parseText(text: string, report: Report, path: readonly (string | number)[]): TemplateSyntax {
  const scanned = scanTemplate(text);
  if (scanned.kind === 'error') {
    const { message, offset, help } = scanned.error;
    report({ path, range: { start: offset, end: offset + 3 }, kind: 'syntax', message, help });
    return { kind: 'broken' };
  }
  if (scanned.parts.filter(({ kind }) => kind === 'expression').length > MAX_TEXT_EXPRESSIONS) {
    const message = `a text holds at most ${MAX_TEXT_EXPRESSIONS} expressions`;
    report({ path, kind: 'syntax', message, help: 'make it of several texts' });
    return { kind: 'broken' };
  }
  const parts: (string | TemplateExpression)[] = [];
  for (const part of scanned.parts) {
    if (part.kind === 'text') {
      parts.push(part.text);
      continue;
    }
    const parsed = parseExpression(part.source);
    if (parsed.kind === 'ok') parts.push({ syntax: parsed.syntax, offset: part.offset });
    else report(atOffset(parsed.problem, path, part.offset));
  }
  if (parts.length < scanned.parts.length) return { kind: 'broken' };
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string')
    return { kind: 'expression', expression: only };
  return { kind: 'text', parts };
}

/** A problem of an expression as one of the string that holds it. */
export function atOffset(
  problem: ExpressionProblem,
  path: readonly (string | number)[],
  offset: number,
): TemplateProblem {
  const { kind, message, help } = problem;
  const range = { start: offset + problem.start, end: offset + problem.end };
  return { path, range, kind, message, ...(help === undefined ? {} : { help }) };
}

/** The syntax of a stored template, whose expressions were checked before it was stored. */
export function templateSyntax(template: Template, report: Report): TemplateSyntax {
  switch (template.kind) {
    case 'literal':
      return template;
    case 'expression':
      return parsedSource(template.source, report);
    case 'text':
      return { kind: 'text', parts: template.parts.flatMap((part) => storedPart(part, report)) };
    case 'list':
      return { kind: 'list', items: template.items.map((item) => templateSyntax(item, report)) };
    case 'record': {
      const fields = new Map<string, TemplateSyntax>();
      for (const [name, field] of Object.entries(template.fields)) fields.set(name, templateSyntax(field, report));
      return { kind: 'record', fields };
    }
  }
}

function storedPart(
  part: string | { readonly source: string },
  report: Report,
): readonly (string | TemplateExpression)[] {
  if (typeof part === 'string') return [part];
  const parsed = parsedSource(part.source, report);
  return parsed.kind === 'expression' ? [parsed.expression] : [];
}

function parsedSource(source: string, report: Report): TemplateSyntax {
  const parsed = parseExpression(source);
  if (parsed.kind === 'ok') return { kind: 'expression', expression: { syntax: parsed.syntax, offset: 0 } };
  report(atOffset(parsed.problem, [], 0));
  return { kind: 'broken' };
}

/** All expressions of a template. */
export function expressionsOf(template: TemplateSyntax): readonly TemplateExpression[] {
  switch (template.kind) {
    case 'literal':
    case 'broken':
      return [];
    case 'expression':
      return [template.expression];
    case 'text':
      return template.parts.filter((part) => typeof part !== 'string');
    case 'list':
      return template.items.flatMap(expressionsOf);
    case 'record':
      return [...template.fields.values()].flatMap(expressionsOf);
  }
}

/** Names of `domain.values` that a template reads. */
export function templateDomainValues(template: TemplateSyntax): ReadonlySet<string> {
  return new Set(expressionsOf(template).flatMap(({ syntax }) => [...domainValuesOf(syntax)]));
}

/** What a template reads. */
export function templateReferences(template: TemplateSyntax): References {
  if (template.kind === 'literal' || template.kind === 'broken') return NO_REFERENCES;
  const known = REFERENCES.get(template) ?? findReferences(template);
  REFERENCES.set(template, known);
  return known;
}

const NO_REFERENCES: References = { inputs: new Set(), nodes: new Set(), variables: new Set() };
/** Texts have one syntax wherever they stand, which is asked for at each place. */
const REFERENCES = new WeakMap<TemplateSyntax, References>();

function findReferences(template: TemplateSyntax): References {
  const found = expressionsOf(template).map((expression) => referencesOf(expression.syntax));
  return {
    inputs: new Set(found.flatMap((references) => [...references.inputs])),
    nodes: new Set(found.flatMap((references) => [...references.nodes])),
    variables: new Set(found.flatMap((references) => [...references.variables])),
  };
}
