import {
  MAX_IDENTIFIER_LENGTH,
  MAX_TYPE_DEPTH,
  MAX_TYPE_LENGTH,
  MAX_TYPE_MEMBERS,
  MAX_TYPE_PARTS,
  remembered,
} from '../base/index.ts';
import { suggest } from './suggest.ts';
import { type Field, optionalOf, SCALAR_KINDS, type ScalarKind, type Type } from './type.ts';
import { isSameType } from './type-assign.ts';

export type TypeResult =
  | { readonly kind: 'ok'; readonly type: Type }
  /** `offset` and `length` in UTF-16 code units of the text. */
  | {
      readonly kind: 'error';
      readonly message: string;
      readonly offset: number;
      readonly length: number;
      readonly help?: string;
    };

const GENERIC_KINDS = ['list', 'map', 'enum', 'table'];
/** What people coming from elsewhere write, and our word for it. */
const FOREIGN_NAMES: ReadonlyMap<string, string> = new Map([
  ['int', 'integer'],
  ['long', 'integer'],
  ['number', 'float'],
  ['double', 'float'],
  ['str', 'string'],
  ['text', 'string'],
  ['bool', 'boolean'],
  ['timestamp', 'datetime'],
  ['date', 'datetime'],
  ['timedelta', 'duration'],
  ['array', 'list<…>'],
  ['dict', 'map<…>'],
  ['object', '{field: type}'],
  ['any', 'json'],
]);

/** Parses `list<integer>`, `{x: T, y?: T}`, `T?`, `T | U`, … Depth and size are bounded; never throws. */
export const parseType: (text: string) => TypeResult = remembered(readType);

function readType(text: string): TypeResult {
  if (text.length > MAX_TYPE_LENGTH) {
    return fail(`this type is ${text.length} characters long, more than ${MAX_TYPE_LENGTH}`, 0, text.length);
  }
  const parser: Parser = { text, at: 0, parts: 0 };
  try {
    const type = union(parser, 0);
    skipSpace(parser);
    if (parser.at < text.length) throw unexpected(parser, 'the type to end here');
    return { kind: 'ok', type };
  } catch (error) {
    if (error instanceof TypeSyntaxError) return fail(error.message, error.offset, error.length, error.help);
    throw error;
  }
}

interface Parser {
  readonly text: string;
  at: number;
  parts: number;
}

class TypeSyntaxError extends Error {
  readonly offset: number;
  readonly length: number;
  readonly help: string | undefined;
  constructor(message: string, offset: number, length: number, help?: string) {
    super(message);
    this.offset = offset;
    this.length = length;
    this.help = help;
  }
}

function fail(message: string, offset: number, length: number, help?: string): TypeResult {
  return { kind: 'error', message, offset, length: Math.max(1, length), ...(help !== undefined && { help }) };
}

function union(parser: Parser, depth: number): Type {
  const start = parser.at;
  if (depth > MAX_TYPE_DEPTH) {
    throw new TypeSyntaxError(`types nest at most ${MAX_TYPE_DEPTH} deep`, parser.at, 1);
  }
  const first = postfix(parser, depth);
  if (!take(parser, '|')) return first;
  const members: Type[] = [];
  let isOptional = addMember(members, first, start, parser);
  do {
    skipSpace(parser);
    const memberStart = parser.at;
    isOptional = addMember(members, postfix(parser, depth), memberStart, parser) || isOptional;
  } while (take(parser, '|'));
  const type: Type = { kind: 'union', members };
  return isOptional ? optionalOf(type) : type;
}

/** Adds a member, flat: nested unions are spread and an optional member makes the whole optional (the result). */
function addMember(members: Type[], type: Type, start: number, parser: Parser): boolean {
  if (type.kind === 'optional') {
    addMember(members, type.of, start, parser);
    return true;
  }
  for (const member of type.kind === 'union' ? type.members : [type]) {
    if (members.some((other) => isSameType(other, member))) {
      throw new TypeSyntaxError('this member stands twice in the union', start, parser.at - start);
    }
    if (members.length >= MAX_TYPE_MEMBERS) throw tooMany(start);
    members.push(member);
  }
  return false;
}

function postfix(parser: Parser, depth: number): Type {
  const type = primary(parser, depth);
  if (!take(parser, '?')) return type;
  if (type.kind === 'optional' || take(parser, '?')) {
    throw new TypeSyntaxError('this type is optional already', parser.at - 1, 1, 'write one `?`');
  }
  return optionalOf(type);
}

