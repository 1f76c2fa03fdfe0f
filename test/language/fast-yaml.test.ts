import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json } from '../../src/base/index.ts';
import type { Path, Place } from '../../src/language/document.ts';
import { fastDocuments, fastMarks } from '../../src/language/fast-yaml/index.ts';
import { type SourceText, sourceText } from '../../src/language/source-text.ts';
import { yamlToJson } from '../../src/language/yaml-json.ts';
import { type Mark, marksOfTree } from '../../src/language/yaml-mark.ts';
import { placeOfKey, placeOfValue } from '../../src/language/yaml-place.ts';
import { syntaxFindings } from '../../src/language/yaml-syntax.ts';
import { parseYaml } from '../../src/language/yaml-tree.ts';
import { mutated, randomOf } from './fuzz/mutate.ts';
import { CORNERS, repositoryYaml, YAML_JUNK } from './fuzz/yaml-corpus.ts';

/** What the full parser makes of a text; undefined when it has anything to say about it. */
function fullDocuments(text: string): readonly Json[] | undefined {
  const parsed = parseYaml(text);
  if (parsed.kind === 'refused') return undefined;
  let isClean = true;
  const values = parsed.documents.map((tree) => {
    if (syntaxFindings(tree, text).length > 0) isClean = false;
    return yamlToJson(tree.contents, () => {
      isClean = false;
    });
  });
  return isClean ? values : undefined;
}

/** Texts that tell -0, key order and missing prototypes apart. */
function exact(values: readonly Json[] | undefined): string {
  return JSON.stringify(values, (_key, value: unknown) => (Object.is(value, -0) ? '(minus zero)' : value)) ?? 'none';
}

/** Every place of a document that a finding can name: of each value, each key, and a part of each text. */
function placesOf(source: SourceText, root: Mark, value: Json, path: Path = []): readonly Place[] {
  const range = typeof value === 'string' && value.length > 3 ? { start: 1, end: 3 } : undefined;
  const own = [
    placeOfValue(source, root, path),
    placeOfKey(source, root, path),
    placeOfValue(source, root, path, range),
  ];
  const missing = placeOfValue(source, root, [...path, 'not there', 7]);
  if (Array.isArray(value)) {
    return [...own, missing, ...value.flatMap((item: Json, at) => placesOf(source, root, item, [...path, at]))];
  }
  if (!isJsonObject(value)) return [...own, missing];
  const inner = Object.entries(value).flatMap(([name, member]) => placesOf(source, root, member, [...path, name]));
  return [...own, missing, ...inner];
}

/** The fast reader gives up or agrees, on values and on places. Line ends are LF when it is given a text. */
function agree(raw: string): boolean {
  const text = raw.replaceAll(/\r\n?/g, '\n');
  const fast = fastDocuments(text);
  if (fast === undefined) return true;
  if (exact(fast) !== exact(fullDocuments(text))) return false;
  const marks = fastMarks(text);
  if (marks === undefined) return true;
  const parsed = parseYaml(text);
  if (parsed.kind !== 'documents' || parsed.documents.length !== marks.length) return false;
  const source = sourceText('x.yaml', text);
  return parsed.documents.every((tree, at) => {
    const value = fast[at] as Json;
    const full = placesOf(source, marksOfTree(tree), value);
    return JSON.stringify(placesOf(source, marks[at] as Mark, value)) === JSON.stringify(full);
  });
}

const repository = repositoryYaml();

describe('the fast reader', () => {
  it.each(CORNERS.map((text) => [text]))('agrees with the full parser or gives up on %j', (text) => {
    const fast = fastDocuments(text);
    if (fast !== undefined) expect(exact(fast)).toBe(exact(fullDocuments(text)));
    expect(agree(text)).toBe(true);
  });

  it('agrees on all YAML of this repository, and reads nearly all that is clean', () => {
    expect(repository.filter((text) => !agree(text))).toEqual([]);
    const clean = repository.filter((text) => fullDocuments(text) !== undefined);
    const read = clean.filter((text) => fastDocuments(text) !== undefined);
    expect(clean.length).toBeGreaterThan(100);
    expect(read.length / clean.length).toBeGreaterThan(0.9);
  });

  it('agrees on mutations of them', () => {
    const random = randomOf(Number(process.env.FUZZ_SEED ?? 20260101));
    const corpus = [...repository, ...CORNERS, ...CORNERS];
    let read = 0;
    for (let run = 0; run < Number(process.env.FUZZ_RUNS ?? 6_000); run++) {
      const text = mutated(random, corpus, YAML_JUNK, 4);
      if (!agree(text)) expect.fail(`run ${run}: ${JSON.stringify(text)}`);
      if (fastDocuments(text) !== undefined) read++;
    }
    expect(read).toBeGreaterThan(500);
  });

  it('agrees on generated texts', () => {
    const unit = fc.constantFrom(...YAML_JUNK, 'a', 'b: ', '  - ', '\n  b: ', '\nc:', '\n- ');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (text) => agree(`a: ${text}`)),
      { numRuns: 4_000 },
    );
  });
});
