import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommitIndex } from '../../src/compiler/index.ts';
import { createParseCache } from '../../src/compiler/index.ts';
import { blobOf, type Commit, commitOf, compileAll, compileChange, entriesOf, PROJECT_TEXT } from './commit.ts';

/** One definition of a generated commit: what a small edit may change. */
interface Piece {
  readonly kind: 'task' | 'workflow' | 'inline' | 'child' | 'plan' | 'schedule';
  readonly name: string;
  /** What it refers to. */
  readonly of: string;
  /** Changes the closure. */
  readonly value: number;
  readonly file: string;
  /** Changes the text alone. */
  readonly note: number;
}

const names = fc.constantFrom('a', 'b', 'c');
const piece: fc.Arbitrary<Piece> = fc.record({
  kind: fc.constantFrom('task', 'task', 'workflow', 'workflow', 'inline', 'child', 'plan', 'schedule'),
  name: names,
  of: names,
  value: fc.nat(2),
  file: fc.constantFrom('one', 'two', 'three'),
  note: fc.nat(2),
});

function textOf({ kind, name, of, value, note }: Piece): string {
  const head = (word: string) => `kind: ${word}\nmetadata: { name: ${name} } # ${note}\n`;
  switch (kind) {
    case 'task': {
      const source = value === 2 ? 'source: tasks, ' : '';
      return `${head('Task')}spec: { ${source}inputs: { n: integer }, outputs: { n: integer }, run: { command: [run, "${value}"] } }`;
    }
    case 'workflow':
      return `${head('Workflow')}spec: { inputs: { n: integer }, outputs: { n: "\${{ nodes.one.outputs.n + ${value} }}" }, nodes: { one: { task: ${of}, with: { n: "\${{ inputs.n }}" } } } }`;
    case 'inline':
      return `${head('Workflow')}spec: { inputs: { n: integer }, outputs: { n: "\${{ nodes.one.outputs.n }}" }, nodes: { one: { workflow: ${of}, with: { n: ${value} } } } }`;
    case 'child':
      return `${head('Workflow')}spec: { inputs: { n: integer }, nodes: { one: { switch: [{ when: "\${{ inputs.n > ${value} }}", then: { launchPlan: ${of}, with: { n: 1 } } }] } } }`;
    case 'plan':
      return `${head('LaunchPlan')}spec: { workflow: ${of}, inputs: { default: { n: ${value} } } }`;
    case 'schedule':
      return `${head('Schedule')}spec: { launchPlan: ${of}, every: ${value + 1}h }`;
  }
}

/** A commit of these pieces; references and names may be wrong. */
function commitOfPieces(pieces: readonly Piece[], tree: number, domain: string): Commit {
  const byFile = new Map<string, string[]>();
  for (const one of pieces) byFile.set(one.file, [...(byFile.get(one.file) ?? []), textOf(one)]);
  const files = new Map([['pipectl.yaml', PROJECT_TEXT.replace('production', domain)]]);
  for (const [file, texts] of byFile) {
    files.set(`pipelines/${file}.yaml`, `apiVersion: pipectl.dev/v1\n${texts.join('\n---\n')}\n`);
  }
  return { files, folders: new Map([['tasks', String(tree).repeat(40)]]) };
}

const commits = fc
  .tuple(fc.array(piece, { maxLength: 7 }), fc.nat(1), fc.constantFrom('production', 'staging'))
  .map(([pieces, tree, domain]) => commitOfPieces(pieces, tree, domain));

/** Pieces that fit each other, so that most generated commits compile. */
const BASE: readonly Piece[] = [
  { kind: 'task', name: 'a', of: 'a', value: 0, file: 'one', note: 0 },
  { kind: 'task', name: 'b', of: 'a', value: 2, file: 'two', note: 0 },
  { kind: 'workflow', name: 'a', of: 'a', value: 0, file: 'one', note: 0 },
  { kind: 'workflow', name: 'b', of: 'b', value: 0, file: 'three', note: 0 },
  { kind: 'plan', name: 'a', of: 'b', value: 0, file: 'two', note: 0 },
  { kind: 'schedule', name: 'a', of: 'a', value: 0, file: 'three', note: 0 },
  { kind: 'inline', name: 'e', of: 'b', value: 0, file: 'four', note: 0 },
  { kind: 'inline', name: 'f', of: 'e', value: 0, file: 'five', note: 0 },
  { kind: 'plan', name: 'f', of: 'f', value: 0, file: 'one', note: 0 },
  { kind: 'child', name: 'g', of: 'f', value: 0, file: 'six', note: 0 },
];

