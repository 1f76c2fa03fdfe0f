import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as limits from '../../src/base/index.ts';
import { checkObject, type KubeObject, type RepositorySource, remoteSourceOf } from '../../src/cluster/index.ts';
import { checkSchema, KIND_SCHEMAS } from '../../src/cluster/schemas/index.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/remotes.md'), 'utf8');

describe('the page on remotes', () => {
  it('shows a Repository that is taken, and what it says of defaults and bounds is so', () => {
    const text = /<<'EOF'\n([\s\S]*?)\nEOF\n/.exec(page)?.[1] ?? '';
    const object = parse(text) as KubeObject & { readonly spec: { readonly source: RepositorySource } };
    expect(() => checkObject(object)).not.toThrow();
    const schema = KIND_SCHEMAS.get('Repository')?.fields.spec;
    expect(checkSchema(schema ?? {}, object.spec as never, 'spec')).toEqual([]);
    expect(remoteSourceOf(object.spec.source)).toMatchObject({
      intervalMs: 300_000,
      timeoutMs: 30_000,
      depth: 50,
      filter: 'blob:none',
      proxy: { url: 'http://proxy.example.org:3128' },
    });
    const plain = remoteSourceOf({ kind: 'remote', url: 'https://host/x.git' });
    expect(plain).toMatchObject({ intervalMs: 60_000, timeoutMs: 30_000 });
    expect(limits.MIN_POLL_INTERVAL_MS).toBe(10_000);
    expect(limits.MAX_REMOTE_REFS).toBe(10_000);
    expect(limits.MAX_REMOTE_REFS_BYTES).toBe(8 << 20);
    expect(limits.MAX_PUSH_BYTES).toBe(512 << 20);
    expect(limits.MAX_WEBHOOK_BYTES).toBe(25 << 20);
    expect(limits.MAX_VERIFIED_COMMITS).toBe(1_000);
    expect(limits.HINT_SPACING_MS).toBe(2_000);
    expect(limits.MAX_POLL_BACKOFF_MS).toBe(600_000);
    expect(limits.MAX_PACK_OBJECTS).toBe(1_000_000);
    expect(limits.MAX_OBJECT_OF_PUSH_BYTES).toBe(100 << 20);
    expect(limits.UNPACKED_BYTES).toEqual({ base: 256 << 20, perPackedByte: 200 });
  });

  it('names every reason that a remote can fail for', () => {
    const source = readFileSync(join(import.meta.dirname, '../../src/git/remote.ts'), 'utf8');
    const reasons = [...(/type RemoteReason =([^;]+);/.exec(source)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
      ([, name]) => name,
    );
    expect(reasons.length).toBeGreaterThan(10);
    expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
  });
});
