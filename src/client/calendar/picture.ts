import { FONT, fitText, textWidth, xmlText } from '../graph/index.ts';
import { type CalendarWeek, HOURS, levelBounds, levelOf } from './week.ts';
import { counted, dayText, shortCount } from './week-text.ts';

/** A week as a heat map that stands alone: light or dark as the reader's system is. Counts are told in words and numbers, too. */
export function calendarPicture(week: CalendarWeek, subject: string): string {
  const rows = week.days.length;
  const grid = { x: MARGIN + LABEL, y: MARGIN + HEAD + HOUR_LABELS };
  const width = grid.x + HOURS * STEP - GAP + MARGIN;
  const bottom = grid.y + rows * STEP - GAP;
  const height = bottom + LEGEND + MARGIN;
  const caption = `${counted(week.total, 'tick')} of ${counted(week.ticking, 'schedule')}, ${dayText(week.days[0]!)} to ${dayText(week.days.at(-1)!)}, hours of ${week.timeZone}`;
  const room = width - 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${xmlText(`${subject}: ${caption}`)}">`,
    `<title>${xmlText(subject)}</title>`,
    `<desc>${xmlText(caption)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="pc-page" width="${width}" height="${height}"/>`,
    text('pc-t pc-h', MARGIN, MARGIN + 14, fitText(subject, room, 18, true)),
    text('pc-t pc-m', MARGIN, MARGIN + 36, fitText(caption, room, 12)),
    ...hourLabels(grid),
    ...week.days.flatMap((day, at) => [
      text('pc-t pc-d', MARGIN, grid.y + at * STEP + 18, dayText(day)),
      ...week.counts[at]!.map((_, hour) => cell(week, at, hour, grid)),
    ]),
    ...legend(week, MARGIN + LABEL, bottom + 22),
    '</svg>',
    '',
  ].join('\n');
}

const MARGIN = 24;
const HEAD = 52;
const HOUR_LABELS = 18;
const LABEL = 84;
const CELL = 26;
const GAP = 4;
const STEP = CELL + GAP;
const LEGEND = 30;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Fills of no tick and of each level, and the ink of counts upon them: dark enough, or light enough, to be read. */
const LIGHT = {
  page: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  fills: ['#eff2f5', '#d3e5fb', '#93c1f5', '#3f8ae0', '#0b3d7a'],
  inks: ['#59636e', '#1f2328', '#10233b', '#ffffff', '#ffffff'],
};
const DARK = {
  page: '#0d1117',
  ink: '#f0f6fc',
  muted: '#9198a1',
  fills: ['#1a2029', '#12304f', '#17508c', '#3186dd', '#a9d3ff'],
  inks: ['#9198a1', '#d6e6f7', '#ffffff', '#0b1520', '#0b1520'],
};

function colours({ page, ink, muted, fills, inks }: typeof LIGHT): string {
  return [
    `.pc-page{fill:${page}}.pc-t{fill:${ink}}.pc-m{fill:${muted}}.pc-gap{stroke:${muted}}`,
    ...fills.map((fill, level) => `.pc-${level}{fill:${fill}}.pc-n${level}{fill:${inks[level]}}`),
  ].join('');
}

const STYLE = [
  `.pc-t,.pc-n{font-family:${FONT};font-size:12px}`,
  '.pc-h{font-size:18px;font-weight:600}.pc-n{font-size:10px;text-anchor:middle}.pc-o{text-anchor:middle;font-size:11px}',
  '.pc-d{font-size:12px}.pc-gap{fill:none;stroke-dasharray:3 3}',
  colours(LIGHT),
  `@media (prefers-color-scheme:dark){${colours(DARK)}}`,
].join('');

function hourLabels({ x, y }: Point): readonly string[] {
  return Array.from({ length: HOURS / 3 }, (_, i) => {
    return text('pc-t pc-m pc-o', x + i * 3 * STEP + CELL / 2, y - 8, `${String(i * 3).padStart(2, '0')}:00`);
  });
}

function cell(week: CalendarWeek, day: number, hour: number, grid: Point): string {
  const [x, y] = [grid.x + hour * STEP, grid.y + day * STEP];
  const count = week.counts[day]![hour]!;
  const at = `${dayText(week.days[day]!)}, ${String(hour).padStart(2, '0')}:00`;
  const square = (name: string) => `class="${name}" x="${x}" y="${y}" width="${CELL}" height="${CELL}" rx="5"`;
  if (week.missing.has(day * HOURS + hour)) {
    return `<rect ${square('pc-gap')}><title>${xmlText(at)}: clocks go forward, this hour does not exist</title></rect>`;
  }
  const level = levelOf(week, count);
  const again = week.doubled.has(day * HOURS + hour) ? ', an hour that comes twice' : '';
  const shown = count === 0 ? '' : text(`pc-n pc-n${level}`, x + CELL / 2, y + 16.5, shortCount(count));
  return `<g><title>${xmlText(`${at}: ${counted(count, 'tick')}${again}`)}</title><rect ${square(`pc-${level}`)}/>${shown}</g>`;
}

/** The levels from none to most, each with the counts that it stands for. */
function legend(week: CalendarWeek, from: number, y: number): readonly string[] {
  const bounds = [0, ...levelBounds(week)];
  const parts: string[] = [];
  let x = from;
  for (const [level, bound] of bounds.entries()) {
    const least = level === 0 ? 0 : bounds[level - 1]! + 1;
    const label = least === bound ? `${bound}` : `${shortCount(least)} to ${shortCount(bound)}`;
    parts.push(`<rect class="pc-${level}" x="${x}" y="${y - 10}" width="14" height="14" rx="4"/>`);
    parts.push(text('pc-t pc-m', x + 20, y + 1.5, label));
    x += Math.round(20 + textWidth(label, 12) + 18);
  }
  parts.push(text('pc-t pc-m', x, y + 1.5, 'ticks an hour'));
  return parts;
}

function text(name: string, x: number, y: number, words: string): string {
  return `<text class="${name}" x="${x}" y="${y}">${xmlText(words)}</text>`;
}
