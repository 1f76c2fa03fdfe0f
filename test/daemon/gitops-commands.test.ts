import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteObject, findObject, type Repository } from '../../src/cluster/index.ts';
import { git } from '../git/fixtures/real-git.ts';
import { DOUBLING, doublingTask } from './fixtures/doubling.ts';
import { type Person, personIn } from './fixtures/person.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, type Project } from './fixtures/project.ts';

let program: string;
let data: string;
let daemon: Daemon;
let project: Project;
let ada: Person;
/** The commits so far, oldest first. */
const commits: string[] = [];

beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  daemon = await startDaemon({ program, data });
  project = newProject(DOUBLING);
  commits.push(head());
  git(project.folder, ['remote', 'add', 'pipectl', daemon.remote('shop')]);
  await push('main');
  ada = personIn(project.folder, data);
});
afterAll(() => daemon.kill());

function head(): string {
  return git(project.folder, ['rev-parse', 'HEAD']);
}

async function push(...refs: string[]): Promise<string> {
  const { code, text } = await project.push('pipectl', ...refs);
  if (code !== 0) throw new Error(text);
  return text;
}

function commit(message: string, files: Readonly<Record<string, string | undefined>>): string {
  project.commit(files);
  git(project.folder, ['commit', '-q', '--amend', '-m', message]);
  return commits[commits.push(head()) - 1] as string;
}

async function repository(): Promise<Repository> {
  const cluster = await daemon.connect();
  return cluster.get<Repository>({ kind: 'Repository', namespace: 'pipectl-system', name: 'shop' });
}

const short = (oid: string | undefined): string => (oid ?? '').slice(0, 7);

describe('what is active', () => {
  it('is told by status', async () => {
    const told = await ada.said('status');
    expect(told).toContain('Repository:  shop\n');
    expect(told).toContain('Source:      served here, as /git/shop.git\n');
    expect(told).toMatch(
      /production tracks main, in shop-production\n +Active: +[0-9a-f]{7} change \(Ada\), \d+s ago\n/,
    );
    expect(told).toContain('development: any other branch (*) registers only');
    const [shop] = JSON.parse(await ada.said('status', '-o', 'json'));
    expect(shop).toMatchObject({ name: 'shop', healthy: true, domains: { production: { lastApplied: commits[0] } } });
  });

  it('is told by revisions, newest first', async () => {
    commit('Spell it otherwise', { 'pipelines/double.yaml': `# Doubles.\n${DOUBLING['pipelines/double.yaml']}` });
    commit('Double by adding (#7)', {
      'pipelines/double.yaml': doublingTask('$((PIPECTL_INPUT_X + PIPECTL_INPUT_X))'),
    });
    commit('Write about it', { 'README.md': 'Doubles.\n' });
    await push('main');
    const lines = (await ada.said('revisions')).trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {3,}/).slice(0, 2))).toEqual([
      ['COMMIT', 'STATUS'],
      [short(commits[3]), 'active in production'],
      [short(commits[0]), 'registered'],
    ]);
    expect((await ada.pipectl('revisions', '--limit', '1', '-o', 'name')).out).toBe(`shop-${commits[3]}\n`);
  });
});

describe('a repository whose first push is rejected', () => {
  it('is not there, but what was wrong with it is, also for who is in its checkout', async () => {
    const other = newProject({ ...DOUBLING, 'pipectl.yaml': DOUBLING['pipectl.yaml'].replace('shop', 'pay') });
    const bad = other.commit({ 'pipelines/double.yaml': 'kind: Taks\n' });
    expect((await other.push(daemon.remote('pay'))).code).toBe(1);
    const bob = personIn(other.folder, data);
    expect(await bob.said('revisions', '--rejected')).toContain(`${short(bad)}   rejected`);
    expect(await ada.said('revisions', 'pay', '-o', 'name')).toBe(`pay-${bad}\n`);
    expect(await bob.said('describe', 'revision', short(bad))).toContain('PIPE-SCHEMA-003');
    for (const nobody of ['pya', 'p y,a']) {
      const err = expect.stringContaining(`there is no repository "${nobody}"`);
      expect(await ada.pipectl('revisions', nobody)).toMatchObject({ code: 1, err });
    }
  });
});

