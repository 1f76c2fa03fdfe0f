import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  AlreadyExistsError,
  type Execution,
  InvalidError,
  LABEL,
  newExecution,
  type Stencil,
  type Stenciled,
  stenciled,
  stencilOf,
  type Write,
  wholeObject,
} from '../../../src/cluster/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';

const folders: string[] = [];
const stores: EmbeddedStore[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-alike-'));
  folders.push(folder);
  return folder;
}

async function open(folder: string): Promise<EmbeddedStore> {
  const store = await openEmbeddedStore({ folder, clock: hostClock, random: hostRandom, log: { write: () => {} } });
  stores.push(store);
  return store;
}

/** `note`: whatever text the executions have in common. */
function made(note: string, [name = '', schedule = '', tick = '']: readonly string[]): Execution {
  const execution = newExecution({
    namespace: 'shop-production',
    name,
    repository: 'shop',
    commit: 'c'.repeat(40),
    workflow: 'etl',
    closure: 'e'.repeat(64),
    inputs: { note, day: tick, list: [1, null, 'x'] },
    trigger: { kind: 'schedule', schedule, tick },
  });
  const { [LABEL.shardKey]: _, ...labels } = execution.metadata.labels ?? {};
  return { ...execution, metadata: { ...execution.metadata, labels } };
}

const cut = (note: string): Stencil | undefined => stencilOf((slots) => made(note, slots), 3);
const TICK = '2026-01-01T00:10:00.000Z';
const slotsOf = (index: number, prefix = 'run'): readonly string[] => [
  `${prefix}-${index}`,
  `nightly-${index % 7}`,
  TICK,
];

/** By the stencil, where there is one and the slots suit it. */
function creation(note: string, slots: readonly string[], stencil = cut(note)): Write {
  const like = stencil && stenciled(stencil, slots);
  if (like === undefined) return { op: 'create', object: made(note, slots) };
  return { op: 'createAlike', key: { kind: 'Execution', namespace: 'shop-production', name: like.name }, like };
}

function creations(note: string, count: number, prefix?: string): readonly Write[] {
  const stencil = cut(note);
  return Array.from({ length: count }, (_, index) => creation(note, slotsOf(index, prefix), stencil));
}

/** What it would be if it had been written by itself. */
function isWhole(stored: Execution, note: string, slots: readonly string[]): void {
  const { uid, creationTimestamp, generation, resourceVersion, ...metadata } = stored.metadata;
  expect({ ...stored, metadata }).toEqual(made(note, slots));
  expect([generation, uid?.length, creationTimestamp?.length]).toEqual([1, 36, 20]);
  expect(Number(resourceVersion)).toBeGreaterThan(0);
}

const NOTES = ['plain', 'with "quotes", \\ and \n', 'slot-mark-a-0-', 'slot-mark-b-4-', '', '\u2028 ü 💥 \\u0001'];

