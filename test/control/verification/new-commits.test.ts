import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newCommits } from '../../../src/control/verification/index.ts';
import type { ObjectReader } from '../../../src/git/index.ts';

interface History {
  /** Parents of each commit, all of them earlier in the list, and the second that it says it was made at. */
  readonly commits: readonly { readonly parents: readonly number[]; readonly at: number }[];
  readonly head: number;
  readonly known: readonly number[];
}

function oid(index: number): string {
  return index.toString(16).padStart(40, '0');
}

/** The objects of a history, and how often each is read. */
function objectsOf({ commits }: History): ObjectReader {
  return {
    async read(id) {
      const commit = commits[Number.parseInt(id, 16)];
      if (commit === undefined) return { kind: 'missing' };
      const parents = commit.parents.map((parent) => `parent ${oid(parent)}\n`).join('');
      const who = `Ada <ada@example.org> ${commit.at} +0000`;
      const text = `tree ${oid(0)}\n${parents}author ${who}\ncommitter ${who}\n\nmessage\n`;
      return { kind: 'found', type: 'commit', bytes: Buffer.from(text) };
    },
  };
}

/** `git rev-list head --not known`, by its definition. */
function expected({ commits, head, known }: History): ReadonlySet<string> {
  const reach = (starts: readonly number[]): ReadonlySet<number> => {
    const found = new Set<number>();
    const pending = [...starts];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      pending.push(...(commits[next]?.parents ?? []));
    }
    return found;
  };
  const old = reach(known);
  return new Set([...reach([head])].filter((index) => !old.has(index)).map(oid));
}

const history = fc.integer({ min: 1, max: 25 }).chain((count) =>
  fc.record({
    commits: fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.record({
          parents: fc.uniqueArray(fc.nat(Math.max(index - 1, 0)), { maxLength: index === 0 ? 0 : 3 }),
          at: fc.nat(100_000),
        }),
      ),
    ),
    head: fc.nat(count - 1),
    known: fc.uniqueArray(fc.nat(count - 1), { maxLength: 4 }),
  }),
);

/** With clocks that go forward from parent to child. */
function ordered({ commits, ...rest }: History): History {
  return { ...rest, commits: commits.map((commit, index) => ({ ...commit, at: index })) };
}

const BOUNDS = { commits: 1_000, reads: 1_000 };

async function found(all: History): Promise<ReadonlySet<string>> {
  const result = await newCommits(objectsOf(all), oid(all.head), all.known.map(oid), BOUNDS);
  if (result.kind === 'tooMany') throw new Error('too many');
  return new Set(result.commits.map((commit) => commit.oid));
}

describe('the commits that a head brings', () => {
  it('are those that git lists, where clocks go forward', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (all) => {
        expect(await found(ordered(all))).toEqual(expected(ordered(all)));
      }),
      { numRuns: 300 },
    );
  });

  it('lack none that git lists, whatever the clocks say', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (all) => {
        const listed = await found(all);
        expect([...expected(all)].filter((commit) => !listed.has(commit))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('are bounded, and so is what is read to find them', async () => {
    const commits = Array.from({ length: 200 }, (_, at) => ({ parents: at === 0 ? [] : [at - 1], at }));
    const objects = objectsOf({ commits, head: 199, known: [] });
    expect(await newCommits(objects, oid(199), [], { commits: 100, reads: 1_000 })).toEqual({ kind: 'tooMany' });
    expect(await newCommits(objects, oid(199), [], { commits: 1_000, reads: 100 })).toEqual({ kind: 'tooMany' });
    expect(await newCommits(objects, oid(199), [oid(150)], { commits: 49, reads: 100 })).toMatchObject({
      kind: 'found',
    });
  });

  it('end where history was cut off', async () => {
    const commits = [{ parents: [777], at: 1 }];
    const result = await newCommits(objectsOf({ commits, head: 0, known: [] }), oid(0), [], BOUNDS);
    expect(result).toMatchObject({ kind: 'found', commits: [{ oid: oid(0) }] });
  });
});
