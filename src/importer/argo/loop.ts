import { isJsonObject, type Json } from '../../base/index.ts';
import { celString, celText, expression, plainJson, recordOf, valueText } from '../cel-text.ts';
import { type Cursor, field, textIn, textOf, whole } from '../cursor.ts';
import { argoParts, referencesOf } from '../text-parts.ts';
import { bindings, type GraphScope, pathCel, referenceCel } from './graph-scope.ts';
import { signatureOf, spend } from './importing.ts';
import { type ArgoNode, type ArgoTemplate, argoReference, pathsBelow } from './model.ts';

/** A tag of the element → CEL of type string. */
export type ItemCel = (field: string | undefined) => string | undefined;

/** What a loop goes over: elements that stand in the text, or a list that an expression gives, `item` by `item`. */
export type Loop =
  | { readonly kind: 'elements'; readonly elements: readonly Json[]; readonly itemOf: (element: Json) => ItemCel }
  | { readonly kind: 'list'; readonly cel: string; readonly item: ItemCel };

/** What each subtask gets: lists by input, and values that are alike for all. */
export interface LoopBindings {
  readonly over: Json;
  readonly with: Json | undefined;
}

/** The arguments of a node in a loop; those that read the element become lists, one value per element. */
export function loopBindings(scope: GraphScope, node: ArgoNode, child: ArgoTemplate, loop: Loop): LoopBindings {
  const reads = (at: Cursor | undefined): boolean =>
    at !== undefined && pathsBelow(at).some((path) => argoReference(path).kind === 'item');
  const { inputs } = signatureOf(scope.into, child);
  const alike = bindings(scope, { ...node, parameters: node.parameters.filter(({ value }) => !reads(value)) }, child);
  const lists = node.parameters.flatMap(({ name, value }): (readonly [string, Json])[] => {
    const ours = inputs.get(name);
    return ours === undefined || value === undefined || !reads(value) ? [] : [[ours, listOf(scope, value, loop)]];
  });
  if (lists.length > 0) return { over: recordOf(lists), with: alike };
  // No input reads the element: the list alone says how often.
  return { over: loop.kind === 'list' ? expression(loop.cel) : plainJson(loop.elements), with: alike };
}

function listOf(scope: GraphScope, at: Cursor, loop: Loop): Json {
  const text = textOf(at) ?? JSON.stringify(whole(at));
  const parts = argoParts(text);
  if (loop.kind === 'list') {
    const cel = celText(parts, (reference) => referenceCel({ ...scope, item: loop.item }, at, reference));
    return expression(cel === 'item' ? loop.cel : `${loop.cel}.map(item, ${cel})`);
  }
  // Each element repeats the text.
  if (!spend(scope.into, at, Math.ceil((loop.elements.length * text.length) / 256))) return [];
  return loop.elements.map((element) => {
    const inner = { ...scope, item: loop.itemOf(element) };
    return valueText(parts, (reference) => referenceCel(inner, at, reference));
  });
}

/** A condition that reads the element leaves out the elements for which it does not hold. */
export function filtered(loop: Loop, condition: string): Loop | undefined {
  return loop.kind === 'list' ? { ...loop, cel: `${loop.cel}.filter(item, ${condition})` } : undefined;
}

/** `withItems`, `withParam` or `withSequence` of a node; undefined when it has none that can be said, which is told. */
export function loopOf(scope: GraphScope, node: ArgoNode): Loop | undefined {
  const fixed = field(node.at, 'withItems');
  if (fixed !== undefined) return fixedLoop(scope, fixed);
  const given = field(node.at, 'withParam');
  if (given !== undefined) return givenLoop(scope, given);
  const sequence = field(node.at, 'withSequence');
  return sequence === undefined ? undefined : sequenceLoop(scope, sequence);
}

function fixedLoop(scope: GraphScope, at: Cursor): Loop | undefined {
  const list = whole(at);
  const elements = Array.isArray(list) ? elementsOf(list as readonly Json[]) : undefined;
  const hasTags = referencesOf(argoParts(JSON.stringify(list))).length > 0;
  const loop = elements === undefined || hasTags ? undefined : elementsLoop(scope, at, elements);
  if (loop !== undefined) return loop;
  if (elements !== undefined && !hasTags) return undefined;
  scope.into.notes.lost(at, {
    construct: 'withItems',
    message: hasTags ? 'the elements refer to other values' : 'the elements are not alike',
    instead: 'make the list in a compute node, all elements of one shape',
  });
  return undefined;
}

