import { readFileSync, writeFileSync } from 'node:fs';

const { meters } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const readings = Array.from({ length: meters }, (_, at) => ({ meter: `meter-${at}`, kwh: (at % 97) / 4 }));
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ count: meters, readings }));
