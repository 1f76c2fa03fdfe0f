import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BugError, MAX_CACHED_PAGES, sha256 } from '../../../src/base/index.ts';
import {
  type Closure,
  type Cluster,
  type KubeObject,
  loadIndexBucket,
  type ObjectKey,
} from '../../../src/cluster/index.ts';
import { encodeClosure, loadClosure, loadClosureText } from '../../../src/control/closures/index.ts';

/** A reader over objects: `loadClosure` needs `get` only. */
function holding(objects: readonly Closure[]): Cluster {
  const byName = new Map(objects.map((object) => [object.metadata.name, object]));
  const get = async <T extends KubeObject>(key: ObjectKey) => {
    const object = byName.get(key.name);
    if (object === undefined) throw new Error(`no ${key.name}`);
    return object as unknown as T;
  };
  return { get } as unknown as Cluster;
}

function content(text: string) {
  return { of: 'Task' as const, name: 'x', digest: sha256(text), text };
}

const incompressible = `"${randomBytes(2_000_000).toString('base64')}"`;
const wide = JSON.stringify('é😀'.repeat(400_000) + randomBytes(1_500_000).toString('base64'));

describe('encodeClosure and loadClosureText', () => {
  it.each([
    ['small text, readable', '{"kind":"Task"}', 'json', 1],
    ['large text, gzipped', JSON.stringify('a'.repeat(100_000)), 'gzip', 1],
    ['text that does not shrink, cut into chunks', incompressible, 'json', 4],
    ['wide characters', wide, 'gzip', 4],
  ])('%s', async (_name, text, encoding, atLeast) => {
    const objects = encodeClosure(content(text));
    expect(objects.length).toBeGreaterThanOrEqual(atLeast);
    expect(objects.at(-1)?.spec.encoding).toBe(encoding);
    expect(objects.at(-1)?.metadata.name).toBe(sha256(text));
    for (const object of objects) expect(Buffer.byteLength(JSON.stringify(object))).toBeLessThan(1_000_000);
    expect(await loadClosureText(holding(objects), sha256(text))).toBe(text);
  });

  it('parses entities', async () => {
    const text = '{"kind":"Task","name":"x"}';
    expect(await loadClosure(holding(encodeClosure(content(text))), sha256(text))).toEqual({ kind: 'Task', name: 'x' });
  });

  it('refuses content that is not what the name says', async () => {
    const [object] = encodeClosure(content('{"kind":"Task"}'));
    const forged = { ...object!, spec: { ...object!.spec, content: '{"kind":"Tusk"}' } };
    await expect(loadClosureText(holding([forged]), object!.metadata.name)).rejects.toThrow(BugError);
  });

  it('refuses gzip that is broken', async () => {
    const text = JSON.stringify('a'.repeat(100_000));
    const [object] = encodeClosure(content(text));
    const forged = { ...object!, spec: { ...object!.spec, content: 'AAAA' } };
    await expect(loadClosureText(holding([forged]), sha256(text))).rejects.toThrow(BugError);
  });
});

describe('pages of an index', () => {
  const pages = Array.from({ length: MAX_CACHED_PAGES + 1 }, (_, i) => `{"entries":[${i}],"kind":"IndexBucket"}`);

  function asked(isFar: boolean) {
    const cluster = holding(pages.flatMap((text) => encodeClosure(content(text))));
    const names: string[] = [];
    const get: Cluster['get'] = async (key) => {
      names.push(key.name);
      // A new object each time, as an API gives.
      return structuredClone(await cluster.get(key)) as never;
    };
    return { names, cluster: { ...cluster, get, ...(isFar && { writesOneByOne: true }) } as Cluster };
  }

  it.each([
    ['over a network are asked for once', true, 1],
    ['in the same process are read each time', false, 2],
  ])('%s', async (_name, isFar, times) => {
    const { cluster, names } = asked(isFar);
    const digest = sha256(pages[0] as string);
    expect(await loadIndexBucket(cluster, digest)).toEqual([0]);
    expect(await loadIndexBucket(cluster, digest)).toEqual([0]);
    expect(names).toHaveLength(times);
  });

  it('are kept in a bounded number, those that were read last', async () => {
    const { cluster, names } = asked(true);
    const [first, second] = [sha256(pages[0] as string), sha256(pages[1] as string)];
    for (const text of pages.slice(0, -1)) await loadIndexBucket(cluster, sha256(text));
    await loadIndexBucket(cluster, first);
    await loadIndexBucket(cluster, sha256(pages.at(-1) as string));
    names.length = 0;
    await loadIndexBucket(cluster, first);
    expect(names).toEqual([]);
    await loadIndexBucket(cluster, second);
    expect(names).toEqual([second]);
  });
});
