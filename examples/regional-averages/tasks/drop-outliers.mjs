import { readFileSync, writeFileSync } from 'node:fs';

const { values, limit } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const kept = values.filter((value) => value <= limit);
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ kept }));
