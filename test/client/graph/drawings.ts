import fc from 'fast-check';
import type { Drawing, NodeMark } from '../../../src/client/graph/index.ts';
import type { GraphNode } from '../../../src/compiler/graph/index.ts';

/** A drawing of nodes in a chain. */
export function chainOf(nodes: readonly GraphNode[], more: Omit<Drawing, 'graph'> = {}): Drawing {
  const edges = nodes.slice(1).map((_, from) => ({ from, to: from + 1, isImplied: false }));
  return { graph: { name: 'chain', nodes, edges }, ...more };
}

const HOSTILE = [
  '"',
  "'",
  '`',
  '<',
  '>',
  '&',
  '#',
  ';',
  '%%',
  '\\',
  '\\"',
  '\n',
  '\r',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '\ud800',
  '\uffff',
  ']]>',
  '</text><script>alert(1)</script>',
  '" onload="x',
  '"] --> n9["',
  '}; node [label="',
  '&lt;',
  '<br/>',
  'end',
  '__proto__',
  'constructor',
  '%%{init: {}}%%',
  'click n0 "javascript:x"',
  '😀',
  '数据',
];

/** Text that would break out of what it stands in, if anything could. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ maxLength: 8, unit: 'binary' })), { maxLength: 5 })
  .map((parts) => parts.join(''));

const node: fc.Arbitrary<GraphNode> = fc.record(
  { id: hostileText, kind: hostileText, target: hostileText, when: hostileText },
  { requiredKeys: ['id', 'kind'] },
);

const mark: fc.Arbitrary<NodeMark> = fc.record(
  {
    phase: fc.oneof(fc.constantFrom('Succeeded', 'Failed'), hostileText),
    text: hostileText,
    progress: fc.record({ size: fc.nat(9), succeeded: fc.nat(9), failed: fc.nat(9), running: fc.nat(9) }),
  },
  { requiredKeys: ['phase', 'text'] },
);

/** Drawings in which every text is hostile. */
export const hostileDrawing: fc.Arbitrary<Drawing> = fc
  .tuple(
    hostileText,
    fc.array(fc.tuple(node, mark), { minLength: 1, maxLength: 5 }),
    fc.option(hostileText, { nil: undefined }),
    fc.boolean(),
  )
  .map(([name, rows, caption, hasMarks]) => {
    const { graph } = chainOf(rows.map(([one]) => one));
    return {
      graph: { ...graph, name },
      ...(caption !== undefined && { caption }),
      ...(hasMarks && { marks: new Map(rows.map(([{ id }, state]) => [id, state])) }),
    };
  });
