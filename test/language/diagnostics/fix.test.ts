import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fix } from '../../../src/base/index.ts';
import {
  applyFixes,
  didYouMean,
  fixOf,
  parseDefinitions,
  suggestedBy,
  withFixes,
} from '../../../src/language/index.ts';
import { at, finding, span } from './findings.ts';

/** The document after all its fixes. */
function fixed(text: string): string {
  const { diagnostics } = parseDefinitions({ path: 'a.yaml', bytes: new TextEncoder().encode(text) });
  const fixes = withFixes(diagnostics).flatMap(({ fix }) => (fix === undefined ? [] : [fix]));
  return applyFixes(text, fixes).text;
}

const task = (spec: string, head = 'apiVersion: pipectl.dev/v1\nkind: Task') =>
  `${head}\nmetadata: { name: add }\nspec:\n  run: { command: [sh, add.sh] }\n${spec}`;
const schedule = (spec: string) =>
  `apiVersion: pipectl.dev/v1\nkind: Schedule\nmetadata: { name: daily }\nspec:\n  launchPlan: daily\n${spec}`;

describe('fixes', () => {
  it.each([
    ['a misspelled field', task('  retrys: 3\n'), task('  retries: 3\n')],
    ['a misspelled kind', task('', 'apiVersion: pipectl.dev/v1\nkind: Tsak'), task('')],
    ['a misspelled type', task('  inputs: { a: strng }\n'), task('  inputs: { a: string }\n')],
    ['a type of another language', task('  inputs: { a: int }\n'), task('  inputs: { a: integer }\n')],
    ['a part of a type', task('  inputs: { a: "list<intger>" }\n'), task('  inputs: { a: "list<integer>" }\n')],
    ['a missing apiVersion', task('', 'kind: Task'), task('')],
    [
      'a number where text belongs',
      task('').replace('add.sh]', 'add.sh, 1]'),
      task('').replace('add.sh]', 'add.sh, "1"]'),
    ],
    [
      'a command without brackets',
      task('').replace('[sh, add.sh]', 'sleep 1'),
      task('').replace('[sh, add.sh]', '[sleep, "1"]'),
    ],
    [
      'yes for true',
      schedule('  cron: "0 2 * * *"\n  active: yes\n'),
      schedule('  cron: "0 2 * * *"\n  active: true\n'),
    ],
    [
      'a cron pattern without quotes',
      schedule('  cron: */5 * * * *  # often\n'),
      schedule('  cron: "*/5 * * * *"  # often\n'),
    ],
    ['a leading zero', task('  env: { MODE: 0755 }\n'), task('  env: { MODE: "0755" }\n')],
    ['a tab', task('\tretries: 3\n'), task('  retries: 3\n')],
    ['an invisible character', task('# a\u202eb\n'), task('# ab\n')],
    [
      'an expression without quotes in a flow map',
      'apiVersion: pipectl.dev/v1\nkind: Workflow\nmetadata: { name: w }\nspec:\n  nodes: { a: { compute: { x: ${{ 1 + 1 }} } } }\n',
      'apiVersion: pipectl.dev/v1\nkind: Workflow\nmetadata: { name: w }\nspec:\n  nodes: { a: { compute: { x: "${{ 1 + 1 }}" } } }\n',
    ],
  ])('correct %s', (_name, before, after) => {
    expect(fixed(before)).toBe(after);
  });

  it.each([
    [
      'a field that is like two others',
      finding('PIPE-SCHEMA-004', 'x', { ...at('a', 1, 'abx: 1', 'abx'), help: 'did you mean "aby" or "abz"?' }),
    ],
    [
      'a name of one letter',
      finding('PIPE-EXPR-003', 'x', { ...at('a', 1, 'a: ${{ inputs.c }}', 'inputs.c'), help: 'did you mean "b"?' }),
    ],
    [
      'a range with two names like it',
      finding('PIPE-EXPR-003', 'x', { ...at('a', 1, 'dayz + dayx', 'dayz + dayx'), help: 'did you mean "days"?' }),
    ],
    [
      'advice that is no name',
      finding('PIPE-TYPE-001', 'x', { ...at('a', 1, 'a: dict', 'dict'), help: 'did you mean "map<…>"?' }),
    ],
    [
      'a valid value that may be meant',
      finding('PIPE-VALUE-007', 'x', { ...at('a', 1, 'a: 100m', '100m'), help: 'did you mean "100Mi"?' }),
    ],
    [
      'text that joins an expression',
      finding('PIPE-YAML-010', 'x', {
        ...at('a', 1, '{ a: x-${{ b }} }', '${{ b }}'),
        help: 'write "${{ … }}" with quotes around it',
      }),
    ],
    [
      'a place that is not shown',
      finding('PIPE-REF-001', 'x', { span: span('a', 1, 300, 303), frame: 'short', help: 'did you mean "abc"?' }),
    ],
  ])('leave %s to people', (_name, diagnostic) => {
    expect(fixOf(diagnostic)).toBeUndefined();
  });

  it('find the one name of an expression that is meant', () => {
    const frame = '  x: "${{ nodes.sum.outputs.totl + 1 }}"';
    const fix = fixOf(
      finding('PIPE-EXPR-003', 'x', { ...at('a', 7, frame, 'nodes.sum.outputs.totl'), help: 'did you mean "total"?' }),
    );
    expect(fix).toEqual({ title: 'replace "totl" by "total"', edits: [{ span: span('a', 7, 29, 33), text: 'total' }] });
  });

  it('quote a name that YAML would read as something else', () => {
    const fix = fixOf(
      finding('PIPE-REF-001', 'x', { ...at('a', 1, 'task: "nul"', '"nul"'), help: 'did you mean "null"?' }),
    );
    expect(fix?.edits[0]?.text).toBe('"null"');
    const plain = fixOf(
      finding('PIPE-REF-001', 'x', { ...at('a', 1, 'task: nul', 'nul'), help: 'did you mean "null"?' }),
    );
    expect(plain?.edits[0]?.text).toBe('"null"');
  });
});

