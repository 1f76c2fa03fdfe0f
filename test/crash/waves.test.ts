import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Cluster,
  DEFINITION_KINDS,
  type DefinitionSource,
  entityKey,
  type KubeObject,
  listEntities,
  loadClosureText,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { buildProgram, newFolder, startDaemon, until } from '../daemon/fixtures/program.ts';
import { type Files, newProject } from '../daemon/fixtures/project.ts';
import { git } from '../git/fixtures/real-git.ts';
import { instrument } from './failpoints/instrument.ts';

/**
 * A push is killed at every place where it, its registration or a wave of the reconciler is partly done: each time one
 * consistent revision is there, and the next start makes the domain equal to the head of its branch.
 */

const KEY = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
const NAMESPACE = 'shop-production';

/** Two definitions a batch, so that a commit takes many. */
const SMALL_BATCHES = { file: 'base/limits/control.ts', find: 'RECONCILE_BATCH = 500', replace: 'RECONCILE_BATCH = 2' };

/** Of a commit from one set to the other: four definitions created, four removed, four changed, in all waves. */
const BATCHES = 6;
const PLACES = [
  'push.before-revision=kill',
  'push.registered=kill',
  'push.before-verdict=kill',
  'push.after-verdict=kill',
  'push.landed=kill',
  ...Array.from({ length: BATCHES }, (_, n) => `reconcile.before-batch=kill@${n + 1}`),
  'reconcile.batch-applied=kill@1',
  `reconcile.batch-applied=kill@${BATCHES}`,
];

let program: string;
beforeAll(async () => {
  program = await buildProgram([instrument([SMALL_BATCHES])]);
});

describe('a control plane that is killed while a commit becomes active', () => {
  it('leaves one consistent revision, and reaches the head of the branch', { timeout: 180_000 }, async () => {
    const data = join(newFolder(), 'data');
    const project = newProject(filesOf('a', 0));
    const first = await startDaemon({ program, data });
    expect((await project.push(first.remote('shop'))).code).toBe(0);
    await first.kill();
    const reached: string[] = [];
    for (const [life, place] of PLACES.entries()) {
      const [gone, come] = life % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
      const removed = Object.fromEntries(Object.keys(filesOf(gone ?? '', 0)).map((path) => [path, undefined]));
      project.commit({ ...removed, ...filesOf(come ?? '', life + 1) });
      // What the life before left is made up for first, without being disturbed.
      const quiet = await startDaemon({ program, data });
      const cluster = await quiet.connect();
      await expectConverged(cluster, data);
      await quiet.kill();
      const daemon = await startDaemon({ program, data, env: { PIPECTL_FAILPOINTS: place } });
      await project.push(daemon.remote('shop'));
      // A push that was answered does not wait for every wave.
      const end = await Promise.race([
        daemon.ended,
        until('it is killed', async () => undefined, 10_000).catch(() => 0),
      ]);
      if (end === 'SIGKILL') reached.push(place);
      await daemon.kill();
    }
    expect(reached).toEqual(PLACES);
    const last = await startDaemon({ program, data });
    expect((await project.push(last.remote('shop'), '+main')).code).toBe(0);
    const cluster = await last.connect();
    await expectConverged(cluster, data);
    expect(git(join(data, 'git', 'shop.git'), ['rev-parse', 'main'])).toBe(git(project.folder, ['rev-parse', 'main']));
    await last.kill();
  });
});

/** Every revision is whole, and what is active is exactly what the head of the branch has. */
async function expectConverged(cluster: Cluster, data: string): Promise<void> {
  const head = git(join(data, 'git', 'shop.git'), ['rev-parse', 'refs/heads/main']);
  await until('the head is active', async () => {
    const { status } = await cluster.get<Repository>(KEY);
    return status?.domains?.production?.lastApplied === head ? true : undefined;
  });
  const { items } = await cluster.list<Revision>('Revision', { namespace: SYSTEM_NAMESPACE });
  for (const { spec } of items) {
    const entries = (await listEntities(cluster, spec.index ?? '')).filter(({ kind }) => kind !== 'Project');
    for (const { digest } of entries) await loadClosureText(cluster, digest);
    if (spec.commit !== head) continue;
    const wanted = entries.map(({ kind, name, digest }) => `${entityKey(kind, name)} ${digest}`);
    const active: string[] = [];
    for (const kind of DEFINITION_KINDS) {
      const list = await cluster.list<KubeObject & { spec: DefinitionSource }>(kind, { namespace: NAMESPACE });
      active.push(...list.items.map((it) => `${entityKey(kind, it.metadata.name)} ${it.spec.closure}`));
    }
    expect(active.sort()).toEqual(wanted.sort());
  }
}

/** One definition of each kind that only this set has, and one of each that both have, in another version. */
function filesOf(set: string, version: number): Files {
  return {
    'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`,
    [`pipelines/${set}.yaml`]: chain(set, 0),
    'pipelines/both.yaml': chain('both', version),
  };
}

function chain(name: string, version: number): string {
  return `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: ${name} }
spec: { inputs: { x: integer }, outputs: { y: integer }, run: { command: [echo, "${version}"] } }
---
kind: Workflow
metadata: { name: ${name} }
spec: { inputs: { x: integer }, nodes: { one: { task: ${name}, with: { x: "\${{ inputs.x }}" } } } }
---
kind: LaunchPlan
metadata: { name: ${name} }
spec: { workflow: ${name}, inputs: { default: { x: ${version} } } }
---
kind: Schedule
metadata: { name: ${name} }
spec: { launchPlan: ${name}, cron: "${version % 60} 2 * * *", active: false }
`;
}
