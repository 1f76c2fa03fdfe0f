import { MAX_SUGGESTION_CANDIDATES, MAX_SUGGESTION_LENGTH } from '../base/index.ts';

/**
 * The candidate nearest to `name`, for a did-you-mean, or undefined when none is near: at most a third of the
 * letters may differ (a swap of neighbours counts once). Ties go to the first in order. Bounded in time.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  return nearest(name, candidates)[0];
}

/** `did you mean "x"?`, or `did you mean "x" or "y"?` when both are as near, or undefined. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(name, candidates)
    .slice(0, MAX_SHOWN)
    .map((each) => `"${each}"`);
  if (found.length === 0) return undefined;
  return `did you mean ${found.length === 1 ? found[0] : `${found.slice(0, -1).join(', ')} or ${found.at(-1)}`}?`;
}

/** The one name that a help of `didYouMean` offers; undefined when it offers several, or is another help. */
export function suggestedBy(help: string): string | undefined {
  return /^did you mean "([^"]*)"\?$/.exec(help)?.[1];
}

const MAX_SHOWN = 3;

/** All candidates at the least distance from `name`, each once, in order. */
function nearest(name: string, candidates: Iterable<string>): readonly string[] {
  if (name.length === 0 || name.length > MAX_SUGGESTION_LENGTH) return [];
  const wanted = name.toLowerCase();
  const best = new Set<string>();
  let bestDistance = Math.max(1, Math.floor(name.length / 3));
  let looked = 0;
  for (const candidate of candidates) {
    if (++looked > MAX_SUGGESTION_CANDIDATES) break;
    if (Math.abs(candidate.length - name.length) > bestDistance || candidate === name) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance > bestDistance) continue;
    if (distance < bestDistance) best.clear();
    bestDistance = distance;
    best.add(candidate);
  }
  return [...best];
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(substitution, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
