import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * `npm run crash -- --runs N --seed S [--jobs J] [--plant BUG]` kills real control planes N times, J data folders at a time, and
 * tells what of all that was acknowledged is not there. `--plant` builds a named bug into the program, which must be caught.
 * `--around ticks` kills those of schedules that tick each second, around these ticks.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    jobs: { type: 'string', default: '1' },
    plant: { type: 'string' },
    around: { type: 'string' },
  },
});

const REPOSITORY = join(import.meta.dirname, '..');
const vitest = join(REPOSITORY, 'node_modules', 'vitest', 'vitest.mjs');
const isTicks = values.around === 'ticks';
// The processes, projects and disks of the tests are used, and they are cleaned up by the runner of the tests.
const child = spawn(
  process.execPath,
  [
    vitest,
    'run',
    isTicks ? 'test/crash/ticks.test.ts' : 'test/crash/crash.test.ts',
    '--disable-console-intercept',
    '--root',
    REPOSITORY,
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      PIPECTL_CRASH_RUNS: values.runs,
      PIPECTL_CRASH_TICKS: values.runs,
      PIPECTL_SEED: values.seed,
      PIPECTL_CRASH_JOBS: values.jobs,
      ...(values.plant !== undefined && { PIPECTL_CRASH_PLANT: values.plant }),
    },
  },
);
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