/** Those of them that run no workflow from another one. */
const PLAIN = BASE.slice(0, 6);

const edits = fc.array(
  fc.record({
    at: fc.nat(BASE.length - 1),
    change: fc.oneof(
      fc.record({ value: fc.nat(2) }),
      fc.record({ note: fc.nat(9) }),
      fc.record({ file: fc.constantFrom('one', 'two', 'three', 'four') }),
      fc.record({ of: fc.constantFrom('a', 'b', 'e', 'f', 'g') }),
      fc.record({ name: fc.constantFrom('a', 'b', 'd') }),
      fc.constant(null),
    ),
  }),
  { minLength: 1, maxLength: 3 },
);

function edited(list: typeof edits extends fc.Arbitrary<infer E> ? E : never, tree: number, domain: string): Commit {
  const pieces: (Piece | undefined)[] = [...BASE];
  for (const { at, change } of list) {
    const before = pieces[at];
    pieces[at] = change === null || before === undefined ? undefined : { ...before, ...change };
  }
  return commitOfPieces(
    pieces.filter((one) => one !== undefined),
    tree,
    domain,
  );
}

/** Checks a chain of changes: each gives what compiling everything gives. */
function checkChain(chain: readonly Commit[]): void {
  let before: { readonly commit: Commit; readonly index: CommitIndex } | undefined;
  for (const commit of chain) {
    const full = compileAll(commit);
    if (before !== undefined) {
      const change = compileChange(before.commit, before.index, commit);
      expect(change.kind).toBe(full.kind);
      if (change.kind === 'compiled' && full.kind === 'compiled') {
        expect(entriesOf(change.index)).toEqual(entriesOf(full.index));
        expect(change.index.project).toEqual(full.index.project);
        checkDifference(before.index, change.index, change);
      }
    }
    // Every second index is as if loaded from a store: a plain map without kept views.
    if (full.kind === 'compiled') {
      const entries = before === undefined ? new Map(full.index.entries) : full.index.entries;
      before = { commit, index: { project: full.index.project, entries } };
    }
  }
}

/** `changed` and `removed` are exactly the difference of the two indexes. */
function checkDifference(
  before: CommitIndex,
  after: CommitIndex,
  change: Extract<ReturnType<typeof compileChange>, { kind: 'compiled' }>,
): void {
  const isEntity = ([key]: readonly [string, unknown]) => !key.startsWith('Project/');
  const differing = entriesOf(after)
    .filter(isEntity)
    .filter(([key, entry]) => before.entries.get(key)?.digest !== entry.digest);
  expect(change.changed.map(({ kind, name }) => `${kind}/${name}`).sort()).toEqual(differing.map(([key]) => key));
  const gone = entriesOf(before)
    .filter(isEntity)
    .filter(([key]) => !after.entries.has(key));
  expect(change.removed).toEqual(gone.map(([key]) => key));
  for (const entity of change.changed)
    expect(after.entries.get(`${entity.kind}/${entity.name}`)?.digest).toBe(entity.digest);
}

