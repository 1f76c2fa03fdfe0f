import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git, temporaryFolder } from '../git/fixtures/real-git.ts';
import { type Person, personIn } from './fixtures/person.ts';
import { buildProgram, type Daemon, newFolder, startDaemon } from './fixtures/program.ts';
import { newProject, type Project } from './fixtures/project.ts';

const HEAD = 'apiVersion: pipectl.dev/v1\n';
const PROJECT = `${HEAD}kind: Project\nmetadata: { name: shop }\nspec: { paths: [pipelines], domains: { production: { ref: main } } }\n`;

function task(name: string): string {
  return `${HEAD}kind: Task\nmetadata: { name: ${name} }\nspec: { run: { command: [echo, ${name}] } }\n`;
}

let daemon: Daemon;
let project: Project;
let ada: Person;
let url: string;
const short = (oid: string): string => oid.slice(0, 7);

beforeAll(async () => {
  const program = await buildProgram();
  const data = join(newFolder(), 'data');
  daemon = await startDaemon({ program, data, args: ['--allow-remotes', 'file'] });
  const bare = temporaryFolder();
  git(bare, ['init', '-q', '--bare', '-b', 'main']);
  url = `file://${bare}`;
  project = newProject({ 'pipectl.yaml': PROJECT, 'pipelines/a.yaml': task('a') });
  git(project.folder, ['remote', 'add', 'origin', url]);
  await push('main');
  ada = personIn(project.folder, data);
});
afterAll(() => daemon.kill());

async function push(...refs: string[]): Promise<void> {
  const { code, text } = await project.push('origin', ...refs);
  if (code !== 0) throw new Error(text);
}

describe('a repository that is served elsewhere', () => {
  let first: string;
  let second: string;

  it('is added, polled and applied', async () => {
    first = git(project.folder, ['rev-parse', 'HEAD']);
    // Rarely polled: what comes in meanwhile comes by a sync.
    expect(await ada.said('repo', 'add', 'shop', url, '--interval', '1h')).toBe('repository shop is added\n');
    expect(await ada.said('sync', 'shop', '--wait', '--timeout', '30s')).toBe(`production is at ${short(first)}\n`);
    expect(await ada.said('status')).toMatch(/^Source: +file:\/\/.*, polled every 1h$/m);
  });

  it('has a plan of what was pushed there, and none of what was not', async () => {
    second = project.commit({ 'pipelines/b.yaml': task('b') });
    expect(await ada.pipectl('plan')).toMatchObject({
      code: 2,
      err: expect.stringContaining(`commit ${short(second)} is not registered: push it to any branch`),
    });
    await push('main:idea');
    await ada.said('sync', '--wait', '--timeout', '30s');
    expect(await ada.pipectl('plan')).toMatchObject({
      code: 1,
      out: `${short(second)} in shop-production: 1 to create, 1 unchanged\n  create  Task/b pipelines/b.yaml\n`,
    });
  });

  it('is rolled back by a commit that goes there, and is polled at once', async () => {
    await push('main');
    expect(await ada.said('sync', '--wait', '--timeout', '30s')).toBe(`production is at ${short(second)}\n`);
    expect(await ada.said('rollback')).toContain(`production is rolled back to ${short(first)} by commit`);
    const [made = ''] = git(project.folder, ['ls-remote', 'origin', 'refs/heads/main']).split('\t');
    const [shop] = JSON.parse(await ada.said('status', '-o', 'json'));
    expect(shop).toMatchObject({ healthy: true, domains: { production: { lastApplied: made } } });
    expect(git(project.folder, ['ls-tree', '--name-only', '-r', made])).toBe('pipectl.yaml\npipelines/a.yaml');
  });

  it('is bisected at commits that were never its heads only where a remote is named for them', async () => {
    git(project.folder, ['pull', '-q', '--ff-only', 'origin', 'main']);
    const steps = (command: string): string =>
      `${task('step').replace('[echo, step]', `["${command}"]`)}---\n${HEAD}kind: Workflow\nmetadata: { name: walk }\nspec: { nodes: { one: { task: step } } }\n`;
    const good = project.commit({ 'pipelines/walk.yaml': steps('true') });
    await push('main');
    await ada.said('sync', '--wait', '--timeout', '30s');
    const bad = project.commit({ 'pipelines/walk.yaml': steps('false') });
    project.commit({ 'README.md': 'It walks.\n' });
    await push('main');
    await ada.said('sync', '--wait', '--timeout', '30s');
    const bisect = ['bisect', 'walk', '--good', good, '--bad', 'HEAD'];
    const blind = await ada.pipectl(...bisect);
    expect([blind.code, blind.err]).toEqual([1, expect.stringContaining('skip: it is not registered; with --remote')]);
    const { code, out, err } = await ada.pipectl(...bisect, '--remote', 'origin');
    expect({ code, out, err }).toMatchObject({ code: 0, out: expect.stringContaining(`First bad commit:  ${bad}\n`) });
    expect(git(project.folder, ['ls-remote', 'origin', 'refs/heads/pipectl-bisect/*'])).toBe('');
  });

  it('is told about when its branch is rejected: sync fails, status says why, what is active stays', async () => {
    git(project.folder, ['pull', '-q', '--ff-only', 'origin', 'main']);
    const before = JSON.parse(await ada.said('status', '-o', 'json'))[0].domains.production.lastApplied;
    const bad = project.commit({ 'pipelines/a.yaml': 'kind: Taks\n' });
    await push('main');
    const { code, err } = await ada.pipectl('sync', '--wait', '--timeout', '30s');
    expect([code, err]).toEqual([1, expect.stringContaining(short(bad))]);
    const { code: status, out } = await ada.pipectl('status', '-o', 'json');
    expect([status, JSON.parse(out)[0].domains.production.lastApplied]).toEqual([1, before]);
    expect((await ada.pipectl('revisions', '--rejected')).out).toContain(short(bad));
  });

  it('is rolled back to what is active where its head is not', async () => {
    const before = JSON.parse((await ada.pipectl('status', '-o', 'json')).out)[0].domains.production.lastApplied;
    expect(await ada.said('rollback')).toContain(`production is rolled back to ${short(before)} by commit`);
    expect(JSON.parse(await ada.said('status', '-o', 'json'))[0].healthy).toBe(true);
  });

  it('is removed with what it made active, and is polled no more', async () => {
    expect(await ada.said('repo', 'remove', 'shop', '--prune')).toMatch(/^repository shop is removed/);
    expect((await ada.pipectl('repo', 'list')).err).toBe('No repositories found.\n');
  });
});