describe('blame', () => {
  it('names the commit of a push that changed what runs, not one that changed its spelling', async () => {
    const [blamed] = JSON.parse(await ada.said('blame', 'task/double', '-o', 'json'));
    expect(blamed).toMatchObject({
      kind: 'Task',
      name: 'double',
      file: 'pipelines/double.yaml',
      commit: commits[2],
      before: commits[1],
      what: 'changed',
      author: 'Ada <ada@example.org>',
      pullRequest: { id: '#7' },
    });
  });

  it('of a workflow counts the tasks that it runs, and of a name alone tells of all that have it', async () => {
    const told = await ada.said('blame', 'total');
    const changes = told.split('\n').filter((line) => /^(Definition|Changed by|Added by):/.test(line));
    expect(changes.map((line) => line.split(/: +/)[1])).toEqual([
      'LaunchPlan/total',
      `${short(commits[2])} Double by adding (#7)`,
      'Workflow/total',
      `${short(commits[2])} Double by adding (#7)`,
    ]);
  });

  it('of an older commit goes back from there, and needs no control plane', async () => {
    const bob = personIn(project.folder, newFolder());
    const told = await bob.said('blame', 'task/double', '--rev', 'main~2');
    expect(told).toContain(`Added by:    ${short(commits[0])} change\n`);
  });

  it('outside a checkout tells which registered commit it was', async () => {
    const { code, out, err } = await personIn('/', data).pipectl('blame', 'task/double');
    expect([code, out.includes(`Changed by:  ${short(commits[3])} Write about it\n`)]).toEqual([0, true]);
    expect(err).toContain('run it in a checkout');
  });

  it('of what is not there says what was meant', async () => {
    expect(await ada.pipectl('blame', 'task/duoble')).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no Task "duoble": did you mean "double"?'),
    });
  });
});

describe('suspend and resume', () => {
  it('stop and restart what reconciles, and say who and why', async () => {
    expect(await ada.said('suspend', '--reason', 'incident 42')).toContain('repository shop is suspended');
    commit('While suspended', { 'pipelines/double.yaml': doublingTask('$((2 * PIPECTL_INPUT_X))') });
    await push('main');
    const { code, out } = await ada.pipectl('status');
    expect(code).toBe(1);
    expect(out).toMatch(/Suspended: +by ada, \d+s ago: incident 42\n/);
    expect(out).toMatch(new RegExp(`Wanted: +${short(commits[4])} While suspended`));
    expect((await ada.pipectl('sync')).err).toContain('repository shop is suspended: `pipectl resume repository/shop`');
    expect(await ada.said('resume', 'shop')).toBe('repository shop goes on: what git says is applied\n');
    await until('it is applied', async () =>
      (await repository()).status?.domains?.production?.lastApplied === commits[4] ? true : undefined,
    );
    expect((await repository()).metadata.annotations).not.toHaveProperty(['pipectl.dev/suspension']);
  });
});

describe('plan', () => {
  it('exits 0 where nothing would change, and 1 where something would', async () => {
    expect(await ada.pipectl('plan')).toMatchObject({ code: 0, err: '' });
    const { code, out } = await ada.pipectl('plan', '--rev', commits[0] as string);
    const lines = [
      `${short(commits[0])} in shop-production: 3 to update, 0 unchanged`,
      '  update  Task/double pipelines/double.yaml',
      '  update  Workflow/total pipelines/total.yaml',
      '  update  LaunchPlan/total pipelines/total.yaml',
    ];
    expect([code, out]).toEqual([1, `${lines.join('\n')}\n`]);
  });

  it('of a commit that nobody pushed is made by the control plane, which keeps nothing of it', async () => {
    git(project.folder, ['switch', '-q', '-c', 'idea']);
    const idea = project.commit({
      'pipelines/more.yaml': doublingTask('1').replace('name: double', 'name: one'),
      'pipelines/total.yaml': DOUBLING['pipelines/total.yaml'].split('---')[0],
    });
    const { code, out } = await ada.pipectl('plan', '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      commit: idea,
      namespace: 'shop-production',
      changes: [
        { action: 'create', kind: 'Task', name: 'one', file: 'pipelines/more.yaml' },
        { action: 'remove', kind: 'LaunchPlan', name: 'total', file: 'pipelines/total.yaml' },
      ],
      unchanged: 2,
      waiting: [],
    });
    expect((await ada.pipectl('revisions', '-o', 'name')).out).not.toContain(idea);
    expect(git(project.folder, ['ls-remote', 'pipectl', 'refs/plan/*'])).toBe('');
  });

  it('needs no git remote in the checkout, and gives the token of this machine to no other control plane', async () => {
    git(project.folder, ['remote', 'rename', 'pipectl', 'elsewhere']);
    expect((await ada.pipectl('plan')).code).toBe(1);
    const bob = personIn(project.folder, data, join(newFolder(), 'data'));
    expect(await bob.pipectl('plan')).toMatchObject({
      code: 2,
      err: expect.stringContaining('name one with --remote'),
    });
    expect((await bob.pipectl('plan', '--remote', 'elsewhere')).code).toBe(1);
    git(project.folder, ['remote', 'rename', 'elsewhere', 'pipectl']);
  });

  it('exits 2 where there is none, and says why', async () => {
    project.commit({ 'pipelines/more.yaml': 'kind: Taks\n' });
    const { code, out, err } = await ada.pipectl('plan');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('PIPE-SCHEMA-003');
    expect(err).toContain('pipectl: rejected, there is no plan\n');
    expect(await ada.pipectl('plan', '--rev', 'nowhere')).toMatchObject({ code: 2 });
    git(project.folder, ['switch', '-q', 'main']);
  });
});

