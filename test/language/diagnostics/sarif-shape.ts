import type { Json } from '../../../src/base/index.ts';

/**
 * What SARIF 2.1.0 (OASIS, errata 01) says of the objects that we write, as JSON Schema: their required members, the
 * forms of values, and that nothing else stands in them.
 */
export const SARIF_SHAPE: Json = {
  ...object({ $schema: uri(), version: { const: '2.1.0' }, runs: list({ $ref: '#/$defs/run' }) }, ['version', 'runs']),
  $defs: {
    run: object(
      {
        tool: object({ driver: { $ref: '#/$defs/toolComponent' } }, ['driver']),
        columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
        originalUriBaseIds: { type: 'object', additionalProperties: { $ref: '#/$defs/artifactLocation' } },
        artifacts: list(object({ location: { $ref: '#/$defs/artifactLocation' }, sourceLanguage: text() })),
        invocations: list(
          object({ executionSuccessful: { type: 'boolean' }, exitCode: { type: 'integer' } }, ['executionSuccessful']),
        ),
        results: list({ $ref: '#/$defs/result' }),
      },
      ['tool', 'results'],
    ),
    toolComponent: object(
      { name: text(), version: text(), semanticVersion: text(), rules: list({ $ref: '#/$defs/rule' }) },
      ['name'],
    ),
    rule: object(
      {
        id: text(),
        name: text(),
        shortDescription: { $ref: '#/$defs/message' },
        fullDescription: { $ref: '#/$defs/message' },
        help: { $ref: '#/$defs/message' },
        defaultConfiguration: object({ level: { $ref: '#/$defs/level' } }),
        properties: { type: 'object', properties: { tags: list(text()) } },
      },
      ['id', 'shortDescription', 'fullDescription', 'help'],
    ),
    result: object(
      {
        ruleId: text(),
        ruleIndex: { type: 'integer', minimum: 0 },
        level: { $ref: '#/$defs/level' },
        message: { $ref: '#/$defs/message' },
        locations: { ...list({ $ref: '#/$defs/location' }), minItems: 1 },
        relatedLocations: list({ $ref: '#/$defs/location' }),
        fixes: list(
          object(
            {
              description: { $ref: '#/$defs/message' },
              artifactChanges: { ...list({ $ref: '#/$defs/artifactChange' }), minItems: 1 },
            },
            ['artifactChanges'],
          ),
        ),
      },
      ['message', 'locations'],
    ),
    artifactChange: object(
      {
        artifactLocation: { $ref: '#/$defs/artifactLocation' },
        replacements: {
          ...list(
            object({ deletedRegion: { $ref: '#/$defs/region' }, insertedContent: object({ text: text() }) }, [
              'deletedRegion',
            ]),
          ),
          minItems: 1,
        },
      },
      ['artifactLocation', 'replacements'],
    ),
    location: object(
      {
        id: { type: 'integer', minimum: -1 },
        message: { $ref: '#/$defs/message' },
        physicalLocation: object(
          { artifactLocation: { $ref: '#/$defs/artifactLocation' }, region: { $ref: '#/$defs/region' } },
          ['artifactLocation', 'region'],
        ),
      },
      ['physicalLocation'],
    ),
    artifactLocation: object({ uri: uri(), uriBaseId: text(), description: { $ref: '#/$defs/message' } }),
    region: object(
      {
        startLine: { type: 'integer', minimum: 1 },
        startColumn: { type: 'integer', minimum: 1 },
        endLine: { type: 'integer', minimum: 1 },
        endColumn: { type: 'integer', minimum: 1 },
        snippet: object({ text: text() }),
      },
      ['startLine', 'startColumn', 'endLine', 'endColumn'],
    ),
    message: object({ text: text(), markdown: text() }, ['text']),
    level: { enum: ['none', 'note', 'warning', 'error'] },
  },
};

function object(properties: Record<string, Json>, required: readonly string[] = []): Record<string, Json> {
  return { type: 'object', properties, required: [...required], additionalProperties: false };
}

function list(items: Json): Record<string, Json> {
  return { type: 'array', items };
}

function text(): Json {
  return { type: 'string', minLength: 0 };
}

/** A URI reference (RFC 3986) holds no blank, control or other character that is to be encoded. */
function uri(): Json {
  return { type: 'string', pattern: "^[A-Za-z0-9\\-._~:/?#\\[\\]@!$&'()*+,;=%]*$" };
}
