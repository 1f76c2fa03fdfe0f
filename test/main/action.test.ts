import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TOKEN } from '../hosts/github-server.ts';
import { HEAD, project, QUIET, SUMS, schedule } from '../review/reviewed.ts';
import { type ActionBench, openActionBench, type Step } from './action-runner.ts';

let bench: ActionBench;
let main: string;

beforeAll(async () => {
  bench = await openActionBench();
  main = bench.commit('main', {
    'pipectl.yaml': project(QUIET),
    'pipelines/sums.yaml': `${HEAD}${SUMS}`,
    'pipelines/nightly.yaml': HEAD + schedule('nightly', 'cron: "0 2 * * *"'),
  });
});
afterAll(() => bench.close());
beforeEach(() => {
  const { state } = bench.server;
  bench.git('checkout', '-q', '--force', 'main');
  bench.git('reset', '-q', '--hard', main);
  bench.git('branch', '-qf', 'change', main);
  state.comments = [];
  state.canWrite = true;
  state.before = undefined;
  for (const list of [state.checks, state.statuses, state.uploads, state.faults, state.seen]) list.length = 0;
});

const NIGHTLY = 'pipelines/nightly.yaml';
const at = (cron: string): string => HEAD + schedule('nightly', `cron: "${cron}"`);

/** Nothing that a step leaves behind may hold the token, but the line that has it hidden. */
function expectNoSecret(step: Step): void {
  const log = step.log.replaceAll(/^::add-mask::.*$/gm, '');
  for (const text of [log, step.errors, step.summary, JSON.stringify(step.outputs)]) expect(text).not.toContain(TOKEN);
}

describe('the action on a pull request', () => {
  it('comments, sums up, sets outputs and ends well', async () => {
    bench.commit('change', { [NIGHTLY]: at('30 2 * * *') });
    const { head } = bench.offer();
    const step = await bench.step();
    expect(step.errors).toBe('');
    expect(step.log).toContain('1 schedule changed');
    expect(step.code).toBe(0);
    expect(step.outputs).toMatchObject({
      verdict: expect.stringContaining('1 schedule changed'),
      comment: 'Created',
      unchanged: 'false',
    });
    expect(step.summary).toContain('### 1 schedule changed');
    expect(bench.server.state.comments).toHaveLength(1);
    expect(bench.server.state.comments[0]?.body).toContain(`head=${head} -->`);
    expectNoSecret(step);
  });
});
