import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Followed, follow, followOne, listAll } from '../../src/client/index.ts';
import { createObject, deleteObject, type Execution, NotFoundError, patchStatus } from '../../src/cluster/index.ts';
import { type ApiFixture, execution, NAMESPACE, openApi } from '../cluster/api-fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const key = (name: string) => ({ kind: 'Execution', namespace: NAMESPACE, name });

describe('follow', () => {
  it('tells what is there, then what changes, also when the control plane begins anew', async () => {
    const cluster = await api.connect();
    await createObject(api.store, execution('first'));
    const stop = new AbortController();
    const told: string[] = [];
    const selection = { namespace: NAMESPACE, fieldSelector: 'metadata.name!=other', signal: stop.signal };
    for await (const batch of follow<Execution>(cluster, 'Execution', selection)) {
      for (const event of batch) told.push(line(event));
      if (told.at(-1) === 'synced' && told.length === 2) await createObject(api.store, execution('second'));
      if (told.at(-1) === 'ADDED second') {
        // What the watch could resume from is gone: it must list again.
        await api.restartStore();
        await deleteObject(api.store, key('first'));
      }
      if (told.includes('reset') || told.at(-1) === 'DELETED first') stop.abort();
    }
    expect(told.slice(0, 3)).toEqual(['ADDED first', 'synced', 'ADDED second']);
    const rest = told.slice(3);
    // Whichever was first, the restart or the deletion: the follower ends up knowing only the second.
    if (rest[0] === 'reset') expect(rest.filter((each) => each.startsWith('ADDED')).at(-1)).toBe('ADDED second');
    else expect(rest).toEqual(['DELETED first']);
  });

  it('reads every page of a long list', async () => {
    await api.store.write(
      Array.from(
        { length: 1_203 },
        (_, at) => ({ op: 'create', object: execution(`many-${at}`, { many: 'yes' }) }) as const,
      ),
    );
    const { items } = await listAll(await api.connect(), 'Execution', {
      namespace: NAMESPACE,
      labelSelector: 'many=yes',
    });
    expect(new Set(items.map(({ metadata }) => metadata.name)).size).toBe(1_203);
  });
});

describe('followOne', () => {
  it('gives each version and ends when the object is deleted', async () => {
    await createObject(api.store, execution('one'));
    const phases: (string | undefined)[] = [];
    for await (const { status } of followOne<Execution>(
      await api.connect(),
      key('one'),
      new AbortController().signal,
    )) {
      phases.push(status?.phase);
      if (status === undefined) await patchStatus(api.store, key('one'), { phase: 'Running' });
      else await deleteObject(api.store, key('one'));
    }
    expect(phases).toEqual([undefined, 'Running']);
  });

  it('refuses an object that is not there', async () => {
    const versions = followOne(await api.connect(), key('nobody'), new AbortController().signal);
    await expect(versions.next()).rejects.toThrow(NotFoundError);
  });
});

function line(event: Followed<Execution>): string {
  return 'object' in event ? `${event.type} ${event.object.metadata.name}` : event.type;
}
