/** Counts by kind in words: `2 workflows, 1 launch plan`. */
export function countWords(counts: Iterable<readonly [kind: string, count: number]>): string {
  return [...counts].map(([kind, count]) => `${count} ${wordsOf(kind)}${count === 1 ? '' : 's'}`).join(', ');
}

/** `LaunchPlan` → `launch plan`. */
function wordsOf(kind: string): string {
  return kind.replace(/(?!^)[A-Z]/g, ' $&').toLowerCase();
}
