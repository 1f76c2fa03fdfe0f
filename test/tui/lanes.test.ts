import { describe, expect, it } from 'vitest';
import { laneRows } from '../../src/tui/views/lanes.ts';

/** `a b<a c<a,b` → rows of the drawing with the names of their nodes. */
function drawn(graph: string): readonly string[] {
  const nodes = graph.split(' ').map((node) => {
    const [id = '', upstream] = node.split('<');
    return { id, upstream: upstream?.split(',') ?? [] };
  });
  return laneRows(nodes).map(({ id, drawing }) => `${drawing} ${id}`);
}

describe('the lanes of a graph', () => {
  it.each([
    ['a chain', 'a b<a c<b', ['● a', '● b', '● c']],
    ['a diamond', 'a b<a c<a d<b,c', ['● a', '├─● b', '● │ c', '●─╯ d']],
    ['nodes that nothing joins', 'a b', ['● a', '● b']],
    ['a shortcut', 'a b<a c<a,b', ['● a', '├─● b', '●─╯ c']],
    ['a line that crosses another', 'a b c<a,b d<a e<b', ['● a', '│ ● b', '├─┼─● c', '● │ d', '  ● e']],
    ['lines that pass', 'a b c d<a,c e<b', ['● a', '│ ● b', '│ │ ● c', '●─│─╯ d', '  ● e']],
    ['what is told before those that it comes after', 'b<a a', ['● a', '● b']],
    ['what it comes after is not among them', 'b<a', ['● b']],
  ] as const)('draw %s', (_, graph, rows) => {
    expect(drawn(graph)).toEqual(rows);
  });

  it('end where there is no room, and come to an end in a cycle and in a long chain', () => {
    const ids = Array.from({ length: 40 }, (_, at) => `n${at}`);
    const rows = drawn(`a ${ids.map((id) => `${id}<a`).join(' ')} z<${ids.join(',')}`);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(36);
    expect(rows.at(-2)).toContain('…');
    expect(drawn('a<b b<a')).toHaveLength(2);
    const chain = Array.from({ length: 20_000 }, (_, at) => `c${at}<c${at + 1}`);
    expect(drawn(chain.join(' '))[0]).toBe('● c19999');
  });
});
