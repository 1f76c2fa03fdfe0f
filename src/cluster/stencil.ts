import { isObjectName } from './admission.ts';
import { isLabelValue } from './labels.ts';
import type { KubeObject } from './object.ts';

/**
 * The JSON text of objects that are alike but for a few strings, cut where these stand. Whoever writes many such objects
 * spares the store their texts, and the disk what they have in common.
 */
export interface Stencil {
  /** One more than there are places; all of them stand inside of a JSON string. */
  readonly parts: readonly string[];
  /** Of each place: which slot stands there. The store's own two follow those of the objects: uid and creation time. */
  readonly places: readonly number[];
  readonly slots: number;
  /** Slots that are the values of labels. */
  readonly labels: readonly number[];
  /** About how long the text is without what is in the slots. */
  readonly length: number;
}

/**
 * An object as its stencil has it, checked: its name and labels may be stored, and its slots print as they are. Made by
 * `stenciled` alone. Small and kept as it is, because there may be very many.
 */
export interface Stenciled {
  readonly stencil: Stencil;
  /** Slot 0. */
  readonly name: string;
  /** The other slots, with a space between two. */
  readonly rest: string;
  /** The adapter's own: what it has put together of it ahead, see `Cluster.prepare`. */
  prepared: unknown;
  readonly [checked]: true;
}

declare const checked: unique symbol;

/** Undefined when the slots cannot be printed as they are, or hold a name or label that cannot be stored. */
export function stenciled(stencil: Stencil, slots: readonly string[]): Stenciled | undefined {
  const [name = '', ...others] = slots;
  if (slots.length !== stencil.slots || !isObjectName(name)) return undefined;
  for (const slot of others) if (!isPlain(slot)) return undefined;
  for (const label of stencil.labels) if (!isLabelValue(slots[label] as string)) return undefined;
  const rest = others.join(' ');
  return { stencil, name, rest, prepared: undefined } as Omit<Stenciled, typeof checked> as Stenciled;
}

/** The object itself, as one would create it. */
export function wholeObject({ stencil, name, rest }: Stenciled): KubeObject {
  const { metadata, ...object } = JSON.parse(printed(stencil, name, rest, '', '')) as KubeObject;
  const { uid: _, creationTimestamp: __, generation: ___, ...wanted } = metadata;
  return { ...object, metadata: wanted };
}

/**
 * The stencil of what `make` makes of so many slots, none of which has owners; undefined when it does not print all of
 * them as they are. It must do nothing else with them, and `slots[0]` is the name.
 */
export function stencilOf(make: (slots: readonly string[]) => KubeObject, slots: number): Stencil | undefined {
  const [first, second] = MARKS.map((mark) => cut(make, slots, mark));
  if (first === undefined) return undefined;
  // What only looks like a mark is in one of the texts, not in both.
  const isSame = JSON.stringify(first) === JSON.stringify(second);
  const isWhole = new Set(first.places).size === slots + 2 && !first.parts.some((part) => part.includes(OWNERS));
  return isSame && isWhole ? first : undefined;
}

/** Letters, digits and a few more. Looked at one by one: a regular expression takes several times as long. */
function isPlain(slot: string): boolean {
  for (let at = 0; at < slot.length; at++) if (!PLAIN[slot.charCodeAt(at)]) return false;
  return slot !== '';
}

const PLAIN_SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-';
const PLAIN: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  PLAIN_SIGNS.includes(String.fromCharCode(code)),
);

/** The text of an object without status, as it is stored when it has just been created. */
export function printed(
  { parts, places, slots: own }: Stencil,
  name: string,
  rest: string,
  uid: string,
  createdAt: string,
): string {
  const slots = rest === '' ? [name] : [name, ...rest.split(' ')];
  let text = parts[0] as string;
  for (let at = 0; at < places.length; at++) {
    const slot = places[at] as number;
    text += (slot < own ? slots[slot] : slot === own ? uid : createdAt) as string;
    text += parts[at + 1] as string;
  }
  return text;
}

const OWNERS = '"ownerReferences"';
const MARKS = ['slot-mark-a-', 'slot-mark-b-'];

function cut(make: (slots: readonly string[]) => KubeObject, slots: number, mark: string): Stencil | undefined {
  const marks = Array.from({ length: slots + 2 }, (_, slot) => `${mark}${slot}-`);
  const { status: _, ...object } = make(marks.slice(0, slots)) as KubeObject & { readonly status?: unknown };
  if (!isLabeledWhole(object, marks)) return undefined;
  const [uid, creationTimestamp] = marks.slice(slots) as [string, string];
  const metadata = { ...object.metadata, uid, creationTimestamp, generation: 1 };
  const pieces = JSON.stringify({ ...object, metadata }).split(new RegExp(`${mark}(\\d+)-`));
  const parts = pieces.filter((_, at) => at % 2 === 0);
  return {
    parts,
    places: pieces.filter((_, at) => at % 2 === 1).map(Number),
    slots,
    labels: marks.flatMap((label, slot) => (Object.values(metadata.labels ?? {}).includes(label) ? [slot] : [])),
    length: parts.reduce((sum, part) => sum + part.length, 0),
  };
}

/** Whether slots stand in no keys and no namespace, and are the whole of the values that they stand in: so they can be checked alone. */
function isLabeledWhole({ metadata }: KubeObject, marks: readonly string[]): boolean {
  const { namespace = '', labels = {}, annotations = {} } = metadata;
  const isFree = (text: string): boolean => marks.every((mark) => !text.includes(mark));
  const keys = [namespace, ...Object.keys(labels), ...Object.keys(annotations)];
  return keys.every(isFree) && Object.values(labels).every((value) => marks.includes(value) || isFree(value));
}
