import type { UnixMs } from '../base/index.ts';
import { age } from './age.ts';
import { CORE_CELLS } from './columns-core.ts';
import { OWN_CELLS } from './columns-own.ts';
import type { KubeObject } from './object.ts';

/** A cell of a table: `integer` columns hold numbers, all others text. */
export type Cell = string | number;

/** JSONPath of a value, as printer columns of Kubernetes have it; `sinceOf` is a time that shows as an age. */
export type ColumnPath = string | { readonly sinceOf: string };

/** One printer column. `wide` columns show only with `-o wide`. */
export interface Column<T extends KubeObject = KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer';
  readonly description: string;
  readonly wide?: boolean;
  /** Where a server that computes nothing finds the value, or what comes next to it; absent: it cannot show this column. */
  readonly path?: ColumnPath;
  /** Must not throw on any object that the API holds, however odd. */
  cell(object: T, now: UnixMs): Cell;
}

const NAME: Column = {
  name: 'Name',
  type: 'string',
  description: 'Name of the object, unique in its namespace.',
  cell: (object) => object.metadata.name,
};

const AGE: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
  path: { sinceOf: '.metadata.creationTimestamp' },
};

const GENERIC: readonly Column[] = [NAME, AGE];

/** The columns in which `kubectl get` and `pipectl get` show a kind; the namespace is the caller's to add. */
export function columnsOf(kind: string): readonly Column[] {
  return BY_KIND.get(kind) ?? GENERIC;
}

/** The cells of one object. A malformed object gets `<invalid>` cells rather than hiding the table it stands in. */
export function rowOf(columns: readonly Column[], object: KubeObject, now: UnixMs): Cell[] {
  return columns.map((column) => {
    try {
      return column.cell(object, now);
    } catch {
      return '<invalid>';
    }
  });
}

const BY_KIND: ReadonlyMap<string, readonly Column[]> = new Map(
  [...OWN_CELLS, ...CORE_CELLS].map(([kind, { columns, showsAge, showsName }]) => [
    kind,
    [
      ...(showsName === false ? [] : [NAME]),
      ...columns.filter((column) => column.wide !== true),
      ...(showsAge === false ? [] : [AGE]),
      ...columns.filter((column) => column.wide === true),
    ],
  ]),
);
