import { parseArgs } from 'node:util';
import { fuzz } from '../test/language/fuzz/fuzz.ts';
import { FUZZ_TARGETS } from '../test/language/fuzz/targets.ts';

/** `npm run fuzz -- --runs N --seed S [--only TARGET]`: the parsers under as many mutated inputs as one likes. */
const MAX_BLOCK_MS = 250;
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

/** Time that this thread worked: a loaded machine makes no input slow. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string', multiple: true },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
let isGood = Number.isInteger(runs) && runs > 0 && Number.isInteger(seed);
if (!isGood) process.stderr.write('give whole numbers: npm run fuzz -- --runs 1000000 --seed 1\n');
for (const target of isGood ? FUZZ_TARGETS : []) {
  if (values.only !== undefined && !values.only.includes(target.name)) continue;
  // The first use compiles schemas; no input is to blame for that.
  for (const text of target.corpus) target.check(text);
  const before = process.memoryUsage.rss();
  const report = fuzz([target], runs, seed, threadMs);
  const grownBytes = process.memoryUsage.rss() - before;
  const { slowest } = report;
  const isSlow = slowest.ms > MAX_BLOCK_MS;
  const isLarge = grownBytes > MAX_GROWTH_BYTES;
  if (report.failures.length > 0 || isSlow || isLarge) isGood = false;
  process.stdout.write(
    `${target.name}: ${report.runs} inputs, ${report.failures.length} failures; slowest ${slowest.ms.toFixed(1)} ms (run ${slowest.run}, ${slowest.length} characters)${isSlow ? ' TOO SLOW' : ''}; memory ${(grownBytes / 1024 / 1024).toFixed(0)} MiB more${isLarge ? ' TOO MUCH' : ''}\n`,
  );
  for (const { run, input, error } of report.failures) {
    process.stdout.write(
      `  run ${run}: ${JSON.stringify(input.slice(0, 1_000))}\n  ${(error as Error).stack ?? error}\n`,
    );
  }
}
process.stdout.write(`seed ${seed}\n`);
process.exitCode = isGood ? 0 : 1;
