import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/base/index.ts';
import type { CommitIndex } from '../../src/compiler/index.ts';
import { type Answer, type Commit, compileAll, compileChange, entriesOf } from './commit.ts';

/** A definition of a generated commit, with what policies and lints look at. */
interface Piece {
  readonly kind: 'task' | 'workflow' | 'plan' | 'schedule' | 'policy';
  readonly name: string;
  readonly of: string;
  readonly value: number;
  readonly file: string;
  /** An ignore comment above the name. */
  readonly ignore: string | null;
}

const names = fc.constantFrom('a', 'b');
const CODES = [
  'PIPE-LINT-001',
  'PIPE-LINT-003',
  'PIPE-LINT-005',
  'PIPE-LINT-008',
  'PIPE-LINT-011',
  'PIPE-LINT-013',
  'PIPE-POLICY-002',
];
const ignores = fc.constantFrom(null, null, null, 'PIPE-LINT-005', 'PIPE-POLICY-002', 'PIPE-LINT-003', 'PIPE-LINT-1');
const levels = fc.dictionary(fc.constantFrom(...CODES), fc.constantFrom('off', 'error', 'warning'), { maxKeys: 2 });

const ASSERTS = [
  'kind: Schedule, assert: facts.minIntervalSeconds >= 10800',
  'kind: Task, assert: object.spec.retries.limit < 1, severity: warning',
  'kind: Workflow, assert: "facts.nodes.all(n, n.retries < 2)"',
  'kind: Project, assert: \'"production" in object.spec.domains\'',
  'kind: Project, assert: \'"staging" in object.spec.domains\', severity: warning',
];

function textOf({ kind, name, of, value, ignore }: Piece): string {
  const comment = ignore === null ? '' : `# pipectl: ignore ${ignore}\n`;
  const head = (word: string) => `kind: ${word}\n${comment}metadata: { name: ${name} }\n`;
  switch (kind) {
    case 'task': {
      const image = value === 2 ? 'python' : 'python:3.12';
      return `${head('Task')}spec: { retries: ${value}, idempotent: ${value === 0}, outputs: { n: integer }, run: { image: "${image}", command: [run] } }`;
    }
    case 'workflow':
      return `${head('Workflow')}spec: { inputs: { n: { type: integer, default: 1 } }, outputs: { n: "\${{ nodes.one.outputs.n${value === 2 ? '' : ' + inputs.n'} }}" }, nodes: { one: { task: ${of} } } }`;
    case 'plan':
      return `${head('LaunchPlan')}spec: { workflow: ${of}, inputs: { default: { n: ${value} } } }`;
    case 'schedule':
      return `${head('Schedule')}spec: { launchPlan: ${of}, every: ${value + 1}h }`;
    case 'policy': {
      const [, wanted = '', rest = ''] = /^kind: (\w+), (.*)$/.exec(ASSERTS[value] as string) ?? [];
      return `${head('Policy')}spec: { rules: [{ name: rule, match: { kinds: [${wanted}] }, message: no, ${rest} }] }`;
    }
  }
}

function commitOf(pieces: readonly Piece[], lints: Readonly<Record<string, string>>, domain: string): Commit {
  const byFile = Map.groupBy(pieces, ({ file }) => file);
  const set = Object.entries(lints).map(([code, level]) => `${code}: ${level}`);
  const project = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ticketing }
