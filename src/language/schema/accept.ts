import { isJsonObject, type Json } from '../../base/index.ts';
import type { Schema } from './parts.ts';

/** Whether a value surely fits a schema. False says that somebody must look closer, not that it does not fit. */
export type Accept = (value: Json) => boolean;

/**
 * A schema as a chain of plain checks, which answer for right documents without a list of what is wrong with them: they are
 * made in a millisecond and take a third of a full validator's time. Only what our schemas use is understood: of anything
 * else nothing is accepted. What is accepted, JSON Schema 2020-12 says is valid; a test compares.
 */
export function acceptorOf(schema: Schema): Accept {
  const defs = (schema.$defs ?? {}) as Readonly<Record<string, Schema>>;
  const known = new Map<string, Accept>();
  const refer = (name: string): Accept => {
    const part = defs[name];
    if (part === undefined) return never;
    // Made when first asked for: a part may hold itself.
    return (value) => {
      const accept = known.get(name) ?? acceptPart(part, refer);
      known.set(name, accept);
      return accept(value);
    };
  };
  return acceptPart(schema, refer);
}

type Refer = (name: string) => Accept;

const always: Accept = () => true;
const never: Accept = () => false;

/** Keywords that say nothing about what is valid. */
const NOTES: ReadonlySet<string> = new Set(['$schema', '$id', '$defs', 'title', 'description', 'examples', 'default']);
const STRING_WORDS = ['pattern', 'minLength', 'maxLength', 'not'] as const;
const NUMBER_WORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;
const ARRAY_WORDS = ['items', 'minItems', 'maxItems', 'uniqueItems'] as const;
const OBJECT_WORDS = [
  'properties',
  'required',
  'additionalProperties',
  'propertyNames',
  'minProperties',
  'maxProperties',
  'oneOf',
] as const;
const ALL_WORDS: ReadonlySet<string> = new Set([
  ...[...STRING_WORDS, ...NUMBER_WORDS, ...ARRAY_WORDS, ...OBJECT_WORDS],
  ...['type', 'enum', 'const', '$ref'],
]);

function acceptPart(schema: Schema, refer: Refer): Accept {
  const words = Object.keys(schema).filter((word) => !NOTES.has(word));
  if (words.some((word) => !ALL_WORDS.has(word))) return never;
  const checks: Accept[] = [];
  if (schema.type !== undefined || words.some((word) => word !== '$ref' && word !== 'enum' && word !== 'const'))
    checks.push(byType(schema, refer));
  if (schema.enum !== undefined) checks.push(oneOfThese(schema.enum as readonly Json[]));
  if (schema.const !== undefined) checks.push(oneOfThese([schema.const as Json]));
  if (typeof schema.$ref === 'string') checks.push(refer(schema.$ref.replace('#/$defs/', '')));
  const [first = always, second, ...more] = checks;
  if (second === undefined) return first;
  const rest = [second, ...more];
  return (value) => first(value) && rest.every((accept) => accept(value));
}

function oneOfThese(allowed: readonly Json[]): Accept {
  if (allowed.some((value) => typeof value === 'object' && value !== null)) return never;
  return (value) => allowed.includes(value);
}

/** Words about texts say nothing of numbers, and so on: each type of value has its own checks. */
function byType(schema: Schema, refer: Refer): Accept {
  const types = schema.type === undefined ? undefined : ([schema.type].flat() as string[]);
  // What is not text fits any pattern: `not` lets it through only where it speaks of text alone.
  const isTextOnly = schema.not !== undefined && (schema.not as Schema).type !== 'string';
  const when = (type: string, make: () => Accept): Accept =>
    (types === undefined || types.includes(type)) && (type === 'string' || !isTextOnly) ? make() : never;
  const object = when('object', () => objectCheck(schema, refer));
  const array = when('array', () => arrayCheck(schema, refer));
  const string = when('string', () => stringCheck(schema));
  const isWholeOnly = types?.includes('integer') === true && !types.includes('number');
  const number = when(isWholeOnly ? 'integer' : 'number', () => numberCheck(schema, isWholeOnly));
  const boolean = when('boolean', () => always);
  const nothing = when('null', () => always);
  return (value) => {
    if (typeof value === 'string') return string(value);
    if (typeof value === 'number') return number(value);
    if (typeof value === 'boolean') return boolean(value);
    if (value === null) return nothing(value);
    return Array.isArray(value) ? array(value) : object(value);
  };
}

