/** A span for people: `0.4s`, `12.3s`, `3m20s`, `5h12m`, `3d4h`. */
export function durationText(ms: number): string {
  if (ms < 60_000) {
    const tenths = Math.round(ms / 100);
    // 59.96 s would round to a minute that is not there yet.
    return tenths < 600 ? `${(tenths / 10).toFixed(1)}s` : '60.0s';
  }
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3_600)}h${String(Math.floor((seconds % 3_600) / 60)).padStart(2, '0')}m`;
  return `${Math.floor(seconds / 86_400)}d${Math.floor((seconds % 86_400) / 3_600)}h`;
}
