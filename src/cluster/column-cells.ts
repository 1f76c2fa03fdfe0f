import { isJsonObject } from '../base/index.ts';
import type { Cell, Column, ColumnPath } from './columns.ts';
import type { Condition, KubeObject } from './object.ts';

/** The columns of one kind, between its name and its age. */
export interface KindColumns {
  readonly columns: readonly Column[];
  readonly showsName?: boolean;
  readonly showsAge?: boolean;
}

/** Longest text of one cell; the rest is cut with an ellipsis. */
const MAX_CELL_LENGTH = 120;
const NONE = '<none>';

/** A text column of kind `T`. `path`: see Column. */
export function text<T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T, now: number) => unknown,
  path?: ColumnPath,
): Column {
  return {
    name,
    type: 'string',
    description,
    cell: (object, now) => shown(cell(object as T, now)),
    ...(path && { path }),
  };
}

/** A text column that shows only with `-o wide`. */
export function wide<T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T, now: number) => unknown,
  path?: ColumnPath,
): Column {
  return { ...text(name, description, cell, path), wide: true };
}

/** A number column of kind `T`. */
export function count<T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T) => number,
  path?: ColumnPath,
): Column {
  return { name, type: 'integer', description, cell: (object) => Number(cell(object as T)), ...(path && { path }) };
}

/** A commit as people write it: its first seven digits. */
export function shortCommit(commit: unknown): string {
  return typeof commit === 'string' && commit !== '' ? commit.slice(0, 7) : NONE;
}

/** The keys of an object, in their order, or `<none>`. */
export function keys(value: unknown): string {
  return isJsonObject(value) && Object.keys(value).length > 0 ? Object.keys(value).join(',') : NONE;
}

/** How many members an object has. */
export function size(value: unknown): number {
  return isJsonObject(value) ? Object.keys(value).length : 0;
}

/** The condition of this type, if the object has it. */
export function condition(conditions: unknown, type: string): Condition | undefined {
  return Array.isArray(conditions) ? conditions.find((each: Condition) => each?.type === type) : undefined;
}

/** Text for a terminal: no control characters (users' text is in it), bounded, never empty. */
function shown(value: unknown): Cell {
  if (value === undefined || value === null || value === '') return NONE;
  const plain = String(value).replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ');
  return plain.length > MAX_CELL_LENGTH ? `${plain.slice(0, MAX_CELL_LENGTH - 1)}…` : plain;
}
