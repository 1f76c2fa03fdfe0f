import type { Span, Tone } from './line.ts';

/** A glyph and a tone for each state: colour alone tells nobody who cannot see it. */
const STATES: Readonly<Record<string, readonly [string, Tone]>> = {
  Succeeded: ['✓', 'good'],
  Completed: ['✓', 'good'],
  Registered: ['✓', 'good'],
  Active: ['✓', 'good'],
  Ready: ['✓', 'good'],
  Suspended: ['‖', 'warn'],
  Cached: ['✓', 'good'],
  Recovered: ['✓', 'good'],
  True: ['✓', 'good'],
  Running: ['▶', 'busy'],
  Queued: ['◌', 'warn'],
  Pending: ['·', 'dim'],
  Paused: ['‖', 'warn'],
  Aborting: ['×', 'warn'],
  Aborted: ['×', 'odd'],
  Skipped: ['-', 'dim'],
  Failed: ['✗', 'bad'],
  TimedOut: ['✗', 'bad'],
  Error: ['✗', 'bad'],
  Rejected: ['✗', 'bad'],
  False: ['✗', 'bad'],
  Unknown: ['?', 'warn'],
};

/** `Running (paused)` → the glyph and the tone of `Paused`. */
export function stateOf(phase: string): { readonly glyph: string; readonly tone: Tone } {
  const word = /\(paused\)/.test(phase)
    ? 'Paused'
    : /\(waiting\)/.test(phase)
      ? 'Queued'
      : (/^\w+/.exec(phase)?.[0] ?? '');
  const [glyph, tone] = (Object.hasOwn(STATES, word) ? STATES[word] : undefined) ?? ([' ', 'plain'] as const);
  return { glyph, tone };
}

/** `✗ Failed`. */
export function phaseSpan(phase: string): Span {
  const { glyph, tone } = stateOf(phase);
  return { text: `${glyph} ${phase}`, tone };
}
