import type { ErrorObject } from 'ajv/dist/2020.js';
import { isJsonObject, type Json } from '../base/index.ts';
import type { Path } from './document.ts';
import { NODE_KINDS } from './schema/node.ts';
import { TITLE } from './schema/parts.ts';
import { didYouMean, suggestedBy } from './suggest.ts';
import type { SchemaProblem } from './validate.ts';
import { describeJson } from './value.ts';

/** Strings whose form `read/` checks with better words than a pattern has. */
const READ_LATER: ReadonlySet<unknown> = new Set([TITLE.duration, TITLE.quantity]);
/** Wraps of other findings, or the wrapped side of one that is told as a whole. */
const WRAPPER_KEYWORDS: ReadonlySet<string> = new Set(['propertyNames', 'if', 'anyOf']);
const MAX_SHOWN = 60;

type AjvError = ErrorObject & { readonly data: Json };

/** An error of ajv in our words, or undefined when another one tells the same. */
export function schemaProblem(error: AjvError): SchemaProblem | undefined {
  const { keyword, schemaPath } = error;
  if (WRAPPER_KEYWORDS.has(keyword) || schemaPath.includes('/oneOf/')) return undefined;
  const path = pointerPath(error.instancePath);
  if (error.propertyName !== undefined) return keyProblem(error, [...path, error.propertyName]);
  switch (keyword) {
    case 'additionalProperties':
      return unknownField(error, path);
    case 'required':
      return missingField(error, path);
    case 'type':
      return wrongForm(error, path);
    case 'enum':
      return notAllowed(error.params.allowedValues as Json[], error.data, path);
    case 'const':
      return notAllowed([error.params.allowedValue as Json], error.data, path);
    case 'oneOf':
      return notExactlyOne(error, path);
    case 'not':
      return typeof error.data === 'string' ? expressionFound(path) : undefined;
    case 'pattern':
      return badText(error, path);
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return {
        code: 'PIPE-SCHEMA-008',
        message: `expected a number ${bound(keyword)} ${error.params.limit}, found ${error.data}`,
        path,
        isKey: false,
      };
    case 'uniqueItems': {
      const item = Math.max(error.params.i, error.params.j);
      const twice = Array.isArray(error.data) ? error.data[item] : undefined;
      return {
        code: 'PIPE-SCHEMA-013',
        message: `${describeJson(twice ?? null)} stands twice in this list`,
        path: [...path, item],
        isKey: false,
        help: 'remove one of them',
      };
    }
    default:
      return badSize(error, path);
  }
}

