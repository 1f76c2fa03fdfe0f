import type { Json } from '../../base/index.ts';
import { didYouMean } from '../suggest.ts';
import { BOOLEAN, FLOAT, INTEGER, STRING, type Type } from '../type.ts';
import { isAssignable } from '../type-assign.ts';
import { printType } from '../type-print.ts';
import { checkValue } from '../value.ts';
import type { TypeScope } from './compile.ts';
import { textOf } from './conversion.ts';
import { compileSyntax } from './expression.ts';
import { isTooLarge, isWritable, memberWanted, objectType } from './members.ts';
import { charge, checkStringLength, type Run, type Step } from './run.ts';
import { atOffset, type Report, type Template, type TemplateExpression, type TemplateSyntax } from './template.ts';
import { coercion, describeType, holdsNever, isInterpolated, joinTypes, NEVER, NULL, rowType } from './typing.ts';

/** A template with its type: `template` is what is stored, `step` makes the value. */
export interface TypedTemplate {
  readonly type: Type;
  readonly template: Template;
  readonly step: Step;
  /** It is an output of a node, as it is. */
  readonly isOutput?: boolean;
}

type Path = readonly (string | number)[];

const UNTOLD_HELP = 'give it a type, make its elements alike, or make it smaller';

/**
 * Types a template: with `expected` its value must have that type and becomes exactly of it, else the type is inferred.
 * Undefined when there are problems; all of them are reported.
 */
export function typeTemplate(
  syntax: TemplateSyntax,
  expected: Type | undefined,
  scope: TypeScope,
  report: Report,
  path: Path = [],
): TypedTemplate | undefined {
  switch (syntax.kind) {
    case 'broken':
      return undefined;
    case 'literal':
      return typeLiteral(syntax.value, expected, report, path);
    case 'expression':
      return typeExpression(syntax.expression, expected, scope, report, path);
    case 'text':
      return typeText(syntax.parts, expected, scope, report, path);
    case 'list':
      return typeList(syntax.items, expected, scope, report, path);
    case 'record':
      return typeRecord(syntax.fields, expected, scope, report, path);
  }
}

function typeLiteral(value: Json, expected: Type | undefined, report: Report, path: Path): TypedTemplate | undefined {
  if (expected === undefined) {
    const type = typeOfLiteral(value);
    if (type === undefined || holdsNever(type) || !isWritable(type)) {
      report({ path, kind: 'type', message: 'the type of this value cannot be told', help: UNTOLD_HELP });
      return undefined;
    }
    return literalTemplate(type, value);
  }
  const checked = checkValue(value, expected);
  if (checked.kind === 'ok') return literalTemplate(expected, checked.value);
  for (const problem of checked.problems) {
    const help = problem.help ?? unwrapped(memberAt(value, problem.path));
    const told = { ...problem, path: [...path, ...problem.path], kind: 'value' as const };
    report(help === undefined ? told : { ...told, help });
  }
  return undefined;
}

/** Help for a text that names a value but stands outside of `${{ … }}`, or in the braces of another tool. */
function unwrapped(value: Json | undefined): string | undefined {
  const found =
    typeof value === 'string' && /^(?:\{\{\s*)?((?:inputs|nodes|execution)\.[\w.-]+)(?:\s*\}\})?$/.exec(value);
  return found ? `to use the value, write "\${{ ${found[1]} }}"` : undefined;
}

function memberAt(value: Json, path: Path): Json | undefined {
  let member: Json | undefined = value;
  for (const key of path) {
    if (typeof member !== 'object' || member === null || !Object.hasOwn(member, key)) return undefined;
    member = (member as Readonly<Record<string | number, Json>>)[key];
  }
  return member;
}

function literalTemplate(type: Type, value: Json): TypedTemplate {
  return { type, template: { kind: 'literal', value }, step: () => value };
}

