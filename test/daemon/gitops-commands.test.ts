import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Repository } from '../../src/cluster/index.ts';
import { git } from '../git/fixtures/real-git.ts';
import { type Person, personIn } from './fixtures/person.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, type Project } from './fixtures/project.ts';

const FILES = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main }, development: { ref: "*" } } }
`,
  'pipelines/double.yaml': task('$((PIPECTL_INPUT_X * 2))'),
  'pipelines/total.yaml': `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: total }
spec:
  inputs: { x: integer }
  outputs: { y: "\${{ nodes.double.outputs.y }}" }
  nodes: { double: { task: double, with: { x: "\${{ inputs.x }}" } } }
---
kind: LaunchPlan
metadata: { name: total }
spec: { workflow: total, inputs: { default: { x: 21 } } }
`,
};

function task(expression: string): string {
  return `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: double }
spec:
  inputs: { x: integer }
  outputs: { y: integer }
  run: { command: [sh, -c, 'echo "y=${expression}" >>"$PIPECTL_OUTPUTS"'] }
`;
}

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
  project = newProject(FILES);
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
    commit('Spell it otherwise', { 'pipelines/double.yaml': `# Doubles.\n${FILES['pipelines/double.yaml']}` });
    commit('Double by adding (#7)', { 'pipelines/double.yaml': task('$((PIPECTL_INPUT_X + PIPECTL_INPUT_X))') });
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
    commit('While suspended', { 'pipelines/double.yaml': task('$((2 * PIPECTL_INPUT_X))') });
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
