import { describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES, MAX_FULL_PARSE_LENGTH } from '../../src/base/index.ts';
import { parseDefinitions } from '../../src/language/index.ts';
import { contentsOf } from '../../src/language/yaml-contents.ts';
import { mutated, pick, randomOf } from './fuzz/mutate.ts';
import { CORNERS, repositoryYaml, YAML_JUNK } from './fuzz/yaml-corpus.ts';

const parse = (text: string) => parseDefinitions({ path: 'x.yaml', bytes: new TextEncoder().encode(text) });

function filled(line: (index: number) => string, length = MAX_FILE_BYTES - 4_096): string {
  const lines: string[] = [];
  for (let size = 0, index = 0; size < length; index++) {
    const next = line(index);
    size += next.length + 1;
    lines.push(next);
  }
  return `${lines.join('\n')}\n`;
}

const WORKFLOW = 'apiVersion: pipectl.dev/v1\nkind: Workflow\nmetadata: { name: long }\nspec:\n  nodes:\n';
const NODES = filled((index) => `    n${index}:\n      compute: { a: "\${{ 1 + ${index} }}" }`);
const END = (WORKFLOW + NODES).split('\n').length;

/** What is told of a text, as `CODE line:column message`. */
function told(text: string): string[] {
  return parse(text).diagnostics.map(({ code, span, message }) => `${code} ${span?.line}:${span?.column} ${message}`);
}

describe('a document of a megabyte', () => {
  it.each([
    ['a second colon', '    x: a: b', `PIPE-YAML-010 ${END}:8 a second ": " stands in this line`],
    ['a tab as indentation', '\t x: 1', `PIPE-YAML-019 ${END}:1 a tab stands where only spaces may`],
    ['an anchor', '    x: &a {}', `PIPE-YAML-012 ${END}:11 anchors are not read: \`&a\``],
    ['a tag', '    x: !mine {}', `PIPE-YAML-013 ${END}:14 the tag \`!mine\` is not read`],
    ['a merge key', '    <<: {}', `PIPE-YAML-014 ${END}:5 merge keys (\`<<\`) are not read`],
    ['a key that stood far above', '    n7: {}', `PIPE-YAML-011 ${END}:5 the key "n7" stands twice`],
    ['an open quote', '    x: "abc', `PIPE-YAML-010 ${END}:8 the quote " is not closed`],
    [
      'an expression without quotes',
      `    x: {a: \${{ 1 }} }`,
      `PIPE-YAML-010 ${END}:12 an expression inside braces or brackets, or with ": " inside, needs quotes`,
    ],
    [
      'a text that goes on in the next line',
      '    x:\n      description: "a\n        b"',
      `PIPE-YAML-021 ${END + 1}:7 a document of more than 64 KiB is read in plain form only, and this line is not`,
    ],
  ])('says at its end what is wrong with %s', (_name, line, finding) => {
    expect(told(`${WORKFLOW}${NODES}${line}\n`)).toEqual([finding]);
  });

  it('says it at its beginning and in its middle as well', () => {
    const line = '    x: a: b\n';
    const middle = NODES.indexOf('\n    n9000:') + 1;
    expect(told(WORKFLOW + line + NODES)).toEqual(['PIPE-YAML-010 6:8 a second ": " stands in this line']);
    expect(told(WORKFLOW + NODES.slice(0, middle) + line + NODES.slice(middle))).toEqual([
      `PIPE-YAML-010 ${6 + 9_000 * 2}:8 a second ": " stands in this line`,
    ]);
  });

  it('is known by its name, so that what refers to it is not told of', () => {
    const { broken } = parse(`${WORKFLOW}${NODES}    x: a: b\n`);
    expect(broken.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['Workflow/long']);
  });

  it.each([
    ['line ends of CRLF', (WORKFLOW + NODES.slice(0, 100_000)).replaceAll('\n', '\r\n')],
    ['tabs in comments and scripts', `# \t\n${WORKFLOW}    a:\n      description: |\n        \ta\tb\n${NODES}`],
  ])('is read with %s', (_name, text) => {
    expect(told(text).filter((line) => line.includes('YAML'))).toEqual([]);
  });

  it('ends the comments of hundreds of thousands of lines in one walk', () => {
    const { ignores } = parse(`a: 1\n${'# pipectl: ignore PIPE-LINT-001\n'.repeat(30_000)}b: 1\n`);
    expect(ignores.length).toBe(30_000);
    expect(new Set(ignores.map(({ line }) => line))).toEqual(new Set([30_002]));
  });
});

describe('a long text of many documents', () => {
  const seeds = [...repositoryYaml(), ...CORNERS].filter((text) => !/^(?:%|\.\.\.|---)/m.test(text));
  const padding = `---\n${filled((index) => `# line ${index}`, MAX_FULL_PARSE_LENGTH)}`;

  it('is told of what each of them has alone', () => {
    const random = randomOf(Number(process.env.FUZZ_SEED ?? 20260102));
    for (let run = 0; run < 300; run++) {
      const documents = Array.from({ length: 4 }, () => `kind: K\n${mutated(random, seeds, YAML_JUNK, 2)}`)
        // What one document makes of the next is another matter, and so is what the bytes alone are refused for.
        .filter((text) => !/^(?:%|\.\.\.|---)/m.test(text) && !/[\r\ufeff\0-\u0008\u000b-\u001f]/.test(text))
        .filter((text) => text.length < MAX_FULL_PARSE_LENGTH / 4);
      const parts = documents.map((text) => `---\n${text}\n`);
      const lengths = parts.map((part) => part.split('\n').length - 1);
      const alone = parts.map(told);
      if (alone.some((lines) => lines.length > 20 || lines.some((line) => line.includes('undefined')))) continue;
      let before = padding.split('\n').length - 1;
      const expected = alone.flatMap((lines, at) => {
        const moved = lines.map((line) => line.replace(/ (\d+):/, (_all, row) => ` ${Number(row) + before}:`));
        before += lengths[at] as number;
        return moved;
      });
      const found = told(padding + parts.join(''));
      // An apiVersion holds for the documents below it; alone, each must say it.
      const isOwn = (line: string): boolean => !line.startsWith('PIPE-SCHEMA-002');
      if (expected.some((line) => /PIPE-YAML-00[^8]/.test(line))) continue;
      expect(found.filter(isOwn), `run ${run}: ${JSON.stringify(documents)}`).toEqual(expected.filter(isOwn));
    }
  });

  it('gives the full parser a bounded part of any text', () => {
    const random = randomOf(7);
    for (let run = 0; run < 40; run++) {
      const text = `kind: K\n${mutated(random, seeds, YAML_JUNK, 4)}\n${pick(random, ['---\n', '', 'a: "b\n', '# c\n'])}`;
      const long = text.repeat(Math.ceil(300_000 / text.length));
      const read = contentsOf(long);
      if (read.kind === 'refused') continue;
      const seen = new Set(read.contents.flatMap((content) => (content.kind === 'tree' ? [content.text] : [])));
      const lengths = read.contents.flatMap((content) => (content.kind === 'tree' ? [content.text.length] : []));
      expect(
        lengths.reduce((sum, length) => sum + length, 0),
        [...seen][0],
      ).toBeLessThanOrEqual(MAX_FULL_PARSE_LENGTH);
    }
  });
});
