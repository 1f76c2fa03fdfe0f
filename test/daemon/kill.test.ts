import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Cluster,
  type Execution,
  entityKey,
  type KubeObject,
  listEntities,
  loadClosureText,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { git } from '../git/fixtures/real-git.ts';
import { readJournal } from './fixtures/journal.ts';
import {
  buildProgram,
  type Daemon,
  daemonAt,
  newFolder,
  startDaemon,
  startUp,
  type UpProcess,
  until,
} from './fixtures/program.ts';
import { newProject, type Project, pipectl } from './fixtures/project.ts';
import { seededRandom } from './fixtures/seeded-random.ts';

/** A daemon that is killed at any moment has lost nothing it acknowledged and starts no attempt twice. */

const KILLS = 55;
const MAX_EXECUTIONS = 100;
const NAMESPACE = 'shop-production';
const SEED = Number(process.env.PIPECTL_SEED ?? randomInt(2 ** 31));

let program: string;
beforeAll(async () => {
  program = await buildProgram();
});

describe(`a daemon killed ${KILLS} times, seed ${SEED}`, () => {
  it('keeps what it acknowledged and runs every attempt once', { timeout: 240_000 }, async () => {
    const world = openWorld();
    await raiseAndKill(world);
    const daemon = await startDaemon(world);
    const cluster = await daemon.connect();
    const all = await finishedExecutions(cluster, world);
    const note = `PIPECTL_SEED=${SEED}: ${world.pushed.size} pushes, ${world.started.size} executions acknowledged, ${all.size} in all`;
    console.info(note);
    expect(world.pushed.size, note).toBeGreaterThan(5);
    expect(world.started.size, note).toBeGreaterThan(10);

    const wrong = [...all.values()].filter((execution) => !isRight(execution));
    expect(
      wrong.map(({ metadata, status }) => [metadata.name, status]),
      note,
    ).toEqual([]);
    expect(
      [...world.started.keys()].filter((name) => !all.has(name)),
      note,
    ).toEqual([]);
    expect(readJournal(world.journal).problems, note).toEqual([]);
    expect(readJournal(world.journal).attempts, note).toEqual(expectedAttempts([...all.values()]));

    await expectWhole(cluster, world);
    expect((await pipectl(daemon.kubeconfig, 'run', 'flow', '-i', 'n=7', '--follow')).code, daemon.output()).toBe(0);
    expect((await world.project.push(daemon.remote('shop'))).code).toBe(0);
    await expectWhole(cluster, world);
  });
});

interface World {
  readonly program: string;
  readonly data: string;
  readonly journal: string;
  readonly project: Project;
  readonly random: () => number;
  /** Commits whose push was acknowledged. */
  readonly pushed: Set<string>;
  /** Executions whose creation was acknowledged → their input. */
  readonly started: Map<string, number>;
  pushes: number;
}

function openWorld(): World {
  const folder = newFolder();
  const journal = join(folder, 'journal');
  const project = newProject({
    'pipectl.yaml': PROJECT,
    'tasks/step.sh': STEP,
    'pipelines/flow.yaml': flow(journal, 0),
  });
  return {
    program,
    data: join(folder, 'data'),
    journal,
    project,
    random: seededRandom(SEED),
    pushed: new Set(),
    started: new Map(),
    pushes: 0,
  };
}

/** Starts the daemon again and again and kills it at a random moment, of its start too, while it is worked with. */
async function raiseAndKill(world: World): Promise<void> {
  for (let kills = 0; kills < KILLS; kills += 1) {
    const up = startUp(world);
    const dead = new AbortController();
    const work = up.url.then(async (url) => {
      if (url === undefined) return;
      const daemon = daemonAt(up, url, world.data);
      await Promise.all([keepPushing(world, daemon, dead.signal), keepRunning(world, daemon, dead.signal)]);
    });
    await momentToKill(world, kills, up);
    await up.kill();
    dead.abort();
    await work;
    expect(await up.ended, up.output()).toBe('SIGKILL');
  }
}

/** A quarter of the kills hit the start, a quarter come after another push was acknowledged, the rest while it works. */
async function momentToKill(world: World, kills: number, up: UpProcess): Promise<void> {
  const before = world.pushed.size;
  if (kills % 4 !== 1) await up.url;
  if (kills % 4 === 0) await until('a push is acknowledged', () => world.pushed.size > before || undefined);
  await new Promise((resolve) => setTimeout(resolve, world.random() * 500));
}

async function keepPushing(world: World, daemon: Daemon, dead: AbortSignal): Promise<void> {
  while (!dead.aborted) {
    const commit = world.project.commit({ 'pipelines/flow.yaml': flow(world.journal, world.pushes++) });
    const { code } = await world.project.push(daemon.remote('shop'));
    if (code === 0) world.pushed.add(commit);
  }
}

async function keepRunning(world: World, daemon: Daemon, dead: AbortSignal): Promise<void> {
  while (!dead.aborted) {
    const input = Math.floor(world.random() * 1_000);
    const isEnough = world.started.size >= MAX_EXECUTIONS;
    const ran = isEnough
      ? undefined
      : await pipectl(daemon.kubeconfig, 'run', 'flow', '-n', NAMESPACE, '-i', `n=${input}`);
    if (ran?.code === 0) world.started.set(ran.out.trim(), input);
    // As a person who waits a moment between two commands; also while nobody answers.
    await new Promise((resolve) => setTimeout(resolve, 20 + world.random() * 60));
  }
}

