import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANNOTATION,
  type Cluster,
  type Execution,
  OWNER,
  steeringPatch,
  steeringsOf,
} from '../../../src/cluster/index.ts';
import { type ApiFixture, NAMESPACE, openApi } from '../api-fixture.ts';

let api: ApiFixture;
let cluster: Cluster;
beforeAll(async () => {
  api = await openApi({ user: 'deploy-bot' });
  cluster = await api.connect();
});
afterAll(() => api.close());

const key = (name: string) => ({ kind: 'Execution', namespace: NAMESPACE, name });

function execution(name: string, trigger: Execution['spec']['trigger'] = { kind: 'manual', by: 'ann' }): Execution {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Execution',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      repository: 'ticketing',
      commit: 'a'.repeat(40),
      workflow: 'demand',
      closure: 'c'.repeat(64),
      inputs: {},
      trigger,
    },
  };
}

const stored = (name: string): Promise<Execution> => api.store.get<Execution>(key(name));

describe('an execution tells by the token who', () => {
  it.each<[string, Execution['spec']['trigger'], string | undefined]>([
    ['started it, whatever the request says', { kind: 'manual', by: 'ann' }, 'deploy-bot'],
    ['recovered another', { kind: 'recover', of: 'old', uid: 'u', by: 'ann' }, 'deploy-bot'],
    ['is nobody, where the request names nobody', { kind: 'manual' }, undefined],
  ])('%s', async (name, trigger, by) => {
    const id = name.slice(0, 8).trim().replaceAll(' ', '-');
    await cluster.write([{ op: 'create', object: execution(id, trigger) }]);
    expect((await stored(id)).spec.trigger).toEqual({ ...trigger, ...(by !== undefined && { by }) });
  });

  it.each([
    ['patch', 'patched'],
    ['update', 'updated'],
  ] as const)('answered, by a %s, and leaves what others answered before', async (op, name) => {
    const first = { decision: 'approve', by: 'carol', at: '2026-01-02T03:04:05Z' } as const;
    const second = { decision: 'reject', by: 'ann', reason: 'no' } as const;
    await api.store.write([{ op: 'create', object: execution(name) }]);
    await api.store.write([{ op: 'patch', key: key(name), patch: { spec: { signals: { one: first } } } }]);
    const signals = { one: first, two: second };
    const now = await cluster.get<Execution>(key(name));
    if (op === 'patch') await cluster.write([{ op, key: key(name), patch: { spec: { signals } } }]);
    else await cluster.write([{ op, object: { ...now, spec: { ...now.spec, signals } } }]);
    expect((await stored(name)).spec.signals).toEqual({ one: first, two: { ...second, by: 'deploy-bot' } });
  });

  it('paused and aborted, and leaves who did so before', async () => {
    await api.store.write([{ op: 'create', object: execution('steered') }]);
    const at = '2026-01-02T03:04:05.000Z';
    const paused = steeringPatch(await stored('steered'), { desired: 'Paused', by: 'carol', at });
    await api.store.write([{ op: 'patch', key: key('steered'), patch: paused }]);
    const patch = steeringPatch(await stored('steered'), { desired: 'Aborted', by: 'ann', reason: 'enough', at });
    await cluster.write([{ op: 'patch', key: key('steered'), patch }]);
    expect(steeringsOf(await stored('steered')).map(({ desired, by }) => [desired, by])).toEqual([
      ['Paused', 'carol'],
      ['Aborted', 'deploy-bot'],
    ]);
  });

  it('and keeps what is no list where steering stands, which nobody reads', async () => {
    await api.store.write([{ op: 'create', object: execution('odd') }]);
    const annotations = { [ANNOTATION.steering]: '{"by":' };
    await cluster.write([{ op: 'patch', key: key('odd'), patch: { metadata: { annotations } } }]);
    expect((await stored('odd')).metadata.annotations).toMatchObject(annotations);
  });
});

it('the owner of the data folder is believed: commands tell which user of the machine it was', async () => {
  const own = await openApi({ user: OWNER });
  try {
    const asOwner = await own.connect();
    await asOwner.write([{ op: 'create', object: execution('mine') }]);
    await asOwner.write([
      { op: 'patch', key: key('mine'), patch: { spec: { signals: { gate: { decision: 'approve', by: 'bob' } } } } },
    ]);
    const { spec } = await own.store.get<Execution>(key('mine'));
    expect([spec.trigger, spec.signals?.gate?.by]).toEqual([{ kind: 'manual', by: 'ann' }, 'bob']);
  } finally {
    await own.close();
  }
});
