import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DIAGNOSTIC_CODES, schemaFiles } from '../../src/language/index.ts';

const folder = join(import.meta.dirname, '../../schemas');

describe('schemas', () => {
  it('equal what their source generates (npm run generate)', () => {
    const committed = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
    expect(new Map(committed)).toEqual(new Map([...schemaFiles()].sort(([a], [b]) => (a < b ? -1 : 1))));
  });

  it.each([...schemaFiles()])('%s keeps the rules of JSON Schema 2020-12', (_name, text) => {
    const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allowUnionTypes: true });
    expect(ajv.validateSchema(JSON.parse(text))).toBe(true);
  });

  it.each([...schemaFiles()])('%s describes every field', (_name, text) => {
    const bare: string[] = [];
    const described = (schema: Record<string, unknown>, root: Record<string, Record<string, unknown>>): boolean =>
      schema.description !== undefined ||
      schema.const !== undefined ||
      root[String(schema.$ref).split('/').at(-1)!]?.description !== undefined;
    const visit = (value: unknown, path: string, root: Record<string, Record<string, unknown>>): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'properties')
          for (const [name, field] of Object.entries(inner))
            if (!described(field as never, root)) bare.push(`${path}/${name}`);
        visit(inner, `${path}/${key}`, root);
      }
    };
    const schema = JSON.parse(text);
    visit(schema, '', schema.$defs);
    expect(bare).toEqual([]);
  });

  it('take the right examples of the diagnostics, each by its kind and by the one for all', () => {
    const schemas = [...schemaFiles()].map(([name, text]) => [name, JSON.parse(text)] as const);
    const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allowUnionTypes: true });
    const all = ajv.compile(schemas.find(([name]) => name === 'pipectl.schema.json')![1]);
    // Those of images.lock are lock files.
    const ofDefinitions = DIAGNOSTIC_CODES.filter(({ code }) => !code.startsWith('PIPE-LOCK-'));
    const refused = ofDefinitions.filter(
      ({ right }) => !parseAllDocuments(right).every((document) => 'toJS' in document && all(document.toJS())),
    );
    expect(refused.map(({ code }) => code)).toEqual([]);
  });
});
