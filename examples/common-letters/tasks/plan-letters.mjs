import { readFileSync, writeFileSync } from 'node:fs';

const { a, b } = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));
const letters = [...new Set(a)].filter((letter) => b.includes(letter) && /[a-z]/.test(letter));
const nodes = Object.fromEntries(letters.map((letter) => [letter, { task: 'count-letter', with: { letter, a, b } }]));
const counts = letters.map((letter) => `nodes.${letter}.outputs.count`).join(' + ');
const workflow = {
  outputs: { total: '${{ nodes.total.outputs.value }}' },
  nodes: { ...nodes, total: { compute: { value: counts === '' ? 0 : `\${{ ${counts} }}` } } },
};
writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({ workflow }));
