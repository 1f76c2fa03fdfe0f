import { readFileSync, writeFileSync } from 'node:fs';

const { model, samples } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const mean = samples.reduce((sum, sample) => sum + Math.abs(sample - model.slope), 0) / samples.length;
const error = Math.round(mean * 10_000) / 10_000;
console.log(`rate ${model.rate}: mean error ${error}`);
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ result: { error, model } }));
