import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { PORTS, pipe } from '../cli/control-plane.ts';
import { clock, random } from '../cluster/api-fixture.ts';
import { type Block, blocksOf, pages } from './blocks.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipectl-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The diagnostics' examples are run where the table is tested. */
const PAGES = pages().filter((page) => page !== 'docs/diagnostics.md');
const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: page }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`;

function yamlBlocks(page: string): readonly Block[] {
  return blocksOf(page).filter(({ language }) => language === 'yaml' || language === 'yml');
}

/** The file that a block is: its first line names it. */
function fileOf({ text }: Block): string | undefined {
  return /^# ([\w./-]+\.ya?ml)\b/.exec(text)?.[1];
}

/** One project of all files of a page, with a file in each source folder that they name. */
function writeProject(page: string): string {
  const root = join(folder, page.replaceAll('/', '-'));
  const files = new Map([['pipectl.yaml', PROJECT]]);
  for (const block of yamlBlocks(page)) files.set(fileOf(block) ?? '', block.text);
  for (const text of [...files.values()])
    for (const [, source = ''] of text.matchAll(/^ +source: ([\w/-]+)/gm)) files.set(join(source, 'file'), '');
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

describe.each(PAGES.filter((page) => yamlBlocks(page).length > 0))('the YAML of %s', (page) => {
  it('names the file that each block is', () => {
    const nameless = yamlBlocks(page).filter((block) => fileOf(block) === undefined);
    expect(nameless.map(({ line }) => `${page}:${line}`)).toEqual([]);
  });

  it('is a project that compiles', async () => {
    let out = '';
    const write = pipe((text) => {
      out += text;
    });
    const code = await runCli(
      {
        argv: ['validate'],
        env: {},
        cwd: writeProject(page),
        stdout: write,
        stderr: write,
        clock,
        random,
        signal: new AbortController().signal,
      },
      PORTS,
    );
    // A page shows parts, so lints may find some of them unused; errors there are none.
    expect(out).not.toContain('error[');
    expect(out).toMatch(/^valid: /m);
    expect(code).toBe(0);
  });
});
