import type { Json } from '../../base/index.ts';
import type { Path } from '../../language/index.ts';
import type { FieldKind } from './contract.ts';

/** A definition as the comparison sees it: fields by name, values in normal form. */
export type Tree = Branch | Leaf;

export interface Branch {
  readonly kind: 'branch';
  readonly field: FieldKind;
  readonly fields: ReadonlyMap<string, Tree>;
  /** Told as one when it is on one side only, instead of each of its fields. */
  readonly isUnit: boolean;
  /** Items by index. */
  readonly isList?: true;
}

export interface Leaf {
  readonly kind: 'leaf';
  readonly field: FieldKind;
  /** What a person is shown. */
  readonly shown: Json;
  /** Equal for all spellings of one meaning. */
  readonly form: string;
}

/** A difference of two trees, not yet judged. */
export interface TreeChange {
  readonly path: Path;
  readonly field: FieldKind;
  readonly before?: Json;
  readonly after?: Json;
}

export const EMPTY_BRANCH: Branch = { kind: 'branch', field: 'setting', fields: new Map(), isUnit: false };

/** Where two trees differ, in order of path. The work is that of walking both. */
export function compareTrees(before: Branch, after: Branch): readonly TreeChange[] {
  const changes: TreeChange[] = [];
  compareBranches(before, after, [], changes);
  return changes;
}

function compareBranches(before: Branch, after: Branch, path: Path, changes: TreeChange[]): void {
  if (before.isList === true && after.isList === true) {
    compareLists([...before.fields.values()], [...after.fields.values()], path, changes);
    return;
  }
  const names = [...new Set([...before.fields.keys(), ...after.fields.keys()])].sort();
  for (const name of names) compare(before.fields.get(name), after.fields.get(name), [...path, name], changes);
}

/** Items one by one; when there are more or fewer, what both begin with and end with stays. */
function compareLists(before: readonly Tree[], after: readonly Tree[], path: Path, changes: TreeChange[]): void {
  const least = Math.min(before.length, after.length);
  const isOne = (a: number, b: number): boolean => formOf(before[a] as Tree) === formOf(after[b] as Tree);
  let start = 0;
  while (start < least && before.length !== after.length && isOne(start, start)) start += 1;
  let end = 0;
  while (end < least - start && isOne(before.length - 1 - end, after.length - 1 - end)) end += 1;
  const count = Math.max(before.length, after.length) - end;
  for (let at = start; at < count; at += 1) {
    const old = at < before.length - end ? before[at] : undefined;
    const fresh = at < after.length - end ? after[at] : undefined;
    compare(old, fresh, [...path, at], changes);
  }
}

function compare(before: Tree | undefined, after: Tree | undefined, path: Path, changes: TreeChange[]): void {
  if (before?.kind === 'branch' && after?.kind === 'branch' && isAlike(before, after)) {
    compareBranches(before, after, path, changes);
  } else if (before === undefined && after?.kind === 'branch' && !after.isUnit) {
    compareBranches({ ...after, fields: new Map() }, after, path, changes);
  } else if (after === undefined && before?.kind === 'branch' && !before.isUnit) {
    compareBranches(before, { ...before, fields: new Map() }, path, changes);
  } else if (before === undefined || after === undefined || formOf(before) !== formOf(after)) {
    changes.push({
      path,
      field: fieldOf(before, after),
      ...(before !== undefined && { before: shownOf(before) }),
      ...(after !== undefined && { after: shownOf(after) }),
    });
  }
}

function isAlike(before: Branch, after: Branch): boolean {
  return before.isList === after.isList;
}

/** An expression on either side makes it a change of an expression. */
function fieldOf(before: Tree | undefined, after: Tree | undefined): FieldKind {
  if (before?.field === 'expression' || after?.field === 'expression') return 'expression';
  return (after ?? before)!.field;
}

/** One text for all trees that mean the same. */
export function formOf(tree: Tree): string {
  if (tree.kind === 'leaf') return tree.form;
  const fields = [...tree.fields].filter(([, field]) => !isEmpty(field)).map(([name, field]) => [name, formOf(field)]);
  if (tree.isList === undefined) fields.sort(([a], [b]) => (a! < b! ? -1 : 1));
  return `${tree.isList ? 'list' : ''}${JSON.stringify(fields)}`;
}

/** A group without fields says as much as none. */
function isEmpty(tree: Tree): boolean {
  return tree.kind === 'branch' && !tree.isUnit && [...tree.fields.values()].every(isEmpty);
}

/** The tree as JSON, to be shown. */
export function shownOf(tree: Tree): Json {
  if (tree.kind === 'leaf') return tree.shown;
  if (tree.isList) return [...tree.fields.values()].map(shownOf);
  const shown: Record<string, Json> = Object.create(null);
  for (const [name, field] of tree.fields) if (!isEmpty(field)) shown[name] = shownOf(field);
  return shown;
}

/** Every leaf as `path=form`: what similarity is measured by. */
export function leavesOf(tree: Tree, prefix = ''): readonly string[] {
  if (tree.kind === 'leaf') return [`${prefix}=${tree.form}`];
  return [...tree.fields].flatMap(([name, field]) => leavesOf(field, `${prefix}/${name}`));
}
