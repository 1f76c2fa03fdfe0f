import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../daemon/fixtures/program.ts';
import { removeFolder } from '../remove-folder.ts';
import { blocksOf, pages, pageText, ROOT } from './blocks.ts';
import type { Command } from './commands.ts';
import { follow, linkProgram, openReader, type Ran, type Reader, runCommand } from './reader.ts';

/** A page's commands are run by a reader with a control plane of its own. */
interface PageReader extends Reader {
  /** Ends what `pipectl up` started. */
  stop: () => Promise<void>;
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipectl-console-')));
const bin = join(folder, 'bin');

beforeAll(async () => linkProgram(bin, await buildProgram()));
afterAll(() => removeFolder(folder));

/** `pipectl up` in a second terminal, on any free port: 7411 may be somebody's. Resolves when it serves. */
async function startControlPlane(reader: PageReader): Promise<Ran> {
  const child = spawn(join(bin, 'pipectl'), ['up', '--port', '0'], {
    cwd: reader.cwd,
    env: reader.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  reader.stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  let text = '';
  const serves = new Promise<boolean>((resolve) => {
    const hear = (chunk: unknown): void => {
      text += String(chunk);
      if (text.includes('Ctrl-C ends it.')) resolve(true);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void ended.then(() => resolve(false));
  });
  return { code: (await serves) ? 0 : child.exitCode, text };
}

function perform(reader: PageReader, command: Command): Promise<Ran> {
  return command.text === 'pipectl up' ? startControlPlane(reader) : runCommand(reader, command.text);
}

const PAGES = pages().filter((page) => blocksOf(page).some(({ language }) => language === 'console'));

describe('pages that show commands', () => {
  it.each(PAGES)('%s: they do what it says', async (page) => {
    const home = join(folder, page.replaceAll(/[/.]/g, '-'));
    const reader: PageReader = { ...openReader(home, bin), stop: async () => {} };
    // Pages may speak of a clone of this repository.
    symlinkSync(join(ROOT, 'examples'), join(reader.cwd, 'examples'));
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