describe('executions that are alike', () => {
  it('are what each would be by itself, also after a crash', async () => {
    const folder = newFolder();
    const store = await open(folder);
    await store.write(NOTES.flatMap((note, kind) => creations(note, 5, `run-${kind}`)));
    const crashed = newFolder();
    cpSync(folder, crashed, { recursive: true });
    const later = await open(crashed);
    for (const each of [store, later]) {
      const { items } = await each.list<Execution>('Execution', {});
      expect(items).toHaveLength(NOTES.length * 5);
      for (const [place, stored] of items.entries()) {
        const [kind, index] = [Math.floor(place / 5), place % 5];
        isWhole(stored, NOTES[kind] as string, slotsOf(index, `run-${kind}`));
      }
    }
  });

  it('are the same where the store was told of them ahead', async () => {
    const folder = newFolder();
    const store = await open(folder);
    const writes = creations('plain', 50);
    store.prepare(writes);
    expect(store.stats().objects).toBe(0);
    await store.write(creations('other', 3, 'early'));
    await store.write(writes);
    const crashed = newFolder();
    cpSync(folder, crashed, { recursive: true });
    const [now, then] = await Promise.all(
      [store, await open(crashed)].map(async (each) => (await each.list<Execution>('Execution', {})).items),
    );
    expect(then).toEqual(now);
    const own = now?.filter(({ metadata }) => metadata.name.startsWith('run-')) ?? [];
    expect(own).toHaveLength(50);
    for (const stored of own) isWhole(stored, 'plain', slotsOf(Number(stored.metadata.name.slice(4))));
    expect(new Set(now?.map(({ metadata }) => metadata.uid)).size).toBe(53);
  });

  it('are written anew where what was put together ahead has been used, or is of another store', async () => {
    const [one, other] = [await open(newFolder()), await open(newFolder())];
    const writes = creations('plain', 3);
    one.prepare(writes);
    const taken: Write = { op: 'create', object: made('plain', slotsOf(0, 'taken')) };
    await one.write([taken]);
    await expect(one.write([...writes, taken])).rejects.toBeInstanceOf(AlreadyExistsError);
    expect(one.stats().objects).toBe(2);
    await one.write(writes);
    one.prepare(writes);
    await expect(one.write(writes)).rejects.toBeInstanceOf(AlreadyExistsError);
    const more = creations('plain', 3, 'more');
    one.prepare(more);
    await other.write(more);
    await one.write(more);
    for (const [store, count] of [
      [one, 7],
      [other, 3],
    ] as const) {
      const { items } = await store.list<Execution>('Execution', {});
      expect(items).toHaveLength(count);
    }
    isWhole(
      await other.get({ kind: 'Execution', namespace: 'shop-production', name: 'more-2' }),
      'plain',
      slotsOf(2, 'more'),
    );
  });

  it('keep their uid in a log that several batches share', async () => {
    const folder = newFolder();
    const store = await open(folder);
    const [first, second] = [creations('plain', 4, 'first'), creations('plain', 4, 'second')];
    store.prepare(second);
    const mixed = creations('other', 4, 'mixed').flatMap((write, at) => [write, first[at] as Write]);
    const removal: Write = { op: 'delete', key: { kind: 'Execution', namespace: 'shop-production', name: 'first-1' } };
    await Promise.all([store.write(mixed), store.write([removal, ...second])]);
    const crashed = newFolder();
    cpSync(folder, crashed, { recursive: true });
    const later = await open(crashed);
    expect((await later.list('Execution', {})).items).toEqual((await store.list('Execution', {})).items);
    expect(later.stats().objects).toBe(12);
  });

  it('take a third of the log where they have much in common', async () => {
    const folder = newFolder();
    const store = await open(folder);
    const before = store.stats().writtenBytes;
    await store.write(creations('x'.repeat(500), 100));
    const alike = store.stats().writtenBytes - before;
    expect(alike).toBeLessThan(100 * 250);
  });

  it('are told to those who watch their labels and to no others', async () => {
    const store = await open(newFolder());
    const ending = new AbortController();
    const { signal } = ending;
    const of = (labelSelector: string) =>
      store.watch<Execution>('Execution', { labelSelector, signal })[Symbol.asyncIterator]();
    const some = of(`${LABEL.schedule}=nightly-3`);
    const none = of(LABEL.overlap);
    const [first, second] = [some.next(), none.next()];
    await store.write(creations('plain', 20));
    const batch = (await first).value as readonly { readonly object: Execution }[];
    expect(batch.map(({ object }) => object.metadata.name)).toEqual(['run-3', 'run-10', 'run-17']);
    const slots = ['late', 'nightly', TICK];
    const object = made('plain', slots);
    const labels = { ...object.metadata.labels, [LABEL.overlap]: 'forbid' };
    await store.write([{ op: 'create', object: { ...object, metadata: { ...object.metadata, labels } } }]);
    const only = (await second).value as readonly { readonly object: Execution }[];
    expect(only.map((event) => event.object.metadata.name)).toEqual(['late']);
    ending.abort();
  });

  it('are refused all together when one is not good or its name is taken', async () => {
    const store = await open(newFolder());
    await store.write(creations('plain', 2));
    const stencil = cut('plain') as Stencil;
    const like = (slots: readonly string[]): Write => creation('plain', slots, stencil);
    const good = ['good', 'nightly', TICK];
    const bad: readonly [Write, new (...args: never[]) => Error][] = [
      [like(['Bad', 'nightly', 'x']), InvalidError],
      [like(['bad', '-nightly', 'x']), InvalidError],
      [like(['run-1', 'nightly', 'x']), AlreadyExistsError],
    ];
    for (const [write, kind] of bad) await expect(store.write([like(good), write])).rejects.toBeInstanceOf(kind);
    expect(store.stats().objects).toBe(3);
    await store.write([like(good)]);
  });

  it('may change afterwards as others do', async () => {
    const folder = newFolder();
    const store = await open(folder);
    await store.write(creations('plain', 3));
    const key = { kind: 'Execution', namespace: 'shop-production', name: 'run-1' };
    await store.write([{ op: 'patch', key, patch: { spec: { desired: 'Paused' } } }]);
    await store.write([{ op: 'patchStatus', key, patch: { phase: 'Running' } }]);
    const crashed = newFolder();
    cpSync(folder, crashed, { recursive: true });
    const { spec, status } = await (await open(crashed)).get<Execution>(key);
    expect([spec.desired, status?.phase]).toEqual(['Paused', 'Running']);
  });
});

