import { MAX_DELTA_BYTES_AT_ONCE } from '../../../base/index.ts';
import type { ObjectType } from '../../index.ts';
import { applyDelta, readDeltaHead } from './delta.ts';
import { damaged, type PackScan, spend, TYPES } from './index-pack.ts';

/** An object whose deltas are being resolved. */
interface Frame {
  readonly type: ObjectType;
  /** Dropped when its last delta has been applied. */
  bytes: Buffer | undefined;
  /** Deltas against it that are not done, the next one last. */
  readonly deltas: number[];
}

type Unpack = (scan: PackScan, number: number) => { readonly bytes: Buffer };

/**
 * Makes the objects that are packed as deltas, from each whole one outwards, and hands each to `note` once. Deltas that
 * nothing builds upon go first, so that what has to be held at once is little, and it is bounded.
 */
export function resolveDeltas(
  scan: PackScan,
  note: (number: number, type: ObjectType, bytes: Buffer) => void,
  unpack: Unpack,
): void {
  const deltasOf = groupByBase(scan);
  let held = 0;
  for (let root = 0; root < scan.count; root += 1) {
    const type = TYPES[(scan.types[root] as number) - 1];
    const isDelta = scan.bases[root] !== -1 || scan.baseIds.has(root);
    const deltas = deltasOf(root);
    if (type === undefined || isDelta || deltas.length === 0) continue;
    const stack: Frame[] = [{ type, bytes: unpack(scan, root).bytes, deltas }];
    held += stack[0]?.bytes?.length ?? 0;
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const number = frame.deltas.pop();
      if (number === undefined || frame.bytes === undefined) {
        held -= frame.bytes?.length ?? 0;
        stack.pop();
        continue;
      }
      const bytes = resolve(scan, unpack, frame.bytes, number);
      if (frame.deltas.length === 0) {
        held -= frame.bytes.length;
        frame.bytes = undefined;
      }
      note(number, type, bytes);
      const next = deltasOf(number);
      if (next.length === 0) continue;
      held += bytes.length;
      if (held > MAX_DELTA_BYTES_AT_ONCE) throw damaged('its deltas take too much memory to unpack', 'TooLarge');
      stack.push({ type, bytes, deltas: next });
    }
  }
  if (scan.types.includes(0)) throw damaged('the pack is damaged: it has deltas without their base');
}

function resolve(scan: PackScan, unpack: Unpack, base: Buffer, number: number): Buffer {
  const delta = unpack(scan, number).bytes;
  const head = readDeltaHead(delta);
  if (head !== undefined) spend(scan, head.resultSize);
  const bytes = head && applyDelta(base, delta);
  if (bytes === undefined) throw damaged(`the pack is damaged: the delta at byte ${scan.offsets[number]} does not fit`);
  return bytes;
}

/** The deltas against an object, by its number and, as it is known by then, its id. */
function groupByBase(scan: PackScan): (number: number) => number[] {
  const first = new Int32Array(scan.count).fill(-1);
  const next = new Int32Array(scan.count).fill(-1);
  const link = (base: number, number: number): void => {
    next[number] = first[base] as number;
    first[base] = number;
  };
  for (let number = 0; number < scan.count; number += 1) {
    const base = scan.bases[number] as number;
    if (base >= 0) link(base, number);
  }
  const byId = new Map<string, number[]>();
  for (const [number, id] of scan.baseIds) {
    const others = byId.get(id);
    if (others === undefined) byId.set(id, [number]);
    else others.push(number);
  }
  const hasDeltas = (number: number): boolean => first[number] !== -1;
  return (base) => {
    const found: number[] = [];
    for (let at = first[base] as number; at >= 0; at = next[at] as number) found.push(at);
    if (byId.size > 0) {
      const id = scan.ids.toString('hex', base * 20, base * 20 + 20);
      for (const number of byId.get(id) ?? []) found.push(number);
      byId.delete(id);
    }
    return found.sort((a, b) => Number(hasDeltas(b)) - Number(hasDeltas(a)));
  };
}
