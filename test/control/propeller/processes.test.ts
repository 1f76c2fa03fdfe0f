import { afterEach, beforeEach, expect, it } from 'vitest';
import { ANNOTATION, type Pod, patchObject } from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { openHost, type TestHost } from '../../runtime/fixtures/host.ts';
import { keyOf, launch, register, untilOver, untilPod } from './engine-host.ts';

/** The engine and the node agent, with real processes: what a pod says is what the other side understands. */

let host: TestHost;
let propeller: Propeller;

beforeEach(async () => {
  host = await openHost();
  const log = { write: () => undefined };
  propeller = startPropeller({ cluster: host.store, clock: hostClock, random: hostRandom, log });
});

afterEach(async () => {
  await propeller.stop();
  await host.close();
});

const sh = (script: string) => ({ run: { command: ['sh', '-c', script] } });

it('inputs reach a process, its outputs reach the next, maps join in order', async () => {
  const closure = workflow(
    {
      one: {
        kind: 'task',
        with: { a: literal(4) },
        task: sh('echo "x=$((PIPECTL_INPUT_A + 1))" > "$PIPECTL_OUTPUTS"'),
      },
      each: { kind: 'map', over: literal([3, 2, 1]), task: sh('cat "$PIPECTL_INPUTS" | tr a x > "$PIPECTL_OUTPUTS"') },
      sum: {
        kind: 'compute',
        values: { x: expr('nodes.one.outputs.x + nodes.each.outputs.x[0]') },
        needs: ['one', 'each'],
      },
    },
    {
      outputs: {
        sum: { type: 'integer', value: expr('nodes.sum.outputs.x') },
        all: { type: 'list<integer>', value: expr('nodes.each.outputs.x') },
      },
    },
  );
  await register(host.store, closure);
  await launch(host.store, closure, 'flow-1');
  const { status } = await untilOver(host.store, 'flow-1');
  expect(status?.error).toBeUndefined();
  expect(status?.outputs).toEqual({ sum: 8, all: [3, 2, 1] });
});

it.each([
  ['an exit code', sh('exit 3'), 'NonZeroExit', 'exited with code 3'],
  ['no outputs', sh('true'), 'InvalidOutputs', '"x" is missing'],
  ['a command that is not there', { run: { command: ['./no-such-thing'] } }, 'StartError', 'no-such-thing'],
  ['a run timeout', { ...sh('sleep 60'), timeout: { runMs: 200 } }, 'RunTimeout', '0.2s'],
])('%s is told as what it is', async (_, task, reason, message) => {
  const closure = workflow({ one: { kind: 'task', task } });
  await register(host.store, closure);
  await launch(host.store, closure, 'flow-1');
  const { status } = await untilOver(host.store, 'flow-1');
  expect(status).toMatchObject({ phase: 'Failed', error: { reason, node: 'one' } });
  expect(status?.error?.message).toContain(message);
});

it('an abort ends the process and then the execution', async () => {
  const closure = workflow({ one: { kind: 'task', task: sh('sleep 60') } });
  await register(host.store, closure);
  await launch(host.store, closure, 'flow-1');
  await untilPod(host.store, 'flow-1-one-1', ({ status }) => status?.phase === 'Running');
  await patchObject(host.store, keyOf('Execution', 'flow-1'), { spec: { desired: 'Aborted' } });
  const { status } = await untilOver(host.store, 'flow-1');
  expect(status).toMatchObject({ phase: 'Aborted', nodes: { one: { phase: 'Aborted' } } });
  const pod = await untilPod(host.store, 'flow-1-one-1');
  expect(pod.status?.containerStatuses?.[0]?.state.terminated?.reason).toBe('Aborted');
});

it('a batch runs its members in one process after another, and only what failed again', async () => {
  const script =
    'case "$PIPECTL_INPUT_A.$PIPECTL_ATTEMPT" in 3.1) exit 4;; 4.*) kill -9 $$;; esac; echo "x=$((PIPECTL_INPUT_A * 10))" >>"$PIPECTL_OUTPUTS"';
  const retries = { limit: 1, backoff: { initialMs: 1, factor: 1, maxMs: 1 } };
  const over = literal([1, 2, 3, 4, 5, 6, 7]);
  const closure = workflow(
    { each: { kind: 'map', over, batch: 5, minSuccessRatio: 0.5, task: { ...sh(script), retries } } },
    { outputs: { all: { type: 'list<integer?>', value: expr('nodes.each.outputs.x') } } },
  );
  await register(host.store, closure);
  await launch(host.store, closure, 'flow-1');
  const { status } = await untilOver(host.store, 'flow-1');
  expect(status?.error).toBeUndefined();
  expect(status?.outputs).toEqual({ all: [10, 20, 30, null, 50, 60, 70] });
  expect(status?.nodes?.each?.map).toMatchObject({ size: 7, succeeded: 6, failed: 1, running: 0 });
  expect(status?.nodes?.each?.map?.errors).toMatchObject({ 3: { reason: 'Killed', attempt: 2 } });
  const pods = await host.store.list<Pod>('Pod', {});
  const members = pods.items.map(({ metadata: { annotations = {} } }) => {
    return annotations[ANNOTATION.mapBatch] ?? annotations[ANNOTATION.mapIndex] ?? '';
  });
  // Those of one group that fail may come back together, as their pauses end.
  expect(members).toEqual(expect.arrayContaining(['0,1,2,3,4', '5,6']));
  expect(
    members
      .filter((each) => !['0,1,2,3,4', '5,6'].includes(each))
      .flatMap((each) => each.split(','))
      .sort(),
  ).toEqual(['2', '3']);
});