/** RFC 6901. */
function pointerPath(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function placeName(path: Path): string {
  return path.length === 0 ? 'the document' : `"${path.join('.')}"`;
}

function properties(error: AjvError): readonly string[] {
  const schema = error.parentSchema as { readonly properties?: object } | undefined;
  return Object.keys(schema?.properties ?? {});
}

/** Fields of a node that people write inside of `map` and `dynamic`. */
const BESIDE: readonly string[] = ['retries', 'timeout', 'resources', 'cache', 'interruptible', 'needs', 'when'];

function unknownField(error: AjvError, path: Path): SchemaProblem {
  const field = String(error.params.additionalProperty);
  const known = properties(error);
  const owner = path.at(-1);
  const isInside = (owner === 'map' && known.includes('over')) || (owner === 'dynamic' && known.includes('tasks'));
  const beside = isInside && BESIDE.includes(field);
  const near = beside ? undefined : didYouMean(field, known);
  const help = beside
    ? `write "${field}" beside "${owner}", on the node`
    : (near ?? `the fields here are ${known.join(', ')}`);
  const meant = near === undefined ? undefined : suggestedBy(near);
  return {
    code: 'PIPE-SCHEMA-004',
    message: `there is no field "${shown(field)}" in ${placeName(path)}`,
    path: [...path, field],
    isKey: true,
    help,
    ...(meant !== undefined && { meant }),
  };
}

function missingField(error: AjvError, path: Path): SchemaProblem {
  const field = String(error.params.missingProperty);
  const title = (error.parentSchema as { readonly title?: string } | undefined)?.title;
  const message = `${placeName(path)} lacks the field "${field}"`;
  const help =
    title === 'parameter'
      ? 'a record type needs quotes: "{ x: integer }"; the long form is { type: integer, default: 1 }'
      : title === 'workflow output'
        ? 'write a value, or its long form { value: … }'
        : undefined;
  return { code: 'PIPE-SCHEMA-005', message, path, isKey: true, lacks: [field], ...(help !== undefined && { help }) };
}

function wrongForm(error: AjvError, path: Path): SchemaProblem {
  const types = [error.params.type].flat() as string[];
  const schema = error.parentSchema as { readonly title?: string; readonly examples?: readonly Json[] } | undefined;
  const wanted = types.map((type) => FORMS.get(type) ?? type).join(' or ');
  const example = schema?.examples?.[0];
  if (schema?.title === TITLE.secretValue && typeof error.data === 'string') return secretFound(path, example);
  const fields = types.length === 1 && types[0] === 'object' ? properties(error) : [];
  const help =
    formHelp(types, error.data) ??
    (example !== undefined
      ? `for example ${JSON.stringify(example)}${fields.length > 1 ? `; its fields are ${fields.join(', ')}` : ''}`
      : fields.length > 0
        ? `write { ${fields[0]}: … }; its fields are ${fields.join(', ')}`
        : undefined);
  const message = `expected ${wanted}, found ${describeJson(error.data)}`;
  return { code: 'PIPE-SCHEMA-006', message, path, isKey: false, ...(help !== undefined && { help }) };
}

/** The value is not repeated: a log would show it. */
function secretFound(path: Path, example: Json | undefined): SchemaProblem {
  const message = `${placeName(path)} is to name a secret, and has text instead`;
  const help = `put the text into a secret and name that, for example ${JSON.stringify(example)}`;
  return { code: 'PIPE-NOTIFY-001', message, path, isKey: false, isSecret: true, help };
}

const FORMS: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['integer', 'a whole number'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'a map'],
]);

function formHelp(types: readonly string[], value: Json): string | undefined {
  if (types.includes('array') && typeof value === 'string') {
    // A command line of plain words: in brackets as it stands it would be one word with spaces.
    const isWords = /^[\w./=-]+(?:\s+[\w./=-]+)+$/.test(value.trim());
    return `put it in brackets: [${shown(isWords ? value.trim().split(/\s+/).map(listItem).join(', ') : value)}]`;
  }
  if (types.includes('boolean') && typeof value === 'string' && /^(yes|no|on|off)$/i.test(value))
    return `write ${/^(yes|on)$/i.test(value)}`;
  if (!types.includes('string') || types.includes('object')) return undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? `put it in quotes: "${value}"` : undefined;
}

/** A word of a command line as an item of a list of texts. */
function listItem(word: string): string {
  return /^(?:true|false|null|[-+]?[\d.]+)$/.test(word) ? `"${word}"` : word;
}

function notAllowed(allowed: readonly Json[], value: Json, path: Path): SchemaProblem {
  const words = allowed.map(String);
  const help = typeof value === 'string' ? didYouMean(value, words) : undefined;
  const message = `expected ${words.length === 1 ? '' : 'one of '}${words.join(', ')}; found ${describeJson(value)}`;
  return { code: 'PIPE-SCHEMA-007', message, path, isKey: false, ...(help !== undefined && { help }) };
}

