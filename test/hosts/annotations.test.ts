import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS_PER_REQUEST, ANNOTATIONS_PER_STEP, MAX_CHECK_ANNOTATIONS } from '../../src/base/index.ts';
import {
  type Annotation,
  annotationBatches,
  annotationCommands,
  annotationsOf,
  maskCommand,
} from '../../src/hosts/index.ts';

const FINDING: Annotation = { level: 'error', file: 'a.yaml', line: 3, endLine: 4, title: 'rule', message: 'text' };

/** Signs that mean something to a runner, to HTML or to Markdown. */
const SIGNS = fc.constantFrom(...'ab:,%=\r\n-<>!` @\u2028\u0000\ud800é');

describe('annotations in a log', () => {
  const rows: readonly (readonly [string, Partial<Annotation>, string])[] = [
    ['as they are', {}, '::error file=a.yaml,line=3,endLine=4,title=rule::text'],
    ['of each level', { level: 'notice' }, '::notice file=a.yaml,line=3,endLine=4,title=rule::text'],
    ['of several lines', { message: 'a\r\nb' }, '::error file=a.yaml,line=3,endLine=4,title=rule::a%0D%0Ab'],
    ['with a percent sign', { message: '5%0A' }, '::error file=a.yaml,line=3,endLine=4,title=rule::5%250A'],
    [
      'with a command in the name of a file',
      { file: 'a,line=9::\n::set-output name=x::y' },
      '::error file=a%2Cline=9%3A%3A%0A%3A%3Aset-output name=x%3A%3Ay,line=3,endLine=4,title=rule::text',
    ],
  ];
  it.each(rows)('%s', (_name, changed, line) => {
    expect(annotationCommands([{ ...FINDING, ...changed }]).lines).toEqual([line]);
  });

  it('are ten of a kind, and the others are left', () => {
    const many = Array.from({ length: 12 }, (_none, at): Annotation => ({ ...FINDING, line: at + 1, endLine: at + 1 }));
    const { lines, rest } = annotationCommands([...many, { ...FINDING, level: 'warning' }]);
    expect(lines).toHaveLength(ANNOTATIONS_PER_STEP + 1);
    expect(rest).toEqual(many.slice(ANNOTATIONS_PER_STEP));
  });

  it('take one line each, whatever stands in them', () => {
    const text = fc.string({ unit: SIGNS, maxLength: 50 });
    fc.assert(
      fc.property(text, text, text, (file, title, message) => {
        const [line = ''] = annotationCommands([{ ...FINDING, file, title, message }]).lines;
        expect(line).not.toMatch(/[\r\n]/);
        expect(line.slice(2).split('::')[0]).toMatch(/^error file=[^:,]*,line=3,endLine=4,title=[^:,]*$/);
        expect(maskCommand(message)).not.toMatch(/[\r\n]/);
      }),
    );
  });
});

describe('annotations of a check', () => {
  it.each([
    [0, [0]],
    [1, [1]],
    [ANNOTATIONS_PER_REQUEST, [50]],
    [ANNOTATIONS_PER_REQUEST + 1, [50, 1]],
    [MAX_CHECK_ANNOTATIONS + 70, Array.from({ length: 20 }, () => 50)],
  ])('%d go in batches', (count, sizes) => {
    const batches = annotationBatches(Array.from({ length: count }, () => FINDING));
    expect(batches.map((batch) => batch.length)).toEqual(sizes);
  });

  it('are findings that have a file', () => {
    const found = annotationsOf([
      { rule: 'lint', level: 'warning', message: 'text', help: 'do so', file: 'a.yaml', line: 3 },
      { rule: 'lint', level: 'warning', message: 'text', file: 'b.yaml' },
      { rule: 'lint', level: 'warning', message: 'nowhere' },
    ]);
    expect(found).toMatchObject([
      { file: 'a.yaml', line: 3, endLine: 3, title: 'lint', message: 'text\ndo so' },
      { file: 'b.yaml', line: 1, endLine: 1 },
    ]);
  });
});