/** The type of a value as written: whole numbers are integers, lists have elements of one type. */
function typeOfLiteral(value: Json): Type | undefined {
  if (value === null) return NULL;
  if (typeof value === 'string') return STRING;
  if (typeof value === 'boolean') return BOOLEAN;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? INTEGER : FLOAT;
  if (Array.isArray(value)) return listOfTypes(value.map(typeOfLiteral));
  const members = new Map<string, Type>();
  for (const [name, member] of Object.entries(value)) {
    const type = typeOfLiteral(member);
    if (type === undefined) return undefined;
    members.set(name, type);
  }
  return objectType(members);
}

function listOfTypes(types: readonly (Type | undefined)[]): Type | undefined {
  let element: Type | undefined = NEVER;
  for (const type of types) {
    element = type === undefined || element === undefined ? undefined : joinTypes(element, type);
  }
  return element && { kind: 'list', element };
}

function typeExpression(
  { syntax, offset }: TemplateExpression,
  expected: Type | undefined,
  scope: TypeScope,
  report: Report,
  path: Path,
): TypedTemplate | undefined {
  // A json value takes whatever an expression gives, as it takes any literal.
  const isJson = expected?.kind === 'json';
  const result = compileSyntax(syntax, scope, isJson ? undefined : expected);
  if (result.kind === 'error') {
    report(atOffset(result.problem, path, offset));
    return undefined;
  }
  const { type, step, isOutput } = result.expression;
  return { type: isJson ? expected : type, template: { kind: 'expression', source: syntax.source }, step, isOutput };
}

function typeText(
  parts: readonly (string | TemplateExpression)[],
  expected: Type | undefined,
  scope: TypeScope,
  report: Report,
  path: Path,
): TypedTemplate | undefined {
  const steps: (string | Step)[] = [];
  for (const part of parts) {
    if (typeof part === 'string') {
      steps.push(part);
      continue;
    }
    const typed = typeExpression(part, undefined, scope, report, path);
    if (typed === undefined) continue;
    if (isInterpolated(typed.type)) steps.push(typed.step);
    else {
      const range = { start: part.offset, end: part.offset + part.syntax.source.length };
      const help =
        typed.type.kind === 'optional' ? 'give it a default, default(…, …)' : 'use it alone, or make a string of it';
      report({
        path,
        range,
        kind: 'type',
        message: `only scalars stand inside a string; this is ${describeType(typed.type)}`,
        help,
      });
    }
  }
  if (steps.length < parts.length) return undefined;
  const isJson = expected?.kind === 'json';
  if (expected !== undefined && !isJson && !isAssignable(STRING, expected)) {
    report({
      path,
      kind: 'type',
      message: `expected ${printType(expected)}, found a string with expressions inside`,
      help: textAdvice(expected),
    });
    return undefined;
  }
  const template: Template = {
    kind: 'text',
    parts: parts.map((part) => (typeof part === 'string' ? part : { source: part.syntax.source })),
  };
  return { type: expected ?? STRING, template, step: (run) => joinText(run, steps) };
}

function textAdvice(expected: Type): string {
  return expected.kind === 'datetime' ||
    expected.kind === 'duration' ||
    expected.kind === 'integer' ||
    expected.kind === 'float'
    ? `make it one expression, for example \${{ ${expected.kind === 'integer' ? 'int' : expected.kind}('…' + string(…)) }}`
    : 'make it one expression of that type';
}

function joinText(run: Run, steps: readonly (string | Step)[]): string {
  let text = '';
  for (const step of steps) {
    const piece = typeof step === 'string' ? step : textOf(run, step(run));
    checkStringLength(run, text.length + piece.length);
    text += piece;
  }
  return text;
}

