import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIAGNOSTIC_CODES } from '../../../src/language/index.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Every YAML text of this repository: files, blocks of the documentation, and the examples of all codes. */
export function repositoryYaml(): readonly string[] {
  return [...filesOf('examples'), ...filesOf('test'), ...filesOf('schemas'), ...blocks(), ...codeExamples()];
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => readFileSync(join(ROOT, folder, path), 'utf8'));
}

function blocks(): readonly string[] {
  const pages = readdirSync(join(ROOT, 'docs')).filter((path) => path.endsWith('.md'));
  return ['README.md', ...pages.map((page) => join('docs', page))].flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```ya?ml\n([\s\S]*?)```/g)].map((found) => found[1] as string),
  );
}

function codeExamples(): readonly string[] {
  return DIAGNOSTIC_CODES.flatMap(({ wrong, right }) => [textOf(wrong), textOf(right)]);
}

/** An example is one text, or files by name. */
function textOf(example: unknown): string {
  return typeof example === 'string' ? example : Object.values(example as Record<string, string>).join('\n---\n');
}

/** Small texts of what reads differently to different parsers. */
export const CORNERS: readonly string[] = [
  '',
  '\n\n',
  '# only a comment',
  '---',
  '---\n---\n',
  '--- # c\na: 1\n---\n# none\n---\nb: 2',
  '---\na: 1\n...\n',
  '...\n',
  '%YAML 1.2\n---\na: 1\n',
  '--- a: 1\n',
  'a: 1\n--- text\n',
  'a: ---\nb: ...\n',
  'a: -\nb: - c\n',
  'a: -1\nb: +1\nc: -0\nd: 0x1F\ne: 0o17\nf: 017\ng: 1_000\nh: .5\ni: 5.\nj: -.5e-3\nk: 1e400\nl: .inf\nm: -.INF\nn: .nan\n',
  'a: 9007199254740991\nb: 9007199254740992\nc: -9223372036854775808\nd: 9223372036854775808\ne: 0x8000000000000000\n',
  'a: 0o777777777777777777777\nb: 1.0\nc: 00\nd: -00.5\ne: 1e3\nf: 0x\ng: 0o8\nh: 1.2.3\ni: 12e\n',
  'a: ~\nb: null\nc: Null\nd: NULL\ne: nULL\nf: true\ng: True\nh: TRUE\ni: tRUE\nj: no\nk: yes\nl: off\nm:\n',
  'true: 1\nnull: 2\n3: 4\n0x1: 5\n1.5: 6\n~: 7\n',
  '"a": 1\n\'b\': 2\n"a b": 3\n"": 4\n',
  'a: "x\\ny\\t\\"\\\\\\/\\x41\\u00e9\\U0001F600\\e\\N\\_\\L\\P\\ "\n',
  'a: "\\ud800"\nb: "\\q"\nc: "\\u12"\nd: "\\U99999999"\n',
  "a: 'it''s'\nb: ''\nc: ''''\nd: 'a' 'b'\n",
  'a: "x"#y\nb: "x" # y\nc: x#y\nd: x #y\ne: #y\n',
  'a: [1, 2,]\nb: [a b, c:d, "e":f]\nc: [a: b]\nd: [,]\ne: [a,,b]\nf: []\ng: {}\n',
  'a: {b: c, d: {e: [f]}, "g":h, i:j, k: , l}\n',
  'a: {b: c,\n  d: e # f\n  }\nb: [\n  1,\n  2\n]\n',
  'a: {b:\n c}\nd: {e\n : f}\ng: [h\n i]\n',
  'a: [b\n]\nc: {\n}\nd:\n  - [\n  e\n]\n',
  'a: [b, #c\n d]\ne: [f,#g\n h]\n',
  'a: [-, - b, -1, ?, ? c, :, :d]\n',
  'a: [b] c\nd: [e]: f\n[g]: h\n',
  'a: |\n  x\n   y\n\n  z\n\n\nb: |-\n  x\n\nc: |+\n  x\n\nd: >\n  x\n  y\n\n  z\n   w\n  v\n\n\ne: >-\n\n\n  x\n',
  'a: |2\n    x\nb: |\nc: 1\n',
  'a: | # c\n  x\n # d\nb: |#c\n  x\n',
  'a: |\n    x\n  y\nb: 1\n',
  'a: |\n   \n  x\nb: 1\n',
  'a: |\n      \n  x\nb: 1\n',
  'a: |\n  x\n      \n\nb: 1\n',
  'a: |\n  x\n      \n  y',
  'a: >\n  x\n\n   y\n\n\n   z\n  w\n\n   v\n',
  '- |\n x\n- >\n y\n-\n  |\n  z\n',
  'a:\n  |\n  x\nb:\n  "y"\nc:\n  z\nd:\n  [1]\ne:\n  - 1\nf:\n- 1\n- 2\n',
  'a:\n- b: 1\n  c: 2\n-\n  d: 3\n- - 4\n  - 5\n-   e: 6\n    f: 7\n',
  'a:\n - b\n- c\n',
  'a:\n  - b\n c: d\n',
  'a: b\n c: d\n',
  'a: b\n  c\n',
  'a: "b\n  c"\n',
  'a:\n  b: 1\n c: 2\n',
  'a: b: c\n',
  'a : b\n',
  'a:b\n',
  '? a\n: b\n',
  'a: &x 1\nb: *x\n',
  'a: !t 1\nb: !!str 2\nc: ! d\n',
  '<<: {a: 1}\nb: {<<: 2, "<<": 3}\n',
  '"<<": 1\n',
  'a: 1\na: 2\n',
  'a: {b: 1, b: 2}\n',
  '__proto__: 1\nconstructor: {prototype: 2}\ntoString: 3\n',
  'a: {__proto__: 1, "__proto__": 2}\n',
  'a: @b\nc: `d\ne: %f\n',
  'a: *b\nc: *\n',
  'a: \u00e9\n\u00fc: \u{1f600}\n\u2028x: \u0085\n',
  'a: b \u0085# c\n',
  'text\n',
  '"text"\n',
  '- 1\n- 2\n',
  ' a: 1\n b: 2\n',
  '[1, 2]\n',
  '{a: 1}\n',
  'a:\tb\n',
  'a: b\r\nc: |\r\n  d\r\n',
  '${{ a }}: b\nc: ${{ a.b }}\nd: ${{ {a: b} }}\ne: x ${{ a }}, ${{ b }}\n',
  'a: x, y [z] {w}\nb: a: \n',
  'a: \'\nb: "\n',
  `${'k'.repeat(1100)}: 1\n`,
  `a: {${'k'.repeat(1100)}: 1}\n`,
  `${'- '.repeat(30)}a\n`,
  `a: ${'['.repeat(30)}${']'.repeat(30)}\n`,
  `${Array.from({ length: 30 }, (_none, depth) => `${' '.repeat(depth)}a:\n`).join('')}`,
];

/** What makes YAML turn into something else. */
export const YAML_JUNK: readonly string[] = [
  '',
  ' ',
  '  ',
  '\n',
  '\n\n',
  '\n  ',
  '\n- ',
  ':',
  ': ',
  ':\n',
  '- ',
  '-',
  '? ',
  '[',
  ']',
  '{',
  '}',
  ',',
  ', ',
  '"',
  "'",
  '|',
  '|\n',
  '>-\n',
  '|+\n',
  '#',
  ' # c',
  ' #',
  '&a ',
  '*a',
  '!t ',
  '!!str ',
  '---\n',
  '\n---\n',
  '...\n',
  '%',
  '\t',
  '\r\n',
  '<<: ',
  '0',
  '1e400',
  '017',
  '99999999999999999999',
  'null',
  '~',
  'true',
  '\\',
  '\\x4',
  '\u00e9',
  '\u2028',
  '\u0085',
  '\ud800',
  '${{',
  '}}',
  '__proto__: 1',
  'a: b',
  '{a: b}',
  '[a, b]',
];
