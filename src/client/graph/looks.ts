/** A phase's colours and the symbol that tells it without colour. Colours as `#rrggbb`, for a light and a dark page. */
export interface PhaseLook {
  /** Name of its style in the picture. */
  readonly key: string;
  readonly light: Shade;
  readonly dark: Shade;
  /** Strokes in a square of 12. */
  readonly symbol: string;
  readonly isDashed?: boolean;
}

export interface Shade {
  /** Of lines and words; at least 4.5 to 1 on `fill` and on the page (WCAG 2.2, 1.4.3). */
  readonly line: string;
  readonly fill: string;
}

const CLOCK = 'M11 6A5 5 0 1 1 1 6A5 5 0 1 1 11 6M6 3V6L8 7.5';
const GREEN = { light: { line: '#1a7f37', fill: '#e9f7ec' }, dark: { line: '#3fb950', fill: '#12261a' } };
const TEAL = { light: { line: '#0f766e', fill: '#e3f5f3' }, dark: { line: '#2dd4bf', fill: '#0f2724' } };
const GREY = { light: { line: '#59636e', fill: '#f6f8fa' }, dark: { line: '#9198a1', fill: '#151b23' } };

const LOOKS: ReadonlyMap<string, PhaseLook> = new Map([
  ['Succeeded', { key: 'ok', ...GREEN, symbol: 'M1.5 6.5L4.5 9.5L10.5 2.5' }],
  ['Cached', { key: 'cached', ...TEAL, symbol: 'M7 1L2.5 7H6L5 11L9.5 5H6Z' }],
  ['Recovered', { key: 'recovered', ...TEAL, symbol: 'M10.5 6A4.5 4.5 0 1 1 9 2.6M9.3 0.5V3H6.8' }],
  [
    'Running',
    {
      key: 'running',
      light: { line: '#0969da', fill: '#e6f1fd' },
      dark: { line: '#4493f8', fill: '#121d2f' },
      symbol: 'M3 1.5L10 6L3 10.5Z',
    },
  ],
  [
    'Queued',
    {
      key: 'queued',
      light: { line: '#8a5d00', fill: '#fff6dc' },
      dark: { line: '#d29922', fill: '#272115' },
      symbol: 'M1.5 6H2.5M5.5 6H6.5M9.5 6H10.5',
    },
  ],
  [
    'Failed',
    {
      key: 'failed',
      light: { line: '#cf222e', fill: '#ffebe9' },
      dark: { line: '#f85149', fill: '#2a1518' },
      symbol: 'M2 2L10 10M10 2L2 10',
    },
  ],
  [
    'TimedOut',
    {
      key: 'late',
      light: { line: '#b34700', fill: '#fff1e5' },
      dark: { line: '#f0883e', fill: '#2b1d12' },
      symbol: CLOCK,
    },
  ],
  [
    'Aborted',
    {
      key: 'aborted',
      light: { line: '#7a4bd6', fill: '#f3ecfd' },
      dark: { line: '#ab7df8', fill: '#221a36' },
      symbol: 'M2 2H10V10H2Z',
    },
  ],
  ['Skipped', { key: 'skipped', ...GREY, symbol: 'M2 2.5L5.5 6L2 9.5M6.5 2.5L10 6L6.5 9.5', isDashed: true }],
  ['Pending', { key: 'pending', ...GREY, symbol: 'M10.5 6A4.5 4.5 0 1 1 1.5 6A4.5 4.5 0 1 1 10.5 6' }],
]);

const OTHER: PhaseLook = { key: 'other', ...GREY, symbol: 'M2 6H10' };

/** The look of a phase; one that is not known gets a plain one, so its word tells it. */
export function lookOf(phase: string): PhaseLook {
  return LOOKS.get(phase) ?? OTHER;
}

/** Every look, each with its own key. */
export const PHASE_LOOKS: readonly PhaseLook[] = [...LOOKS.values(), OTHER];

/** The order in which a legend names phases: as an execution goes through them. */
export function phaseOrder(phase: string): number {
  const at = [...LOOKS.keys()].indexOf(phase);
  return at < 0 ? LOOKS.size : at;
}

/** What a node's kind looks like: strokes in a square of 16, and a family that shares a colour. */
export interface KindLook {
  readonly family: 'work' | 'logic' | 'wait' | 'call';
  readonly icon: string;
  /** Its box stands on others: there are many of it. */
  readonly isStack?: boolean;
}

const CIRCLE = 'M14 8A6 6 0 1 1 2 8A6 6 0 1 1 14 8';

const KINDS: ReadonlyMap<string, KindLook> = new Map([
  ['task', { family: 'work', icon: 'M2.5 3.5L7 8L2.5 12.5M8.5 12.5H13.5' }],
  [
    'map',
    { family: 'work', icon: 'M8 1.5L14.5 5L8 8.5L1.5 5ZM1.5 8L8 11.5L14.5 8M1.5 11L8 14.5L14.5 11', isStack: true },
  ],
  ['dynamic', { family: 'work', icon: 'M8 1.5L9.7 6.3L14.5 8L9.7 9.7L8 14.5L6.3 9.7L1.5 8L6.3 6.3Z' }],
  ['compute', { family: 'logic', icon: 'M3 2.5H13L8.5 8L13 13.5H3L7.5 8Z' }],
  ['switch', { family: 'logic', icon: 'M1.5 8H5L9 3.5H14M5 8L9 12.5H14M12 1.5L14 3.5L12 5.5M12 10.5L14 12.5L12 14.5' }],
  [
    'workflow',
    {
      family: 'call',
      icon: 'M6 1.5H10V5.5H6ZM1.5 10.5H5.5V14.5H1.5ZM10.5 10.5H14.5V14.5H10.5ZM8 5.5V8M3.5 10.5V8H12.5V10.5',
    },
  ],
  ['launchPlan', { family: 'call', icon: 'M9 2H14V7M14 2L7 9M12 9.5V14H2V4H6.5' }],
  ['approve', { family: 'wait', icon: `${CIRCLE}M5 8.2L7.2 10.4L11 5.8` }],
  ['signal', { family: 'wait', icon: 'M9 1.5L3 9H7.5L7 14.5L13 7H8.5Z' }],
  ['sleep', { family: 'wait', icon: `${CIRCLE}M8 4.5V8L10.5 9.5` }],
]);

/** The look of a node's kind; one that is not known gets a plain one. */
export function kindLookOf(kind: string): KindLook {
  return KINDS.get(kind) ?? { family: 'work', icon: CIRCLE };
}
