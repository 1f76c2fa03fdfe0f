import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FIGURES } from './figures.ts';
import { load, readMachine } from './machine.ts';
import { type Judged, judge, table } from './report.ts';
import { runFigures } from './run-figures.ts';

const USAGE = `node bench/main.ts [--only NAME]… [--rounds N] [--date TEXT]

Measures pipectl on this machine; each figure stands beside its own floor of the same rounds.
  --only    one of: ${FIGURES.map(({ name, isLong }) => (isLong ? `${name}*` : name)).join(' ')}
            * takes minutes, and is measured only when it is named
  --rounds  interleaved rounds (5)
  --date    what the result file says of when (now)
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    date: { type: 'string', default: new Date().toISOString() },
    help: { type: 'boolean', default: false },
  },
});
const unknown = values.only?.filter((only) => !FIGURES.some(({ name }) => name === only)) ?? [];
const rounds = Number(values.rounds);
if (values.help || unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const figures = FIGURES.filter(({ name, isLong }) => values.only?.includes(name) ?? isLong !== true);
const loadBefore = load();
const samples = await runFigures(figures, rounds, (line) => process.stderr.write(`${line}\n`));
const judged = figures.map((figure): Judged => judge(figure, samples.get(figure.name) ?? []));
const machine = readMachine();
const result = { date: values.date, rounds, load: { before: loadBefore, after: load() }, machine, figures: judged };
const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
const file = join(folder, 'latest.json');
writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
process.stdout.write(
  [
    ...judged.flatMap(table),
    `${machine.cores} cores of ${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}, ${machine.git}`,
    `${machine.durability}; load ${loadBefore} before, ${load()} after; ${rounds} rounds; ${file}`,
    '',
  ].join('\n'),
);