describe('sync', () => {
  it('waits until the domains show their branches', async () => {
    expect(await ada.said('sync', '--wait')).toBe(`production is at ${short(commits[4])}\n`);
    const { name, domains } = JSON.parse(await ada.said('sync', '--wait', '-o', 'json'));
    expect([name, domains.production.lastApplied]).toEqual(['shop', commits[4]]);
    expect(await ada.said('sync')).toBe('repository shop is looked at now; `pipectl status shop` tells the outcome\n');
  });
});

describe('rollback', () => {
  it('tells what it would do', async () => {
    const { code, out } = await ada.pipectl('rollback', '--dry-run', '--to', short(commits[0]));
    expect(code).toBe(0);
    expect(out).toContain(`upon ${short(commits[4])}:\n\n    Roll back to ${short(commits[0])}: change\n`);
    for (const commit of commits.slice(1)) expect(out).toContain(`This reverts commit ${commit}.`);
    const json = await ada.said('rollback', '--dry-run', '--to', short(commits[0]), '-o', 'json');
    const facts = { domain: 'production', branch: 'main', to: commits[0], upon: commits[4], commit: null };
    expect(JSON.parse(json)).toMatchObject({ ...facts, message: expect.stringContaining('Roll back to') });
  });

  it('makes and pushes a commit with the old files, which becomes active; the checkout is left alone', async () => {
    const { code, out, err } = await ada.pipectl('rollback', '-m', 'Too clever');
    const [made = ''] = git(project.folder, ['ls-remote', 'pipectl', 'refs/heads/main']).split('\t');
    expect([code, out]).toEqual([0, `production is rolled back to ${short(commits[3])} by commit ${short(made)}\n`]);
    expect(err).toContain(`pipectl: production is now at ${short(made)}\n`);
    expect(head()).toBe(commits[4]);
    const [parent, tree, message] = git(project.folder, ['log', '-1', '--format=%P%n%T%n%s', made]).split('\n');
    expect([parent, tree]).toEqual([commits[4], git(project.folder, ['rev-parse', `${commits[3]}^{tree}`])]);
    expect(message).toBe(`Roll back to ${short(commits[3])}: Write about it`);
    expect((await repository()).status?.domains?.production).toMatchObject({ desired: made, lastApplied: made });
    expect((await ada.pipectl('rollback', '--to', short(commits[3]))).err).toContain('nothing to roll back');
    git(project.folder, ['pull', '-q', '--ff-only', 'pipectl', 'main']);
    commits.push(made);
  });

  it('while the repository is suspended moves the branch, and says that nothing is active of it yet', async () => {
    await ada.said('suspend', '--reason', 'incident 43');
    const [shop] = JSON.parse((await ada.pipectl('status', '-o', 'json')).out);
    expect(shop.suspension).toMatchObject({ by: 'ada', reason: 'incident 43' });
    const { code, out, err } = await ada.pipectl('rollback', '--to', short(commits[2]));
    git(project.folder, ['pull', '-q', '--ff-only', 'pipectl', 'main']);
    expect([code, out]).toEqual([0, `main is rolled back to ${short(commits[2])} by commit ${short(head())}\n`]);
    const stays = `production stays at ${short(commits[5])}: repository shop is suspended`;
    expect(err).toContain(`${stays}; \`pipectl resume repository/shop\` applies it\n`);
    await ada.said('resume', 'shop');
    expect(await ada.said('sync', '--wait')).toBe(`production is at ${short(head())}\n`);
  });
});

describe('two rollbacks at once', () => {
  it('leave one branch and one active commit, which agree', async () => {
    const checkout = newFolder();
    git(checkout, ['clone', '-q', daemon.remote('shop'), '.']);
    git(checkout, ['remote', 'rename', 'origin', 'pipectl']);
    const bob = personIn(checkout, data);
    const to = short(commits[0]);
    const ran = await Promise.all([ada.pipectl('rollback', '--to', to), bob.pipectl('rollback', '--to', to)]);
    expect(ran.some(({ code }) => code === 0)).toBe(true);
    for (const { code, err } of ran) if (code !== 0) expect(err).toContain('the push was refused');
    git(project.folder, ['pull', '-q', '--ff-only', 'pipectl', 'main']);
    const { desired, lastApplied } = (await repository()).status?.domains?.production ?? {};
    expect([desired, lastApplied]).toEqual([head(), head()]);
    expect(git(project.folder, ['diff', '--stat', commits[0] as string, 'HEAD'])).toBe('');
  });
});

