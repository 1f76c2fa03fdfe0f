// Makes one self-contained series per venue: what the map task gets as its item.
import { readFileSync } from 'node:fs';
import { inputs, writeOutputs } from './values.mjs';

const capacity = new Map(
  readFileSync('data/venues.csv', 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [venue, seats] = line.split(',');
      return [venue, Number(seats)];
    }),
);
const series = inputs.sales
  .filter(({ venue }) => capacity.has(venue))
  .map(({ venue, sold }) => ({ venue, capacity: capacity.get(venue), sold }));
console.log(`${series.length} venues, ${inputs.sales.length - series.length} without a known capacity`);
writeOutputs({ series });
