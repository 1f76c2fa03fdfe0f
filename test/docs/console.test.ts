import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolder } from '../remove-folder.ts';
import { type Block, blocksOf, pages, pageText, ROOT } from './blocks.ts';
import { type Command, commandsOf, matchesOutput } from './commands.ts';

/** A page's commands are run as its reader would type them: in order, by a shell, with a control plane of its own. */
interface Reader {
  cwd: string;
  readonly env: Record<string, string>;
  /** Ends what `pipectl up` started. */
  stop: () => Promise<void>;
}

const COMMAND_DEADLINE_MS = 30_000;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipectl-console-')));
const bin = join(folder, 'bin');

beforeAll(() => {
  mkdirSync(bin);
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'pipectl.js')}' "$@"\n`;
  writeFileSync(join(bin, 'pipectl'), script);
  chmodSync(join(bin, 'pipectl'), 0o755);
});

afterAll(() => removeFolder(folder));

function openReader(page: string): Reader {
  const home = join(folder, page.replaceAll(/[/.]/g, '-'));
  const cwd = join(home, 'work');
  mkdirSync(cwd, { recursive: true });
  const person = { NAME: 'Ada', EMAIL: 'ada@example.org' };
  const identity = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
    Object.entries(person).map(([field, value]) => [`GIT_${role}_${field}`, value] as const),
  );
  const path = `${bin}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
  const env = { ...Object.fromEntries(identity), PATH: path, HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1' };
  return { cwd, env, stop: async () => {} };
}

interface Ran {
  readonly code: number | null;
  /** Both streams, as a terminal shows them. */
  readonly text: string;
}

const CWD_MARK = '\u0001cwd ';

/** Runs one command and remembers the folder that it went to. */
function runCommand(reader: Reader, command: string): Promise<Ran> {
  const script = `exec 2>&1; trap 'code=$?; printf "${CWD_MARK}%s" "$PWD"; exit $code' EXIT\n${command}\n`;
  const child = spawn('bash', ['-c', script], {
    cwd: reader.cwd,
    env: reader.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_DEADLINE_MS);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const mark = text.lastIndexOf(CWD_MARK);
      if (mark >= 0) reader.cwd = text.slice(mark + CWD_MARK.length);
      resolve({ code, text: mark >= 0 ? text.slice(0, mark) : text });
    });
  });
}

/** `pipectl up` in a second terminal, on any free port: 7411 may be somebody's. Resolves when it serves. */
async function startControlPlane(reader: Reader): Promise<Ran> {
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

async function follow(reader: Reader, page: string, block: Block): Promise<void> {
  const commands = commandsOf(block);
  for (const [place, command] of commands.entries()) {
    const { code, text } = await perform(reader, command);
    const isLast = place === commands.length - 1;
    const expected = isLast ? Number(/exit=(\d+)/.exec(block.info)?.[1] ?? 0) : 0;
    const where = `${page}:${command.line} $ ${command.text}\n${text}`;
    expect(`exit ${code} of ${where}`).toBe(`exit ${expected} of ${where}`);
    expect(matchesOutput(text, command.output), `the output of ${where}`).toBe(true);
  }
}

function perform(reader: Reader, command: Command): Promise<Ran> {
  return command.text === 'pipectl up' ? startControlPlane(reader) : runCommand(reader, command.text);
}

const PAGES = pages().filter((page) => blocksOf(page).some(({ language }) => language === 'console'));

describe('pages that show commands', () => {
  it.each(PAGES)('%s: they do what it says', async (page) => {
    const reader = openReader(page);
    try {
      for (const block of blocksOf(page)) if (block.language === 'console') await follow(reader, page, block);
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