describe('bisect', () => {
  it('finds the commit that broke a launch plan, also among commits that nobody pushed', async () => {
    const good = head();
    const broken = doublingTask('1; exit 3').replace('"y=1; exit 3"', '"y=1"; exit 3');
    commit('Compile nothing', { 'pipelines/more.yaml': 'kind: Taks\n' });
    commit('Take it back', { 'pipelines/more.yaml': undefined });
    commit('Rename nothing', { 'README.md': 'Doubles numbers.\n' });
    commit('Multiply', { 'pipelines/double.yaml': doublingTask('$((2 * 1 * PIPECTL_INPUT_X))') });
    const bad = commit('Break it (#9)', { 'pipelines/double.yaml': broken });
    commit('Say so', { 'README.md': 'Broken.\n' });
    commit('Break it otherwise', { 'pipelines/double.yaml': broken.replace('exit 3', 'exit 4') });
    const { code, out, err } = await ada.pipectl('bisect', 'total', '--good', good, '--bad', 'HEAD');
    expect({ code, out, err }).toMatchObject({ code: 0, out: expect.stringContaining(`First bad commit:  ${bad}\n`) });
    expect(out).toContain('Pull request:      #9\n');
    expect(err).toMatch(/[0-9a-f]{7} bad: total-\w+ Failed/);
    const json = await ada.said('bisect', 'total', '--good', `${bad}~1`, '--bad', bad, '-o', 'json');
    expect(JSON.parse(json)).toMatchObject({ commit: bad, subject: 'Break it (#9)', pullRequest: { id: '#9' } });
    expect(git(project.folder, ['ls-remote', 'pipectl', 'refs/heads/pipectl-bisect/*'])).toBe('');
  });

  it('says when what runs is the same at both', async () => {
    expect(await ada.pipectl('bisect', 'total', '--good', 'HEAD~2', '--bad', 'HEAD~1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('total runs the same at'),
    });
  });
});

describe('repo', () => {
  it('adds and lists repositories', async () => {
    expect(await ada.said('repo', 'add', 'pay')).toBe('repository pay is added\n');
    expect(await ada.pipectl('repo', 'add', 'pay')).toMatchObject({ code: 1 });
    expect(await ada.said('repo', 'list', '-o', 'name')).toBe('pay\nshop\n');
    const secret = await ada.pipectl('repo', 'add', 'x', 'https://ada:hunter2@example.org/x.git');
    expect([secret.code, secret.err.includes('hunter2')]).toEqual([2, false]);
    expect(await ada.pipectl('repo', 'add', 'x', '--webhook', 'github', '--webhook-secret', 'a/b')).toMatchObject({
      code: 2,
      err: expect.stringContaining('a webhook is for a repository that is polled'),
    });
    expect(await ada.said('repo', 'remove', 'pay')).toBe('repository pay is removed\n');
  });

  it('removes one with all that it made active, for good, and only when that is said', async () => {
    expect(await ada.pipectl('repo', 'remove', 'shop')).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'repository shop has 1 workflow, 1 task, 1 launch plan active: they go with it: say --prune',
      ),
    });
    expect(await ada.said('repo', 'remove', 'shop', '--prune')).toMatch(/^repository shop is removed, with 1 workflow/);
    const cluster = await daemon.connect();
    for (const kind of ['Workflow', 'Task', 'LaunchPlan']) {
      expect((await cluster.list(kind, { namespace: 'shop-production' })).items).toEqual([]);
    }
    await daemon.kill();
    daemon = await startDaemon({ program, data });
    expect((await personIn('/', data).pipectl('repo', 'list')).err).toBe('No repositories found.\n');
    // And it can come back.
    git(project.folder, ['remote', 'set-url', 'pipectl', daemon.remote('shop')]);
    expect(await push(`${commits[0]}:refs/heads/main`)).toContain('production is now at');
  });

  it('goes on with a removal when it was killed meanwhile', async () => {
    const key = { kind: 'Repository', namespace: 'pipectl-system', name: 'shop' };
    await deleteObject(await daemon.connect(), key);
    await daemon.kill();
    daemon = await startDaemon({ program, data });
    const cluster = await daemon.connect();
    await until('it is gone', async () => ((await findObject(cluster, key)) === undefined ? true : undefined));
    expect((await cluster.list('Task', { namespace: 'shop-production' })).items).toEqual([]);
    expect(existsSync(join(data, 'git', 'shop.git'))).toBe(false);
  });
});
