import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dotText, isBeyondMermaid, mermaidText } from '../../../src/client/graph/index.ts';
import { chainOf, hostileDrawing } from './drawings.ts';

const NODES = [
  { id: 'read', kind: 'task', target: 'read-file' },
  { id: 'each', kind: 'map', target: 'add-two' },
  { id: 'sum', kind: 'compute', when: 'nodes.read.outputs.a < 3' },
];
const MARKS = new Map([['each', { phase: 'Failed', text: 'Failed in 3.1s' }]]);

/** Statements of a flowchart, as narrow as what is written. */
const LABEL = '"(?:[\\p{L}\\p{N}\\p{M} .,:;…/()+=_-]|#\\d+;|<br/>)*"';
const MERMAID = [
  /^flowchart (LR|TD)$/,
  /^ {2}accTitle: [\p{L}\p{N}\p{M} .,:/()+=_-]*$/u,
  new RegExp(
    `^  n\\d+(\\[${LABEL}\\]|\\[/${LABEL}\\\\\\]|\\(\\[${LABEL}\\]\\)|\\[\\[${LABEL}\\]\\]|\\{${LABEL}\\}|\\{\\{${LABEL}\\}\\}|>${LABEL}\\]|\\(${LABEL}\\))(:::[a-z]+)?$`,
    'u',
  ),
  /^ {2}n\d+ (-->|-\.->) n\d+$/,
  /^ {2}classDef [a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}(,stroke-dasharray:5 4)?$/,
];

const STRING = '"(?:[^"\\\\\\n]|\\\\.)*"';
const ATTRIBUTES = `\\[[a-z]+=(?:\\w+|${STRING})(?:, [a-z]+=(?:\\w+|${STRING}))*\\]`;
const DOT = [
  new RegExp(`^digraph ${STRING} \\{$`),
  new RegExp(`^  (graph|node|edge) ${ATTRIBUTES};$`),
  new RegExp(`^  n\\d+ ${ATTRIBUTES};$`),
  new RegExp(`^  n\\d+ -> n\\d+( ${ATTRIBUTES})?;$`),
  /^\}$/,
];

function strangeLines(text: string, grammar: readonly RegExp[]): readonly string[] {
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.slice(0, -1).split('\n');
  return lines.filter((line) => !grammar.some((rule) => rule.test(line)));
}

describe('mermaidText', () => {
  it('keeps to the grammar, whatever names hold', () => {
    fc.assert(
      fc.property(hostileDrawing, (drawing) => {
        expect(strangeLines(mermaidText(drawing), MERMAID)).toEqual([]);
      }),
    );
  });

  it('shows kinds by shape and phases by class and word', () => {
    const text = mermaidText(chainOf(NODES, { marks: MARKS }));
    expect(text.split('\n').slice(0, 7)).toEqual([
      'flowchart LR',
      '  accTitle: chain',
      '  n0["read<br/>task read-file<br/>Pending"]:::pending',
      '  n1[/"each<br/>map add-two<br/>Failed in 3.1s"\\]:::failed',
      '  n2(["sum<br/>compute<br/>if read.a #60; 3<br/>Pending"]):::pending',
      '  n0 --> n1',
      '  n1 --> n2',
    ]);
    expect(text).toContain('  classDef failed fill:#ffebe9,');
  });

  it('dots edges that add nothing', () => {
    const { graph } = chainOf(NODES);
    const edges = [...graph.edges, { from: 0, to: 2, isImplied: true }];
    const text = mermaidText({ graph: { ...graph, edges }, direction: 'down' });
    expect(text).toMatch(/^flowchart TD\n/);
    expect(text).toContain('\n  n0 -.-> n2\n');
  });

  it('knows what Mermaid refuses by itself', () => {
    const small = chainOf(NODES);
    const large = chainOf(Array.from({ length: 502 }, (_, at) => ({ id: `n${at}`, kind: 'task' })));
    expect([small, large].map((drawing) => isBeyondMermaid(drawing, mermaidText(drawing)))).toEqual([false, true]);
  });
});

describe('dotText', () => {
  it('keeps to the grammar, whatever names hold', () => {
    fc.assert(
      fc.property(hostileDrawing, (drawing) => {
        expect(strangeLines(dotText(drawing), DOT)).toEqual([]);
      }),
    );
  });

  it('shows kinds by shape and phases by colour and word', () => {
    const lines = dotText(chainOf(NODES, { marks: MARKS, direction: 'down' })).split('\n');
    expect(lines).toContain(
      '  n0 [label="read\\ntask read-file\\nPending", shape=box, fillcolor="#f6f8fa", color="#59636e", fontcolor="#59636e"];',
    );
    expect(lines.find((line) => line.startsWith('  n1 ['))).toContain(
      'Failed in 3.1s", shape=box, peripheries=2, fillcolor="#ffebe9"',
    );
    expect(lines.find((line) => line.startsWith('  graph ['))).toContain('rankdir=TB');
    expect(lines).toContain('  n0 -> n1;');
  });
});