function stringCheck(schema: Schema): Accept {
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY, not } = schema;
  if (STRING_WORDS.every((word) => schema[word] === undefined)) return always;
  const regex = pattern === undefined ? undefined : new RegExp(pattern as string, 'u');
  const banned = not === undefined ? undefined : bannedPattern(not as Schema);
  if (banned === null) return never;
  // JSON Schema counts code points, of which a text has no more than units and no fewer than half.
  const fewest = (minLength as number) > 1 ? 2 * (minLength as number) : (minLength as number);
  return (value) => {
    const text = value as string;
    if (text.length > (maxLength as number) || text.length < fewest) return false;
    return (regex === undefined || regex.test(text)) && (banned === undefined || !banned.test(text));
  };
}

/** Of `not`, the pattern that it bans; null where it says something else. */
function bannedPattern(not: Schema): RegExp | null {
  const words = Object.keys(not).filter((word) => word !== 'type');
  const isOfText = not.type === undefined || not.type === 'string';
  return isOfText && words.join() === 'pattern' ? new RegExp(not.pattern as string, 'u') : null;
}

function numberCheck(schema: Schema, isWhole: boolean): Accept {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema as Readonly<Record<string, number>>;
  return (value) => {
    const number = value as number;
    if (isWhole ? !Number.isInteger(number) : !Number.isFinite(number)) return false;
    return (
      (minimum === undefined || number >= minimum) &&
      (maximum === undefined || number <= maximum) &&
      (exclusiveMinimum === undefined || number > exclusiveMinimum) &&
      (exclusiveMaximum === undefined || number < exclusiveMaximum)
    );
  };
}

function arrayCheck(schema: Schema, refer: Refer): Accept {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY, uniqueItems = false } = schema;
  const item = items === undefined ? always : acceptPart(items as Schema, refer);
  return (value) => {
    const list = value as readonly Json[];
    if (list.length < (minItems as number) || list.length > (maxItems as number)) return false;
    if (!list.every(item)) return false;
    return uniqueItems !== true || (list.every(isText) && new Set(list).size === list.length);
  };
}

function isText(value: Json): boolean {
  return typeof value === 'string';
}

/** What is said of one field. */
interface Field {
  readonly accept: Accept;
  readonly isRequired: boolean;
  /** One of those of which exactly one is given. */
  readonly isChoice: boolean;
}

function objectCheck(schema: Schema, refer: Refer): Accept {
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY, propertyNames, additionalProperties } = schema;
  const choices = choicesOf(schema.oneOf);
  if (choices === null) return never;
  const required = (schema.required ?? []) as readonly string[];
  const fields = fieldsOf(schema, required, choices, refer);
  const acceptKey = propertyNames === undefined ? undefined : acceptPart(propertyNames as Schema, refer);
  const acceptOther = others(additionalProperties, refer);
  if (fields.size === 0 && acceptKey === undefined && acceptOther === always && schema.maxProperties === undefined)
    return (value) => isJsonObject(value) && Object.keys(value).length >= (minProperties as number);
  const wanted = required.length;
  const chosen = choices.length === 0 ? 0 : 1;
  return (value) => {
    const object = value as Readonly<Record<string, Json>>;
    let count = 0;
    let found = 0;
    let taken = 0;
    for (const key in object) {
      if (++count > (maxProperties as number)) return false;
      if (acceptKey !== undefined && !acceptKey(key)) return false;
      const field = fields.get(key);
      if (field === undefined) {
        if (!acceptOther(object[key] as Json)) return false;
        continue;
      }
      if (field.isRequired) found++;
      if (field.isChoice) taken++;
      if (!field.accept(object[key] as Json)) return false;
    }
    return count >= (minProperties as number) && found === wanted && taken === chosen;
  };
}

function others(schema: unknown, refer: Refer): Accept {
  if (schema === false) return never;
  return schema === undefined || schema === true ? always : acceptPart(schema as Schema, refer);
}

/** The fields of which exactly one must be there; null where alternatives say more than that. */
function choicesOf(oneOf: unknown): readonly string[] | null {
  if (oneOf === undefined) return [];
  const choices: string[] = [];
  for (const option of oneOf as readonly Schema[]) {
    const required = option.required as readonly string[] | undefined;
    if (Object.keys(option).join() !== 'required' || required?.length !== 1) return null;
    choices.push(...required);
  }
  return choices;
}

function fieldsOf(
  schema: Schema,
  required: readonly string[],
  choices: readonly string[],
  refer: Refer,
): ReadonlyMap<string, Field> {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const fields = new Map<string, Field>();
  for (const name of new Set([...Object.keys(properties), ...required, ...choices])) {
    const part = properties[name];
    const accept = part === undefined ? others(schema.additionalProperties, refer) : acceptPart(part, refer);
    fields.set(name, { accept, isRequired: required.includes(name), isChoice: choices.includes(name) });
  }
  return fields;
}
