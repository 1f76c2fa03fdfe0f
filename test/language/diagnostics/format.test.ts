import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/index.ts';
import { displayWidth } from '../../../src/language/diagnostics/plain-text.ts';
import { formatDiagnostics, summaryLine } from '../../../src/language/index.ts';
import { SHAPES } from './findings.ts';

const span = (file: string, line: number, column: number, endColumn: number) => ({
  file,
  line,
  column,
  endLine: line,
  endColumn,
});

const unknownTask: Diagnostic = {
  code: 'PIPE-REF-001',
  severity: 'error',
  message: 'there is no task "add-tow"',
  span: span('pipelines/etl.yaml', 112, 13, 20),
  frame: '      task: add-tow',
  help: 'did you mean "add-two"?',
  related: [
    { message: 'declared here', span: span('pipelines/tasks.yaml', 3, 19, 26), frame: 'metadata: { name: add-two }' },
  ],
};
const hostile: Diagnostic = {
  code: 'PIPE-YAML-003',
  severity: 'warning',
  message: 'a\u001b[31m\u202eb',
  span: span('a\u001b.yaml', 1, 4, 5),
  frame: '\t日\u001bx',
};
const placeless: Diagnostic = { code: 'PIPE-PROJ-001', severity: 'error', message: 'there is no pipectl.yaml' };

describe('formatDiagnostics pretty', () => {
  it('shows the line, the range, help and related places', () => {
    expect(
      formatDiagnostics([unknownTask], 'pretty', { color: false }),
    ).toBe(`error[PIPE-REF-001]: there is no task "add-tow"
   --> pipelines/etl.yaml:112:13
    |
112 |       task: add-tow
    |             ^^^^^^^
   ::: pipelines/tasks.yaml:3:19
    |
  3 | metadata: { name: add-two }
    |                   ------- declared here
    |
    = help: did you mean "add-two"?

1 error in 1 file
`);
  });

  it('neutralises control characters and counts terminal columns', () => {
    expect(
      formatDiagnostics([hostile], 'pretty', { color: false }),
    ).toBe(`warning[PIPE-YAML-003]: a\\u{1b}[31m\\u{202e}b
 --> a\\u{1b}.yaml:1:4
  |
1 |     日\\u{1b}x
  |             ^

1 warning in 1 file
`);
  });

  it.each([80, 50, undefined])('shows findings of all shapes in %s columns', async (columns) => {
    const shown = Object.entries(SHAPES).map(([name, findings]) => {
      return `## ${name}\n\n${formatDiagnostics(findings, 'pretty', { color: false, columns })}`;
    });
    await expect(shown.join('\n')).toMatchFileSnapshot(`../../golden/diagnostics/pretty-${columns ?? 'pipe'}.txt`);
  });

  it.each([60, 80, 120])('keeps within %s columns', (columns) => {
    const lines = formatDiagnostics(Object.values(SHAPES).flat(), 'pretty', { color: false, columns }).split('\n');
    const tooWide = lines.filter((line) => displayWidth(line) > columns);
    expect(tooWide.filter((line) => !line.includes('-->') && !line.includes(':::'))).toEqual([]);
  });

  it('shows the same with colours and without', () => {
    const findings = Object.values(SHAPES).flat();
    const plain = formatDiagnostics(findings, 'pretty', { color: false, columns: 80 });
    const colored = formatDiagnostics(findings, 'pretty', { color: true, columns: 80 });
    expect(colored.replace(/\u001b\[[0-9;]*m/g, '')).toBe(plain);
  });

  it('colours on demand only', () => {
    expect(formatDiagnostics([unknownTask], 'pretty', { color: true })).toContain(
      '\u001b[1;31merror[PIPE-REF-001]\u001b[0m',
    );
    expect(formatDiagnostics([unknownTask], 'pretty', { color: false })).not.toContain('\u001b');
  });

  it('shows a place past the frame without a line', () => {
    const far = { ...unknownTask, span: span('a.yaml', 1, 5000, 5001), related: [] };
    expect(formatDiagnostics([far], 'pretty', { color: false })).not.toContain('^');
  });

  it('shows a place without a line when the text could not be read', () => {
    const unread = { ...placeless, span: span('a.yaml', 1, 1, 2), frame: '' };
    expect(formatDiagnostics([unread], 'pretty', { color: false })).toContain(' --> a.yaml:1:1\n\n');
  });

  it('says nothing of nothing', () => {
    expect(formatDiagnostics([], 'pretty', { color: false })).toBe('');
  });
});

describe('formatDiagnostics', () => {
  it('orders by file, line and column whatever the order given', () => {
    const at = (file: string, line: number, column: number): Diagnostic => ({
      ...placeless,
      span: span(file, line, column, column + 1),
    });
    const given = [at('b', 1, 1), at('a', 10, 1), at('a', 2, 9), at('a', 2, 1), placeless];
    const order = (list: readonly Diagnostic[]): string[] =>
      JSON.parse(formatDiagnostics(list, 'json', { color: false })).diagnostics.map(
        (diagnostic: Diagnostic) => `${diagnostic.span?.file}:${diagnostic.span?.line}:${diagnostic.span?.column}`,
      );
    expect(order(given)).toEqual(['undefined:undefined:undefined', 'a:2:1', 'a:2:9', 'a:10:1', 'b:1:1']);
    expect(order([...given].reverse())).toEqual(order(given));
  });

  it('gives JSON with a summary', () => {
    expect(JSON.parse(formatDiagnostics([unknownTask, hostile], 'json', { color: false }))).toEqual({
      diagnostics: [hostile, unknownTask],
      summary: { errors: 1, warnings: 1, infos: 0, files: 2 },
    });
  });

  it('gives workflow commands that data cannot break out of', () => {
    const nasty = { ...hostile, message: '100%\n::error::x', span: span('a,b:c.yaml', 1, 4, 5) };
    expect(formatDiagnostics([nasty, placeless], 'github', { color: false })).toBe(
      '::error title=PIPE-PROJ-001::there is no pipectl.yaml\n' +
        '::warning file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=4,endColumn=5,title=PIPE-YAML-003::100%25%0A::error::x\n',
    );
  });
});

describe('summaryLine', () => {
  it.each<[Diagnostic[], string]>([
    [[], 'no findings'],
    [[placeless], '1 error'],
    [[unknownTask, unknownTask, hostile], '2 errors and 1 warning in 2 files'],
    [[unknownTask, hostile, { ...placeless, severity: 'info' }], '1 error, 1 warning and 1 note in 2 files'],
  ])('%#: %s', (diagnostics, line) => {
    expect(summaryLine(diagnostics)).toBe(line);
  });
});
