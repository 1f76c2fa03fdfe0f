import { readFileSync, writeFileSync } from 'node:fs';

const { data } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ body: `${data.length} values, mean ${mean.toFixed(2)}` }));
