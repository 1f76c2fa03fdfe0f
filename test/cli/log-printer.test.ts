import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogPrinter } from '../../src/cli/log-printer.ts';

const SOURCE = { key: { kind: 'Pod', name: 'p' }, node: 'ingest', attempt: 1, hasStarted: true };

function printed(chunks: readonly Uint8Array[], terminal: { isTerminal: boolean; color: boolean }, withPrefix = false) {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const print = createLogPrinter({ write, columns: 80, ...terminal }, withPrefix).open(SOURCE);
  for (const chunk of chunks) print(chunk);
  print(undefined);
  return out;
}

describe('createLogPrinter', () => {
  it.each([
    ['a pipe gets the text as it is', false, false, '\u001b[2J\u001b[31mred\n'],
    ['a terminal keeps colours and ends them', true, true, '\\u{1b}[2J\u001b[31mred\u001b[0m\n'],
    ['a terminal without colour gets none', true, false, '\\u{1b}[2Jred\n'],
  ])('%s', (_, isTerminal, color, expected) => {
    expect(printed([Buffer.from('\u001b[2J\u001b[31mred')], { isTerminal, color })).toBe(expected);
  });

  it('prints whole lines however the bytes are cut', () => {
    const text = 'ein\nzwei ü 日本\n\ndrei';
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i]!, end));
        expect(printed(chunks, { isTerminal: false, color: false }, true)).toBe(
          '[ingest] ein\n[ingest] zwei ü 日本\n[ingest] \n[ingest] drei\n',
        );
      }),
    );
  });

  it('bounds what it holds of a line that never ends', () => {
    const out = printed(
      Array.from({ length: 10 }, () => Buffer.alloc(50_000, 'x')),
      { isTerminal: false, color: false },
    );
    expect(out.split('\n').length).toBeGreaterThan(3);
    expect(out.replaceAll('\n', '')).toHaveLength(500_000);
  });
});
