import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createObject, findObject, type KubeObject, newExecution, type Pod } from '../../../src/cluster/index.ts';
import { openIsomorphicReader } from '../../../src/git/adapters/isomorphic/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { createSourceMaps } from '../../../src/runtime/index.ts';
import { git } from '../../git/fixtures/real-git.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { succeeded } from '../../runtime/pods/kubelet-statuses.ts';
import { overHttp } from '../fixtures/over-http.ts';
import { newProject, push, startWorld, until } from '../fixtures/world.ts';
import { launch, NAMESPACE, register, untilOver } from './engine-host.ts';
import {
  eachOnItsPlane,
  kubelet,
  leapingClock,
  log,
  plane,
  processes,
  RETRIED,
  runTask,
  sourceOf,
  startEngine,
} from './kubernetes-host.ts';

/** What a pod is given, and what comes of it: sources, inputs, variables, outputs. */

eachOnItsPlane();

it('a second pod with the same source costs no further write for it', async () => {
  const { repository, tree } = sourceOf({ 'run.sh': '' });
  await kubelet(() => [succeeded('x=5\n')]);
  startEngine(repository);
  const source = { path: 'tasks', tree };
  const closure = workflow({
    one: { kind: 'task', task: { source } },
    two: { kind: 'task', task: { source }, needs: ['one'] },
  });
  await register(plane.cluster, closure);
  await launch(plane.cluster, closure, 'flow-1');
  expect((await untilOver(plane.cluster, 'flow-1')).status?.phase).toBe('Succeeded');
  const made = plane.writes.flatMap((write) => (write.op === 'create' ? [write.object.kind] : []));
  expect(made).toEqual(['ConfigMap', 'Pod', 'Pod']);
});

it('what a pod is given is what a process is given: source, inputs, variables, outputs', async () => {
  const { repository, tree } = sourceOf({
    'run.sh': '#!/bin/sh\n. lib/say.sh\n',
    'lib/say.sh':
      'printf "%s" "$TEXT|$PIPECTL_NODE|$PIPECTL_INPUT_A|$(tr -d " \\n" <"$PIPECTL_INPUTS")" >"$TMPDIR/t"; echo "x=$(cat "$TMPDIR/t")" >>"$PIPECTL_OUTPUTS"\n',
  });
  await processes();
  startEngine(repository);
  const task = {
    source: { path: 'tasks', tree },
    inputs: { a: { type: 'string' } },
    outputs: { x: { type: 'string' } },
    run: { command: ['./run.sh'], env: { TEXT: '$(PIPECTL_NODE) $$5 $HOME' } },
  };
  const closure = workflow(
    { one: { kind: 'task', with: { a: literal('$(PATH)') }, task } },
    { outputs: { x: { type: 'string', value: expr('nodes.one.outputs.x') } } },
  );
  await register(plane.cluster, closure);
  await launch(plane.cluster, closure, 'flow-1');
  const { status } = await untilOver(plane.cluster, 'flow-1');
  expect(status?.outputs).toEqual({ x: '$(PIPECTL_NODE) $$5 $HOME|one|$(PATH)|{"a":"$(PATH)"}' });
});

it('a task without a source starts in a folder that it may write to', async () => {
  await processes();
  startEngine();
  const { status } = await runTask({
    run: { command: ['sh', '-c', 'echo 7 >here && echo "x=$(cat here)" >"$PIPECTL_OUTPUTS"'] },
  });
  expect(status?.outputs).toEqual({ x: 7 });
});

it('a task without an image fails, and says what it needs', async () => {
  startEngine(undefined, '');
  const { status } = await runTask(RETRIED);
  expect(status?.error).toMatchObject({ reason: 'ImageMissing', message: expect.stringContaining('set run.image') });
});

it('a source that no pod can mount fails its attempt, and says why', async () => {
  const { repository, tree } = sourceOf({ 'big.bin': 'x'.repeat(1_100_000) });
  startEngine(repository);
  const { status } = await runTask({ source: { path: 'tasks', tree }, ...RETRIED });
  expect(status?.error).toMatchObject({
    reason: 'SourceError',
    message: expect.stringMatching(/big\.bin brings .* 1048576 bytes/),
  });
});

