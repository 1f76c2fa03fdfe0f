// Reads the sales of the commit, drops what cannot be right, and adds up tickets per venue and day.
import { readFileSync } from 'node:fs';
import { inputs, writeOutputs } from './values.mjs';

const dropped = { duplicate: 0, incomplete: 0, refund: 0 };
const seen = new Set();
const byVenue = new Map();
const days = new Set();
const lines = readFileSync(inputs.file, 'utf8').trimEnd().split('\n').slice(1);
for (const line of lines) {
  const [date, venue, channel, tickets] = line.split(',');
  const key = `${date}|${venue}|${channel}`;
  if (!venue || tickets === '' || !/^\d{4}-\d\d-\d\d$/.test(date)) dropped.incomplete++;
  else if (channel === 'refund') dropped.refund++;
  else if (seen.has(key)) dropped.duplicate++;
  else {
    seen.add(key);
    days.add(date);
    const sold = byVenue.get(venue) ?? byVenue.set(venue, new Map()).get(venue);
    sold.set(date, (sold.get(date) ?? 0) + Number(tickets));
  }
}

const calendar = [...days].sort();
const sales = [...byVenue].sort().map(([venue, sold]) => ({ venue, sold: calendar.map((day) => sold.get(day) ?? 0) }));
console.log(`${lines.length} rows, ${seen.size} kept, dropped:`, dropped);
writeOutputs({ sales, firstDay: calendar[0], rows: seen.size, dropped: lines.length - seen.size });
