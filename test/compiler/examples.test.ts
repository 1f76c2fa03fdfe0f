import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json, sha256 } from '../../src/base/index.ts';
import { NODE_KINDS } from '../../src/language/schema/node.ts';
import { type Commit, compileAll } from './commit.ts';

/** The commit that a folder would be: its files, and all its folders with made-up tree ids. */
function commitOfFolder(root: string): Commit {
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path);
    if (statSync(path).isDirectory()) folders.set(name, sha256(name).slice(0, 40));
    else if (/\.(?:ya?ml|dates)$/.test(name)) files.set(name, readFileSync(path, 'utf8'));
  }
  return { files, folders };
}

const examples = join(import.meta.dirname, '../../examples');

describe('the examples', () => {
  const names = readdirSync(examples).filter((name) => statSync(join(examples, name)).isDirectory());

  it.each(names)('%s compiles, and nothing of it is warned of', (name) => {
    const compiled = compileAll(commitOfFolder(join(examples, name)));
    expect(compiled.diagnostics).toEqual([]);
    expect(compiled.kind).toBe('compiled');
  });

  it('show each kind of node', () => {
    const shown = new Set<string>();
    for (const name of names) {
      const compiled = compileAll(commitOfFolder(join(examples, name)));
      for (const { closure } of compiled.kind === 'compiled' ? compiled.changed : []) {
        if (closure.kind !== 'Workflow') continue;
        for (const { kind } of closure.nodes) shown.add(kind === 'computeMap' ? 'map' : kind);
      }
    }
    expect([...shown].sort()).toEqual(Object.keys(NODE_KINDS).sort());
  });

  it.each(names)('%s says in a README what it is', (name) => {
    expect(readFileSync(join(examples, name, 'README.md'), 'utf8')).toMatch(/^# .+\n\n\S/);
  });
});

const LANGUAGE = readFileSync(join(import.meta.dirname, 'tour.yaml'), 'utf8');

describe('closures', () => {
  const compiled = compileAll({
    files: new Map([['pipectl.yaml', LANGUAGE]]),
    folders: new Map([['tasks', 'a'.repeat(40)]]),
  });
  const entities = compiled.kind === 'compiled' ? compiled.changed : [];

  it('are what the golden file shows', async () => {
    expect(compiled.diagnostics.map(({ code }) => code)).toEqual(['PIPE-LINT-004']);
    const closures = Object.fromEntries(entities.map(({ kind, name, closure }) => [`${kind}/${name}`, closure]));
    await expect(`${JSON.stringify(closures, null, 2)}\n`).toMatchFileSnapshot('../golden/compiler/tour.json');
  });

  it('list what a node waits for in ascending order', () => {
    const workflow = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: w }
spec:
  nodes:
    a: { compute: { x: 1 } }
    b: { compute: { x: 2 } }
    c: { needs: [b], compute: { x: "\${{ nodes.b.outputs.x + nodes.a.outputs.x }}" } }
`;
    const project = LANGUAGE.slice(0, LANGUAGE.indexOf('---'));
    const files = new Map([
      ['pipectl.yaml', project],
      ['pipelines/w.yaml', workflow],
    ]);
    const outcome = compileAll({ files, folders: new Map() });
    const closure = outcome.kind === 'compiled' ? outcome.changed[0]?.closure : undefined;
    expect(closure).toMatchObject({ nodes: [{ upstream: [] }, { upstream: [] }, { id: 'c', upstream: [0, 1] }] });
  });

  it('are named by the digest of their canonical text', () => {
    for (const { closure, text, digest } of entities) {
      expect(text).toBe(canonicalJson(closure as unknown as Json));
      expect(digest).toBe(sha256(text));
    }
  });

  it('hold no trace of the commit or of the file', () => {
    for (const { text } of entities) expect(text).not.toContain('pipectl.yaml');
  });
});
