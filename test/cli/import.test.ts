import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, runInFolder } from './control-plane.ts';

const FIXTURES = join(import.meta.dirname, '..', 'importer', 'fixtures');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-import-'));
  mkdirSync(join(folder, '.git'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const runIn = (cwd: string, ...argv: string[]): Promise<Ran> => runInFolder(folder, cwd, ...argv);

describe('pipectl import', () => {
  it('prints definitions, and tells what it could not carry over', async () => {
    const file = join(FIXTURES, 'argo', 'unmapped.yaml');
    const { code, out, err } = await runIn(folder, 'import', 'argo', file);
    expect(code).toBe(0);
    expect(out).toContain('kind: Workflow\nmetadata:\n  name: unmapped\n');
    expect(err).toContain(
      `${file}:7:3: not imported: volumes: "volumes" has no counterpart\n    instead: put the files`,
    );
    expect(err).toMatch(/\d+ not imported, 0 changed\n/);
    expect(err).toContain('2 scripts belong to it');
    expect(err.endsWith('imported: 2 tasks, 2 workflows\n')).toBe(true);
    expect((await runIn(folder, 'import', 'argo', file, '--strict')).code).toBe(1);
  });

  it('writes a file per definition that validate accepts, and overwrites none', async () => {
    const root = join(folder, 'project');
    mkdirSync(root);
    writeFileSync(
      join(root, 'pipectl.yaml'),
      'apiVersion: pipectl.dev/v1\nkind: Project\nmetadata: { name: p }\nspec: { paths: [pipelines], domains: { d: { ref: main } } }\n',
    );
    const argv = ['import', 'tekton', join(FIXTURES, 'tekton', 'build-pipeline.yaml'), '--out', 'pipelines'];
    const { code, out } = await runIn(root, ...argv);
    expect(code).toBe(0);
    expect(out.split('\n')).toContain('pipelines/scripts/build/main.py');
    expect(readdirSync(join(root, 'pipelines')).sort()).toEqual([
      'launch-plan-release-2-2.yaml',
      'scripts',
      'task-build.yaml',
      'task-git-version.yaml',
      'task-release-announce.yaml',
      'workflow-release.yaml',
    ]);
    expect((await runIn(root, 'validate')).code).toBe(0);
    writeFileSync(join(root, 'pipelines', 'task-build.yaml'), 'mine');
    const again = await runIn(root, ...argv);
    expect(again.code).toBe(2);
    expect(again.err).toContain('there already: nothing was written; --force overwrites');
    expect(readFileSync(join(root, 'pipelines', 'task-build.yaml'), 'utf8')).toBe('mine');
    expect((await runIn(root, ...argv, '--force')).code).toBe(0);
    expect(readFileSync(join(root, 'pipelines', 'task-build.yaml'), 'utf8')).toContain('kind: Task');
  });

  it('says all of it as JSON', async () => {
    const { out } = await runIn(folder, 'import', 'tekton', join(FIXTURES, 'tekton', 'matrix.yaml'), '-o', 'json');
    const result = JSON.parse(out);
    expect(result.definitions.map(({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`)).toEqual([
      'Task platform-test',
      'Workflow matrix',
    ]);
    expect(Object.keys(result.scripts)).toEqual(['scripts/platform-test/main.sh', 'scripts/platform-test/run.sh']);
    expect(result.notes[0]).toMatchObject({ level: 'lost', construct: 'matrix.include' });
  });

  it('fails for what is no YAML, of the other system, or not there', async () => {
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, 'a: [\n');
    const refused = await runIn(folder, 'import', 'argo', broken);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('error[PIPE-YAML-010]');
    expect(refused.err).toContain('nothing was imported\n');
    const other = await runIn(folder, 'import', 'argo', join(FIXTURES, 'tekton', 'task-run.yaml'));
    expect(other.code).toBe(1);
    expect((await runIn(folder, 'import', 'argo', 'not-there.yaml')).code).toBe(2);
    expect((await runIn(folder, 'import', 'airflow', broken)).err).toContain('cannot import from "airflow"');
    expect((await runIn(folder, 'import', 'argo')).code).toBe(2);
  });
});
