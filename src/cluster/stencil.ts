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
  /** About how long the text is without what is in the slots. */
  readonly length: number;
}

/** An object as its stencil has it: slot 0 is its name. A slot holds nothing that JSON would escape, and is not empty. */
export interface Stenciled {
  readonly stencil: Stencil;
  readonly slots: readonly string[];
}

const SLOT = /^[A-Za-z0-9._:-]+$/;

/**
 * The stencil of what `make` makes of so many slots, none of which has owners; undefined when it does not print all of
 * them as they are. It must do nothing else with them, and `slots[0]` is the name.
 */
export function stencilOf(make: (slots: readonly string[]) => KubeObject, slots: number): Stencil | undefined {
  const [first, second] = MARKS.map((mark) => cut(make, slots, mark)) as [Stencil, Stencil];
  // What only looks like a mark is in one of the texts, not in both.
  const isSame = JSON.stringify(first) === JSON.stringify(second);
  const isWhole = new Set(first.places).size === slots + 2 && !first.parts.some((part) => part.includes(OWNERS));
  return isSame && isWhole ? first : undefined;
}

/** Whether the slots can be printed as they are. */
export function isPrintable({ stencil, slots }: Stenciled): boolean {
  if (slots.length !== stencil.slots) return false;
  for (const slot of slots) if (!SLOT.test(slot)) return false;
  return true;
}

/** The text of an object without status, as it is stored when it has just been created. */
export function printed({ parts, places }: Stencil, slots: readonly string[], uid: string, createdAt: string): string {
  const own = slots.length;
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

function cut(make: (slots: readonly string[]) => KubeObject, slots: number, mark: string): Stencil {
  const marks = Array.from({ length: slots + 2 }, (_, slot) => `${mark}${slot}-`);
  const { status: _, ...object } = make(marks.slice(0, slots)) as KubeObject & { readonly status?: unknown };
  const [uid, creationTimestamp] = marks.slice(slots) as [string, string];
  const metadata = { ...object.metadata, uid, creationTimestamp, generation: 1 };
  const pieces = JSON.stringify({ ...object, metadata }).split(new RegExp(`${mark}(\\d+)-`));
  const parts = pieces.filter((_, at) => at % 2 === 0);
  return {
    parts,
    places: pieces.filter((_, at) => at % 2 === 1).map(Number),
    slots,
    length: parts.reduce((sum, part) => sum + part.length, 0),
  };
}
