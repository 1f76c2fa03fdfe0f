import { describe, it } from 'vitest';
import { type ContractCase, contractCases } from '../../src/cluster/contract/index.ts';
import { createClient } from './world/client.ts';
import { type ClusterMode, calm, type Link, newLife } from './world/link.ts';
import { chanceOf } from './world/random.ts';
import { createStore } from './world/store.ts';
import { createTimeline, type Timeline } from './world/timeline.ts';

/** The timeline runs for as long as the case does; time passes as fast as it can. */
async function whileDriven(timeline: Timeline, work: Promise<void>): Promise<void> {
  let isOver = false;
  const done = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await timeline.drive(timeline.now + 1, () => isOver);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
}

async function runCase({ run }: ContractCase, number: number, mode: ClusterMode): Promise<void> {
  const timeline = createTimeline(Date.UTC(2026, 0, 1));
  const disk = { latencyMs: () => 1, isFull: () => false };
  const store = createStore({ timeline, random: chanceOf(number, 'uids'), disk, onCommit: () => undefined });
  const link: Link = {
    name: 'contract',
    timeline,
    mode,
    chance: chanceOf(number, 'latency'),
    weather: calm(),
    skew: { ms: 0 },
    ...newLife(),
    log: { write: () => undefined },
  };
  const cluster = createClient(store, link);
  const expiredVersion = async (kind: string): Promise<string> => {
    const { resourceVersion } = await cluster.list(kind);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'before' } };
    await cluster.write([{ op: 'create', object }]);
    store.forget(kind);
    return resourceVersion;
  };
  const context = { cluster, namespace: `case-${number}`, isAtomic: mode === 'embedded', expiredVersion };
  await whileDriven(timeline, run(context));
}

describe.each<ClusterMode>(['embedded', 'kubernetes'])('the simulated cluster keeps the contract, %s', (mode) => {
  contractCases.forEach((contractCase, number) => {
    it(contractCase.name, () => runCase(contractCase, number, mode));
  });
});
