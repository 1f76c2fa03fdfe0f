import { readFileSync, writeFileSync } from 'node:fs';

const { letter, a, b } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const times = (word) => word.split(letter).length - 1;
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ count: Math.min(times(a), times(b)) }));
