import { MAX_RENAME_PAIRS, MIN_RENAME_SIMILARITY } from '../../base/index.ts';
import { type Branch, formOf, leavesOf } from './tree.ts';

/** Something of one side that has no counterpart of the same name on the other. */
export interface Candidate {
  readonly name: string;
  readonly view: Branch;
}

export interface RenamePair {
  readonly from: string;
  readonly to: string;
  /** In (0, 1]. */
  readonly similarity: number;
}

/**
 * Pairs what is gone with what is new: first the same content, then the most similar. Which is which makes no
 * difference: with both sides swapped the same pairs come out. In order of `from`.
 */
export function pairRenames(gone: readonly Candidate[], fresh: readonly Candidate[]): readonly RenamePair[] {
  const pairs = samePairs(gone, fresh);
  const taken = { from: new Set(pairs.map(({ from }) => from)), to: new Set(pairs.map(({ to }) => to)) };
  const left = gone.filter(({ name }) => !taken.from.has(name));
  const right = fresh.filter(({ name }) => !taken.to.has(name));
  return [...pairs, ...similarPairs(left, right)].sort((a, b) => compareText(a.from, b.from));
}

function samePairs(gone: readonly Candidate[], fresh: readonly Candidate[]): RenamePair[] {
  const right = byForm(fresh);
  const pairs: RenamePair[] = [];
  for (const [form, names] of byForm(gone)) {
    const others = right.get(form) ?? [];
    // Of several that are all alike the first is the first: their names are in order.
    names.slice(0, others.length).forEach((from, at) => {
      pairs.push({ from, to: others[at] as string, similarity: 1 });
    });
  }
  return pairs;
}

function byForm(candidates: readonly Candidate[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { name, view } of candidates.toSorted((a, b) => compareText(a.name, b.name))) {
    const form = formOf(view);
    const list = names.get(form);
    if (list === undefined) names.set(form, [name]);
    else list.push(name);
  }
  return names;
}

function similarPairs(gone: readonly Candidate[], fresh: readonly Candidate[]): readonly RenamePair[] {
  if (gone.length * fresh.length > MAX_RENAME_PAIRS) return [];
  const left = gone.map(({ name, view }) => ({ name, leaves: new Set(leavesOf(view)) }));
  const right = fresh.map(({ name, view }) => ({ name, leaves: new Set(leavesOf(view)) }));
  const likely = left.flatMap(({ name: from, leaves }) => {
    return right.flatMap((other) => {
      const similarity = similarityOf(leaves, other.leaves);
      return similarity < MIN_RENAME_SIMILARITY ? [] : [{ from, to: other.name, similarity }];
    });
  });
  likely.sort((a, b) => b.similarity - a.similarity || compareText(unordered(a), unordered(b)));
  const taken = { from: new Set<string>(), to: new Set<string>() };
  return likely.filter(({ from, to }) => {
    if (taken.from.has(from) || taken.to.has(to)) return false;
    taken.from.add(from);
    taken.to.add(to);
    return true;
  });
}

/** The pair without its direction. */
function unordered({ from, to }: RenamePair): string {
  return from < to ? `${from} ${to}` : `${to} ${from}`;
}

/** Shared leaves by all leaves (Dice's coefficient). */
function similarityOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size + b.size === 0) return 0;
  let common = 0;
  for (const leaf of a) if (b.has(leaf)) common += 1;
  return (2 * common) / (a.size + b.size);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
