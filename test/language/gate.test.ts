import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES, MAX_LINE_LENGTH } from '../../src/base/index.ts';
import { parseDefinitions } from '../../src/language/index.ts';

const encoder = new TextEncoder();
const KiB64 = 64 * 1024;

function codesOf(text: string | Uint8Array): string[] {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text;
  return [...new Set(parseDefinitions({ path: 'x.yaml', bytes }).diagnostics.map(({ code }) => code))];
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

describe('text that is not given to the parser', () => {
  it.each([
    ['a file of 1 MiB and a byte', new Uint8Array(MAX_FILE_BYTES + 1).fill(0x20), 'PIPE-YAML-001'],
    ['an overlong encoding', new Uint8Array([0xc0, 0x80]), 'PIPE-YAML-002'],
    ['a surrogate in UTF-8', new Uint8Array([0xed, 0xa0, 0x80]), 'PIPE-YAML-002'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0x00]), 'PIPE-YAML-002'],
    ['NUL', 'a: b\u0000', 'PIPE-YAML-003'],
    ['ESC', 'a: "\u001b[2J"', 'PIPE-YAML-003'],
    ['C1', 'a: \u009b', 'PIPE-YAML-003'],
    ['a lone carriage return', 'a: 1\rb: 2', 'PIPE-YAML-003'],
    ['a BOM inside', 'a: \ufeffb', 'PIPE-YAML-003'],
    ['two BOMs', '\ufeff\ufeffa: b', 'PIPE-YAML-003'],
    ['right-to-left override', 'a: \u202eb', 'PIPE-YAML-004'],
    ['an isolate', 'a: \u2066b', 'PIPE-YAML-004'],
    ['a long line', `# ${'x'.repeat(MAX_LINE_LENGTH)}`, 'PIPE-YAML-005'],
    ['flow lists', '['.repeat(KiB64), 'PIPE-YAML-006'],
    ['flow lists over lines', '[\n '.repeat(10_000), 'PIPE-YAML-006'],
    ['flow maps', '{a: '.repeat(10_000), 'PIPE-YAML-006'],
    ['flow pairs', `[${'a: '.repeat(10_000)}`, 'PIPE-YAML-006'],
    ['flow explicit keys', `[${'? '.repeat(10_000)}`, 'PIPE-YAML-006'],
    ['block lists in a line', '- '.repeat(10_000), 'PIPE-YAML-006'],
    ['block explicit keys', '? '.repeat(10_000), 'PIPE-YAML-006'],
    ['both in turn', '- ? '.repeat(10_000), 'PIPE-YAML-006'],
    ['colons', ': '.repeat(10_000), 'PIPE-YAML-006'],
    ['maps in a line', 'a: '.repeat(10_000), 'PIPE-YAML-006'],
    ['maps by indentation', lines(1000, (i) => `${' '.repeat(i)}a:`), 'PIPE-YAML-006'],
    ['lists by indentation', lines(1000, (i) => `${' '.repeat(i)}-`), 'PIPE-YAML-006'],
    ['lists of maps by indentation', lines(1000, (i) => `${' '.repeat(i)}- a:`), 'PIPE-YAML-006'],
    [
      'maps with block scalars between',
      lines(200, (i) => `${' '.repeat(i)}a:\n${' '.repeat(i)} b: |\n${' '.repeat(i)}  x`),
      'PIPE-YAML-006',
    ],
    ['items', `a:\n${lines(210_000, () => '-')}`, 'PIPE-YAML-007'],
    ['documents', '---\n'.repeat(6000), 'PIPE-YAML-007'],
    ['ended documents', 'a\n...\n'.repeat(6000), 'PIPE-YAML-007'],
    ['text that is no YAML at all', '"\n'.repeat(30_000), 'PIPE-YAML-010'],
    ['the same in a long text', '"\n'.repeat(MAX_FILE_BYTES / 2), 'PIPE-YAML-010'],
    ['a directive of a long text', `%YAML 1.2\n---\n${'# text\n'.repeat(20_000)}`, 'PIPE-YAML-020'],
    ['a %TAG directive', '%TAG ! tag:x,2000:\n---\na: !b c', 'PIPE-YAML-020'],
  ])('%s', (_name, text, code) => {
    expect(codesOf(text)).toEqual([code]);
  });

  it.each([
    ['one BOM at the start', '\ufeff# empty'],
    ['tabs and CRLF', '# a\tb\r\n'],
    ['nothing', ''],
    ['a text of line ends', '\n'.repeat(MAX_FILE_BYTES)],
    ['an empty document', '---\n'],
    ['brackets in a comment', `# ${'['.repeat(100)}`],
    ['%YAML 1.2', '%YAML 1.2\n---\n'],
    ['text from right to left', '# שלום'],
  ])('but %s', (_name, text) => {
    expect(codesOf(text)).toEqual([]);
  });
});

