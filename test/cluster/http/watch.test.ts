import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createObject, deleteObject, type KubeObject, patchObject, patchStatus } from '../../../src/cluster/index.ts';
import { type ApiFixture, execution, NAMESPACE, openApi, until } from '../api-fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await openApi();
});
afterEach(() => api.close());

const OURS = `/apis/pipectl.dev/v1/namespaces/${NAMESPACE}/executions`;
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const key = (name: string) => ({ kind: 'Execution', namespace: NAMESPACE, name });

interface Line {
  readonly type: string;
  readonly object: KubeObject & {
    readonly code?: number;
    readonly columnDefinitions?: unknown[] | null;
    readonly rows?: unknown[];
  };
}

interface Page {
  readonly items: readonly KubeObject[];
  readonly metadata: { readonly continue?: string };
  readonly rows: readonly unknown[];
  readonly message: string;
}

async function read(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Page> {
  return (await (await api.send(method, path, { headers })).json()) as Page;
}

/** Opens a watch and reads its lines in the background. */
async function open(query: string, headers: Record<string, string> = {}) {
  const response = await api.send('GET', `${OURS}?watch=1&${query}`, { headers });
  const lines: Line[] = [];
  let text = '';
  const ended = (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split('\n');
      text = parts.pop() ?? '';
      for (const part of parts) lines.push(JSON.parse(part));
    }
  })().catch(() => undefined);
  const told = () => lines.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim());
  return { response, lines, told, ended };
}

describe('a watch over HTTP', () => {
  it('leaves out what only changes status where that is asked', async () => {
    await createObject(api.store, execution('flow'));
    const { resourceVersion } = await api.store.list('Execution', { namespace: NAMESPACE });
    const [all, rest] = await Promise.all([
      open(`resourceVersion=${resourceVersion}`),
      open(`resourceVersion=${resourceVersion}&ignoreStatusChanges=true`),
    ]);
    await patchStatus(api.store, key('flow'), { phase: 'Running' });
    await until('the change of status', () => all.lines.length === 1);
    await patchObject(api.store, key('flow'), { spec: { desired: 'Paused' } });
    await until('the change of spec', () => all.lines.length === 2 && rest.lines.length > 0);
    expect(rest.told()).toEqual(['MODIFIED flow']);
    expect(rest.lines[0]?.object.status).toEqual({ phase: 'Running' });
  });

  it('without a version tells what is there, then what changes', async () => {
    await createObject(api.store, execution('old'));
    const watch = await open('');
    await until('the first', () => watch.lines.length === 1);
    await patchStatus(api.store, key('old'), { phase: 'Running' });
    await deleteObject(api.store, key('old'));
    await until('the end', () => watch.told().includes('DELETED old'));
    expect(watch.told()[0]).toBe('ADDED old');
    expect(watch.lines.at(-1)?.object.status).toEqual({ phase: 'Running' });
  });

  it('from a version tells only what came after', async () => {
    await createObject(api.store, execution('old'));
    const { resourceVersion } = await api.store.list('Execution');
    await createObject(api.store, execution('new'));
    const watch = await open(`resourceVersion=${resourceVersion}`);
    await until('the event', () => watch.lines.length > 0);
    expect(watch.told()).toEqual(['ADDED new']);
  });

  it('of one label tells when an object comes under it and leaves it', async () => {
    await createObject(api.store, execution('it'));
    const { resourceVersion } = await api.store.list('Execution');
    const watch = await open(`resourceVersion=${resourceVersion}&labelSelector=team%3Da`);
    await patchObject(api.store, key('it'), { metadata: { labels: { team: 'a' } } });
    await until('it came', () => watch.lines.length === 1);
    await patchObject(api.store, key('it'), { metadata: { labels: { team: 'b' } } });
    await until('it left', () => watch.lines.length === 2);
    expect(watch.told()).toEqual(['ADDED it', 'DELETED it']);
  });

  it('as a streaming list marks where the list ends', async () => {
    await createObject(api.store, execution('one'));
    const watch = await open('sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true');
    await until('the mark', () => watch.lines.length === 2);
    expect(watch.told()).toEqual(['ADDED one', 'BOOKMARK']);
    const mark = watch.lines[1]?.object;
    expect(mark?.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    expect(mark?.metadata.resourceVersion).toBe((await api.store.list('Execution')).resourceVersion);
    await createObject(api.store, execution('two'));
    await until('what follows', () => watch.told().includes('ADDED two'));
  });

  it.each([
    ['sendInitialEvents=true', 'requires resourceVersionMatch'],
    ['resourceVersionMatch=NotOlderThan', 'is forbidden for watch'],
  ])('asked for by %s alone is refused', async (query, message) => {
    const response = await api.send('GET', `${OURS}?watch=1&${query}`);
    expect(response.status).toBe(422);
    expect(((await response.json()) as Page).message).toContain(message);
  });

  it('as tables names its columns once', async () => {
    const watch = await open('', { accept: TABLE });
    await createObject(api.store, execution('a'));
    await createObject(api.store, execution('b'));
    await until('both', () => watch.lines.length === 2);
    expect(watch.lines.map(({ object }) => object.columnDefinitions?.length ?? null)).toEqual([
      expect.any(Number),
      null,
    ]);
    expect(watch.lines[1]?.object.rows).toMatchObject([{ cells: expect.arrayContaining(['b']) }]);
  });

  it('ends cleanly when its time is over', async () => {
    const watch = await open('timeoutSeconds=1');
    await watch.ended;
    expect(watch.lines).toEqual([]);
  });

  it('from a version that is forgotten is told so in the stream', async () => {
    await createObject(api.store, execution('a'));
    const { resourceVersion } = await api.store.list('Execution');
    await createObject(api.store, execution('b'));
    await api.restartStore();
    const watch = await open(`resourceVersion=${resourceVersion}`);
    await watch.ended;
    expect(watch.lines).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
  });
});

describe('a list over HTTP', () => {
  it('goes page by page, and whole when no page is asked for', async () => {
    const names = Array.from({ length: 1_100 }, (_, index) => `e${String(index).padStart(4, '0')}`);
    await api.store.write(names.map((name) => ({ op: 'create', object: execution(name) })));
    const listed: string[] = [];
    let token = '';
    do {
      const page = await read(`${OURS}?limit=400&continue=${encodeURIComponent(token)}`);
      expect(page.items.length).toBeLessThanOrEqual(400);
      for (const item of page.items) listed.push(item.metadata.name);
      token = page.metadata.continue ?? '';
    } while (token !== '');
    expect(listed).toEqual(names);
    const whole = await read(OURS);
    expect(whole.items.map((item) => item.metadata.name)).toEqual(names);
    const table = await read(OURS, 'GET', { accept: TABLE });
    expect(table.rows).toHaveLength(names.length);
  });

  it('deletes all that a selector chooses, and only that', async () => {
    await createObject(api.store, execution('keep'));
    await createObject(api.store, execution('drop', { team: 'a' }));
    const removed = await read(`${OURS}?labelSelector=team%3Da`, 'DELETE');
    expect(removed.items).toMatchObject([{ metadata: { name: 'drop' } }]);
    const { items } = await api.store.list('Execution');
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['keep']);
  });
});
