import {
  compileExpression,
  parseTemplate,
  type TypeScope,
  type ValueScope,
} from '../../../src/language/expression/index.ts';
import { checkValue, parseDefinitions, parseType, printType, type RecordType } from '../../../src/language/index.ts';
import { type FuzzTarget, must } from './target.ts';
import { TEXT_TARGETS } from './text-targets.ts';
import { CORNERS, repositoryYaml, YAML_JUNK } from './yaml-corpus.ts';

function record(fields: Readonly<Record<string, string>>): RecordType {
  const types = Object.entries(fields).map(([name, text]) => {
    const parsed = parseType(text);
    if (parsed.kind === 'error') throw new Error(parsed.message);
    return [name, { type: parsed.type, optional: false }] as const;
  });
  return { kind: 'record', fields: new Map(types) };
}

const SCOPE: TypeScope = {
  inputs: record({
    n: 'integer',
    x: 'float',
    s: 'string',
    l: 'list<integer>',
    m: 'map<string>',
    j: 'json',
    o: 'string?',
  }),
  nodes: new Map([['a-b', record({ y: 'integer', t: 'datetime', d: 'duration' })]]),
  variables: new Map(),
};
const OUTPUTS = { y: '9223372036854775807', t: '2026-01-02T03:04:05.000Z', d: '1h0m0s' };
const VALUES: ValueScope = {
  inputs: { n: 5, x: 1.5, s: 'text', l: [1, 2, 3], m: { a: 'b' }, j: { a: [1, null, { b: true }] }, o: null },
  nodeOutputs: (id) => (id === 'a-b' ? OUTPUTS : undefined),
};

/** Compiles an expression for SCOPE and evaluates it; a value must be of the type that was told before. */
function evaluateText(source: string): void {
  const compiled = compileExpression(source, SCOPE);
  if (compiled.kind === 'error') {
    const { start, end, message } = compiled.problem;
    must(message !== '' && start >= 0 && start <= end && end <= source.length, 'a problem stands inside of its source');
    return;
  }
  const evaluated = compiled.expression.evaluate(VALUES);
  if (evaluated.ok) must(checkValue(evaluated.value, compiled.expression.type).kind === 'ok', 'a value is of its type');
}

const DEFINITIONS = [...repositoryYaml(), ...CORNERS];

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'definitions',
    share: 5,
    corpus: DEFINITIONS,
    junk: YAML_JUNK,
    check(text) {
      const { documents, broken, diagnostics } = parseDefinitions({
        path: 'x.yaml',
        bytes: new TextEncoder().encode(text),
      });
      for (const declared of [...documents, ...broken]) declared.declaredAt();
      for (const { span, message } of diagnostics) {
        must(message !== '', 'a finding says something');
        must(
          span === undefined || (span.line > 0 && span.column > 0 && span.endColumn > span.column),
          'a finding has a place',
        );
      }
      must(broken.length === 0 || diagnostics.length > 0, 'what is broken is told');
    },
  },
  {
    name: 'types',
    share: 14,
    corpus: [
      'integer',
      'list<map<string?>>',
      '{a: integer, b?: list<{c: enum<x|y-z.1>}>}',
      'table<day: string, n: float>',
      '(string | integer)?',
      'enum<a|b>',
      'json',
      'list<list<list<list<list<list<list<list<list<list<list<list<list<list<list<list<file>>>>>>>>>>>>>>>>',
    ],
    junk: [
      '<',
      '>',
      '{',
      '}',
      '(',
      ')',
      '?',
      '|',
      ':',
      ',',
      ' ',
      '\n',
      'list<',
      'map<',
      '__proto__: ',
      'a: ',
      'constructor',
      '\u00e9',
      '\0',
      '{'.repeat(40),
      '('.repeat(100),
    ],
    check(text) {
      const parsed = parseType(text);
      if (parsed.kind === 'error') {
        must(parsed.offset >= 0 && parsed.length > 0 && parsed.message !== '', 'a problem has a place');
        return;
      }
      const printed = printType(parsed.type);
      const again = parseType(printed);
      must(again.kind === 'ok' && printType(again.type) === printed, `${printed} is a type and prints as itself`);
    },
  },
  {
    name: 'expressions',
    share: 14,
    corpus: [
      'inputs.n + 1',
      "nodes.a-b.outputs.y > 2 ? 'a' : 'b'",
      'inputs.l.map(v, v * 2).filter(v, v > 1).size()',
      "inputs.o.orValue('x') + string(inputs.x)",
      "{'a': [1, 2], 'b': {'c': inputs.m}}",
      "inputs.s.matches('^a+$') && has(inputs.j.a)",
      'duration("5m") + duration("1h")',
      'nodes.a-b.outputs.t + nodes.a-b.outputs.d',
      'size(inputs.l) in [1, 2] || !(inputs.n == -5)',
      'json(inputs.l)',
      'inputs.j.a[0]',
      '-9223372036854775808',
    ],
    junk: [
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '.',
      ',',
      "'",
      '"',
      '"""',
      '!',
      '-',
      '--',
      '+',
      '*',
      '/',
      '%',
      '&&',
      '||',
      '?',
      ':',
      ' in ',
      '==',
      '1u',
      "b'x'",
      '0x',
      '1e999',
      '.map(x, ',
      '.all(x, ',
      "'(a+)+$'",
      '\\',
      '\n',
      '\0',
      'inputs',
      'nodes',
      '.outputs',
      '.constructor',
      '.__proto__',
      '('.repeat(120),
      '!'.repeat(200),
      '[1,'.repeat(60),
      '99999999999999999999',
    ],
    check: evaluateText,
  },
  {
    name: 'templates',
    share: 10,
    corpus: [
      'a ${{ inputs.s }} b',
      '${{ inputs.n }}',
      "${{ {'a': '}}'} }}",
      '${{ inputs.s }}-${{ nodes.a-b.outputs.y }}',
      '$ {{ }}',
      '${{ \'x\' + "y" }}',
    ],
    junk: [
      '${{',
      '}}',
      '${',
      '{',
      '}',
      "'",
      '"',
      "'''",
      '\\',
      'r',
      ' ',
      '\n',
      'inputs.s',
      '\0',
      '${{ '.repeat(50),
      '"'.repeat(7),
    ],
    check(text) {
      parseTemplate(text, ({ message, range }) =>
        must(message !== '' && (range?.start ?? 0) <= text.length, 'a problem has a place'),
      );
    },
  },
  ...TEXT_TARGETS,
];