it('an engine without git mounts what another process lays out, and is told what cannot be', async () => {
  const small = sourceOf({ 'run.sh': '#!/bin/sh\necho x=1 >"$PIPECTL_OUTPUTS"\n' });
  const big = sourceOf({ 'big.bin': 'x'.repeat(1_100_000) });
  await processes();
  startEngine();
  const task = (tree: string) => ({ source: { path: 'tasks', tree }, run: { command: ['./run.sh'] }, ...RETRIED });
  const closure = workflow(
    { one: { kind: 'task', task: task(small.tree) }, two: { kind: 'task', task: task(big.tree) } },
    {
      failurePolicy: 'failAfterExecutable',
    },
  );
  await register(plane.cluster, closure);
  await launch(plane.cluster, closure, 'flow-1');
  for (const { repository, tree } of [small, big]) {
    const reader = openIsomorphicReader(join(repository, '.git'));
    const sources = createSourceMaps({ cluster: plane.cluster, clock: hostClock, log, readerOf: () => reader });
    await sources.ensure(NAMESPACE, 'shop', tree).catch(() => undefined);
  }
  const { status } = await untilOver(plane.cluster, 'flow-1');
  expect(status?.nodes).toMatchObject({ one: { phase: 'Succeeded' }, two: { error: { reason: 'SourceError' } } });
});

it('the source of a pod goes when it has not been mounted for a while', async () => {
  const { repository, tree } = sourceOf({ 'run.sh': 'true' });
  const clock = leapingClock();
  const reader = openIsomorphicReader(join(repository, '.git'));
  const sources = createSourceMaps({ cluster: plane.remote, clock, log, readerOf: () => reader });
  const { name } = await sources.ensure(NAMESPACE, 'shop', tree);
  const key = { kind: 'ConfigMap', namespace: NAMESPACE, name };
  expect(await plane.cluster.get(key)).toMatchObject({ immutable: true });
  clock.leap(3_500_000);
  expect(await sources.sweep()).toBe(0);
  // Whoever uses it again keeps it.
  await sources.ensure(NAMESPACE, 'shop', tree);
  clock.leap(3_500_000);
  expect(await sources.sweep()).toBe(0);
  clock.leap(200_000);
  expect(await sources.sweep()).toBe(1);
  await expect(plane.cluster.get(key)).rejects.toThrow('not found');
});

it('what is pushed runs: registered, reconciled, and as a pod with the source of its commit', async () => {
  const world = await startWorld();
  plane.cluster = world.store;
  plane.remote = await overHttp(world.store);
  const project = newProject();
  expect((await push(world, project)).isAccepted).toBe(true);
  const key = { kind: 'Workflow', namespace: NAMESPACE, name: 'etl' };
  await until(async () => (await findObject(plane.cluster, key)) !== undefined);
  const { spec } = await plane.cluster.get<KubeObject & { readonly spec: { readonly closure: string } }>(key);
  await processes();
  startEngine(project);
  const pushed = { repository: 'shop', commit: git(project, ['rev-parse', 'HEAD']), workflow: 'etl' };
  const run = { ...pushed, closure: spec.closure, inputs: { a: 4 }, trigger: { kind: 'manual' } } as const;
  await createObject(plane.cluster, newExecution({ namespace: NAMESPACE, name: 'flow-1', ...run }));
  expect((await untilOver(plane.cluster, 'flow-1')).status).toMatchObject({ phase: 'Succeeded', outputs: { b: 5 } });
});

it('a batch is one pod: its members have what they would have alone, and the task may run as long as all of them', async () => {
  const { repository, tree } = sourceOf({
    'run.sh': '#!/bin/sh\n. lib/say.sh\n',
    'lib/say.sh':
      'test "$PIPECTL_INPUT_A" != "2" || exit 9\necho "x=$PIPECTL_INPUT_A$PIPECTL_ATTEMPT" >>"$PIPECTL_OUTPUTS"\n',
  });
  await processes();
  startEngine(repository);
  const task = { source: { path: 'tasks', tree }, run: { command: ['./run.sh'] }, timeout: { runMs: 60_000 } };
  const closure = workflow(
    { each: { kind: 'map', over: literal([1, 2, 3]), batch: 3, minSuccessRatio: 0.5, task } },
    { outputs: { all: { type: 'list<integer?>', value: expr('nodes.each.outputs.x') } } },
  );
  await register(plane.cluster, closure);
  await launch(plane.cluster, closure, 'flow-1');
  const { status } = await untilOver(plane.cluster, 'flow-1');
  expect(status).toMatchObject({ phase: 'Succeeded', outputs: { all: [11, null, 31] } });
  expect(status?.nodes?.each?.map?.errors).toMatchObject({ 1: { reason: 'NonZeroExit', exitCode: 9 } });
  const made = plane.writes.flatMap((write) =>
    write.op === 'create' && write.object.kind === 'Pod' ? [write.object] : [],
  );
  expect(made).toHaveLength(1);
  const { spec } = made[0] as Pod;
  expect(spec.activeDeadlineSeconds).toBeGreaterThan(180);
});
