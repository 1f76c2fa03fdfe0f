import { readFileSync, writeFileSync } from 'node:fs';

const { readings } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const kwh = readings.reduce((sum, reading) => sum + reading.kwh, 0);
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ kwh }));
