import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { deleteObject, type Execution, type MapResults, type Pod, readMapResults } from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { compiledWorkflow } from '../../propeller/compiled.ts';
import { endPod, keyOf, launch, NAMESPACE, register, untilObject, untilOver, untilPod } from './engine-host.ts';

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller | undefined;

function start(): void {
  propeller = startPropeller({ cluster: store, clock: hostClock, random: hostRandom, log: { write: () => {} } });
}

async function restart(): Promise<void> {
  await propeller?.stop();
  await store.close();
  store = await openStore(folder);
}

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
});

afterEach(async () => {
  await propeller?.stop();
  propeller = undefined;
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const SIZE = 600;
const XS = Array.from({ length: SIZE }, (_, i) => i);

const overTasks = compiledWorkflow({
  main: `
    inputs: { xs: list<integer> }
    outputs: { all: "\${{ nodes.each.outputs.x }}" }
    nodes:
      each: { map: { task: work, over: "\${{ inputs.xs }}", with: { a: "\${{ item + index }}" } } }
  `,
});

/** Text too long for a status, and a node that reads it a day later. */
const overText = compiledWorkflow({
  main: `
    inputs: { xs: list<integer> }
    outputs: { last: "\${{ nodes.after.outputs.last }}" }
    nodes:
      each: { map: { over: "\${{ inputs.xs }}", compute: { text: "${'x'.repeat(200)} \${{ item }}" } } }
      gate: { approve: { message: go on? }, needs: [each] }
      after: { compute: { last: "\${{ nodes.each.outputs.text[${SIZE - 1}] }}" }, needs: [gate] }
  `,
});

async function mapResults(): Promise<readonly MapResults[]> {
  return (await store.list<MapResults>('MapResults', { namespace: NAMESPACE })).items;
}

const eachOf = ({ status }: Execution) => status?.nodes?.each;

describe('a large map', () => {
  it('keeps the outputs of its subtasks beside the execution, over a restart', async () => {
    await register(store, overTasks);
    start();
    await launch(store, overTasks, 'large-1', { inputs: { xs: XS } });
    await untilPod(store, `large-1-each-${SIZE - 1}-1`);
    const first = (await store.get<Pod>(keyOf('Pod', 'large-1-each-7-1'))).metadata.annotations ?? {};
    expect(Object.values(first)).toContain('{"a":14}');
    for (let index = 0; index < SIZE / 2; index++)
      await endPod(store, `large-1-each-${index}-1`, { text: `x=${index}` });
    const half = await untilObject<Execution>(
      store,
      keyOf('Execution', 'large-1'),
      (execution) => eachOf(execution)?.map?.succeeded === SIZE / 2,
    );
    expect(eachOf(half)?.map).toMatchObject({ kept: true, size: SIZE });
    expect((await readMapResults(store, half)).get('each')?.get(123)).toEqual({ x: 123 });
    await restart();
    start();
    for (let index = SIZE / 2; index < SIZE; index++)
      await endPod(store, `large-1-each-${index}-1`, { text: `x=${index}` });
    const over = await untilOver(store, 'large-1');
    expect(over.status).toMatchObject({ phase: 'Succeeded', outputs: { all: XS } });
  });

  it('that computes leaves large outputs there, where later nodes find them, and which go with the execution', async () => {
    await register(store, overText);
    start();
    await launch(store, overText, 'large-2', { inputs: { xs: XS } });
    const waiting = await untilObject<Execution>(
      store,
      keyOf('Execution', 'large-2'),
      ({ status }) => status?.nodes?.gate !== undefined,
    );
    expect(eachOf(waiting)).toMatchObject({ phase: 'Succeeded', map: { kept: true, succeeded: SIZE } });
    expect(eachOf(waiting)).not.toHaveProperty('outputs');
    await restart();
    start();
    const signals = { gate: { decision: 'approve', by: 'anna', at: '2026-01-02T03:04:05.000Z' } };
    await store.write([{ op: 'patch', key: keyOf('Execution', 'large-2'), patch: { spec: { signals } } }]);
    const over = await untilOver(store, 'large-2');
    expect(over.status).toMatchObject({ phase: 'Succeeded', outputs: { last: `${'x'.repeat(200)} ${SIZE - 1}` } });
    expect((await mapResults()).length).toBeGreaterThan(0);
    await deleteObject(store, keyOf('Execution', 'large-2'));
    await expect.poll(mapResults).toEqual([]);
  });
});
