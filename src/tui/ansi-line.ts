import { clean, type Line, type Span, type Tone } from './line.ts';

const TONES: Readonly<Record<string, Tone>> = {
  1: 'strong',
  2: 'dim',
  31: 'bad',
  32: 'good',
  33: 'warn',
  34: 'busy',
  35: 'odd',
  36: 'busy',
};

/** A line that a command printed with colours, as pieces of tones. Everything that is no colour becomes visible. */
export function ansiLine(line: string): Line {
  if (!line.includes('\x1b')) return [{ text: clean(line) }];
  const spans: Span[] = [];
  let tone: Tone | undefined;
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const code = /^\x1b\[([0-9;]*)m$/.exec(part)?.[1];
    if (code !== undefined) tone = TONES[code.split(';').at(-1) ?? ''];
    else if (part !== '') spans.push(tone === undefined ? { text: clean(part) } : { text: clean(part), tone });
  }
  return spans;
}
