import { readFileSync } from 'node:fs';

const { title, lines } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
console.log(title);
for (const line of lines.toSorted()) console.log(`- ${line}`);
