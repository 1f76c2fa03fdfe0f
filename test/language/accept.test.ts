import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Json } from '../../src/base/index.ts';
import { DIAGNOSTIC_CODES } from '../../src/language/index.ts';
import { acceptorOf } from '../../src/language/schema/accept.ts';
import { documentSchema } from '../../src/language/schema/index.ts';
import { DEFINITION_KINDS } from '../../src/language/schema/kinds.ts';
import type { Schema } from '../../src/language/schema/parts.ts';

/** The full validator, which is the reference: it may take documents that nothing accepts at first sight, never the reverse. */
function validatorOf(schema: Schema): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, meta: false, validateSchema: false });
  return ajv.compile({ ...schema, $schema: undefined });
}

const KINDS = new Map<unknown, { readonly accept: (value: Json) => boolean; readonly validate: ValidateFunction }>(
  DEFINITION_KINDS.map((kind) => {
    const schema = documentSchema(kind);
    return [kind, { accept: acceptorOf(schema), validate: validatorOf(schema) }] as const;
  }),
);

type Document = { readonly [key: string]: Json };

function documentsOf(texts: readonly string[]): readonly Document[] {
  return texts
    .flatMap((text) => [...parseAllDocuments(text, { logLevel: 'silent' })])
    .flatMap((document) =>
      document.errors.length > 0 ? [] : [JSON.parse(JSON.stringify(document.toJS())) as Document],
    )
    .filter((document) => KINDS.has(document?.kind));
}

const RIGHT = documentsOf(DIAGNOSTIC_CODES.map(({ right }) => right));
const WRONG = documentsOf(DIAGNOSTIC_CODES.map(({ wrong }) => wrong));

/** Values of every type, near the bounds that schemas set, and strings that patterns are about. */
const ODD: readonly Json[] = [
  ...[null, true, false, 0, -1, 1.5, 101, 1e9, '', 'x', 'Not A Name', '1h', '5x', '${{ inputs.a }}', '\u{1f600}'],
  ...['a'.repeat(64), 'é', '*', 'main', [], ['a', 'a'], ['a', 'b'], [1, 1], [[]], {}, { a: 1 }, { task: 'a' }],
  ...[{ secret: { name: 'a', key: 'b' } }, { type: 'integer' }, { value: 1 }, { 'not a name': 1 }],
];

type Path = readonly (string | number)[];

function pathsOf(value: Json, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner as Json, [...at, key]))];
}

function changed(value: Json, [key, ...rest]: Path, change: (inner: Json) => Json | undefined): Json {
  if (key === undefined) return change(value) ?? null;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as Document) }) as Record<string | number, Json>;
  const inner = rest.length === 0 ? change(copy[key] as Json) : changed(copy[key] as Json, rest, change);
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return (Array.isArray(value) ? Object.values(copy) : copy) as Json;
}

const MUTATION = fc.record({
  at: fc.nat(),
  change: fc.oneof(
    fc.constantFrom(...ODD).map((odd) => () => odd),
    fc.constant(() => undefined),
    fc.tuple(fc.constantFrom('zz', 'when', 'task', 'compute', '__proto__', 'A B'), fc.constantFrom(...ODD)).map(
      ([key, odd]) =>
        (inner: Json): Json =>
          typeof inner === 'object' && inner !== null && !Array.isArray(inner)
            ? (Object.fromEntries([...Object.entries(inner), [key, odd]]) as Json)
            : inner,
    ),
  ),
});

function mutated(document: Document, { at, change }: { at: number; change: (inner: Json) => Json | undefined }): Json {
  const paths = pathsOf(document).filter((path) => path.length > 0 && path[0] !== 'kind');
  const path = paths[at % Math.max(1, paths.length)];
  return path === undefined ? document : changed(document, path, change);
}

describe('the acceptor of a schema', () => {
  it('accepts whatever the full validator takes, of the examples of all kinds', () => {
    const left = [...RIGHT, ...WRONG].filter((document) => {
      const { accept, validate } = KINDS.get(document.kind)!;
      return validate(document) !== accept(document);
    });
    expect(left).toEqual([]);
    expect(new Set(RIGHT.map(({ kind }) => kind))).toEqual(new Set(DEFINITION_KINDS));
  });

  it('accepts nothing that the full validator refuses', () => {
    let refused = 0;
    const mutants = fc.array(MUTATION, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...RIGHT, ...WRONG), mutants, (document, mutations) => {
        const value = mutations.reduce((last, mutation) => mutated(last, mutation) as Document, document);
        const { accept, validate } = KINDS.get(document.kind)!;
        const isValid = validate(value);
        if (!isValid) refused++;
        if (accept(value) && !isValid) throw new Error(`${JSON.stringify(value)}: ${JSON.stringify(validate.errors)}`);
      }),
      { numRuns: 5_000 },
    );
    expect(refused).toBeGreaterThan(1_000);
  });

  it.each<[string, Schema, Json]>([
    ['a keyword that it does not know', { type: 'string', format: 'date' }, 'x'],
    ['alternatives of more than one field each', { oneOf: [{ required: ['a', 'b'] }] }, { a: 1, b: 1 }],
    ['a ban of more than a pattern', { type: 'string', not: { minLength: 3 } }, 'x'],
    ['a part that is not there', { $ref: '#/$defs/none' }, 'x'],
    ['a ban that what is not text breaks', { type: ['string', 'object'], not: { pattern: 'x' } }, {}],
    ['a list of maps that must differ', { type: 'array', uniqueItems: true }, [{}, { a: 1 }]],
    ['a length that only counting code points can tell', { type: 'string', minLength: 3 }, 'abc'],
  ])('leaves %s to the full validator', (_what, schema, value) => {
    expect(acceptorOf(schema)(value)).toBe(false);
  });
});
