import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConflictError, WaitError } from '../../../src/base/index.ts';
import { connectKubernetes, type KubernetesCluster } from '../../../src/cluster/adapters/kubernetes/index.ts';
import {
  AlreadyExistsError,
  createObject,
  deleteObject,
  type Execution,
  ExpiredError,
  InvalidError,
  type KubeObject,
  NotFoundError,
  patchObject,
  patchStatus,
  UnauthorizedError,
  type WatchEvent,
} from '../../../src/cluster/index.ts';
import { type ApiFixture, execution, kubeconfigText, NAMESPACE, openApi, pod, until } from '../api-fixture.ts';

let api: ApiFixture;
let cluster: KubernetesCluster;
beforeAll(async () => {
  api = await openApi();
  cluster = await api.connect();
});
afterAll(() => api.close());

const key = (name: string, kind = 'Execution') => ({ kind, namespace: NAMESPACE, name });

async function refused(action: Promise<unknown>): Promise<Error> {
  return action.then(
    () => {
      throw new Error('was not refused');
    },
    (error: Error) => error,
  );
}

describe('refusals come back as the errors of the port', () => {
  it('tells what is not there', async () => {
    const error = await refused(cluster.get(key('nobody')));
    expect(error).toBeInstanceOf(NotFoundError);
    expect((error as NotFoundError).key).toEqual(key('nobody'));
  });

  it('tells a taken name, a lost race and a wrong object apart', async () => {
    const created = await createObject(cluster, execution('taken'));
    expect(await refused(createObject(cluster, execution('taken')))).toBeInstanceOf(AlreadyExistsError);
    const lost = await refused(
      patchObject(cluster, key('taken'), { spec: { desired: 'Paused' } }, { resourceVersion: '1' }),
    );
    expect(lost).toBeInstanceOf(ConflictError);
    expect(lost).not.toBeInstanceOf(AlreadyExistsError);
    expect(await refused(deleteObject(cluster, key('taken'), { uid: 'another' }))).toBeInstanceOf(ConflictError);
    const invalid = await refused(patchObject(cluster, key('taken'), { spec: { desired: 'Maybe' } }));
    expect(invalid).toBeInstanceOf(InvalidError);
    expect((invalid as InvalidError).causes[0]?.field).toBe('spec.desired');
    expect(await cluster.get(key('taken'))).toEqual(created);
  });

  it('tells that nobody is there, and what to do', async () => {
    const path = join(api.folder, 'nobody');
    await writeFile(path, kubeconfigText('http://127.0.0.1:9'));
    const error = await refused((await connectKubernetes({ kubeconfigPath: path })).get(key('x')));
    expect(error).toBeInstanceOf(WaitError);
    expect(error.message).toBe('cannot reach the control plane at http://127.0.0.1:9: is `pipectl up` running?');
  });

  it('tells that the token is wrong, without telling it', async () => {
    const path = join(api.folder, 'stranger');
    await writeFile(path, kubeconfigText(`http://127.0.0.1:${api.port}`).replace(/"token":"[^"]*"/, '"token":"guess"'));
    const error = await refused((await connectKubernetes({ kubeconfigPath: path })).get(key('x')));
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect(error.message).not.toContain('guess');
  });
});

/** Reads a watch in the background into a list. */
function collect(resourceVersion: string, isDone: AbortController) {
  const events: WatchEvent<Execution>[] = [];
  const ended = (async () => {
    for await (const batch of cluster.watch<Execution>('Execution', {
      namespace: NAMESPACE,
      resourceVersion,
      signal: isDone.signal,
    })) {
      for (const event of batch) if (event.type !== 'BOOKMARK') events.push(event);
    }
  })();
  const names = () =>
    events.map((event) => (event.type === 'BOOKMARK' ? '' : `${event.type} ${event.object.metadata.name}`));
  return { ended, names };
}

describe('a watch', () => {
  it('goes on over broken connections and misses nothing', async () => {
    const isDone = new AbortController();
    const { resourceVersion } = await cluster.list('Execution', { namespace: NAMESPACE });
    const { ended, names } = collect(resourceVersion, isDone);
    await createObject(api.store, execution('before'));
    await until('the first event', () => names().length === 1);
    await api.stopApi();
    await createObject(api.store, execution('meanwhile'));
    await deleteObject(api.store, key('before'));
    await api.restartApi();
    await createObject(api.store, execution('after'));
    await until('all events', () => names().length === 4);
    expect(names().toSorted()).toEqual(['ADDED after', 'ADDED before', 'ADDED meanwhile', 'DELETED before']);
    isDone.abort();
    await ended;
  });

  it('ends quietly when its reader goes', async () => {
    const isDone = new AbortController();
    const { resourceVersion } = await cluster.list('Execution', {});
    const { ended } = collect(resourceVersion, isDone);
    isDone.abort();
    await expect(ended).resolves.toBeUndefined();
  });

  it('from a version of the future says so', async () => {
    const { ended } = collect('999999999', new AbortController());
    await expect(ended).rejects.toBeInstanceOf(ExpiredError);
  });
});

describe('what is written', () => {
  it('as a status delta changes nothing else', async () => {
    const created = await createObject<Execution>(cluster, execution('delta'));
    await patchStatus(cluster, key('delta'), { phase: 'Running', nodes: { a: { phase: 'Running' } } });
    const after = await patchStatus<Execution>(cluster, key('delta'), {
      nodes: { a: { phase: 'Succeeded' }, b: { phase: 'Queued' } },
    });
    expect(after.status).toEqual({ phase: 'Running', nodes: { a: { phase: 'Succeeded' }, b: { phase: 'Queued' } } });
    expect(after.spec).toEqual(created.spec);
    expect(after.metadata.generation).toBe(created.metadata.generation);
  });

  it('is told, once each, of the fields that the server does not know', async () => {
    const told: string[] = [];
    const onDroppedField = (kind: string, field: string): void => void told.push(`${kind} ${field}`);
    const newer = await connectKubernetes({ kubeconfigPath: api.kubeconfig, onDroppedField });
    const object = (name: string, fields: object): Execution => {
      const { spec, ...rest } = execution(name);
      return { ...rest, spec: { ...spec, ...fields } };
    };
    await createObject(newer, object('newer-1', { ofNextYear: 1, ofTheYearAfter: 2 }));
    await createObject(newer, object('newer-2', { ofNextYear: 1, ofTheYearAfter: 2 }));
    await newer.write([{ op: 'create', object: object('newer-3', { ofNextYear: 1, last: 2 }) }], { discard: true });
    expect(told).toEqual(['Execution spec.ofNextYear', 'Execution spec.ofTheYearAfter', 'Execution spec.last']);
  });

  it('with strange names comes back as it was', async () => {
    const inputs = JSON.parse('{"__proto__": 1, "constructor": {"prototype": 2}, "ünï/%2F?&": "\\u2028\\u0000"}');
    const strange = { ...execution('strange'), spec: { ...execution('strange').spec, inputs } };
    await createObject(cluster, strange);
    const read = await cluster.get<Execution>(key('strange'));
    expect(JSON.stringify(read.spec.inputs)).toBe(JSON.stringify(inputs));
  });

  it('in a batch stops at the first refusal', async () => {
    const batch = [execution('first'), execution('first'), execution('third')];
    const error = await refused(cluster.write(batch.map((object) => ({ op: 'create', object }))));
    expect(error).toBeInstanceOf(AlreadyExistsError);
    expect((await cluster.get<KubeObject>(key('first'))).metadata.name).toBe('first');
    expect(await refused(cluster.get(key('third')))).toBeInstanceOf(NotFoundError);
  });
});

describe('logs', () => {
  it('are streamed as they are written, until their end', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    api.store.serveLogs(async function* () {
      yield Buffer.from('first\n');
      await released;
      yield Buffer.from('second\n');
    });
    await createObject(api.store, pod('talker'));
    expect((await refused(cluster.podLogs(key('talker', 'Pod'))[Symbol.asyncIterator]().next())).message).toContain(
      'waiting to start',
    );
    const running = {
      name: 'main',
      ready: true,
      restartCount: 0,
      image: 'local',
      state: { running: { startedAt: '' } },
    };
    await patchStatus(api.store, key('talker', 'Pod'), { phase: 'Running', containerStatuses: [running] });
    const chunks = cluster.podLogs(key('talker', 'Pod'), { follow: true })[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value).toString()).toBe('first\n');
    release();
    expect(Buffer.from((await chunks.next()).value).toString()).toBe('second\n');
    expect((await chunks.next()).done).toBe(true);
  });

  it('of a pod that is not there are refused', async () => {
    const error = await refused(cluster.podLogs(key('nobody', 'Pod'))[Symbol.asyncIterator]().next());
    expect(error).toBeInstanceOf(NotFoundError);
  });
});