describe('no stencil is cut', () => {
  const named = (name = '', more: object = {}): Execution => {
    const object = made('plain', [name, 'nightly', TICK]);
    return { ...object, metadata: { ...object.metadata, ...more } };
  };
  const rows: readonly [string, (slots: readonly string[]) => Execution][] = [
    ['a slot is not printed', () => named('fixed')],
    ['one is the key of a label', ([name = '']) => named(name, { labels: { [name]: 'x' } })],
    ['one is a part of a label', ([name = '']) => named(name, { labels: { x: `of-${name}` } })],
    ['one is in the namespace', ([name = '']) => named(name, { namespace: name })],
    ['there are owners', ([name = '']) => named(name, { ownerReferences: [{ name: 'x' }] })],
  ];
  it.each(rows)('where %s', (_, make) => {
    expect(stencilOf(make, 1)).toBeUndefined();
  });

  it('and one is where the name is its only slot', () => {
    expect(stencilOf(([name = '']) => named(name), 1)?.slots).toBe(1);
  });
});

it('an object is what its stencil prints', () => {
  for (const note of ['plain', 'with "quotes", \\ and \n', '', '\u2028 ü 💥 \\u0001']) {
    const like = stenciled(cut(note) as Stencil, slotsOf(1));
    expect(wholeObject(like as Stenciled)).toEqual(made(note, slotsOf(1)));
  }
});

describe('slots are not taken that hold', () => {
  const rows: readonly [string, readonly string[]][] = [
    ['a quote', ['a', 'n"b', TICK]],
    ['a space', ['a', 'n b', TICK]],
    ['a backslash', ['a', 'n\\b', TICK]],
    ['nothing', ['a', 'nightly', '']],
    ['no label', ['a', '-nightly', TICK]],
    ['no name', ['A', 'nightly', TICK]],
    ['too few', ['a', 'nightly']],
    ['too many', ['a', 'nightly', TICK, 'x']],
  ];
  it.each(rows)('%s', (_, slots) => {
    expect(stenciled(cut('plain') as Stencil, slots)).toBeUndefined();
  });
});

it('a stencil that prints what may not be stored is refused', async () => {
  const store = await open(newFolder());
  const stencil = stencilOf((slots) => {
    const object = made('plain', slots);
    return { ...object, metadata: { ...object.metadata, labels: { 'no label key!': 'x' } } };
  }, 3);
  const write = creation('plain', slotsOf(1), stencil);
  expect(write.op).toBe('createAlike');
  await expect(store.write([write])).rejects.toBeInstanceOf(InvalidError);
  await expect(store.write([write])).rejects.toBeInstanceOf(InvalidError);
  expect(store.stats().objects).toBe(0);
});
