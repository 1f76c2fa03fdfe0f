import { readFileSync, writeFileSync } from 'node:fs';

// Gradient descent to the slope that is nearest to all samples.
const { rate, steps, samples } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
let slope = 0;
for (let step = 1; step <= steps; step++) {
  const gradient = samples.reduce((sum, sample) => sum + 2 * (slope - sample), 0) / samples.length;
  slope -= rate * gradient;
}
console.log(`rate ${rate}: slope ${slope.toFixed(4)} after ${steps} steps`);
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ model: { slope, rate } }));