function typeList(
  items: readonly TemplateSyntax[],
  expected: Type | undefined,
  scope: TypeScope,
  report: Report,
  path: Path,
): TypedTemplate | undefined {
  const wanted = elementWanted(expected);
  const typed = items.map((item, at) => typeTemplate(item, wanted, scope, report, [...path, at]));
  if (!typed.every((item) => item !== undefined)) return undefined;
  const type =
    wanted === undefined ? listOfTypes(typed.map((item) => item.type)) : ({ kind: 'list', element: wanted } as Type);
  if (type === undefined) {
    report({ path, kind: 'type', message: 'the elements of a list must have one type', help: 'make them alike' });
    return undefined;
  }
  const element = type.kind === 'list' ? type.element : NEVER;
  const converts = typed.map((item) => coercion(item.type, element));
  const step: Step = (run) => {
    charge(run, typed.length);
    return typed.map((item, at) => (converts[at] === undefined ? item.step(run) : converts[at](item.step(run))));
  };
  return fitted(
    { type, template: { kind: 'list', items: typed.map((item) => item.template) }, step },
    expected,
    report,
    path,
  );
}

function elementWanted(expected: Type | undefined): Type | undefined {
  if (expected?.kind === 'optional') return elementWanted(expected.of);
  if (expected?.kind === 'list') return expected.element;
  if (expected?.kind === 'json') return expected;
  return expected?.kind === 'table' ? rowType(expected.columns) : undefined;
}

function typeRecord(
  fields: ReadonlyMap<string, TemplateSyntax>,
  expected: Type | undefined,
  scope: TypeScope,
  report: Report,
  path: Path,
): TypedTemplate | undefined {
  const wanted = expected?.kind === 'optional' ? expected.of : expected;
  const typed = new Map<string, TypedTemplate>();
  for (const [name, field] of fields) {
    if (wanted?.kind === 'record' && !wanted.fields.has(name)) {
      const help = didYouMean(name, wanted.fields.keys());
      const message = `there is no field "${name}" in ${printType(wanted)}`;
      report({ path: [...path, name], kind: 'value', message, ...(help === undefined ? {} : { help }) });
      continue;
    }
    const member = memberWanted(wanted, name);
    const result = typeTemplate(field, member, scope, report, [...path, name]);
    if (result !== undefined) typed.set(name, result);
  }
  if (typed.size < fields.size) return undefined;
  const type =
    wanted?.kind === 'map' ? wanted : objectType(new Map([...typed].map(([name, member]) => [name, member.type])));
  if (type === undefined || isTooLarge(type)) {
    report({ path, kind: 'type', message: 'the type of this value cannot be told', help: UNTOLD_HELP });
    return undefined;
  }
  const template: Record<string, Template> = Object.create(null);
  for (const [name, member] of typed) template[name] = member.template;
  const members = [...typed].map(([name, member]) => {
    const convert = type.kind === 'map' ? coercion(member.type, type.value) : undefined;
    return { name, step: convert === undefined ? member.step : (run: Run) => convert(member.step(run)) };
  });
  const step: Step = (run) => {
    charge(run, members.length);
    const record: Record<string, Json> = Object.create(null);
    for (const member of members) record[member.name] = member.step(run);
    return record;
  };
  return fitted({ type, template: { kind: 'record', fields: template }, step }, expected, report, path);
}

/** Checks a list or record as a whole against the wanted type. Its members were already made of the wanted types. */
function fitted(
  typed: TypedTemplate,
  expected: Type | undefined,
  report: Report,
  path: Path,
): TypedTemplate | undefined {
  if (expected === undefined) {
    if (!holdsNever(typed.type) && isWritable(typed.type)) return typed;
    report({ path, kind: 'type', message: 'the type of this value cannot be told', help: UNTOLD_HELP });
    return undefined;
  }
  if (expected.kind === 'json') return { ...typed, type: expected };
  const asRows: Type = expected.kind === 'table' ? { kind: 'list', element: rowType(expected.columns) } : expected;
  if (isAssignable(typed.type, asRows)) return { ...typed, type: expected };
  report({ path, kind: 'type', message: `expected ${printType(expected)}, found ${describeType(typed.type)}` });
  return undefined;
}