/** Scalars as text, or flat objects of the same keys with texts; undefined for anything else. */
function elementsOf(list: readonly Json[]): readonly Json[] | undefined {
  const scalars = list.map(scalarText);
  if (scalars.every((text) => text !== undefined)) return scalars;
  const keys = isJsonObject(list[0]) ? Object.keys(list[0]) : [];
  const rows = list.map((row) => {
    if (!isJsonObject(row) || Object.keys(row).length !== keys.length) return undefined;
    const cells = keys.map((key) => [key, Object.hasOwn(row, key) ? scalarText(row[key]!) : undefined] as const);
    return cells.every(([key, text]) => text !== undefined && /^[A-Za-z_]\w*$/.test(key)) ? recordOf(cells) : undefined;
  });
  return keys.length > 0 && rows.every((row) => row !== undefined) ? rows : undefined;
}

function scalarText(value: Json): string | undefined {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined;
}

function elementsLoop({ into }: GraphScope, at: Cursor, elements: readonly Json[]): Loop | undefined {
  return spend(into, at, elements.length) ? { kind: 'elements', elements, itemOf } : undefined;
}

function itemOf(element: Json): ItemCel {
  return (name) => {
    const value =
      name === undefined ? element : isJsonObject(element) && Object.hasOwn(element, name) ? element[name] : undefined;
    return typeof value === 'string' ? celString(value) : undefined;
  };
}

function givenLoop(scope: GraphScope, at: Cursor): Loop | undefined {
  const text = textOf(at)?.trim() ?? '';
  const [only, ...more] = argoParts(text);
  const cel = only?.kind === 'reference' && more.length === 0 ? pathCel(scope, only.source, 'list') : undefined;
  if (cel !== undefined) {
    return { kind: 'list', cel, item: (name) => `string(item${name === undefined ? '' : memberCel(name)})` };
  }
  const literal = only?.kind === 'text' && more.length === 0 ? literalElements(text) : undefined;
  if (literal !== undefined) return elementsLoop(scope, at, literal);
  scope.into.notes.lost(at, {
    construct: text.slice(0, 80),
    message: 'the list of this loop has no expression with the same meaning',
    instead: 'make the list in a compute node, and go over its output',
  });
  return undefined;
}

function literalElements(text: string): readonly Json[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? elementsOf(list as readonly Json[]) : undefined;
  } catch {
    return undefined;
  }
}

function sequenceLoop(scope: GraphScope, at: Cursor): Loop | undefined {
  const count = numberCel(scope, field(at, 'count'));
  const start = numberCel(scope, field(at, 'start')) ?? '0';
  const end = numberCel(scope, field(at, 'end'));
  const format = field(at, 'format');
  if (format !== undefined && textOf(format) !== '%d') {
    scope.into.notes.lost(format, {
      construct: `format ${textIn(at, 'format')}`,
      message: 'the elements are numbers as they are',
      instead: 'format them in the script',
    });
  }
  const size = count ?? (end === undefined ? undefined : sum(end, start));
  if (size === undefined) {
    scope.into.notes.lost(at, {
      construct: 'withSequence',
      message: 'its bounds have no expression with the same meaning',
    });
    return undefined;
  }
  const element = start === '0' ? 'item' : `item + ${start}`;
  return {
    kind: 'list',
    cel: `range(${size})`,
    item: (name) => (name === undefined ? `string(${element})` : undefined),
  };
}

/** From start to end, both of them in it. */
function sum(end: string, start: string): string {
  if (/^\d+$/.test(end) && /^\d+$/.test(start)) return String(Math.max(0, Number(end) - Number(start) + 1));
  return start === '0' ? `${end} + 1` : `${end} - ${start} + 1`;
}

function numberCel(scope: GraphScope, at: Cursor | undefined): string | undefined {
  const text = textOf(at)?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return text;
  const [only, ...more] = argoParts(text);
  if (only?.kind !== 'reference' || more.length > 0) return undefined;
  const cel = pathCel(scope, only.source, 'text');
  return cel === undefined ? undefined : `int(${cel})`;
}

/** `.os`, or `['a-b']` where CEL does not read the name. */
function memberCel(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${celString(name)}]`;
}
