import { BugError } from '../../../base/index.ts';
import type { KubeObject, ObjectMeta } from '../../object.ts';
import { printed, type Stenciled } from '../../stencil.ts';
import { NOT_PARKED } from './parked.ts';
import type { StatusTree } from './status-tree.ts';

/** All of an object but its status and resourceVersion; `value` is parsed from `text` when first needed. */
export interface Main {
  /** See mainText; undefined until it is first needed of one that is printed by a stencil. */
  text: string | undefined;
  readonly length: number;
  value: KubeObject | undefined;
  readonly print: Print | undefined;
}

/** What sets an object apart from others of its stencil. */
interface Print {
  readonly like: Stenciled;
  /** Undefined until it is staged. */
  of: Series | undefined;
  /** The version that created it. */
  rv: number;
}

/** What objects have in common that one batch creates by one stencil. */
export interface Series {
  readonly createdAt: string;
  /** Their uids differ in what follows, the last digits of the version. */
  readonly uidHead: string;
}

/** What the heap holds of an object that was touched lately. */
export interface Hot {
  main: Main;
  status: StatusTree;
  /** Main and status put together at the entry's version; shared by all who read it, so never changed. */
  snapshot: KubeObject | undefined;
  /** Sweep number of the last touch. */
  touched: number;
  /** JSON text that came in since it became hot: an estimate of what it costs. */
  sizeBytes: number;
}

/** Changes that were accepted and are on their way to the disk. */
export interface Pending {
  /** Undefined when deleted. */
  main: Main | undefined;
  rv: number;
  writes: number;
}

/**
 * One object from its creation to its deletion; a new object of the same name is a new entry.
 * A cold entry is this record alone; the rest is a row of the database file.
 */
export interface Entry {
  readonly shelf: Shelf;
  readonly name: string;
  /** Given out when it is put under its name. */
  id: number;
  createdRv: number;
  /** Version of the last committed change; 0 until the creation is committed. */
  rv: number;
  /** Version of the last committed change of anything but status. */
  mainRv: number;
  /** `status.phase` as committed, interned: selected on without reading cold objects. */
  phase: string | undefined;
  /** Until when `status.parked` as committed says that there is nothing to do: see `parkedUntilOf`. */
  parkedUntil: number;
  /** Version that the database file has; an entry is dirty when it is behind `rv`. */
  projectedRv: number;
  isDeleted: boolean;
  hot: Hot | undefined;
  pending: Pending | undefined;
  /** The entry of the same name that readers see until this one's creation is committed. */
  previous: Entry | undefined;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** The objects of one kind in one namespace ('' when the kind has none). */
export interface Shelf {
  readonly kind: string;
  readonly namespace: string;
  readonly entries: Map<string, Entry>;
  /** Names in order, for lists; undefined when a name came or went. */
  sorted: readonly string[] | undefined;
}

export function newEntry(shelf: Shelf, name: string, id: number, hot?: Hot): Entry {
  return {
    shelf,
    name,
    id,
    createdRv: 0,
    rv: 0,
    mainRv: 0,
    phase: undefined,
    parkedUntil: NOT_PARKED,
    projectedRv: 0,
    isDeleted: false,
    hot,
    pending: undefined,
    previous: undefined,
    older: undefined,
    newer: undefined,
  };
}

export function mainOf(text: string): Main {
  return { text, length: text.length, value: undefined, print: undefined };
}

export function printedMain(like: Stenciled): Main {
  const { stencil, name, rest } = like;
  const length = stencil.length + name.length + rest.length;
  return { text: undefined, length, value: undefined, print: { like, of: undefined, rv: 0 } };
}

export function mainText(main: Main): string {
  if (main.text === undefined) {
    const { like, of, rv } = main.print as Print;
    if (of === undefined) throw new BugError(`the text of "${like.name}" is asked for before it is staged`);
    main.text = printed(like.stencil, like.name, like.rest, uidIn(of.uidHead, rv), of.createdAt);
  }
  return main.text;
}

/** The uid of what was created at `rv` in a series. */
export function uidIn(uidHead: string, rv: number): string {
  return uidHead + (UID_TAILS + (rv % UID_TAILS)).toString(16).slice(1);
}

export const UID_TAIL_DIGITS = 6;
const UID_TAILS = 16 ** UID_TAIL_DIGITS;

/** The parsed form of `main`; parsing its own text makes the heap equal to what a restart reads. */
export function mainValue(main: Main): KubeObject {
  main.value ??= JSON.parse(mainText(main)) as KubeObject;
  return main.value;
}

/** The object as it stands at `rv`. */
export function assemble(main: Main, status: unknown, rv: number): KubeObject {
  const value = mainValue(main);
  const metadata: ObjectMeta = { ...value.metadata, resourceVersion: String(rv) };
  return status === undefined ? { ...value, metadata } : { ...value, metadata, status };
}

/** The entry that readers see under this name: committed and not deleted. */
export function visible(entry: Entry | undefined): Entry | undefined {
  let seen = entry;
  while (seen !== undefined && (seen.rv === 0 || seen.isDeleted)) seen = seen.previous;
  return seen;
}
