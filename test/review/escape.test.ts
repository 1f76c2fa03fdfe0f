import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeText, fencedText, inlineText, jsonWithoutCommands, withoutCommands } from '../../src/review/index.ts';

const HOSTILE = [
  '@everyone',
  '#12',
  'GH-12',
  'owner/repo#3',
  '!7',
  '<script>alert(1)</script>',
  '<!-- pipectl-review -->',
  '-->',
  '</details>',
  '[a](https://evil.example)',
  '![a](//evil.example/x.png)',
  'https://evil.example',
  'www.evil.example',
  'a@b.example',
  '`',
  '```',
  '~~~',
  '| a | b |',
  '\n\n# Big',
  '\r\n- list',
  '1. one',
  '> quote',
  '&lt;img&gt;',
  '&#60;',
  '\\',
  '*b* _i_ ~~s~~',
  '$x$',
  '::set-output name=a::b',
  '##[set-env]x',
  '\u202e',
  '\u0007',
  '\ud800',
  '---',
  '===',
  '\t',
];
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ maxLength: 6 })), { maxLength: 6 })
    .map((parts) => parts.join('')),
);

/** Signs that Markdown, HTML or a host makes something of. */
const MEANING = /[<>[\]!`|*_~\\:@#$"{}.^+=]/;

/** What is left when our own tags and entities are gone. */
function withoutOurs(text: string): string {
  return text
    .replaceAll('<code>', '')
    .replaceAll('</code>', '')
    .replace(/&#\d{1,3};/g, '');
}

/** What a parser of Markdown and HTML makes of it: a tag of ours ends a word. */
function shown(text: string): string {
  return text
    .replace(/<\/?code>/g, '\u0000')
    .replace(/&#(\d{1,3});/g, (_all, code) => String.fromCharCode(Number(code)));
}

describe('text of others', () => {
  it('in a sentence has no sign that means anything, on one line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = inlineText(text);
        expect(withoutOurs(made)).not.toMatch(MEANING);
        expect(withoutOurs(made)).not.toContain('&');
        expect(made).not.toMatch(/[\n\r\u0000-\u0008]/);
      }),
      { numRuns: 500 },
    );
  });

  it('in a sentence mentions nobody and refers to nothing, also after entities are read', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(shown(inlineText(text))).not.toMatch(/@[\w-]|#\d|!\d|GH-\d/i);
      }),
      { numRuns: 500 },
    );
  });

  it('in code has one tag around it and nothing in it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = codeText(text);
        expect(made.startsWith('<code>') && made.endsWith('</code>')).toBe(true);
        expect(made.slice('<code>'.length, -'</code>'.length).replace(/&#\d{1,3};/g, '')).not.toMatch(/[<>&`|\n]/);
      }),
      { numRuns: 500 },
    );
  });

  it('in a block never ends it', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (lines) => {
        const made = fencedText(lines, 'diff').split('\n');
        const fence = made.at(-1) as string;
        expect(made).toHaveLength(lines.length + 2);
        expect(made[0]).toBe(`${fence}diff`);
        for (const line of made.slice(1, -1)) expect(line).not.toContain(fence);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps what people read', () => {
    expect(shown(inlineText('workflow etl: 3 > 2 ("a_b")'))).toBe('workflow etl: 3 > 2 ("a_b")');
    expect(codeText('a/b.yaml:12')).toBe('<code>a/b&#46;yaml&#58;12</code>');
  });
});

describe('what is printed', () => {
  /** As a runner reads a line: actions/runner, ActionCommand.cs. */
  const isCommand = (line: string): boolean => line.trimStart().startsWith('::') || line.includes('##[');

  it('is no command to a runner', () => {
    fc.assert(
      fc.property(fc.array(hostile), fc.nat(4), (lines, indent) => {
        const text = withoutCommands(lines.map((line) => ' '.repeat(indent) + line.replaceAll('\r', '')).join('\n'));
        expect(text.split('\n').filter(isCommand)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same JSON', () => {
    fc.assert(
      fc.property(fc.array(hostile), (texts) => {
        const json = JSON.stringify(texts, null, 2);
        expect(JSON.parse(jsonWithoutCommands(json))).toEqual(JSON.parse(json));
        expect(jsonWithoutCommands(json).split('\n').filter(isCommand)).toEqual([]);
      }),
    );
  });
});
