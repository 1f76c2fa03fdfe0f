import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTable, type TableColumn } from '../../src/cli/table.ts';
import { cutTo, padEnd, widthOf } from '../../src/client/index.ts';

const COLUMNS: readonly TableColumn[] = [
  { title: 'NAME', priority: 100, minWidth: 10 },
  { title: 'PHASE', priority: 90 },
  { title: 'NODES', align: 'right', priority: 10 },
  { title: 'MESSAGE', priority: 50 },
];
const ROWS = [
  ['nightly-aaaaaa', 'Succeeded', '3', ''],
  ['nightly-bbbbbb', 'Failed', '12', 'subtask 10 of forecast ended with exit code 1'],
];

describe('renderTable', () => {
  it('aligns columns and ends no line in blanks', () => {
    expect(renderTable(COLUMNS, ROWS, { columns: undefined, header: true })).toEqual([
      'NAME             PHASE       NODES   MESSAGE',
      'nightly-aaaaaa   Succeeded       3',
      'nightly-bbbbbb   Failed         12   subtask 10 of forecast ended with exit code 1',
    ]);
  });

  it('shortens the widest column before it drops any', () => {
    expect(renderTable(COLUMNS, ROWS, { columns: 60, header: true })[2]).toBe(
      'nightly-bbbbbb   Failed         12   subtask 10 of forecast…',
    );
  });

  it('drops columns of low priority first', () => {
    const [header] = renderTable(COLUMNS, ROWS, { columns: 34, header: true });
    expect(header).not.toContain('NODES');
    expect(header).toContain('NAME');
    expect(header).toContain('PHASE');
  });

  it('styles cells without changing what is beside them', () => {
    const [line] = renderTable(COLUMNS, [ROWS[0]!], {
      columns: undefined,
      header: false,
      style: (text, column) => (column === 1 ? `<${text}>` : text),
    });
    expect(line).toBe('nightly-aaaaaa   <Succeeded>   3');
  });

  it('never is wider than the terminal, and keeps the column of highest priority', () => {
    const cell = fc
      .oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^[日本語a-z]{0,40}$/))
      .map((text) => text.replace(/[^\x20-\x7e\u3040-\u9fff]/g, '.'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell, cell), { maxLength: 8 }),
        fc.integer({ min: 1, max: 120 }),
        (rows, room) => {
          const lines = renderTable(COLUMNS, rows, { columns: room, header: true });
          expect(lines).toHaveLength(rows.length + 1);
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(room);
          expect(lines[0]!.startsWith(room >= 4 ? 'NAME' : '')).toBe(true);
        },
      ),
    );
  });
});

describe('width', () => {
  it.each([
    ['nightly', 7],
    ['日本', 4],
    ['e\u0301', 1],
    ['', 0],
  ])('of %j is %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
    expect(widthOf(padEnd(text, 10))).toBe(10);
  });

  it.each([
    ['nightly', 7, 'nightly'],
    ['nightly', 4, 'nig…'],
    ['日本語', 4, '日…'],
    ['nightly', 1, '…'],
    ['nightly', 0, ''],
  ])('%j cut to %i', (text, columns, cut) => {
    expect(cutTo(text, columns)).toBe(cut);
  });
});
