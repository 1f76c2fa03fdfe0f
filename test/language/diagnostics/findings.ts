import type { Diagnostic, RelatedPlace, Severity, Span } from '../../../src/base/index.ts';

/** The place of the first `text` in a line. */
export function at(file: string, line: number, frame: string, text: string): Pick<RelatedPlace, 'span' | 'frame'> {
  const column = frame.indexOf(text) + 1;
  if (column === 0) throw new Error(`"${text}" is not in "${frame}"`);
  return { span: span(file, line, column, column + text.length), frame };
}

export function span(file: string, line: number, column: number, endColumn: number): Span {
  return { file, line, column, endLine: line, endColumn };
}

export function finding(code: string, message: string, more: Partial<Diagnostic> = {}): Diagnostic {
  const severity: Severity = 'error';
  return { code, severity, message, ...more };
}

const MAP = '        map: { task: add, over: { a: "${{ inputs.numbers }}" }, with: { a: 1, b: 2 } }';
const WIDE = `        total: "\${{ inputs.days + ${'1 + '.repeat(8)}inputs.dya + ${'2 + '.repeat(20)}0 }}"`;

/** Findings of all shapes, by what they show. */
export const SHAPES: Readonly<Record<string, readonly Diagnostic[]>> = {
  'another file': [
    finding('PIPE-REF-001', 'there is no task "add-tow" in this commit', {
      ...at('pipelines/etl.yaml', 112, '      task: add-tow', 'add-tow'),
      help: 'did you mean "add-two"?',
      related: [
        { message: 'declared here', ...at('pipelines/tasks.yaml', 3, 'metadata: { name: add-two }', 'add-two') },
      ],
    }),
  ],
  'one line': [
    finding('PIPE-INPUT-004', 'the input "a" is given twice: under "over" and under "with"', {
      ...at('pipelines/sums.yaml', 14, MAP, 'a: 1'),
      related: [{ message: 'given here', ...at('pipelines/sums.yaml', 14, MAP, 'a: "$') }],
    }),
  ],
  'several lines': [
    finding('PIPE-DAG-001', 'nodes need each other in a circle: first needs second needs third needs first', {
      ...at('pipelines/sums.yaml', 8, '    first:', 'first'),
      related: [
        { message: '"third" is part of it', ...at('pipelines/sums.yaml', 12, '    third: { task: add }', 'third') },
        { message: '"second" is part of it', ...at('pipelines/sums.yaml', 11, '    second:', 'second') },
      ],
      help: 'take one of these references away: a node starts when all that it needs has ended',
    }),
  ],
  'overlapping ranges': [
    finding('PIPE-EXPR-004', 'this is text, and an integer is wanted', {
      severity: 'warning',
      ...at(
        'a.yaml',
        9,
        '    total: "${{ inputs.name + nodes.sum.outputs.text }}"',
        'inputs.name + nodes.sum.outputs.text',
      ),
      related: [
        {
          message: 'this is text',
          ...at('a.yaml', 9, '    total: "${{ inputs.name + nodes.sum.outputs.text }}"', 'inputs.name'),
        },
        {
          message: 'and so is this, which comes from a node that is declared in another place of the workflow',
          ...at('a.yaml', 9, '    total: "${{ inputs.name + nodes.sum.outputs.text }}"', 'nodes.sum.outputs.text'),
        },
      ],
    }),
  ],
  'a long line': [
    finding('PIPE-EXPR-003', 'there is no input "dya"', {
      ...at('a.yaml', 7, WIDE, 'inputs.dya'),
      help: 'did you mean "day"?',
    }),
    finding('PIPE-EXPR-003', 'there is no input "dya"', {
      span: span('a.yaml', 9, 1200, 1203),
      frame: `${'a'.repeat(100)} dya ${'b'.repeat(135)}`,
      frameColumn: 1099,
    }),
  ],
  'wide characters and tabs': [
    finding('PIPE-YAML-019', 'a tab stands where only spaces may', {
      ...at('pipelines/日本.yaml', 3, '\t\t名前: 東京 🎉 café', 'café'),
      severity: 'info',
    }),
  ],
  'what is hidden': [
    finding('PIPE-YAML-003', 'a\u001b[31m\u202eb', {
      ...at('a\u001b.yaml', 1, '\t日\u001bx', '\u001b'),
      help: '\u0007',
    }),
  ],
  'no place': [
    finding('PIPE-PROJ-001', 'there is no pipectl.yaml', { help: 'add one: it names the paths of the definitions' }),
    finding('PIPE-YAML-002', 'the file is not UTF-8 text', {
      span: span('b.yaml', 1, 1, 2),
      frame: '',
      help: 'save it as UTF-8',
    }),
  ],
};
