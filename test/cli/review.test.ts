import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import type { Report } from '../../src/review/index.ts';
import { clock, random } from '../cluster/api-fixture.ts';
import { HEAD, project, SUMS, schedule } from '../review/reviewed.ts';
import { PORTS, pipe, type Ran } from './control-plane.ts';

let folder: string;
let root: string;

const MERGE = '2026-01-05T08:00:00Z';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-review-'));
  root = join(folder, 'project');
  write('pipectl.yaml', project());
  write('CODEOWNERS', '/pipelines/ @acme/data\n');
  write('pipelines/sums.yaml', `${HEAD}${SUMS}`);
  write('pipelines/nightly.yaml', HEAD + schedule('nightly', 'cron: "0 2 * * *"'));
  // Files that no change is about: their schedules are part of the load all the same.
  for (let at = 0; at < 12; at++) {
    write(`pipelines/other-${at}.yaml`, `${HEAD}${SUMS.replaceAll('sums', `other-${at}`)}`);
    write(
      `pipelines/tick-${at}.yaml`,
      `${HEAD}${schedule(`tick-${at}`, `cron: "${at} 5 * * *", exclude: [{ calendar: off.dates }]`).replace('sums', `other-${at}`)}`,
    );
  }
  write('off.dates', '2026-01-07\n');
  git('init', '-qb', 'main');
  commit('one');
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  git('checkout', '-q', '--force', 'main');
  git('clean', '-qfd');
});

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', root, ...identity, ...args], { encoding: 'utf8' });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function commit(message: string): string {
  git('add', '-A');
  git('commit', '-qm', message);
  return git('rev-parse', 'HEAD').trim();
}

/** A branch from main with these files. */
function branch(name: string, files: Readonly<Record<string, string>>): string {
  git('checkout', '-q', '-B', name, 'main');
  for (const [path, text] of Object.entries(files)) write(path, text);
  return commit(name);
}

const later = { 'pipelines/nightly.yaml': HEAD + schedule('nightly', 'cron: "0 3 * * *"') };

async function review(...argv: string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const stdout = {
    ...pipe((text) => {
      out += text;
    }),
    columns: 80,
  };
  const stderr = pipe((text) => {
    err += text;
  });
  const env = { PATH: process.env.PATH, HOME: folder };
  const { signal } = new AbortController();
  const all = ['review', ...argv, ...(argv.includes('--merge-at') ? [] : ['--merge-at', MERGE])];
  const code = await runCli({ argv: all, env, cwd: root, stdout, stderr, clock, random, signal }, PORTS);
  return { code, out, err };
}

async function reportOf(...argv: string[]): Promise<Report> {
  const { out, err } = await review(...argv, '-o', 'json');
  expect(err).toBe('');
  return JSON.parse(out) as Report;
}

