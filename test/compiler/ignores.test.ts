import { describe, expect, it } from 'vitest';
import { LINT_CODES } from '../../src/language/diagnostics/lint-codes.ts';
import { compileAll, compileChange } from './commit.ts';

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ticketing }
spec: { paths: [pipelines], domains: { production: { ref: main } }, lints: { LEVELS } }
`;

function commit(lines: readonly string[], levels = '') {
  const text = ['apiVersion: pipectl.dev/v1', ...lines].join('\n');
  return {
    files: new Map([
      ['pipectl.yaml', PROJECT.replace('LEVELS', levels)],
      ['pipelines/all.yaml', `${text}\n`],
    ]),
    folders: new Map<string, string>(),
  };
}

/** Findings of a file of these lines, the first of which is line 2, as `code@line`. */
function told(lines: readonly string[], levels?: string): readonly string[] {
  return compileAll(commit(lines, levels)).diagnostics.map(({ code, span }) => `${code}@${span?.line}`);
}

const USED = ['---', 'kind: Workflow', 'metadata: { name: w }', 'spec: { nodes: { one: { task: add } } }'];

function task(...run: readonly string[]): readonly string[] {
  return ['kind: Task', 'metadata: { name: add }', 'spec:', '  run:', '    command: [add]', ...run, ...USED];
}

describe('a comment that ignores', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['nothing: the finding is told', task('    image: python'), ['PIPE-LINT-001@7']],
    ['on the line', task('    image: python # pipectl: ignore PIPE-LINT-001'), []],
    ['on the line above', task('    # pipectl: ignore PIPE-LINT-001', '    image: python'), []],
    ['above another comment', task('    # pipectl: ignore PIPE-LINT-001', '    # why', '', '    image: python'), []],
    ['with a reason', task('    image: python # pipectl: ignore PIPE-LINT-001, it is our own registry'), []],
    ['in lower case', task('    image: python # pipectl: ignore pipe-lint-001'), []],
    [
      'two codes, one of which is not there',
      task('    image: python # pipectl: ignore PIPE-LINT-001, PIPE-LINT-009'),
      ['PIPE-LINT-013@7'],
    ],
    [
      'behind other content on the line above',
      task('    env: { A: b } # pipectl: ignore PIPE-LINT-001', '    image: python'),
      ['PIPE-LINT-013@7', 'PIPE-LINT-001@8'],
    ],
    [
      'inside of a text',
      task('    image: python', '    env: { A: " # pipectl: ignore PIPE-LINT-001" }'),
      ['PIPE-LINT-001@7'],
    ],
    [
      'inside of a block of text',
      task('    env:', '      A: |', '        # pipectl: ignore PIPE-LINT-001', '    image: python'),
      ['PIPE-LINT-001@10'],
    ],
    ['an unknown code', task('    image: a:1 # pipectl: ignore PIPE-LINT-01'), ['PIPE-LINT-014@7']],
    ['no code', task('    image: a:1 # pipectl: ignore this'), ['PIPE-LINT-014@7']],
    [
      'an error',
      [
        'kind: Workflow',
        'metadata: { name: w }',
        'spec: { nodes: { one: { task: no } } } # pipectl: ignore PIPE-REF-001',
      ],
      ['PIPE-REF-001@4', 'PIPE-LINT-013@4'],
    ],
    [
      'a warning that the schema found',
      task('    env: {}', '  resources:', '    limits: { memory: 512m } # pipectl: ignore PIPE-VALUE-007'),
      [],
    ],
  ])('%s', (_name, lines, found) => {
    expect(told(lines)).toEqual(found);
  });

  it('keeps what it silences silent when only what the file refers to changes', () => {
    const lines = task('    env: {}', '  resources:', '    limits: { memory: 512m } # pipectl: ignore PIPE-VALUE-007');
    const flow = ['apiVersion: pipectl.dev/v1', 'kind: Workflow', 'metadata: { name: v }'].join('\n');
    const with_ = (id: string) => {
      const { files, folders } = commit(lines);
      return { files: new Map([...files, ['pipelines/v.yaml', `${flow}\nspec: { nodes: { ${id} } }\n`]]), folders };
    };
    const before = with_('one: { task: add }');
    const base = compileAll(before);
    if (base.kind !== 'compiled') throw new Error('the base does not compile');
    const after = with_('one: { compute: { x: 1 } }');
    const change = compileChange(before, base.index, after);
    expect(change.diagnostics.map(({ code }) => code)).toEqual(['PIPE-LINT-004']);
  });
});

describe('levels', () => {
  const python = task('    image: python');
  it('switch a warning off', () => {
    expect(told(python, 'PIPE-LINT-001: off')).toEqual([]);
  });

  it('make it an error, which a comment cannot silence', () => {
    const silenced = commit(task('    image: python # pipectl: ignore PIPE-LINT-001'), 'PIPE-LINT-001: error');
    const { kind, diagnostics } = compileAll(silenced);
    expect(kind).toBe('rejected');
    expect(diagnostics.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
      'PIPE-LINT-001 error',
      'PIPE-LINT-013 warning',
    ]);
  });

  it('are told to be of no use for errors and unknown codes', () => {
    const { diagnostics } = compileAll(commit(python, 'PIPE-REF-001: off, PIPE-LINT-099: off'));
    expect(diagnostics.map(({ code }) => code)).toEqual(['PIPE-PROJ-006', 'PIPE-PROJ-006']);
  });

  it('reject a commit whose files are those of an accepted one', () => {
    const before = commit(python);
    const base = compileAll(before);
    if (base.kind !== 'compiled') throw new Error('the base does not compile');
    expect(compileChange(before, base.index, commit(python, 'PIPE-LINT-001: error')).kind).toBe('rejected');
  });
});

describe('secrets', () => {
  const AWS = `AKIA${'ABCDEFGH'.repeat(2)}`;
  it.each([
    ['by the name of a variable', '    env: { DB_PASSWORD: hunter22 }', 'hunter22'],
    ['by their form', `    env: { WHO: ${AWS} }`, AWS],
    ['on a line with another', `    env: { A_TOKEN: first-one, B_SECRET: second-one }`, 'first-one'],
  ])('are found %s, and never shown', (_name, line, secret) => {
    const { diagnostics } = compileAll(commit(task(line)));
    expect(diagnostics.map(({ code }) => code)).toContain('PIPE-LINT-009');
    expect(JSON.stringify(diagnostics)).not.toContain(secret);
  });

  it.each(['/run/secrets/token', '$TOKEN', 'true', '""', 'changeme'])('are not seen in %s', (value) => {
    expect(told(task(`    env: { API_TOKEN: ${value === 'true' ? '"true"' : value} }`))).toEqual([]);
  });

  it('are found in the inputs of nodes', () => {
    const lines = [
      'kind: Workflow',
      'metadata: { name: w }',
      'spec:',
      '  outputs: { x: "${{ nodes.one.outputs.x }}" }',
      '  nodes:',
      `    one: { compute: { x: "key ${AWS}" } }`,
    ];
    expect(told(lines)).toEqual(['PIPE-LINT-009@7']);
  });
});

it('every lint has a level to set', () => {
  expect(LINT_CODES.filter(({ severity }) => severity === 'error')).toEqual([]);
});
