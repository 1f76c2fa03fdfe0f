// Draws the chart: one SVG, no library. Left the ranking, right all venues together with the forecast.
import { inputs, writeOutputs } from './values.mjs';

const WIDTH = 1080;
const HEIGHT = 620;
const INK = '#1f2933';
const MUTED = '#7b8794';
const GRID = '#e4e7eb';
const PAST = '#3e6ae1';
const NEXT = '#e8590c';

const text = (x, y, size, body, more = '') =>
  `<text x="${x}" y="${y}" font-size="${size}" ${more}>${escaped(body)}</text>`;
const escaped = (value) => String(value).replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
const thousands = (value) => Math.round(value).toLocaleString('en-US');

function ranking(left, top, width, rows) {
  const most = rows[0].tickets;
  const bars = rows.map((row, i) => {
    const y = top + i * 31;
    const length = Math.max(2, (width - 250) * (row.tickets / most));
    return [
      text(left + 148, y + 15, 13, row.venue, `fill="${INK}" text-anchor="end"`),
      `<rect x="${left + 158}" y="${y}" width="${length.toFixed(1)}" height="21" rx="3" fill="${PAST}"/>`,
      text(left + 164 + length, y + 15, 12, thousands(row.tickets), `fill="${INK}"`),
    ].join('');
  });
  return (
    text(
      left,
      top - 18,
      14,
      `Busiest venues, tickets in the next ${inputs.days} days`,
      `fill="${INK}" font-weight="600"`,
    ) + bars.join('')
  );
}

function outlook(left, top, width, height) {
  const recent = addUp(inputs.forecasts.map((f) => f.recent));
  const next = addUp(inputs.forecasts.map((f) => f.next));
  const most = niceCeiling(Math.max(...recent, ...next) * 1.08);
  const x = (i) => left + (width * i) / (recent.length + next.length - 1);
  const y = (value) => top + height - (height * value) / most;
  const line = (values, from) => values.map((value, i) => `${x(from + i).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const miss = inputs.errorPercent / 100;
  const upper = next.map((value, i) => `${x(recent.length + i).toFixed(1)},${y(value * (1 + miss)).toFixed(1)}`);
  const lower = next
    .map((value, i) => `${x(recent.length + i).toFixed(1)},${y(value * (1 - miss)).toFixed(1)}`)
    .reverse();
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = y(most * part).toFixed(1);
    return `<line x1="${left}" x2="${left + width}" y1="${at}" y2="${at}" stroke="${GRID}"/>${text(left - 8, Number(at) + 4, 11, thousands(most * part), `fill="${MUTED}" text-anchor="end"`)}`;
  });
  const border = x(recent.length - 0.5).toFixed(1);
  return [
    text(left, top - 18, 14, 'All venues, tickets a day', `fill="${INK}" font-weight="600"`),
    ...grid,
    `<line x1="${border}" x2="${border}" y1="${top}" y2="${top + height}" stroke="${MUTED}" stroke-dasharray="3 4"/>`,
    `<polygon points="${[...upper, ...lower].join(' ')}" fill="${NEXT}" fill-opacity="0.15"/>`,
    `<polyline points="${line(recent, 0)}" fill="none" stroke="${PAST}" stroke-width="2"/>`,
    `<polyline points="${line([recent.at(-1), ...next], recent.length - 1)}" fill="none" stroke="${NEXT}" stroke-width="2.5"/>`,
    text(left, top + height + 22, 12, `last ${recent.length} days`, `fill="${PAST}"`),
    text(
      left + width,
      top + height + 22,
      12,
      `next ${next.length} days, band: error on held-out days`,
      `fill="${NEXT}" text-anchor="end"`,
    ),
  ].join('\n');
}

function addUp(series) {
  return series[0].map((_, i) => series.reduce((sum, values) => sum + values[i], 0));
}

function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10]
    .map((factor) => factor * power)
    .find((candidate) => candidate >= value);
}

const chart = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${text(40, 52, 24, 'Ticket demand', `fill="${INK}" font-weight="700"`)}
${text(40, 78, 14, `${inputs.headline} · ${inputs.forecasts.length} venues · error on 28 held-out days ${inputs.errorPercent} %`, `fill="${MUTED}"`)}
${ranking(40, 140, 480, inputs.ranking.slice(0, 14))}
${outlook(620, 140, 420, 400)}
</svg>
`;
console.log(`chart of ${chart.length} bytes`);
writeOutputs({ chart });
