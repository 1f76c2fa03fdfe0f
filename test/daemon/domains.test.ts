import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Cluster,
  type Execution,
  type LaunchPlan,
  NotFoundError,
  type Repository,
  type Schedule,
} from '../../src/cluster/index.ts';
import { git } from '../git/fixtures/real-git.ts';
import { type Person, personIn } from './fixtures/person.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, type Project } from './fixtures/project.ts';

const FILES = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec:
  paths: [pipelines]
  domains:
    production: { ref: main, values: { region: us, rows: 1000 } }
    development: { ref: develop, values: { region: eu, rows: 10 } }
    review: { ref: "feature/*", values: { region: test, rows: 1 } }
`,
  'pipelines/load.yaml': `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: load }
spec:
  inputs: { region: string, rows: integer }
  outputs: { said: "\${{ nodes.one.outputs.said }}" }
  nodes: { one: { compute: { said: "\${{ inputs.region + ' ' + string(inputs.rows) }}" } } }
---
kind: LaunchPlan
metadata: { name: load }
spec:
  workflow: load
  inputs:
    default: { rows: "\${{ domain.values.rows }}" }
    fixed: { region: "\${{ domain.values.region }}" }
---
kind: Workflow
metadata: { name: all }
spec:
  outputs: { said: "\${{ nodes.one.outputs.said }}" }
  nodes: { one: { launchPlan: load } }
---
kind: LaunchPlan
metadata: { name: all }
spec: { workflow: all }
`,
  'pipelines/nightly.yaml': `apiVersion: pipectl.dev/v1
kind: Schedule
metadata: { name: nightly, domains: [production] }
spec: { launchPlan: load, cron: "0 2 * * *", inputs: { rows: "\${{ domain.values.rows * 2 }}" } }
`,
};
/** In development the plan is another one, and ticks each hour. */
const SMALL = `apiVersion: pipectl.dev/v1
kind: LaunchPlan
metadata: { name: load, domains: [development] }
spec:
  workflow: load
  maxParallelism: 2
  inputs: { default: { rows: 3 }, fixed: { region: local } }
