import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, sha256 } from '../../../src/base/index.ts';
import { type Closure, type Cluster, diffEntities, findEntity, listEntities } from '../../../src/cluster/index.ts';
import type { CommitIndex, CompileOutcome, IndexEntry, ProjectSettings } from '../../../src/compiler/index.ts';
import { type ClosureContent, encodeClosure } from '../../../src/control/closures/index.ts';
import {
  type Advance,
  advanceIndex,
  type IndexState,
  loadIndexState,
} from '../../../src/control/registration/index-state.ts';

const PROJECT: ProjectSettings = { name: 'shop', paths: ['.'], domains: {} };

/** A commit as the test sees it: entity name → its file and version. */
type World = ReadonlyMap<string, { readonly file: string; readonly version: number }>;

function indexOf(world: World): CommitIndex {
  const entries = new Map<string, IndexEntry>();
  for (const [name, { file, version }] of world) {
    const digest = sha256(`${name} ${version}`);
    entries.set(`Task/${name}`, {
      kind: 'Task',
      name,
      file,
      blob: fileBlob(world, file),
      digest,
      refs: [],
      folders: [],
    });
  }
  return { project: PROJECT, entries };
}

/** A file's blob depends on all that it holds. */
function fileBlob(world: World, file: string): string {
  return sha256(
    [...world]
      .filter(([, entity]) => entity.file === file)
      .sort()
      .join(),
  );
}

/** What the compiler would say of going from one commit to the other, and the files that differ. */
function compiled(before: World | undefined, after: World) {
  const old = before === undefined ? new Map<string, IndexEntry>() : indexOf(before).entries;
  const index = indexOf(after);
  const changed = [...index.entries].flatMap(([key, { name, digest, file }]) =>
    old.get(key)?.digest === digest
      ? []
      : [{ kind: 'Task' as const, name, file, digest, closure: {} as never, text: '' }],
  );
  const removed = [...old.keys()].filter((key) => !index.entries.has(key));
  const names = new Set([...(before ?? new Map()).values(), ...after.values()].map(({ file }) => file));
  const files = [...names].filter((file) => before === undefined || fileBlob(before, file) !== fileBlob(after, file));
  const outcome: Extract<CompileOutcome, { kind: 'compiled' }> = {
    kind: 'compiled',
    index,
    changed,
    removed,
    diagnostics: [],
  };
  return { outcome, files };
}

function advance(base: IndexState | undefined, before: World | undefined, after: World): Advance {
  const { outcome, files } = compiled(before, after);
  return advanceIndex(base, files, outcome);
}

/** A cluster that holds closures only. */
function holding(contents: readonly ClosureContent[]): Cluster {
  const objects = new Map<Digest, Closure>();
  for (const content of contents)
    for (const object of encodeClosure(content)) objects.set(object.metadata.name, object);
  return { get: async (key: { name: string }) => objects.get(key.name) } as unknown as Cluster;
}

const world: fc.Arbitrary<World> = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd', 'e', '__proto__', 'constructor', 'long-name'),
      fc.constantFrom('x.yaml', 'y.yaml', 'z.yaml'),
      fc.nat(2),
    ),
    { maxLength: 12 },
  )
  .map((rows) => new Map(rows.map(([name, file, version]) => [name, { file, version }])));

describe('advanceIndex', () => {
  it('step by step gives the same stored index as all at once', () => {
    fc.assert(
      fc.property(fc.array(world, { minLength: 1, maxLength: 6 }), (history) => {
        let state: IndexState | undefined;
        let before: World | undefined;
        for (const after of history) {
          state = advance(state, before, after).state;
          before = after;
          const whole = advance(undefined, undefined, after).state;
          expect([state.root, state.counts]).toEqual([whole.root, whole.counts]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('stores pages from which the state can be read again, and differences found', async () => {
    await fc.assert(
      fc.asyncProperty(world, world, async (first, second) => {
        const one = advance(undefined, undefined, first);
        const two = advance(one.state, first, second);
        const cluster = holding([...one.pages, ...two.pages]);
        const loaded = await loadIndexState(cluster, two.state.root);
        expect([loaded.root, loaded.counts, new Map(loaded.index.entries)]).toEqual([
          two.state.root,
          two.state.counts,
          new Map(two.state.index.entries),
        ]);
        expect(advance(loaded, second, first).state.root).toBe(one.state.root);
        expect((await listEntities(cluster, two.state.root)).map(({ name }) => name).sort()).toEqual(
          [...second.keys()].sort(),
        );
        const diff = await diffEntities(cluster, 'production', one.state.root, two.state.root);
        expect(diff.removed.map(({ name }) => name).sort()).toEqual(
          [...first.keys()].filter((name) => !second.has(name)).sort(),
        );
        for (const { after, before } of diff.changed) {
          expect(after).toMatchObject(
            second.get(after.name)?.file === undefined ? {} : { file: second.get(after.name)?.file },
          );
          expect(before === undefined).toBe(!first.has(after.name));
        }
        for (const [name, entity] of second) {
          expect((await findEntity(cluster, two.state.root, 'production', { kind: 'Task', name }))?.file).toBe(
            entity.file,
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stores one bucket and the root for one changed entity of many', () => {
    const many = new Map(Array.from({ length: 2_000 }, (_, at) => [`t${at}`, { file: `f${at}.yaml`, version: 0 }]));
    const base = advance(undefined, undefined, many).state;
    const next = new Map(many).set('t7', { file: 'f7.yaml', version: 1 });
    expect(advance(base, many, next).pages).toHaveLength(2);
    expect(advance(base, many, many).pages).toHaveLength(0);
  });
});
