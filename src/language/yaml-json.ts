import type { Node, Range, Scalar, YAMLMap } from 'yaml';
import type { Json } from '../base/index.ts';
import { wideInteger } from './number.ts';
import { yaml } from './yaml-library.ts';

/** Tells a finding at [start, end) of the text. */
export type Tell = (code: string, message: string, start: number, end: number, help?: string) => void;

const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const CORE_TAG = /^(?:tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)|!)$/;
const WHOLE_NUMBER = /^[-+]?(?:[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/;
const LEADING_ZERO = /^[-+]?0[0-9]/;

/**
 * A composed node → JSON, objects without prototype, integers past 2^53 as decimal strings. What JSON cannot say, or
 * what reads differently to different people, is told and stands as null. Recursion is bounded by the gate.
 */
export function yamlToJson(node: unknown, tell: Tell): Json {
  const { isAlias, isCollection, isMap, isScalar, isSeq } = yaml();
  if (isAlias(node)) {
    if (!/^[A-Za-z_]/.test(node.source)) {
      tell(
        'PIPE-YAML-012',
        'text that begins with * is an alias unless it is in quotes',
        ...rangeOf(node),
        `write "*${node.source}"`,
      );
      return null;
    }
    tell('PIPE-YAML-012', `aliases are not read: \`*${node.source}\``, ...rangeOf(node), 'write the value out here');
    return null;
  }
  if (isScalar(node)) {
    checkProperties(node, tell);
    return scalarToJson(node, tell);
  }
  if (!isCollection(node)) return null;
  checkProperties(node, tell);
  if (isMap(node)) return mapToJson(node, tell);
  if (!isSeq(node)) return null;
  return node.items.map((item) => yamlToJson(item, tell));
}

function mapToJson(map: YAMLMap, tell: Tell): Json {
  const object: Record<string, Json> = Object.create(null);
  const seen = new Set<string>();
  for (const { key, value } of map.items) {
    const name = keyName(key, tell);
    const inner = yamlToJson(value, tell);
    if (name === undefined) continue;
    if (seen.has(name))
      tell('PIPE-YAML-011', `the key "${name}" stands twice`, ...rangeOf(key as Node), 'remove one of them');
    seen.add(name);
    object[name] = inner;
  }
  return object;
}

/** The key as text: numbers and booleans stand for their letters, as JSON would have them. */
function keyName(key: unknown, tell: Tell): string | undefined {
  const { isAlias, isCollection, isScalar } = yaml();
  if (!isScalar(key)) {
    const range: [number, number] = isAlias(key) || isCollection(key) ? rangeOf(key) : [0, 1];
    if (isAlias(key)) yamlToJson(key, tell);
    else tell('PIPE-YAML-015', 'a key must be a string', ...range, 'write the key as plain text or in quotes');
    return undefined;
  }
  checkProperties(key, tell);
  const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
  if (name === '<<' && key.type === 'PLAIN') {
    tell('PIPE-YAML-014', 'merge keys (`<<`) are not read', ...rangeOf(key), 'write the keys out here');
    return undefined;
  }
  if (name === '') {
    tell('PIPE-YAML-015', 'a key must not be empty', ...rangeOf(key), 'write a name before the colon');
    return undefined;
  }
  return name;
}

function checkProperties(
  node: Scalar | YAMLMap | { readonly anchor?: string; readonly tag?: string; readonly range?: Range | null },
  tell: Tell,
): void {
  if (node.anchor !== undefined) {
    tell(
      'PIPE-YAML-012',
      `anchors are not read: \`&${node.anchor}\``,
      ...rangeOf(node),
      'write the value out where it is needed',
    );
  }
  if (node.tag !== undefined && !CORE_TAG.test(node.tag)) {
    tell('PIPE-YAML-013', `the tag \`${node.tag}\` is not read`, ...rangeOf(node), 'remove it: values are JSON');
  }
}

function scalarToJson(node: Scalar, tell: Tell): Json {
  const { value } = node;
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || value === undefined)
    return value ?? null;
  if (typeof value !== 'number') return String(value);
  const source = node.source ?? '';
  if (!Number.isFinite(value)) {
    tell(
      'PIPE-YAML-016',
      `${source} is not a number that JSON can hold`,
      ...rangeOf(node),
      'use a finite number, or quote it',
    );
    return null;
  }
  if (!WHOLE_NUMBER.test(source)) return value;
  if (LEADING_ZERO.test(source)) {
    tell(
      'PIPE-YAML-017',
      `${source} may be meant as octal, decimal or text`,
      ...rangeOf(node),
      `write ${value}, 0o${source.replace(/^[-+]?0+/, '')} or "${source}"`,
    );
  }
  if (Math.abs(value) <= MAX_SAFE) return value;
  const exact = wideInteger(source);
  if (exact === undefined) {
    tell(
      'PIPE-YAML-018',
      'this integer does not fit 64 bits',
      ...rangeOf(node),
      'integers go from -2^63 to 2^63-1; quote it if it is text',
    );
    return null;
  }
  return exact;
}

/** Start and end of a node's own text, trailing space and comments excluded. */
export function rangeOf(node: { readonly range?: Range | null | undefined }): [number, number] {
  return node.range ? [node.range[0], Math.max(node.range[1], node.range[0])] : [0, 1];
}
