/**
 * Draws what a terminal showed as SVG: reads text with ANSI colours from stdin, writes the picture to stdout.
 * The picture in the README: script -qec 'node bin/pipectl.js demo' /dev/null | node scripts/terminal-picture.ts >docs/demo.svg
 */
import { readFileSync } from 'node:fs';

const COLUMNS = 112;
const CELL = 7.85;
const LINE = 17;
const PADDING = 18;
const BAR = 30;
const INK = '#d4d8dd';
const COLORS: Readonly<Record<string, string>> = {
  '31': '#ff7b72',
  '32': '#7ee787',
  '33': '#e3b341',
  '34': '#79c0ff',
  '35': '#d2a8ff',
  '36': '#76e3ea',
};

interface Run {
  readonly text: string;
  readonly style: string;
}

const lines = readFileSync(0, 'utf8')
  .split('\n')
  .map((line) => lastState(line.replace(/\r$/, '')))
  .map((line) => runsOf(line));
while (lines.at(-1)?.length === 0) lines.pop();
while (lines[0]?.length === 0) lines.shift();
process.stdout.write(picture(lines));

/** What stays of a line that was redrawn in place: text after the last erase, which the program puts at its start. */
function lastState(line: string): string {
  const last = [...line.matchAll(/\r( *)\x1b\[K/g)].at(-1);
  return last === undefined ? line : (last[1] ?? '') + line.slice(last.index + last[0].length);
}

function runsOf(line: string): readonly Run[] {
  const runs: Run[] = [];
  let style = '';
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const code = /^\x1b\[([0-9;]*)m$/.exec(part)?.[1];
    if (code === undefined) {
      if (part !== '') runs.push({ text: part.replace(/\x1b\[[0-9;]*[A-Za-z]/g, ''), style });
    } else style = code === '0' || code === '' ? '' : styleOf(code);
  }
  return runs;
}

function styleOf(code: string): string {
  if (code === '1') return ' font-weight="700" fill="#ffffff"';
  if (code === '7') return ' font-weight="700" fill="#f0b72f"';
  if (code === '2') return ' fill="#8b949e"';
  return ` fill="${COLORS[code] ?? INK}"`;
}

function picture(all: readonly (readonly Run[])[]): string {
  const width = Math.round(COLUMNS * CELL + 2 * PADDING);
  const height = all.length * LINE + 2 * PADDING + BAR;
  const text = all.map((runs, i) => (runs.length === 0 ? '' : lineOf(runs, BAR + PADDING + (i + 0.75) * LINE)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#161b22"/>`,
    ...['#ff5f56', '#ffbd2e', '#27c93f'].map(
      (fill, i) => `<circle cx="${20 + i * 18}" cy="18" r="5.5" fill="${fill}"/>`,
    ),
    `<g font-family="ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="${INK}">`,
    ...text.filter((line) => line !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function lineOf(runs: readonly Run[], y: number): string {
  let column = 0;
  const spans = runs.map(({ text, style }) => {
    const shown = [...text].slice(0, Math.max(0, COLUMNS - column));
    const x = (PADDING + column * CELL).toFixed(1);
    const length = (shown.length * CELL).toFixed(1);
    column += shown.length;
    if (shown.join('').trim() === '') return '';
    return `<tspan x="${x}" textLength="${length}"${style}>${escaped(shown.join(''))}</tspan>`;
  });
  return `<text y="${y.toFixed(1)}" xml:space="preserve">${spans.join('')}</text>`;
}

function escaped(text: string): string {
  return text.replace(/[<>&]/g, (c) => `&#${c.charCodeAt(0)};`);
}
