import { readFileSync, writeFileSync } from 'node:fs';

const { b } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ text: b.join('') }));
