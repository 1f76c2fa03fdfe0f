import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { DIAGNOSTIC_CODES, schemaFiles } from '../../src/language/index.ts';
import { EDITOR_KEYWORDS } from '../../src/language/schema/editor.ts';
import { anyDocumentSchema, documentSchema } from '../../src/language/schema/index.ts';
import { DEFINITION_KINDS } from '../../src/language/schema/kinds.ts';
import { NODE_SNIPPETS, SNIPPETS } from '../../src/language/schema/snippets.ts';

const folder = join(import.meta.dirname, '../../schemas');

type Schema = Readonly<Record<string, unknown>>;

/** A validator that knows what editors read beyond the rules. */
function editorAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allowUnionTypes: true });
  ajv.addVocabulary([...EDITOR_KEYWORDS]);
  return ajv;
}

const VALUE_WORDS: readonly string[] = ['examples', 'default', 'const', 'enum', 'defaultSnippets'];

/** Every schema in a schema that editors show, with its path. A field may have the name of a word that holds values. */
function walk(value: unknown, path = '#'): readonly (readonly [string, Schema])[] {
  if (typeof value !== 'object' || value === null || 'doNotSuggest' in value) return [];
  const isOfNames = path.endsWith('/properties') || path === '#/$defs';
  const found = Object.entries(value).flatMap(([key, inner]) =>
    !isOfNames && VALUE_WORDS.includes(key) ? [] : walk(inner, `${path}/${key}`),
  );
  return Array.isArray(value) || isOfNames ? found : [[path, value as Schema], ...found];
}

function parsedFiles(): readonly (readonly [string, Schema])[] {
  return [...schemaFiles()].map(([name, text]) => [name, JSON.parse(text) as Schema]);
}

/** A snippet's body with its places filled by what they suggest, its texts read as the YAML that an editor inserts. */
function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [textOf(key), filled(inner)]));
  }
  if (typeof value !== 'string') return value;
  return parse(textOf(value));
}

function textOf(snippet: string): string {
  return snippet
    .replace(/\\\$/g, '\u0000')
    .replace(/\$\{\d+:([^}]*)\}/g, '$1')
    .replaceAll('\u0000', '$');
}

/** Whether nothing is left to show: words of a list, or what is told elsewhere. */
function saysAll({ $ref, type, enum: words, const: constant }: Schema): boolean {
  return $ref !== undefined || type === 'boolean' || words !== undefined || constant !== undefined;
}

/** Maps and lists are shown in the description; texts and numbers beside a reference stay those of the part. */
function showsExample(field: Schema, part: Schema = {}): boolean {
  const examples = [...((field.examples ?? part.examples ?? []) as unknown[])];
  return examples.length > 0 || /\n```yaml\n[\s\S]+```$/.test(String(field.markdownDescription));
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

  it.each(parsedFiles())('%s shows of every field an example, where its type does not say all', (_name, schema) => {
    // What a whole definition looks like, its snippet and the documentation show.
    const fields = walk(schema).filter(([path]) => /\/properties\/(?!spec$)[^/]+$/.test(path));
    const bare = fields
      .filter(([path]) => !path.includes('/if/'))
      .filter(([, field]) => !saysAll(field) && !showsExample(field));
    expect(bare.map(([path]) => path)).toEqual([]);
    // What is shown of a part is not lost where a reference to it has a description of its own.
    const lost = fields.filter(([, field]) => {
      const part = walk(schema).find(([at]) => at === field.$ref)?.[1];
      return (
        part !== undefined && !saysAll(part) && !showsExample(field.description === undefined ? part : field, part)
      );
    });
    expect(lost.map(([path]) => path)).toEqual([]);
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
    const ofNodes = ['node', Object.values(NODE_SNIPPETS).flat()] as const;
    const wrong = [...Object.entries(SNIPPETS), ofNodes].flatMap(([name, snippets]) => {
      const part = name === 'cron' ? cron : titled.get(name);
      const validate = editorAjv().compile({ ...part, $defs: schema.$defs });
      return snippets.filter(({ body }) => !validate(filled(body))).map(({ label }) => `${name}: ${label}`);
    });
    expect(wrong).toEqual([]);
  });

  it('offer beside a field that says what a node does only what goes with it', () => {
    const [, node] = walk(JSON.parse(schemaFiles().get('workflow.schema.json')!)).find(
      ([, part]) => part.title === 'node',
    )!;
    const fields = (part: Schema): readonly string[] =>
      walk(part.properties, '#/properties')
        .map(([path]) => path.split('/').slice(2))
        .flatMap(([field, ...deeper]) => (deeper.length === 0 ? [field!] : []));
    const beside = Object.fromEntries((node.oneOf as Schema[]).map((kind) => [fields(kind)[0], fields(kind).slice(1)]));
    expect(fields(node)).toEqual(['description', 'needs', 'when']);
    expect(beside).toMatchObject({
      task: ['with', 'retries', 'timeout', 'resources', 'interruptible', 'cache'],
      sleep: [],
      switch: ['else'],
    });
  });

  it.each([
    '{ sleep: 3m }',
    '{ sleep: 3m, retries: 3 }',
    '{ needs: [a], task: a, with: {} }',
    '{ task: a, sleep: 3m }',
    '{}',
    '{ tsk: a }',
  ])('take the node %s or refuse it as validation does', (text) => {
    const definition = { kind: 'Workflow', metadata: { name: 'a' }, spec: { nodes: { a: parse(text) } } };
    const shown = editorAjv().compile(JSON.parse(schemaFiles().get('workflow.schema.json')!));
    const validate = editorAjv().compile(documentSchema('Workflow'));
    expect(shown(definition)).toBe(validate(definition));
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