describe('text that the parser sees and we refuse', () => {
  it.each([
    [
      'nine laughs',
      lines(
        9,
        (i) =>
          `a${i}: &a${i} [${Array(9)
            .fill(i === 0 ? 'x' : `*a${i - 1}`)
            .join(', ')}]`,
      ),
      'PIPE-YAML-012',
    ],
    ['a cycle', '&a [*a]', 'PIPE-YAML-012'],
    ['an alias to nothing', 'a: *b', 'PIPE-YAML-012'],
    ['a key that is an alias', '&a b: 1\n*a : 2', 'PIPE-YAML-012'],
    ['a foreign tag', 'a: !!js/function "x"', 'PIPE-YAML-013'],
    ['a binary', 'a: !!binary aGk=', 'PIPE-YAML-013'],
    ['a set', 'a: !!set {b}', 'PIPE-YAML-013'],
    ['a merge', '<<: {a: 1}', 'PIPE-YAML-014'],
    ['a duplicate of __proto__', '__proto__: 1\n__proto__: 2', 'PIPE-YAML-011'],
    ['the same key in other words', 'a: 1\n"a": 2', 'PIPE-YAML-011'],
    ['infinity', 'a: .inf', 'PIPE-YAML-016'],
    ['octal of old', 'a: -017', 'PIPE-YAML-017'],
    ['sixty thousand digits', `a: ${'9'.repeat(60_000)}`, 'PIPE-YAML-016'],
    ['65 bits', 'a: 0x1ffffffffffffffff', 'PIPE-YAML-018'],
  ])('%s', (_name, text, code) => {
    expect(codesOf(text)).toContain(code);
  });

  it('keeps __proto__ and constructor ordinary', () => {
    codesOf('__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('finds duplicates among many keys in linear time', () => {
    expect(codesOf(`${lines(40_000, (i) => `key${i}: 1`)}\nkey0: 2`)).toContain('PIPE-YAML-011');
  });
});

describe('any bytes', () => {
  const corpus = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: my-map-workflow, labels: { team: "data" } }
spec:
  inputs:  { a: list<integer>, b: { type: "{x: integer}", default: { x: 1 } } }
  outputs: { total: "\${{ nodes.coalesce.outputs.text }}" }
  nodes:
    each:
      map: { task: add-two, over: { a: "\${{ inputs.a }}" }, concurrency: 50, minSuccessRatio: 0.9 }
      retries: { limit: 3, backoff: { initial: 1s, factor: 2, max: 1m } }
    coalesce:
      task: join
      with:
        parts: >-
          some text
          folded
        more: |
          - literal
        list:
          - 1
          - [2, 3]
---
kind: Schedule
metadata: { name: nightly }
spec: { launchPlan: nightly, cron: "0 2 * * *", catchUp: { policy: all, limit: 100, window: 24h }, spread: 5m }
`;
  const finishes = (bytes: Uint8Array): boolean => {
    const { documents, broken, diagnostics } = parseDefinitions({ path: 'x.yaml', bytes });
    for (const document of [...documents, ...broken]) document.declaredAt();
    const hasErrors = diagnostics.some(({ severity }) => severity === 'error');
    return (
      (broken.length === 0 || hasErrors) &&
      diagnostics.every(
        ({ span, message }) =>
          message !== '' && (span === undefined || (span.line > 0 && span.column > 0 && span.endColumn > span.column)),
      )
    );
  };

  it('give a result', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), finishes), { numRuns: 300 });
  });

  it('of YAML’s own characters give a result', () => {
    const unit = fc.constantFrom(
      '- ',
      '? ',
      ': ',
      'a',
      ' ',
      '\n',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '|\n',
      '>\n',
      '#',
      '&a ',
      '*a ',
      '!t ',
      '---\n',
      '...\n',
      '%',
      '\t',
      '<<: ',
      '0',
      '\\',
      '\r\n',
      'kind: Task\n',
    );
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 60 }).map((text) => encoder.encode(text)),
        finishes,
      ),
      { numRuns: 1000 },
    );
  });

  it('of a definition with something changed give a result', () => {
    const junk = fc.constantFrom(
      '',
      '\n',
      ' ',
      ':',
      '[',
      '}',
      '"',
      '- ',
      '${{',
      '\u0000',
      'x',
      '&a ',
      '99999999999999999999',
      'null',
      '---\n',
    );
    const change = fc.tuple(fc.nat(corpus.length), fc.nat(12), junk);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let text = corpus;
        for (const [at, cut, put] of changes) text = text.slice(0, at) + put + text.slice(at + cut);
        return finishes(encoder.encode(text));
      }),
      { numRuns: 500 },
    );
    expect(codesOf(corpus)).toEqual([]);
  });
});