async function finishedExecutions(cluster: Cluster, world: World): Promise<ReadonlyMap<string, Execution>> {
  let last = '';
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
    const live = items.filter(({ status }) => !isOver(status?.phase));
    if (live.length === 0) return new Map(items.map((execution) => [execution.metadata.name, execution]));
    last = JSON.stringify(live.slice(0, 3).map(({ metadata, status }) => [metadata.name, status]));
    if (Date.now() > deadline)
      throw new Error(`seed ${SEED}: ${live.length} executions do not end: ${last} (${world.data})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isOver(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Aborted' || phase === 'TimedOut';
}

function isRight({ spec, status }: Execution): boolean {
  const n = Number(spec.inputs?.n);
  return status?.phase === 'Succeeded' && Number(status.outputs?.sum) === sumFor(n);
}

/** What the workflow below computes: each step adds one. */
function sumFor(n: number): number {
  return n + 1 + (n + 2) + (n + 11 + (n + 21) + (n + 31));
}

function expectedAttempts(executions: readonly Execution[]): readonly string[] {
  return executions
    .flatMap(({ metadata, spec }) => {
      const n = Number(spec.inputs?.n);
      const each = [n + 10, n + 20, n + 30].map((x) => `${metadata.name} each ${x} 1`);
      return [
        `${metadata.name} first ${n} 1`,
        `${metadata.name} flaky ${n + 1} 1`,
        `${metadata.name} flaky ${n + 1} 2`,
        ...each,
      ];
    })
    .sort();
}

/** The active revision is the head of the branch, was acknowledged or came later, and all of it is there and active. */
async function expectWhole(cluster: Cluster, { data, project, pushed }: World): Promise<void> {
  const head = git(join(data, 'git', 'shop.git'), ['rev-parse', 'refs/heads/main']);
  const repository = await until('the head is active', async () => {
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
    const found = await cluster.get<Repository>(key);
    return found.status?.domains?.production?.lastApplied === head ? found : undefined;
  });
  expect(repository.status?.domains?.production?.desired).toBe(head);
  for (const commit of pushed) {
    const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: `shop-${commit}` };
    expect((await cluster.get<Revision>(key)).spec.index).toBeDefined();
    git(project.folder, ['merge-base', '--is-ancestor', commit, head]);
  }
  const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: `shop-${head}` };
  const index = await listEntities(cluster, (await cluster.get<Revision>(key)).spec.index ?? '');
  // The project's settings are in the index itself.
  const entries = index.filter(({ kind }) => kind !== 'Project');
  for (const { digest } of entries) await loadClosureText(cluster, digest);
  const wanted = entries.map(({ kind, name, digest }) => [entityKey(kind, name), digest]);
  const active: string[][] = [];
  for (const kind of ['Workflow', 'Task', 'LaunchPlan', 'Schedule', 'Platform']) {
    const { items } = await cluster.list<KubeObject & { spec: { closure: string } }>(kind, { namespace: NAMESPACE });
    active.push(...items.map(({ metadata, spec }) => [entityKey(kind, metadata.name), spec.closure]));
  }
  expect(active.sort()).toEqual(wanted.sort());
}

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec:
  paths: [pipelines]
  domains: { production: { ref: main } }
`;

/** Adds one to `x`. Tells of its start and end in a file outside; `flaky` fails at its first attempt. */
const STEP = `set -eu
who="$PIPECTL_EXECUTION $PIPECTL_NODE $PIPECTL_INPUT_X $PIPECTL_ATTEMPT"
echo "start $who $$" >>"$JOURNAL"
sleep 0.0$((PIPECTL_INPUT_X % 10))
[ "$PIPECTL_NODE" = flaky ] && [ "$PIPECTL_ATTEMPT" = 1 ] && echo "end $who $$" >>"$JOURNAL" && exit 1
echo "y=$((PIPECTL_INPUT_X + 1))" >>"$PIPECTL_OUTPUTS"
echo "end $who $$" >>"$JOURNAL"
`;

function flow(journal: string, version: number): string {
  return `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: step }
spec:
  inputs: { x: integer }
  outputs: { y: integer }
  source: tasks
  run: { command: [sh, step.sh], env: { JOURNAL: ${JSON.stringify(journal)} } }
  retries: { limit: 1, backoff: { initial: 20ms } }
---
kind: Workflow
metadata: { name: flow, description: "version ${version}" }
spec:
  inputs: { n: integer }
  outputs: { sum: "\${{ nodes.total.outputs.sum }}" }
  nodes:
    first: { task: step, with: { x: "\${{ inputs.n }}" } }
    flaky: { task: step, with: { x: "\${{ nodes.first.outputs.y }}" } }
    list: { compute: { xs: "\${{ [inputs.n + 10, inputs.n + 20, inputs.n + 30] }}" } }
    each: { map: { task: step, over: { x: "\${{ nodes.list.outputs.xs }}" }, concurrency: 2 } }
    total:
      compute:
        sum: "\${{ nodes.first.outputs.y + nodes.flaky.outputs.y + nodes.each.outputs.y[0] + nodes.each.outputs.y[1] + nodes.each.outputs.y[2] }}"
`;
}
