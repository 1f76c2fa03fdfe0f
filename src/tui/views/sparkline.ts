const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Values as a row of small bars, the highest of them full; none is a blank line at the bottom. */
export function sparkline(values: readonly number[], most = Math.max(0, ...values)): string {
  return values
    .map((value) => (most <= 0 || value <= 0 ? '▁' : (LEVELS[Math.min(7, Math.ceil((value / most) * 8) - 1)] ?? '▁')))
    .join('');
}