function primary(parser: Parser, depth: number): Type {
  if (++parser.parts > MAX_TYPE_PARTS)
    throw new TypeSyntaxError(`a type has at most ${MAX_TYPE_PARTS} parts`, parser.at, 1);
  if (take(parser, '(')) {
    const inner = union(parser, depth + 1);
    expect(parser, ')');
    return inner;
  }
  if (take(parser, '{')) return { kind: 'record', fields: members(parser, '}', depth, field) };
  const start = parser.at;
  const name = word(parser, 'a type');
  switch (name) {
    case 'list':
      return { kind: 'list', element: argument(parser, name, depth) };
    case 'map':
      return { kind: 'map', value: argument(parser, name, depth) };
    case 'enum':
      return enumeration(parser);
    case 'table':
      expect(parser, '<', 'a table names its columns: `table<day: string, sales: integer>`');
      return { kind: 'table', columns: members(parser, '>', depth, column) };
    default:
      if ((SCALAR_KINDS as readonly string[]).includes(name)) return { kind: name as ScalarKind };
      throw unknownType(name, start);
  }
}

function unknownType(name: string, offset: number): TypeSyntaxError {
  const wanted = FOREIGN_NAMES.get(name.toLowerCase()) ?? suggest(name, [...SCALAR_KINDS, ...GENERIC_KINDS]);
  const help =
    wanted === undefined
      ? `the types are ${[...SCALAR_KINDS, ...GENERIC_KINDS].join(', ')}, { … }`
      : `did you mean "${wanted}"?`;
  return new TypeSyntaxError(`there is no type "${name}"`, offset, name.length, help);
}

function argument(parser: Parser, name: string, depth: number): Type {
  expect(parser, '<', `say of what: \`${name}<integer>\``);
  const type = union(parser, depth + 1);
  expect(parser, '>');
  return type;
}

function enumeration(parser: Parser): Type {
  expect(parser, '<', 'an enum names its values: `enum<small|large>`');
  const values: string[] = [];
  do {
    skipSpace(parser);
    const start = parser.at;
    const value = match(parser, /[A-Za-z0-9_][A-Za-z0-9_.-]*/y);
    if (value === undefined) throw unexpected(parser, 'a value: letters, digits, `_`, `.` and `-`');
    if (values.includes(value)) throw new TypeSyntaxError(`"${value}" stands twice`, start, value.length);
    if (values.length >= MAX_TYPE_MEMBERS) throw tooMany(start);
    values.push(value);
  } while (take(parser, '|'));
  expect(parser, '>');
  return { kind: 'enum', values };
}

/** `name: T, …` up to `end`; a trailing comma is fine, a table has at least one column. */
function members<T>(
  parser: Parser,
  end: string,
  depth: number,
  read: (parser: Parser, depth: number) => T,
): Map<string, T> {
  const found = new Map<string, T>();
  while (!take(parser, end)) {
    skipSpace(parser);
    const start = parser.at;
    const name = word(parser, 'a field name');
    if (name.length > MAX_IDENTIFIER_LENGTH) {
      throw new TypeSyntaxError(`names have at most ${MAX_IDENTIFIER_LENGTH} characters`, start, name.length);
    }
    if (found.has(name)) throw new TypeSyntaxError(`"${name}" stands twice`, start, name.length);
    if (found.size >= MAX_TYPE_MEMBERS) throw tooMany(start);
    found.set(name, read(parser, depth + 1));
    if (take(parser, ',')) continue;
    expect(parser, end);
    break;
  }
  if (end === '>' && found.size === 0) throw new TypeSyntaxError('a table has at least one column', parser.at - 1, 1);
  return found;
}

function field(parser: Parser, depth: number): Field {
  const optional = take(parser, '?');
  expect(parser, ':');
  return { type: union(parser, depth), optional };
}

function column(parser: Parser, depth: number): Type {
  expect(parser, ':');
  return union(parser, depth);
}

function word(parser: Parser, wanted: string): string {
  skipSpace(parser);
  const found = match(parser, /[A-Za-z_][A-Za-z0-9_]*/y);
  if (found === undefined) throw unexpected(parser, wanted);
  return found;
}

function match(parser: Parser, pattern: RegExp): string | undefined {
  pattern.lastIndex = parser.at;
  const found = pattern.exec(parser.text)?.[0];
  if (found !== undefined) parser.at += found.length;
  return found;
}

function take(parser: Parser, token: string): boolean {
  skipSpace(parser);
  if (parser.text[parser.at] !== token) return false;
  parser.at++;
  return true;
}

function expect(parser: Parser, token: string, help?: string): void {
  if (!take(parser, token)) throw unexpected(parser, `\`${token}\``, help);
}

function skipSpace(parser: Parser): void {
  while (parser.text[parser.at] === ' ' || parser.text[parser.at] === '\n') parser.at++;
}

function unexpected(parser: Parser, wanted: string, help?: string): TypeSyntaxError {
  const found = parser.at < parser.text.length ? `found \`${parser.text[parser.at]}\`` : 'the type ends';
  return new TypeSyntaxError(
    `expected ${wanted}, but ${found}`,
    Math.min(parser.at, Math.max(0, parser.text.length - 1)),
    1,
    help,
  );
}

function tooMany(offset: number): TypeSyntaxError {
  return new TypeSyntaxError(`at most ${MAX_TYPE_MEMBERS} may stand here`, offset, 1);
}
