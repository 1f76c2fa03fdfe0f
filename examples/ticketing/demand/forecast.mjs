// Forecasts one venue: additive Holt-Winters with a week's season, its smoothing chosen on the days before the held-out
// ones, its error measured on the held-out ones, then fitted again on all days.
import { inputs, writeOutputs } from './values.mjs';

const WEEK = 7;
const { venue, capacity, sold } = inputs.series;
const heldOut = 28;

/** Runs the model over `values`; returns the sum of squared one-step errors and the `ahead` days that follow. */
function holtWinters(values, { alpha, beta, gamma }, ahead) {
  const firstWeek = values.slice(0, WEEK);
  let level = firstWeek.reduce((sum, value) => sum + value, 0) / WEEK;
  let trend = 0;
  const season = firstWeek.map((value) => value - level);
  let squared = 0;
  for (let day = WEEK; day < values.length; day++) {
    const expected = level + trend + season[day % WEEK];
    const error = values[day] - expected;
    squared += error * error;
    const before = level;
    level = alpha * (values[day] - season[day % WEEK]) + (1 - alpha) * (level + trend);
    trend = beta * (level - before) + (1 - beta) * trend;
    season[day % WEEK] = gamma * (values[day] - level) + (1 - gamma) * season[day % WEEK];
  }
  const next = Array.from({ length: ahead }, (_, i) => level + (i + 1) * trend + season[(values.length + i) % WEEK]);
  return { squared, next: next.map((value) => Math.max(0, value)) };
}

const grid = [];
for (const alpha of [0.05, 0.1, 0.2, 0.4]) {
  for (const beta of [0, 0.01, 0.03]) for (const gamma of [0.05, 0.1, 0.2]) grid.push({ alpha, beta, gamma });
}
const train = sold.slice(0, -heldOut);
const best = grid
  .map((smoothing) => ({ smoothing, squared: holtWinters(train, smoothing, 0).squared }))
  .reduce((a, b) => (b.squared < a.squared ? b : a)).smoothing;

const actual = sold.slice(-heldOut);
const predicted = holtWinters(train, best, heldOut).next;
/** Weighted absolute percentage error: the sum of misses over the sum of sales; defined on days without sales too. */
const errorPercent = (100 * sum(actual.map((value, i) => Math.abs(value - predicted[i])))) / Math.max(1, sum(actual));
const naive =
  (100 * sum(actual.map((value, i) => Math.abs(value - train.at(-WEEK + (i % WEEK)))))) / Math.max(1, sum(actual));

const next = holtWinters(sold, best, inputs.days).next.map((value) => Math.round(value));
console.log(`${venue}: error ${errorPercent.toFixed(1)} % (last week again: ${naive.toFixed(1)} %)`, best);
writeOutputs({
  forecast: {
    venue,
    capacity,
    recent: sold.slice(-56),
    next,
    errorPercent: round(errorPercent),
    naivePercent: round(naive),
  },
});

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function round(value) {
  return Math.round(value * 10) / 10;
}
