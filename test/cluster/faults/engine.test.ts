import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, RELIST_INTERVAL_MS } from '../../../src/base/index.ts';
import type { KubernetesCluster } from '../../../src/cluster/adapters/kubernetes/index.ts';
import { ANNOTATION, type Execution, type Pod } from '../../../src/cluster/index.ts';
import { type Propeller, type PropellerOptions, startPropeller } from '../../../src/control/propeller/index.ts';
import { endPod, keyOf, launch, register, untilOver, untilPod } from '../../control/propeller/engine-host.ts';
import { workflow } from '../../propeller/closures.ts';
import { type ApiFixture, clock, openApi, random, until } from '../api-fixture.ts';
import { behindFaults, type FaultProxy } from './fault-proxy.ts';

const task = workflow({ one: { kind: 'task', with: {} } });

let api: ApiFixture;
let proxy: FaultProxy;
let cluster: KubernetesCluster;
let propeller: Propeller;
const said: string[] = [];
beforeEach(async () => {
  api = await openApi();
  ({ proxy, cluster } = await behindFaults(api, 1));
});
async function start(options: Partial<PropellerOptions> = {}): Promise<void> {
  const log = {
    write: (_: string, message: string, fields: object = {}) => void said.push(`${message} ${JSON.stringify(fields)}`),
  };
  propeller = startPropeller({ cluster, clock, random, log, beginsWith: 'nothing', ...options });
  await propeller.own({ shard: 'shard-0', epoch: 1, owns: () => true });
}
afterEach(async () => {
  await propeller.stop();
  await proxy.close();
  await api.close();
});

describe('an engine whose credentials have expired', () => {
  it('ends nothing, says what is wrong, and goes on when they are renewed', async () => {
    await start();
    await register(api.store, task);
    await launch(api.store, task, 'flow');
    await untilPod(api.store, 'flow-one-1');
    await until('it runs', async () => {
      const { status } = await api.store.get<Execution>(keyOf('Execution', 'flow'));
      return status?.phase === 'Running';
    });
    proxy.rates = { write: { unauthorized: 1 } };
    await launch(api.store, task, 'late');
    await endPod(api.store, 'flow-one-1', { text: 'x=1' });
    await until('both were refused', () => said.filter((line) => line.startsWith('execution waits')).length >= 2);
    expect(said.join('\n')).toContain('"reason":"Unauthorized"');
    expect(said.join('\n')).toContain('does not accept the credentials');
    proxy.rates = {};
    await untilPod(api.store, 'late-one-1');
    await endPod(api.store, 'late-one-1', { text: 'x=1' });
    expect((await untilOver(api.store, 'flow')).status?.phase).toBe('Succeeded');
    expect((await untilOver(api.store, 'late')).status?.phase).toBe('Succeeded');
  });
});

describe('an engine whose watches lose events', () => {
  const corrections = (kind: string): number => cluster.watchCounts.get(kind)?.corrections ?? 0;
  const lists = (): number => cluster.watchCounts.get('Execution')?.lists ?? 0;
  /** The next list by time, which a test has made when it wants it. */
  let listByTime: () => void = () => undefined;
  const withoutTimers: Clock = {
    ...clock,
    at(at, run) {
      if (at < clock.now() + RELIST_INTERVAL_MS / 2) return clock.at(at, run);
      listByTime = run;
      return () => undefined;
    },
  };

  beforeEach(async () => {
    await start({ clock: withoutTimers, parkAfterMs: 10 });
    await register(api.store, task);
    // A watch that is not open yet loses nothing: what comes before it is listed.
    await passAndForget('before');
  });

  /** The watches go on, so they have passed what they lost before. */
  async function passAndForget(name: string): Promise<void> {
    await launch(api.store, task, name);
    await untilPod(api.store, `${name}-one-1`);
    await endPod(api.store, `${name}-one-1`, { text: 'x=1' });
    await untilOver(api.store, name);
    await until('all have left memory', () => propeller.stats().hotExecutions === 0);
  }

  async function losing(change: () => Promise<unknown>): Promise<void> {
    const lost = (): number => proxy.played.get('missing') ?? 0;
    const before = lost();
    proxy.rates = { watch: { missing: 1 } };
    await change();
    await until('its event is lost', () => lost() > before);
    proxy.rates = {};
  }

  async function runs(name: string): Promise<void> {
    await untilPod(api.store, `${name}-one-1`);
    await until('it runs', async () => {
      return (await api.store.get<Execution>(keyOf('Execution', name))).status?.phase === 'Running';
    });
  }

  it('finds an execution of which no watch told, and counts it once', async () => {
    await losing(() => launch(api.store, task, 'flow'));
    await passAndForget('later');
    listByTime();
    await runs('flow');
    // Its first round may not have come back from the write that it is seen by.
    await until('it is counted', () => corrections('Execution') > 0);
    expect([corrections('Execution'), corrections('Pod')]).toEqual([1, 0]);
  });

  it('finds the end of a pod of which no watch told, and counts it once', async () => {
    await launch(api.store, task, 'flow');
    await runs('flow');
    await losing(() => endPod(api.store, 'flow-one-1', { text: 'x=1' }));
    await passAndForget('later');
    expect((await api.store.get<Execution>(keyOf('Execution', 'flow'))).status?.phase).toBe('Running');
    listByTime();
    expect((await untilOver(api.store, 'flow')).status?.phase).toBe('Succeeded');
    await until('it is counted', () => corrections('Pod') > 0);
    expect([corrections('Execution'), corrections('Pod')]).toEqual([0, 1]);
  });

  it('finds an abort of which no watch told', async () => {
    await launch(api.store, task, 'flow');
    await runs('flow');
    const patch = { spec: { desired: 'Aborted' } };
    await losing(() => api.store.write([{ op: 'patch', key: keyOf('Execution', 'flow'), patch }]));
    await passAndForget('later');
    listByTime();
    await until('its pod is told to end', async () => {
      return (
        (await api.store.get<Pod>(keyOf('Pod', 'flow-one-1'))).metadata.annotations?.[ANNOTATION.abort] !== undefined
      );
    });
  });

  it('counts and changes nothing where nothing was lost, and lists again later', async () => {
    await launch(api.store, task, 'flow');
    await runs('flow');
    await passAndForget('later');
    const { writes } = propeller.stats();
    for (const count of [1, 2]) {
      const before = lists();
      const made = listByTime;
      made();
      await until(`list ${count} is over`, () => lists() > before && propeller.stats().hotExecutions === 0);
      await until('the next one is due', () => listByTime !== made);
    }
    expect(propeller.stats().writes).toBe(writes);
    expect([corrections('Execution'), corrections('Pod')]).toEqual([0, 0]);
  });
});