describe('pipectl review', () => {
  it('reads only what changed, and counts the schedules of all files', async () => {
    branch('later', later);
    const { schedules, load, plan, approvals, domain } = await reportOf();
    expect(domain).toEqual({ name: 'production', namespace: 'shop-production' });
    expect(schedules.map(({ name, state }) => [name, state])).toEqual([['nightly', 'changed']]);
    // Seven nights of one schedule, and six of twelve that have a day off.
    expect(load).toMatchObject({ totalBefore: 79, totalAfter: 79 });
    expect(plan?.changes).toEqual([
      { action: 'update', kind: 'Schedule', name: 'nightly', file: 'pipelines/nightly.yaml' },
    ]);
    expect(plan?.unchanged).toBeUndefined();
    expect(approvals).toEqual([
      { owners: ['@acme/data'], files: ['pipelines/nightly.yaml'], because: 'CODEOWNERS:1 /pipelines/' },
    ]);
  });

  it('says the same when it must read everything', async () => {
    branch('later', later);
    const part = await reportOf();
    branch('whole', { ...later, 'pipectl.yaml': project().replace('spec:', '# Ours.\nspec:') });
    const whole = await reportOf();
    expect(whole.plan?.unchanged).toBe(38);
    expect(whole.load).toEqual(part.load);
    expect(whole.schedules).toEqual(part.schedules);
  });

  it('compares with the commit at which the branch left, as `git diff A...B` does', async () => {
    branch('later', later);
    git('checkout', '-q', '--detach', 'main');
    write('pipelines/more.yaml', HEAD + schedule('more', 'cron: "0 4 * * *"'));
    const ahead = commit('ahead');
    for (const words of [[ahead, 'later'], [`${ahead}...later`]]) {
      const { base, schedules } = await reportOf(...words);
      expect(base.title).toBe(git('rev-parse', '--short=7', 'main').trim());
      expect(schedules.map(({ name }) => name)).toEqual(['nightly']);
    }
  });

  it('says so when no commit that both have is here', async () => {
    git('checkout', '-q', '--orphan', 'apart');
    write('pipelines/nightly.yaml', later['pipelines/nightly.yaml']);
    commit('apart');
    const { code, err } = await review('main');
    expect({ code, told: err.startsWith('no commit that both have is here') }).toEqual({ code: 0, told: true });
  });

  it('takes owners from the base: a change cannot name its own', async () => {
    branch('mine', { ...later, CODEOWNERS: '* @mallory\n' });
    const { approvals } = await reportOf();
    expect(approvals.map(({ owners }) => owners)).toEqual([['@acme/data']]);
  });

  it('is told for a terminal of 80 columns', async () => {
    branch('later', later);
    const { code, out } = await review();
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out).toContain('rule        0 2 * * * UTC → 0 3 * * * UTC');
    expect(out).toContain('Tue 2026-01-06 02:00 +00:00 Tue 2026-01-06 03:00 +00:00 03:00Z');
  });

  it.each([
    ['error', 0],
    ['warning', 1],
    ['never', 0],
  ])('with a warning and --fail-on %s exits %i', async (level, expected) => {
    branch('later', later);
    expect((await review('--merge-at', '2026-01-06T02:30:00Z', '--fail-on', level)).code).toBe(expected);
  });

  it('with an error exits 1 and tells where', async () => {
    branch('wrong', { 'pipelines/nightly.yaml': HEAD + schedule('nightly', 'cron: "0 25 * * *"') });
    const { code, out } = await review();
    expect(code).toBe(1);
    expect(out).toContain('would be refused: 1 error');
    expect(out).toContain('PIPE-CRON-001  pipelines/nightly.yaml:4');
    expect((await review('--fail-on', 'never')).code).toBe(0);
  });

  it('reads a history that `pipectl get executions -o json` wrote', async () => {
    branch('later', later);
    const item = (minutes: number, phase = 'Succeeded') => ({
      spec: { launchPlan: 'sums' },
      status: {
        phase,
        startedAt: '2026-01-01T00:00:00.000Z',
        finishedAt: new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString(),
      },
    });
    const file = join(folder, 'executions.json');
    writeFileSync(file, JSON.stringify({ items: [item(60), item(120), item(60), item(1, 'Failed'), { spec: 1 }] }));
    const { schedules } = await reportOf('--history', file);
    expect(schedules[0]?.cost).toEqual({
      runs: 3,
      before: { hoursP50: 7, hoursP95: 14 },
      after: { hoursP50: 7, hoursP95: 14 },
    });
  });

  it('reads a history that `pipectl durations -o json` wrote, that of each domain alone', async () => {
    branch('later', later);
    const plan = { sums: { p50Ms: 3_600_000, p95Ms: 7_200_000, runs: 9 } };
    const file = join(folder, 'history.json');
    const withHistory = async (namespace: string) => {
      writeFileSync(file, JSON.stringify({ kind: 'Durations', version: 1, namespaces: { [namespace]: plan } }));
      return (await reportOf('--history', file)).schedules[0]?.cost;
    };
    expect(await withHistory('shop-production')).toMatchObject({ runs: 9, after: { hoursP50: 7, hoursP95: 14 } });
    expect(await withHistory('shop-other')).toBeUndefined();
  });

  it('tells of every domain that tracks the branch, or of those that are named', async () => {
    const two = project().replace('ref: main }', 'ref: main }, staging: { ref: main }, qa: { ref: qa }');
    const own = schedule('nightly', 'every: 2h').replace('{ name: nightly }', '{ name: nightly, domains: [staging] }');
    branch('two', { ...later, 'pipectl.yaml': two, 'pipelines/staging.yaml': HEAD + own });
    const both = await reportOf();
    expect(both.domain?.name).toBe('production');
    expect(both.others.map(({ domain, isSame, line }) => ({ ...domain, isSame, line }))).toEqual([
      { name: 'staging', namespace: 'shop-staging', isSame: false, line: expect.stringContaining('runs/week') },
    ]);
    const named = await reportOf('--domain', 'staging', '--domain', 'qa');
    expect([named.domain?.name, ...named.others.map(({ domain }) => domain.name)]).toEqual(['staging', 'qa']);
    expect((await review('--domain', 'staging', '--domain', 'qa')).out).toContain('In shop-qa');
  });

  it('says no change in meaning, and that work is not committed', async () => {
    branch('same', { 'pipelines/nightly.yaml': `${HEAD}# Better.\n${schedule('nightly', 'cron: "0 2 * * *"')}` });
    write('pipelines/new.yaml', HEAD);
    const { code, out, err } = await review();
    expect({ code, err }).toEqual({ code: 0, err: 'changes that are not committed are not in it\n' });
    expect(out).toContain('no change in meaning');
  });

  it.each([
    ['no such commit', ['nowhere'], 'there is no commit "nowhere"'],
    ['two dots', ['a..b'], 'write three'],
    ['too many commits', ['a...b', 'c'], 'names two commits already'],
    ['no such domain', ['main', 'main', '--domain', 'moon'], 'has no domain "moon": it has production'],
    ['no instant', ['--merge-at', 'soon'], 'is no instant'],
    ['no history', ['--history', 'pipectl.yaml'], 'is no history'],
  ])('refuses %s with exit 2', async (_name, argv, words) => {
    const { code, err } = await review(...argv);
    expect({ code, told: err.includes(words) }, err).toEqual({ code: 2, told: true });
  });
});