describe('compiling a change', () => {
  it('gives what compiling everything gives, for edits of a commit that compiles', () => {
    const link = fc.tuple(edits, fc.nat(1), fc.constantFrom('production', 'staging'));
    fc.assert(
      fc.property(fc.array(link, { minLength: 1, maxLength: 3 }), (links) => {
        checkChain([
          commitOfPieces(BASE, 0, 'production'),
          ...links.map(([list, tree, domain]) => edited(list, tree, domain)),
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it('gives what compiling everything gives, for any two commits', () => {
    fc.assert(fc.property(fc.array(commits, { minLength: 2, maxLength: 3 }), checkChain), { numRuns: 40 });
  });

  it('reads the changed file and nothing else when no closure changes', () => {
    const before = commitOfPieces(PLAIN, 0, 'production');
    const after = commitOfPieces(
      PLAIN.map((one) => (one.file === 'one' ? { ...one, note: 1 } : one)),
      0,
      'production',
    );
    const change = compileChange(before, indexOf(before), after);
    expect(change).toMatchObject({ kind: 'compiled', changed: [], removed: [], filesRead: expect.any(Array) });
    expect(change.filesRead).toEqual(['pipelines/one.yaml']);
  });

  it('forgets what no longer refers to a changed entity', () => {
    // Workflow b of three.yaml turns from task b to task a; then task b of two.yaml changes.
    const pieces = BASE.slice(0, 4);
    const turned = pieces.map((one) => (one.kind === 'workflow' ? { ...one, of: 'a' } : one));
    const changed = turned.map((one) => (one.kind === 'task' && one.name === 'b' ? { ...one, value: 0 } : one));
    const first = commitOfPieces(pieces, 0, 'production');
    const second = commitOfPieces(turned, 0, 'production');
    const turn = compileChange(first, indexOf(first), second);
    if (turn.kind !== 'compiled') throw new Error('the change does not compile');
    const change = compileChange(second, turn.index, commitOfPieces(changed, 0, 'production'));
    expect(change).toMatchObject({ kind: 'compiled', changed: [{ kind: 'Task', name: 'b' }] });
    expect(change.filesRead).toEqual(['pipelines/two.yaml']);
  });

  it('follows a changed source folder to all that hold its tree', () => {
    const before = commitOfPieces(BASE, 0, 'production');
    const change = compileChange(before, indexOf(before), commitOfPieces(BASE, 1, 'production'));
    const changed = change.kind === 'compiled' ? change.changed.map(({ kind, name }) => `${kind}/${name}`) : [];
    expect(changed).toEqual([
      'Task/b',
      'Workflow/b',
      'Workflow/e',
      'Workflow/f',
      'Workflow/g',
      'LaunchPlan/a',
      'LaunchPlan/f',
    ]);
  });

  it('is rejected at the dependents of what is gone', () => {
    const before = commitOfPieces(PLAIN, 0, 'production');
    const change = compileChange(before, indexOf(before), commitOfPieces(PLAIN.slice(1), 0, 'production'));
    expect(change.diagnostics.map(({ code, span }) => `${code} ${span?.file}`)).toEqual([
      'PIPE-REF-001 pipelines/one.yaml',
    ]);
  });

  it('asks for every file when the paths of the project change', () => {
    const before = commitOf('kind: Task\nmetadata: { name: t }\nspec: { run: { command: [sh] } }');
    const other = 'apiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: u }\nspec: { run: { command: [sh] } }\n';
    const files = new Map([...before.files, ['more/x.yaml', other]]);
    const wider = new Map([...files, ['pipectl.yaml', PROJECT_TEXT.replace('[pipelines]', '[pipelines, more]')]]);
    const base = compileAll({ ...before, files });
    if (base.kind !== 'compiled') throw new Error('the base does not compile');
    const change = compileChange({ ...before, files }, base.index, { ...before, files: wider });
    const names = change.kind === 'compiled' ? [...change.index.entries.keys()].sort() : [];
    expect(names).toEqual(['Project/ticketing', 'Task/t', 'Task/u']);
  });

  it('parses no file twice with a cache', () => {
    const commit = commitOfPieces(BASE, 0, 'production');
    const cache = createParseCache();
    compileAll(commit, cache);
    const kept = [...cache.files.values()];
    expect(cache.files.size).toBe(commit.files.size);
    compileAll(commit, cache);
    expect([...cache.files.values()].every((file, at) => file === kept[at])).toBe(true);
    expect([...cache.files.keys()]).toContain(`${blobOf(PROJECT_TEXT)}:pipectl.yaml`);
  });
});

function indexOf(commit: Commit): CommitIndex {
  const compiled = compileAll(commit);
  if (compiled.kind !== 'compiled') throw new Error(JSON.stringify(compiled.diagnostics));
  return compiled.index;
}