function notExactlyOne(error: AjvError, path: Path): SchemaProblem {
  const options = (error.schema as readonly { readonly required: readonly string[] }[]).map(
    ({ required }) => required[0]!,
  );
  const given = options.filter((option) => isJsonObject(error.data) && Object.hasOwn(error.data, option));
  const names = `${options.slice(0, -1).map(quote).join(', ')} and ${quote(options.at(-1)!)}`;
  const what =
    given.length === 0 ? `none of ${names} is given` : `${given.map(quote).join(' and ')} are given together`;
  const isNode = options.length === Object.keys(NODE_KINDS).length && options.every((option) => option in NODE_KINDS);
  const help = isNode ? 'a node does exactly one of them' : 'give exactly one of them';
  // Told at the second one: that is the one too many.
  return {
    code: 'PIPE-SCHEMA-010',
    message: `${placeName(path)}: ${what}`,
    path: given.length > 1 ? [...path, given[1]!] : path,
    isKey: true,
    help,
    ...(given.length === 0 && { lacks: options }),
  };
}

function quote(text: string): string {
  return `"${text}"`;
}

function expressionFound(path: Path): SchemaProblem {
  const isRun = path[0] === 'spec' && path[1] === 'run';
  const help = isRun
    ? 'a command gets its inputs in the environment (PIPECTL_INPUT_<NAME>) and in the file $PIPECTL_INPUTS, so that data cannot become code'
    : 'write the value itself';
  return {
    code: 'PIPE-EXPR-001',
    message: `no expression may stand ${isRun ? 'in "run"' : 'here'}`,
    path,
    isKey: false,
    help,
  };
}

function badText(error: AjvError, path: Path): SchemaProblem | undefined {
  const schema = error.parentSchema as { readonly title?: string; readonly description?: string };
  if (typeof error.data === 'string' && error.data.includes('${{')) return expressionFound(path);
  if (READ_LATER.has(schema.title)) return undefined;
  return textProblem(String(error.data), schema, path, false);
}

function keyProblem(error: AjvError, path: Path): SchemaProblem | undefined {
  if (error.keyword !== 'pattern') return undefined;
  return textProblem(
    error.propertyName!,
    error.parentSchema as { readonly title?: string; readonly description?: string },
    path,
    true,
  );
}

function textProblem(
  text: string,
  schema: { readonly title?: string; readonly description?: string },
  path: Path,
  isKey: boolean,
): SchemaProblem {
  const kind = schema.title ?? 'text';
  const better = kind === TITLE.name ? nameLike(text) : kind === TITLE.identifier ? identifierLike(text) : undefined;
  const help = better === undefined ? schema.description : `for example "${better}": ${schema.description}`;
  return {
    code: 'PIPE-SCHEMA-009',
    message: `"${shown(text)}" is not a valid ${kind}`,
    path,
    isKey,
    ...(help !== undefined && { help }),
  };
}

function nameLike(text: string): string | undefined {
  const name = text
    .slice(0, 63)
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 63);
  return name === '' || name.endsWith('-') ? undefined : name;
}

function identifierLike(text: string): string | undefined {
  const name = text
    .slice(0, 63)
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^(?=[0-9])/, '_')
    .slice(0, 63);
  return /^_*$/.test(name) ? undefined : name;
}

function bound(keyword: string): string {
  switch (keyword) {
    case 'minimum':
      return 'of at least';
    case 'maximum':
      return 'of at most';
    case 'exclusiveMinimum':
      return 'above';
    default:
      return 'below';
  }
}

const SIZES: ReadonlyMap<string, string> = new Map([
  ['minItems', 'at least # items'],
  ['maxItems', 'at most # items'],
  ['minLength', 'at least # characters'],
  ['maxLength', 'at most # characters'],
  ['minProperties', 'at least # entries'],
  ['maxProperties', 'at most # entries'],
]);

function badSize(error: AjvError, path: Path): SchemaProblem {
  const size = SIZES.get(error.keyword);
  const message =
    size === undefined
      ? `${placeName(path)} ${error.message ?? 'is not valid'}`
      : `${placeName(path)} needs ${size.replace('#', String(error.params.limit))}`;
  return {
    code: 'PIPE-SCHEMA-011',
    message: message.replace(
      /\b1 (item|character|entrie)s/,
      (_all, noun: string) => `1 ${noun === 'entrie' ? 'entry' : noun}`,
    ),
    path,
    isKey: false,
  };
}

function shown(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
