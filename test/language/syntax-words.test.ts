import { describe, expect, it } from 'vitest';
import { parseDefinitions } from '../../src/language/index.ts';

function told(text: string): readonly string[] {
  const { diagnostics } = parseDefinitions({ path: 'x.yaml', bytes: new TextEncoder().encode(text) });
  return diagnostics.map(({ span, message }) => `${span?.line}:${span?.column} ${message}`);
}

describe('a fault of the text is told where it stands', () => {
  it.each([
    ['a second colon', 'a: b: c\n', ['1:4 a second ": " stands in this line']],
    [
      'a key below a value of one line',
      'spec:\n  x: 1\n    y: 2\n',
      ['2:6 the lines below this value are indented as if they belonged to it'],
    ],
    [
      'a line after blank ones that is not indented like its neighbours',
      'spec:\n    a:\n      b: 1\n\n\n  c: 1\n',
      ['6:3 this line is not indented like its neighbours'],
    ],
  ])('%s', (_name, text, found) => {
    expect(told(text)).toEqual(found);
  });
});
