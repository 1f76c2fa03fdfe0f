/** Counts by kind in words: `2 workflows, 1 launch plan`. */
export function countWords(counts: Iterable<readonly [kind: string, count: number]>): string {
  return [...counts]
    .map(([kind, count]) => `${count} ${count === 1 ? wordsOf(kind) : pluralOf(wordsOf(kind))}`)
    .join(', ');
}

/** `LaunchPlan` → `launch plan`. */
export function wordsOf(kind: string): string {
  return kind.replace(/(?!^)[A-Z]/g, ' $&').toLowerCase();
}

function pluralOf(words: string): string {
  return words.endsWith('y') ? `${words.slice(0, -1)}ies` : `${words}s`;
}
