import type { Line, Tone } from './line.ts';

/** How much a terminal can show: nothing, attributes without colour, or colours. */
export type Depth = 'none' | 'attributes' | '16' | '256' | 'true';

/** SGR parameters by tone: what stands between `ESC [` and `m`. */
export type Theme = Readonly<Record<Tone, string>>;

/** A colour as a config file names it: one of the sixteen, a number of the 256, or `#rrggbb`. */
export type ColorName = string;

// The sixteen colours are the terminal's own, so they suit a dark background as well as a light one.
const COLORED: Theme = {
  plain: '',
  dim: '2',
  strong: '1',
  good: '32',
  bad: '31',
  warn: '33',
  busy: '36',
  odd: '35',
  title: '1;36',
  key: '1',
  match: '4',
  selected: '7',
};

const ATTRIBUTES: Theme = {
  plain: '',
  dim: '',
  strong: '1',
  good: '',
  bad: '1',
  warn: '',
  busy: '',
  odd: '',
  title: '1',
  key: '1',
  match: '4',
  selected: '7',
};

const NOTHING: Theme = Object.fromEntries(Object.keys(COLORED).map((tone) => [tone, ''])) as unknown as Theme;

/** What a terminal can show, by its environment: https://no-color.org, and what terminals say of themselves. */
export function depthOf(env: Readonly<Record<string, string | undefined>>, isColorful: boolean): Depth {
  if (env.TERM === 'dumb') return 'none';
  if (!isColorful) return 'attributes';
  if (env.COLORTERM === 'truecolor' || env.COLORTERM === '24bit') return 'true';
  return /256/.test(env.TERM ?? '') ? '256' : '16';
}

/** The theme for a terminal, with the colours that a config file gives to tones. Unknown ones are left out by the reader. */
export function makeTheme(depth: Depth, colors: Partial<Readonly<Record<Tone, ColorName>>> = {}): Theme {
  if (depth === 'none') return NOTHING;
  if (depth === 'attributes') return ATTRIBUTES;
  const own = Object.entries(colors).flatMap(([tone, color]) => {
    const code = colorCode(color, depth);
    return code === undefined ? [] : [[tone, code]];
  });
  return { ...COLORED, ...Object.fromEntries(own) };
}

const NAMED = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** SGR parameters of a colour as a terminal of this depth can show it; undefined: it is none. */
export function colorCode(color: ColorName, depth: '16' | '256' | 'true'): string | undefined {
  const [word = '', ...attributes] = color.split(' ');
  const extra = attributes.includes('bold') ? '1;' : '';
  const named = NAMED.indexOf(word);
  if (named >= 0) return `${extra}${30 + named}`;
  const bright = word.startsWith('bright-') ? NAMED.indexOf(word.slice('bright-'.length)) : -1;
  if (bright >= 0) return `${extra}${90 + bright}`;
  if (/^\d{1,3}$/.test(word) && Number(word) < 256) {
    return depth === '16' ? `${extra}${nearestOf16(cubeColor(Number(word)))}` : `${extra}38;5;${word}`;
  }
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(word);
  if (hex === null) return undefined;
  const rgb = [hex[1], hex[2], hex[3]].map((part) => Number.parseInt(part ?? '0', 16)) as [number, number, number];
  if (depth === 'true') return `${extra}38;2;${rgb.join(';')}`;
  if (depth === '16') return `${extra}${nearestOf16(rgb)}`;
  const [r, g, b] = rgb.map((part) => Math.round((part / 255) * 5)) as [number, number, number];
  return `${extra}38;5;${16 + 36 * r + 6 * g + b}`;
}

/** Each channel is there or not, and all of it is bright or not. */
function nearestOf16([r, g, b]: readonly [number, number, number]): number {
  const top = Math.max(r, g, b);
  const bit = (part: number): number => (part > top / 2 && top > 40 ? 1 : 0);
  return (top > 180 ? 90 : 30) + bit(r) + 2 * bit(g) + 4 * bit(b);
}

/** The colour cube and the greys of xterm's 256 colours. */
function cubeColor(index: number): [number, number, number] {
  if (index < 16) return [(index & 1) * 200, ((index >> 1) & 1) * 200, ((index >> 2) & 1) * 200];
  if (index >= 232) return [0, 1, 2].map(() => 8 + 10 * (index - 232)) as [number, number, number];
  const at = index - 16;
  return [Math.floor(at / 36) * 51, (Math.floor(at / 6) % 6) * 51, (at % 6) * 51];
}

/** A row with its escapes. Each run ends with a reset, so that rows are independent of each other. */
export function paintLine(line: Line, theme: Theme): string {
  let text = '';
  for (const { text: piece, tone } of line) {
    const code = tone === undefined ? '' : theme[tone];
    text += code === '' || piece === '' ? piece : `\x1b[${code}m${piece}\x1b[0m`;
  }
  return text;
}
