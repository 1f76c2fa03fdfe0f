import headless from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeFrame, type Frame } from '../../src/tui/frame-writer.ts';

/** Rows as they are painted: plain, coloured, wide, combining and empty. */
const LINE = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      '',
      'alpha beta',
      'alpha gamma',
      '▌ \u001b[7mselected row\u001b[0m',
      '─────',
      '東京 tower',
      'e\u0301 done',
    ),
    weight: 3,
  },
  {
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom('', '1', '31', '7'), fc.stringMatching(/^[a-z ✓█]{0,8}$/)), { maxLength: 3 })
      .map((runs) =>
        runs
          .map(([code, text]) => (code === '' ? text : `\u001b[${code}m${text}\u001b[0m`))
          .join('')
          .trimEnd(),
      ),
    weight: 2,
  },
);

function frame(lines: readonly string[], columns = 40, rows = 12): Frame {
  return { columns, rows, lines };
}

/** Text and looks of every cell of a terminal. */
async function shown(bytes: string): Promise<readonly string[]> {
  const terminal = new headless.Terminal({ cols: 40, rows: 12, allowProposedApi: true });
  await new Promise<void>((done) => terminal.write(`\u001b[?7l${bytes}`, done));
  const cells = Array.from({ length: 12 }, (_, row) => {
    const line = terminal.buffer.active.getLine(row);
    return Array.from({ length: 40 }, (_, column) => {
      const cell = line?.getCell(column);
      const text = cell?.getChars() || ' ';
      return `${text}${cell?.isBold() ? 'b' : ''}${cell?.isInverse() ? 'i' : ''}${cell?.isFgDefault() ? '' : cell?.getFgColor()}`;
    }).join('');
  });
  terminal.dispose();
  return cells;
}

describe('a frame that is written as a difference', () => {
  it('shows what the whole frame would show, whatever stood there', async () => {
    const frames = fc.array(fc.array(LINE, { minLength: 12, maxLength: 12 }), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(frames, async (sequence) => {
        let bytes = '';
        let before: Frame | undefined;
        for (const lines of sequence) {
          bytes += changeFrame(before, frame(lines));
          before = frame(lines);
        }
        expect(await shown(bytes)).toEqual(await shown(changeFrame(undefined, before as Frame)));
      }),
      { numRuns: 60 },
    );
  });

  it('moves rows that moved, whatever is around them', async () => {
    const rows = Array.from({ length: 30 }, (_, at) => `row ${at} ${'x'.repeat(at % 7)}`);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), async (from, to) => {
        const at = (top: number) => frame(['title', '────', ...rows.slice(top, top + 9), 'keys']);
        const bytes = changeFrame(undefined, at(from)) + changeFrame(at(from), at(to));
        expect(await shown(bytes)).toEqual(await shown(changeFrame(undefined, at(to))));
      }),
      { numRuns: 40 },
    );
  });

  it('costs nothing when nothing differs, and a step of a list at most 300 bytes', () => {
    const wide = (top: number, selected: number): Frame =>
      frame(
        [
          'executions',
          '─'.repeat(200),
          ...Array.from({ length: 46 }, (_, row) => {
            const text = `nightly-${top + row}  demand  c06f460  ✓ Succeeded ${'m'.repeat(120)}`;
            return row === selected ? `▌ \u001b[7m${text}\u001b[0m` : `  ${text}`;
          }),
          'q quit',
        ],
        200,
        50,
      );
    expect(changeFrame(wide(0, 3), wide(0, 3))).toBe('');
    expect(changeFrame(wide(0, 45), wide(1, 45)).length).toBeLessThan(600);
  });
});
