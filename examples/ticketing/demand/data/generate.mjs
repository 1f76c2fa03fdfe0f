// Writes venues.csv and sales.csv: a year of invented ticket sales, the same on every machine.
// node generate.mjs [DAYS=365]   Everything random comes from one seed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SEED = 20260701;
const FIRST_DAY = Date.UTC(2025, 6, 1);
const DAYS = Number(process.argv[2] ?? 365);
const HALLS = ['Arena', 'Theatre', 'Club', 'Hall', 'Stadium', 'Opera', 'Garden', 'Dome'];
const CITIES = ['Aarhus', 'Bergen', 'Cork', 'Delft', 'Espoo', 'Faro', 'Ghent', 'Halle', 'Izola', 'Jena'];
const CAPACITY = {
  Arena: 9000,
  Theatre: 900,
  Club: 350,
  Hall: 1800,
  Stadium: 22000,
  Opera: 1400,
  Garden: 2600,
  Dome: 5200,
};

/** mulberry32: 32 bits of state, uniform in [0, 1). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = randomFrom(SEED);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const venues = [];
for (let i = 0; i < 40; i++) {
  const hall = HALLS[i % HALLS.length];
  const city = CITIES[(Math.floor(i / 8) * 2 + (i % 8) * 3) % CITIES.length];
  const capacity = Math.round((CAPACITY[hall] * (0.8 + 0.4 * random())) / 10) * 10;
  venues.push({
    name: `${city} ${hall}`,
    capacity,
    price: 18 + Math.round(60 * random()),
    level: 0.05 + 0.1 * random(),
    trend: (random() - 0.4) * 0.0012,
    weekend: 0.4 + 1.2 * random(),
    season: 0.1 + 0.3 * random(),
    phase: random(),
  });
}

const rows = [];
for (let day = 0; day < DAYS; day++) {
  const at = new Date(FIRST_DAY + day * 86_400_000);
  const date = at.toISOString().slice(0, 10);
  const weekday = at.getUTCDay();
  for (const venue of venues) {
    const week = weekday === 5 || weekday === 6 ? 1 + venue.weekend : weekday === 1 ? 0.6 : 1;
    const year = 1 + venue.season * Math.sin(2 * Math.PI * (day / 365 + venue.phase));
    const demand =
      venue.capacity * venue.level * week * year * (1 + venue.trend * day) * Math.max(0.2, 1 + 0.12 * normal());
    const web = Math.round(demand * 0.72);
    const door = Math.round(demand * 0.28);
    rows.push([date, venue.name, 'web', web, (web * venue.price).toFixed(2)]);
    rows.push([date, venue.name, 'box office', door, (door * venue.price * 1.1).toFixed(2)]);
  }
}

// Real exports are not clean: some rows come twice, some lack a number, some name no venue, some are refunds.
const dirty = [];
for (const row of rows) {
  dirty.push(row);
  const chance = random();
  if (chance < 0.004) dirty.push(row);
  else if (chance < 0.006) dirty.push([row[0], row[1], row[2], '', '']);
  else if (chance < 0.008) dirty.push([row[0], '', row[2], row[3], row[4]]);
  else if (chance < 0.01) dirty.push([row[0], row[1], 'refund', -Math.ceil(4 * random()), '0.00']);
}

const folder = import.meta.dirname;
writeFileSync(
  join(folder, 'venues.csv'),
  `venue,capacity\n${venues.map((v) => `${v.name},${v.capacity}`).join('\n')}\n`,
);
writeFileSync(
  join(folder, 'sales.csv'),
  `date,venue,channel,tickets,revenue\n${dirty.map((row) => row.join(',')).join('\n')}\n`,
);
console.log(`${dirty.length} rows of ${venues.length} venues`);
