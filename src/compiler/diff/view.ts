import type { Json } from '../../base/index.ts';
import { canonicalValue, hasExpression, type NodeName } from '../../language/expression/index.ts';
import { type Definition, printDuration, printType, type Type } from '../../language/index.ts';
import type { EntityClosure } from '../closure.ts';
import { DEFAULT_MAX_PARALLELISM, DEFAULT_RETRIES, DEFAULT_WORKERS } from '../defaults.ts';
import { interfaceType } from '../launch.ts';
import { keyOf } from '../workspace.ts';
import type { FieldKind } from './contract.ts';
import { childField, isValueGroup, namedField } from './field-kind.ts';
import { cronForm, quantityForm, typeForm } from './spelling.ts';
import { type Branch, EMPTY_BRANCH, type Leaf, type Tree } from './tree.ts';
import { closureValue, type ValueOf } from './view-closure.ts';

/** How names are told, so that what was renamed compares as equal. */
export interface ViewNames {
  /** The entity `Kind/name` under its new key. */
  readonly entityKey?: (key: string) => string;
  readonly nodeName?: NodeName;
  /** Nodes stand under their own ids; only what refers to them is told by `nodeName`. */
  readonly keepsNodeKeys?: boolean;
}

interface Walk {
  readonly definition: Definition;
  readonly names: ViewNames;
  /** Values that the compiler has normalised by their types. */
  readonly closureValue: ValueOf;
}

/**
 * A definition as a tree of fields in normal form: what is a default is left out, values are as the compiler
 * normalises them by their types when there is a closure. Of both sides the closure is given or of none.
 */
export function viewOf(definition: Definition, closure: EntityClosure | undefined, names: ViewNames = {}): Branch {
  const walk: Walk = { definition, names, closureValue: closureValue(closure) };
  const spec = walkStruct(walk, definition.spec, ['spec'], 'setting');
  const text = definition.description ?? ('description' in definition.spec ? definition.spec.description : undefined);
  const metadata = new Map<string, Tree>([
    ['labels', walkGroup(walk, Object.entries(definition.labels), ['metadata', 'labels'], 'label')],
    ['annotations', walkGroup(walk, Object.entries(definition.annotations), ['metadata', 'annotations'], 'annotation')],
  ]);
  if (text !== undefined) metadata.set('description', leaf('description', text));
  return branch(
    'setting',
    new Map<string, Tree>([
      ['metadata', branch('setting', metadata)],
      ['spec', spec ?? EMPTY_BRANCH],
    ]),
  );
}

type Place = readonly string[];

function branch(field: FieldKind, fields: ReadonlyMap<string, Tree>, isUnit = false): Branch {
  return { kind: 'branch', field, fields, isUnit };
}

function leaf(field: FieldKind, shown: Json, form?: string): Leaf {
  return { kind: 'leaf', field, shown, form: form ?? canonicalValue(shown) };
}

/** A part of the definition that its reader has given a shape: maps and objects are groups, lists and scalars fields. */
function walkStruct(walk: Walk, value: unknown, place: Place, field: FieldKind): Tree | undefined {
  if (value === undefined || isDefault(walk.definition, place, value)) return undefined;
  if (value instanceof Map) return walkGroup(walk, value, place, field);
  if (Array.isArray(value)) return walkList(walk, value, place, field);
  if (typeof value === 'object' && value !== null) {
    if (field === 'type') return typeLeaf(value as Type);
    return walkObject(walk, value as Readonly<Record<string, unknown>>, place, field);
  }
  return scalarLeaf(walk, value as Json, place, field);
}

/** Fields as one writes them: `everyMs` is `every: 5m`. What a node is called and what kind it is shows elsewhere. */
function walkObject(walk: Walk, value: Readonly<Record<string, unknown>>, place: Place, field: FieldKind): Branch {
  const fields = new Map<string, Tree>();
  const isNode = field === 'node';
  for (const [name, inner] of Object.entries(value)) {
    if ((isNode && name === 'id') || name === 'isLong' || (name === 'description' && place.length === 1)) continue;
    const isDuration = name.endsWith('Ms') && typeof inner === 'number';
    const written = isDuration ? name.slice(0, -2) : writtenName(place, name);
    const shown = isDuration ? printDuration(inner) : inner;
    const at = [...place, written];
    const kind = isNode && name === 'kind' ? 'node' : childField(walk.definition.kind, at, field);
    const tree =
      kind === 'default' || (kind === 'value' && !isValueGroup(walk.definition.kind, at))
        ? valueTree(walk, walk.closureValue(at) ?? (shown as Json), kind)
        : isValueGroup(walk.definition.kind, at)
          ? walkValues(walk, shown, at)
          : walkStruct(walk, shown, at, kind);
    if (tree !== undefined) fields.set(written, tree);
  }
  const inferred = field === 'output' && !fields.has('type') ? walk.closureValue([...place, 'type']) : undefined;
  if (inferred !== undefined) fields.set('type', typeLeaf(interfaceType(inferred as string)));
  const isUnit = field === 'input' || field === 'output' || isNode;
  return branch(field, fields, isUnit);
}

/** Fields that definitions hold under another name than the document. */
function writtenName(place: Place, name: string): string {
  if (name === 'action' && place.at(-2) === 'switch') return 'then';
  return name === 'items' && place.at(-1) === 'map' ? 'over' : name;
}

function typeLeaf(type: Type): Leaf {
  return leaf('type', printType(type), typeForm(type));
}