it('shows all of the text that begins with a star', () => {
  const bytes = new TextEncoder().encode(schedule('  cron: */5 * * * *  # often\n'));
  const [found] = parseDefinitions({ path: 'a.yaml', bytes }).diagnostics;
  expect(found?.span).toEqual(span('a.yaml', 6, 9, 20));
});

describe('did you mean', () => {
  it.each([
    ['taks', ['task', 'map'], 'did you mean "task"?', 'task'],
    ['abx', ['aby', 'abz', 'q'], 'did you mean "aby" or "abz"?', undefined],
    ['zzz', ['task'], undefined, undefined],
  ])('%s of %s', (name, candidates, help, suggested) => {
    expect(didYouMean(name, candidates)).toBe(help);
    expect(help === undefined ? undefined : suggestedBy(help)).toBe(suggested);
  });
});

describe('applyFixes', () => {
  const edit = (line: number, column: number, endColumn: number, text: string): Fix => ({
    title: text,
    edits: [{ span: span('a', line, column, endColumn), text }],
  });

  it('applies what does not overlap, whole or not at all', () => {
    const both: Fix = { title: 'both', edits: [...edit(1, 1, 2, 'A').edits, ...edit(2, 1, 3, 'B').edits] };
    const { text, applied, skipped } = applyFixes('abc\ndef\n', [
      edit(2, 2, 3, 'E'),
      both,
      edit(1, 3, 4, 'CC'),
      edit(9, 1, 2, 'x'),
    ]);
    expect(text).toBe('abCC\ndEf\n');
    expect(applied.map(({ fix, made }) => [fix.title, made])).toEqual([
      ['CC', [{ start: 2, end: 4 }]],
      ['E', [{ start: 6, end: 7 }]],
    ]);
    expect(skipped.map(({ title }) => title)).toEqual(['both', 'x']);
  });

  it('makes the text at the ranges that it tells of, and leaves all else as it was', () => {
    const edits = fc.array(
      fc.record({
        line: fc.integer({ min: 1, max: 4 }),
        column: fc.integer({ min: 1, max: 6 }),
        length: fc.integer({ min: 0, max: 3 }),
        text: fc.string({ maxLength: 4 }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(edits, (wanted) => {
        const source = 'abcdefgh\nijklmnop\nqrstuvwx\nyz012345\n';
        const fixes = wanted.map(({ line, column, length, text }) => edit(line, column, column + length, text));
        const { text, applied } = applyFixes(source, fixes);
        let rest = text;
        let original = source;
        for (const { fix, made } of [...applied].reverse()) {
          const { span: place, text: inserted } = fix.edits[0]!;
          const start = (place.line - 1) * 9 + place.column - 1;
          expect(text.slice(made[0]!.start, made[0]!.end)).toBe(inserted);
          rest = rest.slice(0, made[0]!.start) + rest.slice(made[0]!.end);
          original = original.slice(0, start) + original.slice(start + place.endColumn - place.column);
        }
        expect(rest).toBe(original);
      }),
    );
  });
});
