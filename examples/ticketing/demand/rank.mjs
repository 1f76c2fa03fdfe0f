// Coalesces the venues' forecasts: the busiest first, and the error over all of them.
import { inputs, writeOutputs } from './values.mjs';

const ranking = inputs.forecasts
  .map((forecast) => {
    const tickets = forecast.next.reduce((sum, value) => sum + value, 0);
    return {
      venue: forecast.venue,
      tickets,
      fillPercent: Math.round((1000 * Math.max(...forecast.next)) / forecast.capacity) / 10,
    };
  })
  .sort((a, b) => b.tickets - a.tickets || a.venue.localeCompare(b.venue));
const weight = ranking.reduce((sum, row) => sum + row.tickets, 0);
const tickets = new Map(ranking.map((row) => [row.venue, row.tickets]));
const errorPercent = inputs.forecasts.reduce((sum, f) => sum + f.errorPercent * tickets.get(f.venue), 0) / weight;
for (const row of ranking.slice(0, 5)) console.log(`${row.venue.padEnd(20)} ${row.tickets}`);
writeOutputs({
  ranking,
  totalTickets: weight,
  errorPercent: Math.round(errorPercent * 10) / 10,
  busiest: ranking[0].venue,
});