/** A group of parts by names that a person chose. */
function walkGroup(walk: Walk, group: Iterable<readonly [string, unknown]>, place: Place, field: FieldKind): Branch {
  const fields = new Map<string, Tree>();
  const { nodeName, keepsNodeKeys } = walk.names;
  const isNodes = place.length === 2 && place[1] === 'nodes' && keepsNodeKeys !== true;
  for (const [name, inner] of group) {
    const at = [...place, name];
    const tree = walkStruct(walk, inner, at, namedField(walk.definition.kind, at, field));
    if (tree !== undefined) fields.set(isNodes && nodeName !== undefined ? nodeName(name) : name, tree);
  }
  return branch(field, fields);
}

/** Values by name: bindings of a node, inputs of a plan. */
function walkValues(walk: Walk, values: unknown, place: Place): Tree | undefined {
  if (values === undefined) return undefined;
  const entries = values instanceof Map ? [...values] : Object.entries(values as object);
  const fields = new Map<string, Tree>();
  for (const [name, value] of entries as [string, Json][]) {
    fields.set(name, valueTree(walk, walk.closureValue([...place, name]) ?? value, 'value'));
  }
  return branch('value', fields);
}

/** A JSON value: objects by their fields, lists of plain values as one. */
function valueTree(walk: Walk, value: Json, field: FieldKind): Tree {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    const items = value.map((item, at) => [String(at), valueTree(walk, item, field)] as const);
    return { kind: 'branch', field, fields: new Map(items), isUnit: true, isList: true };
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const fields = Object.entries(value).map(([name, inner]) => [name, valueTree(walk, inner, field)] as const);
    return branch(field, new Map(fields), true);
  }
  const isExpression = typeof value === 'string' && hasExpression(value);
  return leaf(isExpression ? 'expression' : field, value, canonicalValue(value, walk.names.nodeName));
}

function walkList(walk: Walk, items: readonly unknown[], place: Place, field: FieldKind): Tree | undefined {
  const name = place.at(-1) as string;
  if (SETS.has(name)) return setLeaf(walk, items as readonly string[], field, name);
  if (items.some((item) => typeof item === 'object' && item !== null)) {
    const trees = items.map((item, at) => {
      const tree = walkStruct(walk, item, [...place, String(at)], field) ?? EMPTY_BRANCH;
      return [String(at), tree.kind === 'branch' ? { ...tree, isUnit: true } : tree] as const;
    });
    return { kind: 'branch', field, fields: new Map(trees), isUnit: false, isList: true };
  }
  return leaf(field, items as Json, canonicalValue(items as Json, walk.names.nodeName));
}

/** Lists of names whose order says nothing. */
const SETS: ReadonlySet<string> = new Set(['needs', 'paths', 'tasks', 'kinds', 'ids', 'on', 'to']);

function setLeaf({ names }: Walk, items: readonly string[], field: FieldKind, name: string): Leaf | undefined {
  if (items.length === 0) return undefined;
  const told = items.map((item) => {
    if (name === 'needs') return names.nodeName?.(item) ?? item;
    return name === 'tasks' ? (names.entityKey?.(keyOf('Task', item)) ?? keyOf('Task', item)) : item;
  });
  return leaf(field, [...items].sort(), canonicalValue([...new Set(told)].sort()));
}

const REFERENCES: Readonly<Record<string, string>> = {
  task: 'Task',
  workflow: 'Workflow',
  launchPlan: 'LaunchPlan',
};

function scalarLeaf(walk: Walk, value: Json, place: Place, field: FieldKind): Leaf {
  const name = place.at(-1) as string;
  const shown = walk.closureValue(place) ?? value;
  if (typeof shown !== 'string') return leaf(field, shown);
  if (field === 'reference') {
    const key = keyOf(REFERENCES[name] ?? '', shown);
    return leaf(field, shown, `reference ${walk.names.entityKey?.(key) ?? key}`);
  }
  if (name === 'cron') return leaf(field, shown, cronForm(shown));
  if (field === 'resources') return leaf(field, shown, quantityForm(shown));
  // A policy's rules are CEL without the braces.
  const isBare = walk.definition.kind === 'Policy' && (name === 'assert' || name === 'expression');
  if (isBare) return leaf('expression', shown, canonicalValue(`\${{ ${shown} }}`));
  const isExpression = hasExpression(shown);
  return leaf(isExpression ? 'expression' : field, shown, canonicalValue(shown, walk.names.nodeName));
}

/** What the compiler would take anyway. The readers of definitions have filled in other defaults already. */
const DEFAULTS: Readonly<Record<string, Json>> = {
  'Task/spec/retries/limit': DEFAULT_RETRIES.limit,
  'Task/spec/retries/backoff/initial': printDuration(DEFAULT_RETRIES.backoff.initialMs),
  'Task/spec/retries/backoff/factor': DEFAULT_RETRIES.backoff.factor,
  'Task/spec/retries/backoff/max': printDuration(DEFAULT_RETRIES.backoff.maxMs),
  'Platform/spec/propeller/workers': DEFAULT_WORKERS,
  'Platform/spec/propeller/maxParallelism': DEFAULT_MAX_PARALLELISM,
  'Task/spec/idempotent': true,
  'Task/spec/interruptible': false,
  'Workflow/spec/failurePolicy': 'failImmediately',
  'LaunchPlan/spec/priority': 0,
  'Schedule/spec/timeZone': 'UTC',
  'Schedule/spec/catchUp/policy': 'latest',
  'Schedule/spec/active': true,
};

function isDefault({ kind }: Definition, place: Place, value: unknown): boolean {
  const path = `${kind}/${place.join('/')}`;
  if (Object.hasOwn(DEFAULTS, path)) return DEFAULTS[path] === value;
  return value === 1 && path.endsWith('/map/minSuccessRatio');
}
