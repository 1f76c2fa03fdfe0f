import { describe, expect, it } from 'vitest';
import { columnsOf, DEFINITION_KINDS, KINDS } from '../../src/cluster/index.ts';
import type { Schema } from '../../src/cluster/schemas/index.ts';
import { type CustomResourceDefinition, customResourceDefinitions, OWN_GROUP } from '../../src/deploy/index.ts';
import { schemaAt, structuralProblems } from './structural.ts';

const DEFINITIONS = customResourceDefinitions();
const rows = DEFINITIONS.map((definition) => [definition.spec.names.kind, definition] as const);

function version(definition: CustomResourceDefinition): CustomResourceDefinition['spec']['versions'][number] {
  return definition.spec.versions[0]!;
}

function schemaOf(kind: string): Schema {
  return version(DEFINITIONS.find(({ spec }) => spec.names.kind === kind)!).schema.openAPIV3Schema;
}

describe('definitions of kinds', () => {
  it('are there for every kind of our own, under the names of the embedded API', () => {
    const own = KINDS.filter(({ group }) => group === OWN_GROUP);
    expect(
      DEFINITIONS.map(({ metadata, spec }) => [metadata.name, spec.names.kind, spec.names.shortNames ?? []]),
    ).toEqual(own.map(({ plural, group, kind, shortNames }) => [`${plural}.${group}`, kind, shortNames]));
    expect(DEFINITIONS.every(({ spec }) => spec.names.categories.includes('pipectl'))).toBe(true);
  });

  it('share no short name', () => {
    const names = DEFINITIONS.flatMap(({ spec: { names } }) => [
      ...new Set([names.plural, names.singular, ...(names.shortNames ?? [])]),
    ]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it.each(rows)('of %s are structural', (_, definition) => {
    expect(structuralProblems(version(definition).schema.openAPIV3Schema)).toEqual([]);
  });

  it.each(rows)('of %s show the columns of the embedded API, in its order', (kind, definition) => {
    const shown = columnsOf(kind).filter(({ path }) => path !== undefined);
    expect(version(definition).additionalPrinterColumns.map(({ name, priority = 0 }) => [name, priority])).toEqual(
      shown.map(({ name, wide }) => [name, wide === true ? 1 : 0]),
    );
  });

  it.each(rows)('of %s name fields that there are, in columns and selectors', (_, definition) => {
    const { schema, additionalPrinterColumns, selectableFields = [] } = version(definition);
    const root = schema.openAPIV3Schema;
    const paths = additionalPrinterColumns
      .map(({ jsonPath }) => jsonPath)
      .filter((path) => !path.startsWith('.metadata.') && !path.includes('['));
    expect(paths.filter((path) => !isThere(root, path))).toEqual([]);
    const types = selectableFields.map(({ jsonPath }) => schemaAt(root, jsonPath)?.type);
    expect(types.filter((type) => type !== 'string')).toEqual([]);
    expect(selectableFields.length).toBeLessThanOrEqual(8);
  });

  it('have a status of their own where the kind has one, and ask nothing of its deltas', () => {
    for (const { kind, hasStatus } of KINDS.filter(({ group }) => group === OWN_GROUP)) {
      const status = schemaOf(kind).properties?.status;
      expect([kind, status !== undefined]).toEqual([kind, hasStatus]);
      expect([kind, JSON.stringify(status ?? {}).includes('"required":[')]).toEqual([kind, false]);
    }
  });

  it('make the spec of a definition one field, as the reconciler owns it', () => {
    const atomic = DEFINITIONS.map(({ spec }) => spec.names.kind).filter(
      (kind) => schemaOf(kind).properties?.spec?.['x-kubernetes-map-type'] === 'atomic',
    );
    expect(new Set(atomic)).toEqual(DEFINITION_KINDS);
  });

  it.each(['Revision', 'Closure', 'Token'])('let no %s change', (kind) => {
    expect(schemaOf(kind).properties?.spec?.['x-kubernetes-validations']).toContainEqual({
      rule: 'self == oldSelf',
      message: `a ${kind} never changes`,
    });
  });

  it('pin every field of an execution but those that steer it', () => {
    const { properties = {}, ...spec } = schemaOf('Execution').properties?.spec ?? {};
    const rules = (spec['x-kubernetes-validations'] ?? []).map(({ rule }) => rule).join('\n');
    const free = Object.keys(properties).filter((name) => !rules.includes(`self.${name} == oldSelf.${name}`));
    expect(free).toEqual(['desired', 'signals']);
  });
});

function isThere(root: Schema, path: string): boolean {
  const names = path.slice(1).split('.');
  return (
    names.some(
      (_, at) =>
        schemaAt(root, `.${names.slice(0, at + 1).join('.')}`)?.['x-kubernetes-preserve-unknown-fields'] === true,
    ) || schemaAt(root, path) !== undefined
  );
}

describe('the check of structural schemas', () => {
  const bad: readonly (readonly [string, Schema, string])[] = [
    ['a field without a type', { type: 'object', properties: { a: {} } }, '.a: has no type'],
    [
      'a list of nothing',
      { type: 'object', properties: { a: { type: 'array' } } },
      '.a: a list says nothing of its items',
    ],
    [
      'a map at the root',
      { type: 'object', additionalProperties: { type: 'string' } },
      '<root>: the root must be a plain object',
    ],
    ['a reference', { type: 'object', properties: { a: { $ref: '#/b' } as Schema } }, '.a: has $ref'],
    [
      'a required field that is not',
      { type: 'object', properties: {}, required: ['b'] },
      '<root>: requires b, which it does not have',
    ],
    [
      'a rule over what has no type',
      {
        type: 'object',
        properties: { a: { 'x-kubernetes-preserve-unknown-fields': true } },
        'x-kubernetes-validations': [{ rule: 'self.a == 1', message: 'x' }],
      },
      ': the rule "self.a == 1" cannot see a',
    ],
  ];
  it.each(bad)('sees %s', (_, schema, problem) => {
    expect(structuralProblems(schema)).toContain(problem);
  });
});
