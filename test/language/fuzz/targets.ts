import { isJsonObject, type Json } from '../../../src/base/index.ts';
import { parseCron } from '../../../src/calendar/index.ts';
import {
  compileExpression,
  parseTemplate,
  type TypeScope,
  type ValueScope,
} from '../../../src/language/expression/index.ts';
import {
  checkValue,
  normalInstant,
  parseDefinitions,
  parseDuration,
  parseExactJson,
  parseImageReference,
  parseQuantity,
  parseType,
  printDuration,
  printType,
  type RecordType,
} from '../../../src/language/index.ts';
import { CORNERS, repositoryYaml, YAML_JUNK } from './yaml-corpus.ts';

/** One parser under fuzzing. */
export interface FuzzTarget {
  readonly name: string;
  /** Of 100 inputs, how many are for this one. */
  readonly share: number;
  readonly corpus: readonly string[];
  /** What is put in between. */
  readonly junk: readonly string[];
  /** Gives the input to the parser and throws when an answer is not as it must be; the parser itself must not throw. */
  readonly check: (text: string) => void;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`);
}

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
    share: 18,
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
  {
    name: 'cron',
    share: 14,
    corpus: [
      '0 2 * * *',
      '*/15 9-17 * * 1-5',
      '0 0 29 2 *',
      '@daily',
      '5,10-20/3 1 L * ?',
      '0 0 * JAN MON#2',
      '59 23 31 12 7',
    ],
    junk: [
      '*',
      '/',
      '-',
      ',',
      '?',
      'L',
      'W',
      '#',
      '@',
      ' ',
      '\t',
      '0',
      '60',
      '999999999999',
      'MON',
      'jan',
      '*/0',
      '1-0',
      '\u0660',
    ],
    check(text) {
      const parsed = parseCron(text);
      must(parsed.kind === 'ok' || parsed.kind === 'error', 'cron has an answer');
    },
  },
  {
    name: 'durations',
    share: 15,
    corpus: ['5m', '1h30m0.5s', 'P1DT2H', '100ms', '-3s', '1d', '0', 'PT0.000001S'],
    junk: [
      'h',
      'm',
      's',
      'ms',
      'us',
      '\u00b5s',
      'd',
      'w',
      'P',
      'T',
      '-',
      '+',
      '.',
      ' ',
      '9'.repeat(30),
      '1e9',
      '\u0661',
      '.'.repeat(10),
    ],
    check(text) {
      const parsed = parseDuration(text);
      if (parsed.kind !== 'ok') return;
      const again = parseDuration(printDuration(parsed.ms));
      must(Number.isFinite(parsed.ms) && again.kind === 'ok' && again.ms === parsed.ms, 'a duration prints as itself');
    },
  },
  {
    name: 'quantities',
    share: 8,
    corpus: ['500m', '1Gi', '0.1', '1e3', '100k', '2Ei', '-1', '+.5'],
    junk: ['m', 'k', 'Ki', 'Mi', 'E', 'e', 'e9', 'i', '.', '-', '+', ' ', '9'.repeat(40), '0x1', '\u0660'],
    check(text) {
      const quantity = parseQuantity(text);
      must(quantity === undefined || Number.isFinite(quantity), 'a quantity is a number');
    },
  },
  {
    name: 'instants',
    share: 6,
    corpus: [
      '2026-01-02T03:04:05Z',
      '2026-02-29T00:00:00+14:00',
      '9999-12-31T23:59:60.999999999Z',
      '2026-01-02 03:04:05-00:00',
      '20260102T030405Z',
    ],
    junk: [
      '-',
      ':',
      'T',
      't',
      'Z',
      'z',
      '+',
      '.',
      ' ',
      '0',
      '99',
      '24:00',
      '+25:00',
      '\u0660',
      '9'.repeat(20),
      '[Europe/Berlin]',
    ],
    check(text) {
      const normal = normalInstant(text);
      must(normal === undefined || normalInstant(normal) === normal, 'a normal instant is one');
    },
  },
  {
    name: 'images',
    share: 6,
    corpus: [
      'python:3.12-slim',
      `registry.example.com:5000/a/b@sha256:${'a'.repeat(64)}`,
      'localhost/x',
      `a/b:c@sha256:${'0'.repeat(64)}`,
    ],
    junk: [
      ':',
      '/',
      '@',
      '.',
      '-',
      '_',
      '__',
      'sha256:',
      'A',
      '..',
      '//',
      ' ',
      '\0',
      '\u00e9',
      'a'.repeat(300),
      '[::1]',
    ],
    check(text) {
      must(parseImageReference(text) !== undefined, 'an image has an answer');
    },
  },
  {
    name: 'exact JSON',
    share: 4,
    corpus: [
      '{"a": [1, 2.5, "x", null, true], "b": {"c": 9223372036854775807}}',
      '[[[[]]]]',
      '"\\ud800"',
      '1e400',
      '-0',
    ],
    junk: [
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      '\\',
      '\\u12',
      '1',
      '-',
      'e',
      '.',
      'null',
      '__proto__',
      '"__proto__":',
      '['.repeat(200),
      '9'.repeat(30),
      '\0',
    ],
    check(text) {
      const parsed = parseExactJson(text) as { readonly kind: string; readonly value?: Json };
      if (parsed.kind === 'ok' && isJsonObject(parsed.value))
        must(Object.getPrototypeOf(parsed.value) !== Array.prototype, 'JSON is JSON');
    },
  },
];
