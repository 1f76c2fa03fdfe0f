import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../daemon/fixtures/program.ts';
import { removeFolder } from '../remove-folder.ts';
import { blocksOf, pages, pageText } from './blocks.ts';
import { openPageReader, perform } from './page-reader.ts';
import { follow, linkProgram, type Reader, runCommand } from './reader.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipectl-console-')));
const bin = join(folder, 'bin');

beforeAll(async () => linkProgram(bin, await buildProgram()));
afterAll(() => removeFolder(folder));

const PAGES = pages().filter((page) => blocksOf(page).some(({ language }) => language === 'console'));

describe('pages that show commands', () => {
  it.each(PAGES)('%s: they do what it says', async (page) => {
    const reader = openPageReader(join(folder, page.replaceAll(/[/.]/g, '-')), bin);
    try {
      for (const block of blocksOf(page)) {
        if (block.language === 'console') await follow(page, block, (command) => perform(reader, command));
      }
      if (page === 'docs/operations.md') await checkMetrics(reader);
    } finally {
      await reader.stop();
    }
  });
});

/** The table of metrics is that of the control plane which the page's reader has running. */
async function checkMetrics(reader: Reader): Promise<void> {
  const script = `url=$(git remote get-url pipectl); token=$(cat ~/.local/share/pipectl/token)
    curl -sf -H "Authorization: Bearer $token" "\${url%/git/*}/metrics"`;
  const { text } = await runCommand(reader, script);
  const served = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const told = [...pageText('docs/operations.md').matchAll(/^\| `(\w+)` \| (\w+) \|/gm)];
  expect(told.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(served.sort());
}