spec: { paths: [pipelines], domains: { ${domain}: { ref: main } }, lints: { ${set.join(', ')} } }
`;
  const files = new Map([['pipectl.yaml', project]]);
  for (const [file, ones] of byFile) {
    files.set(`pipelines/${file}.yaml`, `apiVersion: pipectl.dev/v1\n${ones.map(textOf).join('\n---\n')}\n`);
  }
  return { files, folders: new Map() };
}

const BASE: readonly Piece[] = [
  { kind: 'task', name: 'a', of: 'a', value: 0, file: 'five', ignore: 'PIPE-LINT-005' },
  { kind: 'task', name: 'b', of: 'a', value: 1, file: 'six', ignore: null },
  { kind: 'task', name: 'c', of: 'a', value: 2, file: 'seven', ignore: 'PIPE-LINT-005' },
  { kind: 'workflow', name: 'c', of: 'c', value: 0, file: 'seven', ignore: null },
  { kind: 'workflow', name: 'a', of: 'a', value: 0, file: 'three', ignore: null },
  { kind: 'workflow', name: 'b', of: 'b', value: 0, file: 'one', ignore: null },
  { kind: 'plan', name: 'a', of: 'b', value: 0, file: 'two', ignore: null },
  { kind: 'schedule', name: 'a', of: 'a', value: 1, file: 'three', ignore: null },
  { kind: 'policy', name: 'a', of: 'a', value: 3, file: 'four', ignore: null },
];

const edit = fc.record({
  at: fc.nat(BASE.length - 1),
  change: fc.oneof(
    fc.record({ value: fc.nat(2) }),
    fc.record({ value: fc.nat(4) }),
    fc.record({ file: fc.constantFrom('one', 'two', 'seven') }),
    fc.record({ of: names }),
    fc.record({ of: fc.constant('c') }),
    fc.record({ ignore: ignores }),
    fc.constant(null),
  ),
});

const links = fc.array(
  fc.record({
    edits: fc.array(edit, { minLength: 1, maxLength: 2 }),
    lints: fc.oneof(fc.constant({}), fc.constant({}), levels),
    domain: fc.constantFrom('production', 'production', 'staging'),
  }),
  { minLength: 3, maxLength: 5 },
);

const FIRST = { edits: [], lints: {}, domain: 'production' };

type Compiled = Extract<Answer, { kind: 'compiled' }>;

function lines(diagnostics: readonly Diagnostic[]): ReadonlySet<string> {
  return new Set(
    diagnostics.map(({ code, severity, message, span }) => JSON.stringify([code, severity, message, span])),
  );
}

/** A change is rejected when the whole commit is; it tells all that is new, and nothing that is not so. */
function checkChange(before: Compiled & { readonly commit: Commit }, after: Commit): Answer {
  const full = compileAll(after);
  const base: CommitIndex = { project: before.index.project, entries: before.index.entries };
  const change = compileChange(before.commit, base, after);
  expect(change.kind).toBe(full.kind);
  if (change.kind === 'compiled' && full.kind === 'compiled') {
    expect(entriesOf(change.index)).toEqual(entriesOf(full.index));
    const [told, all, old] = [change, full, before].map(({ diagnostics }) => lines(diagnostics));
    expect([...(told as ReadonlySet<string>)].filter((line) => all?.has(line) !== true)).toEqual([]);
    expect([...(all as ReadonlySet<string>)].filter((line) => !told?.has(line) && !old?.has(line))).toEqual([]);
  }
  return full;
}

describe('policies and lints of a change', () => {
  it('say what they say of the whole commit', () => {
    let compared = 0;
    fc.assert(
      fc.property(links, (chain) => {
        let kept: readonly (Piece | undefined)[] = BASE;
        let before: (Compiled & { readonly commit: Commit }) | undefined;
        for (const { edits, lints, domain } of [FIRST, ...chain]) {
          const pieces = [...kept];
          for (const { at, change } of edits) {
            const piece = pieces[at] ?? (BASE[at] as Piece);
            const value =
              change !== null && 'value' in change && piece.kind !== 'policy' ? change.value % 3 : undefined;
            pieces[at] = change === null ? undefined : { ...piece, ...change, ...(value !== undefined && { value }) };
          }
          const commit = commitOf(
            pieces.filter((piece) => piece !== undefined),
            lints,
            domain,
          );
          const full = before === undefined ? compileAll(commit) : checkChange(before, commit);
          if (before !== undefined) compared += 1;
          if (full.kind !== 'compiled') continue;
          before = { ...full, commit };
          kept = pieces;
        }
      }),
      { numRuns: 120 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
