import { describe, expect, it } from 'vitest';
import {
  type Archive,
  type Execution,
  findEntity,
  listEntities,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../../../src/cluster/index.ts';
import { createClosureUse, loadClosure } from '../../../src/control/closures/index.ts';
import { collect } from '../../../src/control/retention/collect.ts';
import { ZERO_OID } from '../../../src/git/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { quiet } from '../../git/fixtures/served.ts';
import { filesOf, type QuickWorld, quickWorld, task } from '../fixtures/quick-world.ts';

const NOW = Date.UTC(2100, 0, 1);
const LIMITS = { revisionAgeMs: 1_000, newestRevisions: 0, graceMs: 0 };
const SIDE = filesOf(2, { 'pipelines/only.yaml': task('only') });

/** Two passes, since a closure must be found without use twice. */
async function collectAll(world: QuickWorld, more: Partial<Parameters<typeof collect>[0]> = {}) {
  const options = { cluster: world.store, use: createClosureUse(hostClock), log: quiet, limits: LIMITS, ...more };
  const unused = new Map<string, number>();
  const first = await collect(options, unused, NOW);
  const second = await collect(options, unused, NOW + 1);
  return { revisions: first.revisions + second.revisions, closures: first.closures + second.closures };
}

/** A commit on a branch that is gone: nothing refers to it. */
async function abandoned(world: QuickWorld): Promise<string> {
  const { oid } = await world.push(SIDE, 'side');
  await world.registration.landed({
    repository: 'shop',
    updates: [{ ref: 'refs/heads/side', before: oid, after: ZERO_OID }],
  });
  return oid;
}

async function revisions(world: QuickWorld): Promise<readonly string[]> {
  const { items } = await world.store.list<Revision>('Revision');
  // Whoever is there is there with all its parts.
  for (const { spec } of items) {
    for (const { kind, digest } of await listEntities(world.store, spec.index ?? '')) {
      if (kind !== 'Project') await loadClosure(world.store, digest);
    }
  }
  return items.map(({ spec }) => spec.commit).sort();
}

async function closures(world: QuickWorld): Promise<number> {
  return (await world.store.list('Closure')).items.length;
}

async function execution(world: QuickWorld, commit: string): Promise<Execution> {
  const revision = await world.store.get<Revision>({
    kind: 'Revision',
    namespace: SYSTEM_NAMESPACE,
    name: `shop-${commit}`,
  });
  const { digest = '' } =
    (await findEntity(world.store, revision.spec.index ?? '', 'production', { kind: 'Task', name: 'only' })) ?? {};
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Execution',
    metadata: { name: 'run', namespace: 'shop-production' },
    spec: { repository: 'shop', commit, workflow: 'only', closure: digest, inputs: {}, trigger: { kind: 'manual' } },
  };
}

describe('what nothing refers to', () => {
  it('is deleted, and what others share with it stays', async () => {
    const world = await quickWorld();
    const { oid } = await world.push(filesOf(2));
    const before = await closures(world);
    await abandoned(world);
    expect(await closures(world)).toBeGreaterThan(before);
    expect((await collectAll(world)).revisions).toBe(1);
    expect(await revisions(world)).toEqual([oid]);
    expect(await closures(world)).toBe(before);
    expect(await collectAll(world)).toEqual({ revisions: 0, closures: 0 });
  });

  it('stays while it is young, and as the newest of its repository', async () => {
    const world = await quickWorld();
    await world.push(filesOf(2));
    await abandoned(world);
    for (const limits of [
      { ...LIMITS, revisionAgeMs: NOW },
      { ...LIMITS, newestRevisions: 2 },
    ]) {
      expect(await collectAll(world, { limits })).toEqual({ revisions: 0, closures: 0 });
    }
  });

  it('can be pushed again', async () => {
    const world = await quickWorld();
    await world.push(filesOf(2));
    await abandoned(world);
    await collectAll(world);
    const { lines } = await world.push(SIDE);
    expect(lines.at(-1)).toContain('production is now at');
    expect(await world.definitions()).toEqual(['Task/only', 'Task/t0', 'Task/t1']);
  });
});

describe('a revision stays', () => {
  it.each<[string, (world: QuickWorld, oid: string) => Promise<Partial<Parameters<typeof collect>[0]>>]>([
    [
      'for a live execution',
      async (world, oid) => {
        await world.store.write([{ op: 'create', object: await execution(world, oid) }]);
        return {};
      },
    ],
    [
      'for an archived one',
      async (world, oid) => {
        const item = await execution(world, oid);
        const list: Archive['list'] = async (_query, { continueToken }) =>
          continueToken === undefined
            ? { items: [], resourceVersion: '0', continueToken: 'more' }
            : { items: [item], resourceVersion: '0' };
        return { archive: { list } as unknown as Archive };
      },
    ],
    [
      'for a push that has just used it',
      async (_world, oid) => {
        const use = createClosureUse(hostClock);
        use.used(`shop-${oid}`);
        return { use };
      },
    ],
    [
      'for a domain that showed it',
      async (world, oid) => {
        const history = [{ commit: oid, at: '2026-01-01T00:00:00.000Z', created: 0, updated: 0, pruned: 0 }];
        const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
        await world.store.write([{ op: 'patchStatus', key, patch: { domains: { production: { history } } } }]);
        return {};
      },
    ],
  ])('%s', async (_name, refer) => {
    const world = await quickWorld();
    const head = await world.push(filesOf(2));
    const oid = await abandoned(world);
    const before = await closures(world);
    const more = await refer(world, oid);
    expect(await collectAll(world, more)).toEqual({ revisions: 0, closures: 0 });
    expect(await revisions(world)).toEqual([head.oid, oid].sort());
    expect(await closures(world)).toBe(before);
  });
});

describe('a push and a collection', () => {
  it('never overlap, and several pushes may', async () => {
    const use = createClosureUse(hostClock);
    const running = new Set<string>();
    const seen: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      running.add(name);
      seen.push([...running].sort().join('+'));
      for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      running.delete(name);
    };
    await Promise.all([
      use.reusing(work('push1')),
      use.reusing(work('push2')),
      use.collecting(work('collect1')),
      use.reusing(work('push3')),
      use.collecting(work('collect2')),
      use.reusing(work('push4')),
    ]);
    expect(seen).toContain('push1+push2');
    expect(seen.filter((names) => names.includes('collect') && names.includes('+'))).toEqual([]);
    expect(seen).toHaveLength(6);
  });

  it('at the same time leave every revision whole', async () => {
    const use = createClosureUse(hostClock);
    const world = await quickWorld({ use });
    await world.push(filesOf(2));
    for (let round = 0; round < 5; round += 1) {
      await abandoned(world);
      const unused = new Map<string, number>();
      const options = { cluster: world.store, use, log: quiet, limits: LIMITS };
      await collect(options, unused, NOW);
      // The same content comes back while the second pass is about to delete it.
      const [pushed] = await Promise.all([world.push(SIDE, `again${round}`), collect(options, unused, NOW + 1)]);
      expect(pushed.lines[0]).toContain('registered');
      expect(await revisions(world)).toContain(pushed.oid);
    }
  });
});
