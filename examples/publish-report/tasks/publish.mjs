import { readFileSync, writeFileSync } from 'node:fs';

const { title, body, approvedBy } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const text = [title, body, approvedBy === null ? 'approved by default' : `approved by ${approvedBy}`].join('\n');
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ text }));
