/** The JSON Schemas of definitions, as data: `schemas/` is generated from here, ajv validates with the same. */
import { DEFINITION_KINDS, KIND_SCHEMAS } from './kinds.ts';
import { NODE_PARTS } from './node.ts';
import { PARTS, type Schema } from './parts.ts';

export const SCHEMA_BASE = 'https://pipectl.dev/schemas/';
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** The schema of one kind's documents, with the definitions that it uses. */
export function documentSchema(kind: keyof typeof KIND_SCHEMAS): Schema {
  const { file, spec } = KIND_SCHEMAS[kind];
  const document = documentBody(kind, spec);
  return {
    $schema: DIALECT,
    $id: `${SCHEMA_BASE}${file}.schema.json`,
    title: `pipectl ${kind}`,
    ...document,
    $defs: partsUsedBy(document),
  };
}

/** The schema of any document, told apart by `kind`. */
export function anyDocumentSchema(): Schema {
  const bodies = DEFINITION_KINDS.map((kind) => [kind, documentBody(kind, KIND_SCHEMAS[kind].spec)] as const);
  return {
    $schema: DIALECT,
    $id: `${SCHEMA_BASE}pipectl.schema.json`,
    title: 'pipectl definition',
    description: 'A document of a definitions file.',
    oneOf: bodies.map(([kind]) => ({ $ref: `#/$defs/${kind}` })),
    $defs: { ...Object.fromEntries(bodies), ...partsUsedBy(Object.fromEntries(bodies)) },
  };
}

/** The files under `schemas/`, name → text. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const print = (schema: Schema): string => `${JSON.stringify(schema, null, 2)}\n`;
  return new Map([
    ...DEFINITION_KINDS.map((kind) => [`${KIND_SCHEMAS[kind].file}.schema.json`, print(documentSchema(kind))] as const),
    ['pipectl.schema.json', print(anyDocumentSchema())],
  ]);
}

function documentBody(kind: string, spec: Schema): Schema {
  return {
    type: 'object',
    description: spec.description,
    properties: {
      apiVersion: { const: 'pipectl.dev/v1', description: 'Later documents of a file may leave it out.' },
      kind: { const: kind },
      metadata: { $ref: '#/$defs/metadata' },
      spec,
    },
    required: ['kind', 'metadata', 'spec'],
    additionalProperties: false,
  };
}

const ALL_PARTS: ReadonlyMap<string, Schema> = new Map(Object.entries({ ...PARTS, ...NODE_PARTS }));

function partsUsedBy(schema: Schema): Schema {
  const used = new Map<string, Schema>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [keyword, inner] of Object.entries(value)) {
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
