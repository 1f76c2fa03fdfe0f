import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BugError, sha256 } from '../../../src/base/index.ts';
import type { Closure, Cluster, KubeObject, ObjectKey } from '../../../src/cluster/index.ts';
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
