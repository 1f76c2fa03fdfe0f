/** The JSON Schemas of definitions, as data: `schemas/` is generated from here, ajv validates with the same. */
import { forEditors } from './editor.ts';
import { DEFINITION_KINDS, KIND_SCHEMAS } from './kinds.ts';
import { NODE_PARTS } from './node.ts';
import { NOTIFICATION_PARTS } from './notifications.ts';
import { PARTS, type Schema } from './parts.ts';

export const SCHEMA_BASE = 'https://pipectl.dev/schemas/';
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** The schema of one kind's documents, with the definitions that it uses. */
export function documentSchema(kind: keyof typeof KIND_SCHEMAS): Schema {
  const { file, spec } = KIND_SCHEMAS[kind];
  const document = {
    ...documentBody({ const: kind, description: 'What is defined.' }, spec),
    description: spec.description,
  };
  return {
    $schema: DIALECT,
    $id: `${SCHEMA_BASE}${file}.schema.json`,
    title: `pipectl ${kind}`,
    ...document,
    $defs: partsUsedBy(document),
  };
}

/**
 * The schema of any document, told apart by `kind`. Conditions and not alternatives: an editor then knows which kind is
 * meant as soon as it is written, and tells only what is wrong with that.
 */
export function anyDocumentSchema(): Schema {
  const specs = DEFINITION_KINDS.map((kind) => [kind, KIND_SCHEMAS[kind].spec] as const);
  const kind = { enum: DEFINITION_KINDS, description: 'What is defined.' };
  const parts = Object.fromEntries(specs);
  const spec = { type: 'object', description: 'What the definition says; its fields depend on `kind`.' };
  const document = documentBody(kind, spec);
  return {
    $schema: DIALECT,
    $id: `${SCHEMA_BASE}pipectl.schema.json`,
    title: 'pipectl definition',
    description: 'A document of a definitions file.',
    ...document,
    allOf: DEFINITION_KINDS.map((name) =>
      Object.fromEntries([
        ['if', { properties: { kind: { const: name } }, required: ['kind'] }],
        ['then', { properties: { spec: { $ref: `#/$defs/${name}` } } }],
      ]),
    ),
    $defs: { ...parts, ...partsUsedBy({ document, parts }) },
  };
}

/** The files under `schemas/`, name → text, with what editors show. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const print = (schema: Schema): string => `${JSON.stringify(forEditors(schema), null, 2)}\n`;
  return new Map([
    ...DEFINITION_KINDS.map((kind) => [`${KIND_SCHEMAS[kind].file}.schema.json`, print(documentSchema(kind))] as const),
    ['pipectl.schema.json', print(anyDocumentSchema())],
  ]);
}

function documentBody(kind: Schema, spec: Schema): Schema {
  return {
    type: 'object',
    properties: {
      apiVersion: { const: 'pipectl.dev/v1', description: 'Later documents of a file may leave it out.' },
      kind,
      metadata: { $ref: '#/$defs/metadata' },
      spec,
    },
    required: ['kind', 'metadata', 'spec'],
    additionalProperties: false,
  };
}

const ALL_PARTS: ReadonlyMap<string, Schema> = new Map(
  Object.entries({ ...PARTS, ...NODE_PARTS, ...NOTIFICATION_PARTS }),
);

function partsUsedBy(schema: Schema): Schema {
  const used = new Map<string, Schema>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [keyword, inner] of Object.entries(value)) {
      if (keyword === 'examples') continue;
      if (keyword !== '$ref' || typeof inner !== 'string') visit(inner);
      else {
        const name = inner.replace('#/$defs/', '');
        const part = ALL_PARTS.get(name);
        if (part !== undefined && !used.has(name)) {
          used.set(name, part);
          visit(part);
        }
      }
    }
  };
  visit(schema);
  return Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1)));
}
