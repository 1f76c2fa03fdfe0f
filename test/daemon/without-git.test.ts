import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createObject,
  type Execution,
  findObject,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { git, temporaryFolder } from '../git/fixtures/real-git.ts';
import { type RemoteHost, startRemoteHost } from '../git/fixtures/remote-host.ts';
import { personIn } from './fixtures/person.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, type Project } from './fixtures/project.ts';

/** A control plane on a machine that has no git, and later has. */

const HEAD = 'apiVersion: pipectl.dev/v1\n';
const PROJECT = `${HEAD}kind: Project\nmetadata: { name: shop }\nspec: { paths: [pipelines], domains: { production: { ref: main } } }\n`;
const GREET = `${HEAD}kind: Task
metadata: { name: greet }
spec: { outputs: { text: string }, source: tasks/, run: { command: [sh, greet.sh] } }
---
${HEAD}kind: Workflow
metadata: { name: hello }
spec: { outputs: { text: "\${{ nodes.greet.outputs.text }}" }, nodes: { greet: { task: greet } } }
`;

let program: string;
let data: string;
let daemon: Daemon;
let host: RemoteHost;
let work: Project;
let served: string;
/** What a small machine has on its PATH. */
let bare: string;

beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  bare = temporaryFolder();
  for (const name of ['sh', 'cat']) symlinkSync(join('/bin', name), join(bare, name));
  served = temporaryFolder();
  host = await startRemoteHost({ folder: served });
  git(served, ['init', '-q', '--bare', '-b', 'main', 'shop.git']);
  git(join(served, 'shop.git'), ['config', 'uploadpack.allowFilter', 'true']);
  work = newProject({ 'pipectl.yaml': PROJECT, 'pipelines/hello.yaml': GREET, 'tasks/greet.sh': greeting('one') });
  push();
  daemon = await start({ env: { PATH: bare } });
  await createObject<Repository>(await daemon.connect(), {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Repository',
    metadata: { name: 'shop', namespace: SYSTEM_NAMESPACE },
    spec: { source: { kind: 'remote', url: host.url('shop.git'), interval: '10s', filter: 'blob:none' } },
  });
}, 60_000);
afterAll(() => daemon.kill());

function start(more: { readonly env?: Record<string, string>; readonly args?: readonly string[] }): Promise<Daemon> {
  const { env = {}, args = [] } = more;
  return startDaemon({ program, data, env, args: ['--allow-remotes', 'http', ...args] });
}

function greeting(text: string): string {
  return `echo text=${text} > "$PIPECTL_OUTPUTS"\n`;
}

function push(): void {
  git(work.folder, ['push', '-q', '--force', join(served, 'shop.git'), 'main']);
}

async function untilApplied(commit: string): Promise<void> {
  const cluster = await daemon.connect();
  await until(
    `${commit} is applied`,
    async () => {
      const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
      const found = await findObject<Repository>(cluster, key);
      return found?.status?.domains?.production?.lastApplied === commit ? true : undefined;
    },
    30_000,
  );
}

let runs = 0;
/** Runs the workflow as it is active now, and returns what it says. */
async function run(): Promise<unknown> {
  runs += 1;
  const name = `run-${runs}`;
  await personIn(work.folder, data).said('run', 'hello', '-n', 'shop-production', '--name', name, '--follow');
  const key = { kind: 'Execution', namespace: 'shop-production', name };
  return (await (await daemon.connect()).get<Execution>(key)).status?.outputs;
}

describe('a control plane without git', () => {
  it('says that there is none, follows a remote all the same, and runs its tasks', async () => {
    expect(daemon.output()).toContain('There is no git here');
    await untilApplied(git(work.folder, ['rev-parse', 'HEAD']));
    expect(await run()).toEqual({ text: 'one' });
  });

  it('takes no push, and says why', async () => {
    const { code, text } = await work.push(daemon.remote('shop'), 'main:topic');
    expect(code).not.toBe(0);
    expect(text).toContain('501');
    expect(await (await fetch(`${daemon.at}/git/shop.git/info/refs`)).text()).toContain('install git');
  });

  it('goes on after kill -9, and with git once there is one', async () => {
    const second = work.commit({ 'tasks/greet.sh': greeting('two') });
    push();
    await daemon.kill();
    daemon = await start({ args: ['--without-git'] });
    await untilApplied(second);
    expect(await run()).toEqual({ text: 'two' });
    const third = work.commit({ 'tasks/greet.sh': greeting('three') });
    push();
    await daemon.kill();
    daemon = await start({});
    expect(daemon.output()).not.toContain('There is no git here');
    await untilApplied(third);
    expect(await run()).toEqual({ text: 'three' });
    // What git finds there is whole but for the blobs that were left out.
    git(join(data, 'git', 'shop.git'), ['-c', 'remote.source.promisor=true', 'fsck', '--full']);
    await daemon.kill();
    daemon = await start({ env: { PATH: bare } });
    const fourth = work.commit({ 'tasks/greet.sh': greeting('four') });
    push();
    await untilApplied(fourth);
    expect(await run()).toEqual({ text: 'four' });
  }, 90_000);
});
