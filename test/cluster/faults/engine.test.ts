import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Execution } from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { endPod, keyOf, launch, register, untilOver, untilPod } from '../../control/propeller/engine-host.ts';
import { workflow } from '../../propeller/closures.ts';
import { type ApiFixture, clock, openApi, random, until } from '../api-fixture.ts';
import { behindFaults, type FaultProxy } from './fault-proxy.ts';

const task = workflow({ one: { kind: 'task', with: {} } });

let api: ApiFixture;
let proxy: FaultProxy;
let propeller: Propeller;
const said: string[] = [];
beforeEach(async () => {
  api = await openApi();
  const behind = await behindFaults(api, 1);
  proxy = behind.proxy;
  const log = {
    write: (_: string, message: string, fields: object = {}) => void said.push(`${message} ${JSON.stringify(fields)}`),
  };
  propeller = startPropeller({ cluster: behind.cluster, clock, random, log, beginsWith: 'nothing' });
  await propeller.own({ shard: 'shard-0', epoch: 1, owns: () => true });
});
afterEach(async () => {
  await propeller.stop();
  await proxy.close();
  await api.close();
});

describe('an engine whose credentials have expired', () => {
  it('ends nothing, says what is wrong, and goes on when they are renewed', async () => {
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
    expect(said.join('\n')).toContain('does not accept the credentials');
    proxy.rates = {};
    await untilPod(api.store, 'late-one-1');
    await endPod(api.store, 'late-one-1', { text: 'x=1' });
    expect((await untilOver(api.store, 'flow')).status?.phase).toBe('Succeeded');
    expect((await untilOver(api.store, 'late')).status?.phase).toBe('Succeeded');
  });
});
