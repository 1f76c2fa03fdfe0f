import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHECK_GROUPS } from '../../src/base/index.ts';
import { compileListed, foldersOf, type WorkTree } from '../../src/client/index.ts';
import { checkListed } from '../../src/client/validation/check-folder.ts';
import type { Verdict } from '../../src/client/validation/verdict.ts';
import { type Files, someCommits } from './some-commits.ts';

describe('a folder that is checked in parts', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pipectl-check-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  let paths: readonly string[] = [];
  const tree = (): WorkTree => ({ root, paths, untracked: new Set() });
  function write(files: Files): void {
    paths = Object.keys(files).sort();
    rmSync(root, { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  }

  type Told = Pick<Verdict, 'isValid' | 'diagnostics' | 'counts'>;
  const told = ({ isValid, diagnostics, counts }: Verdict): Told => ({ isValid, diagnostics, counts });

  async function whole(): Promise<Told> {
    const { outcome } = compileListed(tree());
    const counts: Record<string, number> = {};
    if (outcome.kind === 'compiled') for (const { kind } of outcome.changed) counts[kind] = (counts[kind] ?? 0) + 1;
    return { isValid: outcome.kind === 'compiled', diagnostics: outcome.diagnostics, counts };
  }

  it('is told of as when all of it is compiled at once', async () => {
    let inParts = 0;
    await fc.assert(
      fc.asyncProperty(someCommits, fc.constantFrom(1, 2, 64), async (given, groupSize) => {
        write(given);
        const { verdict, records } = await checkListed(tree(), { threads: 1, groupSize });
        if (records !== undefined) inParts++;
        expect(told(verdict)).toEqual(await whole());
      }),
      { numRuns: 100 },
    );
    expect(inParts).toBeGreaterThan(30);
  });

  it('is told of alike when only its changes are checked', async () => {
    let again = 0;
    await fc.assert(
      fc.asyncProperty(
        someCommits,
        someCommits,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        async (before, next, takes) => {
          write(before);
          const first = tree();
          const { records, settings } = await checkListed(first, { threads: 1 });
          if (records === undefined || settings === undefined) return;
          const paths = [...new Set([...Object.keys(before), ...Object.keys(next)])].sort();
          const after = Object.fromEntries(
            paths.flatMap((path, at) => {
              const text = takes[at % takes.length] === true ? next[path] : before[path];
              return text === undefined ? [] : [[path, text] as const];
            }),
          );
          write(after);
          if (after['pipectl.yaml'] === undefined) return;
          const changed = new Set(paths.filter((path) => before[path] !== after[path]));
          const kept = { settings, files: records.files, folders: foldersOf(first), states: new Map<string, string>() };
          const checked = await checkListed(tree(), {
            before: { kept, changed },
            groupSize: 2,
            threads: 1,
          });
          if (checked.records !== undefined && checked.records.texts === undefined) again++;
          expect(told(checked.verdict)).toEqual(await whole());
        },
      ),
      { numRuns: 80 },
    );
    expect(again).toBeGreaterThan(5);
  });

  it('is told of alike by several threads', async () => {
    const head = 'apiVersion: pipectl.dev/v1\n';
    const files: Record<string, string> = {
      'pipectl.yaml': `${head}kind: Project\nmetadata: { name: p }\nspec: { paths: [pipelines], domains: { a: { ref: main } } }\n`,
      'tasks/run.sh': 'true\n',
    };
    for (let at = 0; at < CHECK_GROUPS.minFiles + 10; at++) {
      const task = `${head}kind: Task\nmetadata: { name: t${at} }\nspec: { source: ${at % 7 === 3 ? 'gone' : 'tasks'}, run: { command: [sh] } }\n`;
      const node = `a: { task: t${at % 5 === 0 ? at : at - 1}${at % 90 === 1 ? 'x' : ''} }`;
      files[`pipelines/${at}.yaml`] =
        `${task}---\n${head}kind: Workflow\nmetadata: { name: w${at} }\nspec: { nodes: { ${node} } }\n`;
    }
    write(files);
    const { verdict, records } = await checkListed(tree(), { threads: 2 });
    expect(records?.files).toHaveLength(CHECK_GROUPS.minFiles + 11);
    expect(told(verdict)).toEqual(await whole());
    expect(new Set(verdict.diagnostics.map(({ code }) => code))).toEqual(new Set(['PIPE-REF-001', 'PIPE-REF-003']));
  });
});
