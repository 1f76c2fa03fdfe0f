import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/base/index.ts';
import {
  compileRenderer,
  parseTemplate,
  type TemplateProblem,
  templateReferences,
  typeTemplate,
} from '../../../src/language/expression/index.ts';
import { printType } from '../../../src/language/index.ts';
import { typeOf, types, values } from './scope.ts';

/** Types a value as written, stores it, and renders what was stored. */
function render(value: Json, expected?: string) {
  const problems: TemplateProblem[] = [];
  const report = (problem: TemplateProblem) => problems.push(problem);
  const wanted = expected === undefined ? undefined : typeOf(expected);
  const typed = typeTemplate(parseTemplate(value, report), wanted, types, report);
  if (typed === undefined) return { problems };
  const stored = JSON.parse(JSON.stringify({ v: typed.template }));
  const renderer = compileRenderer(stored, new Map([['v', typed.type]]), types);
  if (renderer.kind === 'error') throw new Error(renderer.message);
  const result = renderer.render(values);
  return { type: printType(typed.type), value: result.ok ? result.value.v : result.problem.message };
}

describe('templates', () => {
  it.each<readonly [string, Json, string | undefined, string, Json]>([
    ['keep the type of a lone expression', '${{ inputs.xs }}', undefined, 'list<integer>', [1, 2, 3]],
    ['keep it with white space inside', '${{inputs.x}}', undefined, 'integer', 5],
    [
      'make strings of expressions with text around',
      'n=${{ inputs.x }}, ${{ inputs.s }}!',
      undefined,
      'string',
      'n=5, héllo!',
    ],
    ['make strings of two expressions', '${{ inputs.x }}${{ inputs.f }}', undefined, 'string', '51.5'],
    ['hold quotes and braces', '${{ {"}}": {"a": inputs.x}}["}}"].a }}', undefined, 'integer', 5],
    ['give the opening itself', '${{ "${{" }}', undefined, 'string', '${{'],
    ['leave other text alone', '$x {{ y }} $ {{', undefined, 'string', '$x {{ y }} $ {{'],
    ['infer literals', [1, 2], undefined, 'list<integer>', [1, 2]],
    ['infer mixed numbers', [1, 2.5], undefined, 'list<float>', [1, 2.5]],
    ['infer records', { a: 1, b: ['x'] }, undefined, '{ a: integer, b: list<string> }', { a: 1, b: ['x'] }],
    [
      'reach into lists and maps',
      { a: ['${{ inputs.x }}', 1] },
      'map<list<integer>>',
      'map<list<integer>>',
      { a: [5, 1] },
    ],
    ['make floats of integers in lists', ['${{ inputs.big }}', 1], 'list<float>', 'list<float>', [2 ** 63, 1]],
    ['normalise literals', '90m', 'duration', 'duration', '1h30m'],
    [
      'take rows for tables',
      [{ city: '${{ inputs.s }}', sold: 1 }],
      'table<city: string, sold: integer>',
      'table<city: string, sold: integer>',
      [{ city: 'héllo', sold: 1 }],
    ],
    ['take anything for json', { a: ['${{ inputs.x }}', 'y'] }, 'json', 'json', { a: [5, 'y'] }],
    ['take null for optionals', null, 'integer?', 'integer?', null],
  ])('%s', (_name, value, expected, type, result) => {
    expect(render(value, expected)).toEqual({ type, value: result });
  });

  it.each<readonly [string, Json, string]>([
    ['names make records', { a: 1, b: 'x' }, '{ a: integer, b: string }'],
    ['other keys make maps', { 'a-b': 1, c: 2.5 }, 'map<float>'],
    ['so they do in CEL', "${{ {'a b': 1, 'c': 2} }}", 'map<integer>'],
    ['and beside expressions', { 'a-b': '${{ inputs.x }}' }, 'map<integer>'],
  ])('%s', (_name, value, type) => {
    expect(render(value)).toMatchObject({ type });
  });

  it.each<readonly [string, Json]>([
    ['keys of a map with values of two types', { 'a-b': 1, c: 'x' }],
    ['the same in CEL', "${{ {'a-b': 1, 'c': 'x'} }}"],
    ['types that double', `\${{ [1]${'.map(v, {"a": v, "b": v})'.repeat(40)} }}`],
    ['types that nest deep', `\${{ [1]${'.map(v, [v])'.repeat(40)} }}`],
    ['as many lists', JSON.parse(`${'['.repeat(30)}1${']'.repeat(30)}`)],
  ])('refuse %s', (_name, value) => {
    expect(render(value).problems).toHaveLength(1);
  });

  it('keep hostile names as names', () => {
    const value = JSON.parse('{"__proto__": "${{ inputs.x }}", "constructor": 1}') as Json;
    const rendered = render(value, 'map<integer>');
    expect(JSON.stringify(rendered.value)).toBe('{"__proto__":5,"constructor":1}');
  });

  it.each<readonly [string, Json, string | undefined, readonly unknown[]]>([
    ['unclosed', 'a ${{ inputs.x }', undefined, [{ path: [], range: { start: 2, end: 5 }, kind: 'syntax' }]],
    ['empty', '${{ }}', undefined, [{ range: { start: 0, end: 3 }, kind: 'syntax' }]],
    [
      'two faults',
      ['${{ inputs.y }}', '${{ 1 + }}'],
      'list<integer>',
      [
        { path: [1], kind: 'syntax' },
        { path: [0], range: { start: 4, end: 12 }, kind: 'name' },
      ],
    ],
    [
      'a list inside a string',
      'a ${{ inputs.xs }}',
      undefined,
      [
        {
          range: { start: 6, end: 15 },
          kind: 'type',
          message: 'only scalars stand inside a string; this is list<integer>',
        },
      ],
    ],
    [
      'what may be null inside a string',
      'a ${{ inputs.o }}',
      undefined,
      [{ kind: 'type', help: expect.stringContaining('default(…') }],
    ],
    [
      'a string for a number',
      '${{ inputs.x }}0',
      'integer',
      [{ path: [], kind: 'type', message: expect.stringContaining('expected integer') }],
    ],
    [
      'a reference without its braces',
      { a: ['inputs.x'] },
      'map<list<integer>>',
      [{ path: ['a', 0], kind: 'value', help: 'to use the value, write "${{ inputs.x }}"' }],
    ],
    [
      'the braces of another tool',
      '{{ nodes.my-id.outputs.n }}',
      'integer',
      [{ kind: 'value', help: 'to use the value, write "${{ nodes.my-id.outputs.n }}"' }],
    ],
    ['a literal of another type', { a: 'x' }, 'map<integer>', [{ path: ['a'], kind: 'value' }]],
    [
      'a member of another type',
      { a: ['${{ inputs.s }}'] },
      'map<list<integer>>',
      [{ path: ['a', 0], range: { start: 4, end: 12 }, message: 'expected integer, found string' }],
    ],
    ['a field that there is not', { a: '${{ inputs.x }}', c: 1 }, '{ a: integer }', [{ path: ['c'], kind: 'value' }]],
    [
      'a missing field',
      { a: '${{ inputs.x }}' },
      '{ a: integer, b: integer }',
      [{ path: [], message: 'expected { a: integer, b: integer }, found { a: integer }' }],
    ],
    ['nothing that tells a type', [], undefined, [{ kind: 'type' }]],
    ['mixed elements', ['${{ inputs.x }}', 'a'], undefined, [{ path: [], kind: 'type' }]],
  ])('tell of %s where it stands', (_name, value, expected, problems) => {
    expect(render(value, expected).problems).toMatchObject(problems);
  });

  it('tell what they read', () => {
    const report = () => undefined;
    const value = {
      a: '${{ inputs.xs.map(inputs, inputs + nodes.my-node.outputs.x) }}',
      b: ['${{ has(inputs.r.b) || execution.name == nodes["if"].outputs.x[0] }}'],
    };
    const references = templateReferences(parseTemplate(value, report));
    expect([...references.inputs]).toEqual(['xs', 'r']);
    expect([...references.nodes]).toEqual(['my-node', 'if']);
    expect([...references.variables]).toEqual(['execution']);
  });

  it('name the value that fails', () => {
    const renderer = compileRenderer({ v: { kind: 'expression', source: 'inputs.xs[9]' } }, new Map(), types);
    const result = renderer.kind === 'ok' ? renderer.render(values) : undefined;
    expect(result).toMatchObject({ ok: false, problem: { message: 'v: index 9 is outside the list of 3' } });
  });

  it('refuse what the compiler did not make', () => {
    const template = { v: { kind: 'expression', source: 'inputs.gone' } } as const;
    expect(compileRenderer(template, new Map(), types)).toMatchObject({ kind: 'error' });
  });
});
