import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DIAGNOSTIC_CODES, schemaFiles } from '../../src/language/index.ts';
import { EDITOR_KEYWORDS } from '../../src/language/schema/editor.ts';
import { anyDocumentSchema, documentSchema } from '../../src/language/schema/index.ts';
import { DEFINITION_KINDS } from '../../src/language/schema/kinds.ts';
import { SNIPPETS } from '../../src/language/schema/snippets.ts';

const folder = join(import.meta.dirname, '../../schemas');

type Schema = Readonly<Record<string, unknown>>;

/** A validator that knows what editors read beyond the rules. */
function editorAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allowUnionTypes: true });
  ajv.addVocabulary([...EDITOR_KEYWORDS]);
  return ajv;
}

/** Every object in a schema that is not an example, with its path. */
function walk(value: unknown, path = '#'): readonly (readonly [string, Schema])[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = Object.entries(value).flatMap(([key, inner]) =>
    ['examples', 'default', 'const', 'enum', 'defaultSnippets'].includes(key) ? [] : walk(inner, `${path}/${key}`),
  );
  return Array.isArray(value) || path.endsWith('/properties') ? found : [[path, value as Schema], ...found];
}

function parsedFiles(): readonly (readonly [string, Schema])[] {
  return [...schemaFiles()].map(([name, text]) => [name, JSON.parse(text) as Schema]);
}

/** A snippet's body with its places filled by what they suggest, and text that looks like a number or a word as one. */
function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [filled(key), filled(inner)]));
  }
  if (typeof value !== 'string') return value;
  const text = value
    .replace(/\\\$/g, '\u0000')
    .replace(/\$\{\d+:([^}]*)\}/g, '$1')
    .replaceAll('\u0000', '$');
  return /^\d+$/.test(text) ? Number(text) : text;
}

describe('schemas', () => {
  it('equal what their source generates (npm run generate)', () => {
    const committed = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
    expect(new Map(committed)).toEqual(new Map([...schemaFiles()].sort(([a], [b]) => (a < b ? -1 : 1))));
  });

  it.each(parsedFiles())('%s keeps the rules of JSON Schema 2020-12', (_name, schema) => {
    expect(editorAjv().validateSchema(schema)).toBe(true);
  });

  it.each(parsedFiles())('%s tells of every field its name and what it is for', (_name, schema) => {
    const fields = walk(schema).filter(([path]) => /\/properties\/[^/]+$/.test(path));
    // A condition names fields without telling of them.
    const bare = fields
      .filter(([path]) => !path.includes('/if/') && !path.includes('/then/'))
      .filter(([path, field]) => {
        const part = walk(schema).find(([at]) => at === field.$ref)?.[1];
        return field.title !== path.split('/').at(-1) || (field.description ?? part?.description) === undefined;
      });
    expect(bare.map(([path]) => path)).toEqual([]);
    expect(fields.length).toBeGreaterThan(3);
  });

  it.each(parsedFiles())('%s tells of every word of an enum what it means', (_name, schema) => {
    const enums = walk(schema).filter(
      ([path, { enum: words }]) => words !== undefined && !path.endsWith('kinds/items'),
    );
    const bare = enums.filter(
      ([, field]) => (field.enumDescriptions as unknown[] | undefined)?.length !== (field.enum as unknown[]).length,
    );
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  it.each(DEFINITION_KINDS)('of %s have examples and defaults that are right', (kind) => {
    const schema = documentSchema(kind);
    const ajv = editorAjv();
    const wrong = walk(schema).flatMap(([path, { examples = [], default: preset, ...rules }]) => {
      const values = [...(examples as unknown[]), ...(preset === undefined ? [] : [preset])];
      if (values.length === 0 || path === '#') return [];
      const validate = ajv.compile({ ...rules, $defs: schema.$defs });
      return values.filter((value) => !validate(value)).map((value) => `${path}: ${JSON.stringify(value)}`);
    });
    expect(wrong).toEqual([]);
  });

  it('offer snippets that are right when filled in', () => {
    const schema = anyDocumentSchema();
    const titled = new Map(walk(schema).flatMap(([, part]) => (part.title === undefined ? [] : [[part.title, part]])));
    const cron = walk(schema).find(([path]) => path.endsWith('/cron'))?.[1];
    const wrong = Object.entries(SNIPPETS).flatMap(([name, snippets]) => {
      const part = name === 'cron' ? cron : titled.get(name);
      const validate = editorAjv().compile({ ...part, $defs: schema.$defs });
      return snippets.filter(({ body }) => !validate(filled(body))).map(({ label }) => `${name}: ${label}`);
    });
    expect(wrong).toEqual([]);
  });

  it('show examples that are maps or lists as YAML', () => {
    const text = schemaFiles().get('task.schema.json')!;
    const retries = walk(JSON.parse(text)).find(([path]) => path.endsWith('$defs/retries'))![1];
    expect(retries.examples).toEqual([3]);
    expect(retries.markdownDescription).toContain('\n\n```yaml\nlimit: 3\nbackoff:\n  initial: 1s\n');
  });

  it('take the right examples of the diagnostics, each by its kind and by the one for all', () => {
    const schemas = [...schemaFiles()].map(([name, text]) => [name, JSON.parse(text)] as const);
    const all = editorAjv().compile(schemas.find(([name]) => name === 'pipectl.schema.json')![1]);
    // Those of images.lock are lock files.
    const ofDefinitions = DIAGNOSTIC_CODES.filter(({ code }) => !code.startsWith('PIPE-LOCK-'));
    const refused = ofDefinitions.filter(
      ({ right }) => !parseAllDocuments(right).every((document) => 'toJS' in document && all(document.toJS())),
    );
    expect(refused.map(({ code }) => code)).toEqual([]);
  });
});
