import { readFileSync, writeFileSync } from 'node:fs';

// Points of the line y = 2x with a little noise that is the same each time; x is the place in the list.
const { samples } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const points = Array.from({ length: samples }, (_, at) => (2 * at) / samples + 0.01 * Math.sin(12.9898 * at));
const isTest = (at) => at % 5 === 0;
const train = points.map((y, at) => (isTest(at) ? null : y / (at / samples))).filter((slope) => slope !== null);
const test = points.filter((_, at) => at > 0 && isTest(at)).map((y, at) => y / (((at + 1) * 5) / samples));
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ train, test }));
console.log(`${train.length} samples to train with, ${test.length} to measure with`);
