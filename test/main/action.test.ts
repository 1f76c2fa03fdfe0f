import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  bench.reset(main);
});

const NIGHTLY = 'pipelines/nightly.yaml';
const at = (cron: string): string => HEAD + schedule('nightly', `cron: "${cron}"`);
const broken = (count: number): string => {
  return HEAD + Array.from({ length: count }, (_none, at) => schedule(`s${at}`, 'cron: "0 0 30 2 *"')).join('---\n');
};

/** Offers another time; gives the ids of head and merge. */
function offerChange(cron = '30 2 * * *'): ReturnType<ActionBench['offer']> {
  bench.commit('change', { [NIGHTLY]: at(cron) });
  return bench.offer();
}

/** What a step leaves behind may not hold the token, but the line that has it hidden. */
async function step(...options: Parameters<ActionBench['step']>): Promise<Step> {
  const ended = await bench.step(...options);
  const log = ended.log.replaceAll(/^::add-mask::.*$/gm, '');
  for (const text of [log, ended.errors, ended.summary, JSON.stringify(ended.outputs)])
    expect(text).not.toContain(TOKEN);
  expect(ended.errors).toBe('');
  return ended;
}

const bodies = (): readonly string[] => bench.server.state.comments.map(({ body }) => body);

describe('the action on a pull request', () => {
  it('tells by one comment, the summary and outputs, and edits what it wrote', async () => {
    const { head } = offerChange();
    const first = await step();
    expect(first).toMatchObject({ code: 0, outputs: { comment: 'Created', unchanged: 'false', warnings: '0' } });
    expect(first.outputs.verdict).toContain('1 schedule changed');
    expect(first.summary).toContain('### 1 schedule changed');
    expect(bodies()).toEqual([expect.stringContaining(`head=${head} -->`)]);
    const report = JSON.parse(readFileSync(first.outputs['report-path'] as string, 'utf8'));
    expect(report).toMatchObject({ version: 1, base: { title: expect.stringContaining('main') } });
    expect(existsSync(first.outputs['sarif-path'] as string)).toBe(true);

    const next = offerChange('45 2 * * *');
    expect(await step({ inputs: { 'fail-on': 'never' } })).toMatchObject({ outputs: { comment: 'Edited' } });
    expect(bodies()).toEqual([expect.stringContaining(`head=${next.head} -->`)]);
  });

  it('without news is folded, and says so where it said more before', async () => {
    bench.commit('change', { 'notes.txt': 'text' });
    bench.offer();
    expect(await step()).toMatchObject({ code: 0, outputs: { unchanged: 'true', schedules: '0' } });
    expect(bodies()).toEqual([expect.stringContaining('<details><summary><b>No change in meaning</b></summary>')]);
  });

  it.each([1, 0])('reads a checkout of depth %i, and leaves it as it was', async (depth) => {
    offerChange();
    const workspace = bench.checkout(depth);
    const files = ['HEAD', 'config'].map((name) => readFileSync(join(workspace, '.git', name), 'utf8'));
    const ended = await step({ workspace });
    expect(ended.outputs.verdict).toContain('1 schedule changed');
    expect(['HEAD', 'config'].map((name) => readFileSync(join(workspace, '.git', name), 'utf8'))).toEqual(files);
    expect(existsSync(join(workspace, '.git/shallow'))).toBe(depth !== 0);
    expect(bench.server.state.gitRequests > 0).toBe(depth === 1);
  });

  it('reads no checkout on pull_request_target, where that is the base', async () => {
    offerChange();
    const ended = await step({ event: 'pull_request_target', env: { GITHUB_SHA: main } });
    expect(ended).toMatchObject({ code: 0, outputs: { comment: 'Created' } });
  });

  it('of a fork, whose token may only read, still tells and judges', async () => {
    bench.commit('change', { 'pipelines/more.yaml': broken(12) });
    bench.offer();
    bench.server.state.canWrite = false;
    const ended = await step({ inputs: { 'fail-on': 'warning', sarif: 'true' } });
    expect(ended).toMatchObject({ code: 1, outputs: { comment: 'Skipped' } });
    expect(
      ended.log.match(/^::notice title=pipectl::there is no (?:comment|check|code scanning): the token/gm),
    ).toHaveLength(3);
    expect(ended.log.match(/^::warning file=pipelines\/more\.yaml,line=\d+/gm)).toHaveLength(10);
    expect(ended.summary).toContain('#### All findings');
  });

  it('has every finding in a check when the log has not room for all', async () => {
    bench.commit('change', { 'pipelines/more.yaml': broken(60) });
    const { head } = bench.offer();
    const ended = await step({ inputs: { sarif: 'true' } });
    const [check] = bench.server.state.checks;
    expect(check?.body).toMatchObject({
      head_sha: head,
      status: 'completed',
      conclusion: 'failure',
      name: 'pipectl review',
    });
    expect(check?.annotations.length).toBe(Number(ended.outputs.findings));
    expect(check?.annotations.length).toBeGreaterThan(50);
    expect(bench.server.state.uploads).toMatchObject([{ commit_sha: head, ref: 'refs/pull/7/head' }]);
  });

  it('fails with an error at its line, and not when nothing may', async () => {
    bench.commit('change', { [NIGHTLY]: at('61 2 * * *') });
    bench.offer();
    const failed = await step({ inputs: { comment: 'false' } });
    expect(failed).toMatchObject({ code: 1, outputs: { errors: '1' } });
    expect(failed.log).toMatch(/^::error file=pipelines\/nightly\.yaml,line=4,endLine=4,title=PIPE-CRON-001::/m);
    expect(bodies()).toEqual([]);
    expect(await step({ inputs: { 'fail-on': 'never', comment: 'false' } })).toMatchObject({ code: 0 });
  });

  it('that another head overtakes ends with one comment for the newest', async () => {
    offerChange();
    let newest = '';
    bench.server.state.before = (request) => {
      if (!request.startsWith('POST /repos/acme/shop/issues/7/comments')) return;
      bench.server.state.before = undefined;
      newest = offerChange('50 2 * * *').head;
    };
    expect(await step()).toMatchObject({ code: 0, outputs: { comment: 'Edited' } });
    expect(newest).not.toBe('');
    expect(bodies()).toEqual([expect.stringContaining(`head=${newest} -->`)]);
    expect(bodies()[0]).toContain('50 2');
  });

  it('outlasts a bad gateway and a secondary limit, and what it cannot post fails nothing', async () => {
    offerChange();
    const { faults } = bench.server.state;
    const limit = { status: 403, message: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '1' } };
    faults.push({ on: /^GET .*pulls/, status: 502 }, { ...limit, on: /^POST .*comments/ });
    const ended = await step({ env: { GITHUB_API_URL: `${bench.server.url}/api/v3` } });
    expect(ended).toMatchObject({ code: 0, outputs: { comment: 'Created' } });
    expect(ended.log).toContain('GitHub asks to wait for 1 s (the secondary rate limit)');
    faults.push({ on: /^PATCH .*comments/, status: 422, message: `Validation Failed ${TOKEN}` });
    offerChange('40 2 * * *');
    const refused = await step();
    expect(refused).toMatchObject({ code: 0, outputs: { comment: 'Skipped' } });
    expect(refused.log).toMatch(/^::warning title=pipectl::there is no comment: .*refuses it \(422\)/m);
  });

  it('says so of a pull request that cannot be merged', async () => {
    const { merge } = offerChange();
    bench.commit('change', { [NIGHTLY]: at('50 2 * * *') });
    bench.git('update-ref', 'refs/pull/7/head', 'change');
    const ended = await step({ env: { GITHUB_SHA: merge } });
    expect(ended.code).toBe(2);
    expect(ended.log).toMatch(/^::error title=pipectl::pull request 7 cannot be reviewed: GitHub has no merge of/m);
  });

  it('needs no Temporal of its runtime', async () => {
    offerChange();
    const ended = await step({ nodeArguments: ['--no-harmony-temporal'] });
    expect(ended).toMatchObject({ code: 0, outputs: { comment: 'Created' } });
    expect(ended.summary).toMatch(/\d{4}-\d\d-\d\d 02:30/);
  });
});

describe('the action elsewhere', () => {
  it('reviews a group of a merge queue and a push, without a comment', async () => {
    const { merge } = offerChange();
    const group = { merge_group: { base_sha: main, head_sha: merge, base_ref: 'refs/heads/main' } };
    const queued = await step({ event: 'merge_group', payload: group });
    expect(queued.outputs.verdict).toContain('1 schedule changed');
    expect(queued.outputs.comment).toBe('Skipped');
    const push = { before: main, after: merge, ref: 'refs/heads/main' };
    expect((await step({ event: 'push', payload: push })).outputs).toMatchObject({ verdict: queued.outputs.verdict });
  });
});