---
kind: Schedule
metadata: { name: nightly, domains: [development] }
spec: { launchPlan: load, every: 1h }
`;

let daemon: Daemon;
let project: Project;
let cluster: Cluster;
let ada: Person;

beforeAll(async () => {
  const program = await buildProgram();
  const data = join(newFolder(), 'data');
  daemon = await startDaemon({ program, data });
  project = newProject(FILES);
  git(project.folder, ['branch', 'develop']);
  git(project.folder, ['remote', 'add', 'pipectl', daemon.remote('shop')]);
  await push('main', 'develop');
  cluster = await daemon.connect();
  ada = personIn(project.folder, data);
});
afterAll(() => daemon.kill());

async function push(...refs: string[]): Promise<string> {
  const { code, text } = await project.push('pipectl', ...refs);
  if (code !== 0) throw new Error(text);
  return text;
}

/** Commits on a branch, pushes it, and waits until the domain shows it. */
async function change(branch: string, domain: string, files: Readonly<Record<string, string | undefined>>) {
  git(project.folder, ['switch', '-q', branch]);
  project.commit(files);
  const head = git(project.folder, ['rev-parse', 'HEAD']);
  await push(branch);
  await applied(domain, head);
}

async function applied(domain: string, commit: string): Promise<void> {
  const key = { kind: 'Repository', namespace: 'pipectl-system', name: 'shop' };
  await until(`${domain} shows ${commit}`, async () => {
    const { status } = await cluster.get<Repository>(key);
    return status?.domains?.[domain]?.lastApplied === commit ? true : undefined;
  });
}

const plan = (domain: string) =>
  cluster.get<LaunchPlan>({ kind: 'LaunchPlan', namespace: `shop-${domain}`, name: 'load' });
const schedule = (domain: string) =>
  cluster.get<Schedule>({ kind: 'Schedule', namespace: `shop-${domain}`, name: 'nightly' });

let runs = 0;
/** What an execution of a launch plan gives in the end. */
async function ran(plan: string, ...argv: readonly string[]): Promise<unknown> {
  runs += 1;
  const name = `run-${runs}`;
  await ada.said('run', plan, '--name', name, '--follow', ...argv);
  const { items } = await cluster.list<Execution>('Execution');
  return items.find(({ metadata }) => metadata.name === name)?.status?.outputs;
}

describe('domains of one repository', () => {
  it('have the values that the project gives each', async () => {
    await applied('development', git(project.folder, ['rev-parse', 'develop']));
    expect((await plan('production')).spec).toMatchObject({
      interface: { inputs: { rows: { default: 1000 } } },
      fixedInputs: { region: 'us' },
    });
    expect((await plan('development')).spec).toMatchObject({
      interface: { inputs: { rows: { default: 10 } } },
      fixedInputs: { region: 'eu' },
    });
    expect((await schedule('production')).spec).toMatchObject({ inputs: { rows: 2000 } });
  });

  it('have no definition that is for others', async () => {
    await expect(schedule('development')).rejects.toThrow(NotFoundError);
  });

  it('plan what would change in them', async () => {
    git(project.folder, ['switch', '-q', 'develop']);
    project.commit({ 'pipelines/small.yaml': SMALL });
    const planned = await ada.pipectl('plan', '--rev', 'develop', '-n', 'shop-development');
    expect([planned.code, planned.out]).toEqual([1, expect.stringContaining('Schedule/nightly')]);
    expect(planned.out).toContain('LaunchPlan/load');
    await push('develop');
    await applied('development', git(project.folder, ['rev-parse', 'HEAD']));
    expect((await plan('development')).spec).toMatchObject({ maxParallelism: 2, fixedInputs: { region: 'local' } });
    expect((await schedule('development')).spec).toMatchObject({ everyMs: 3_600_000 });
  });

  it('run what is meant there, also as a child', async () => {
    expect(await ran('load', '-n', 'shop-production')).toEqual({ said: 'us 1000' });
    expect(await ran('load', '-n', 'shop-development')).toEqual({ said: 'local 3' });
    expect(await ran('all', '-n', 'shop-development')).toEqual({ said: 'local 3' });
    expect(await ran('all', '-n', 'shop-production')).toEqual({ said: 'us 1000' });
  });

  it('lose what moves to another, and get it back', async () => {
    const moved = SMALL.replaceAll('[development]', '[production]');
    await change('develop', 'development', { 'pipelines/small.yaml': moved, 'pipelines/nightly.yaml': undefined });
    await expect(schedule('development')).rejects.toThrow(NotFoundError);
    expect((await plan('development')).spec).toMatchObject({ fixedInputs: { region: 'eu' } });
    await change('develop', 'development', {
      'pipelines/small.yaml': SMALL,
      'pipelines/nightly.yaml': FILES['pipelines/nightly.yaml'],
    });
    expect((await schedule('development')).spec).toMatchObject({ everyMs: 3_600_000 });
    expect((await plan('development')).spec).toMatchObject({ fixedInputs: { region: 'local' } });
  });

  it('that a pattern names run its branches, and have nothing active', async () => {
    git(project.folder, ['switch', '-q', '-c', 'feature/faster', 'main']);
    project.commit({ 'README.md': 'Faster.\n' });
    await push('feature/faster');
    expect(await ran('load', '--rev', 'feature/faster')).toEqual({ said: 'test 1' });
    expect((await cluster.list('LaunchPlan', { namespace: 'shop-review' })).items).toEqual([]);
  });

  it('are told by name when something is not active there', async () => {
    git(project.folder, ['switch', '-q', 'develop']);
    project.commit({
      'pipelines/nightly.yaml': `apiVersion: pipectl.dev/v1
kind: Schedule
metadata: { name: often }
spec: { launchPlan: own, every: 1m }
---
kind: LaunchPlan
metadata: { name: own, domains: [production] }
spec: { workflow: load, inputs: { default: { region: x, rows: 1 } } }
`,
    });
    const { code, text } = await project.push('pipectl', 'develop');
    expect(code).not.toBe(0);
    expect(text).toContain('there is no launch plan "own" in development and review');
  });
});
