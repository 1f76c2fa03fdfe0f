import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, ROOT } from './blocks.ts';
import { type Command, commandsOf } from './commands.ts';
import { openReader, type Ran, type Reader, runCommand } from './reader.ts';

/** A reader of a page that has them start a control plane of their own. */
export interface PageReader extends Reader {
  /** Ends what the last `pipectl up` started. */
  stop: () => Promise<void>;
}

const UP = 'pipectl up';

/** Whether a command that the page shows is `pipectl up`. */
export function startsControlPlane(page: string): boolean {
  return blocksOf(page).some(
    (block) => block.language === 'console' && commandsOf(block).some(({ text }) => text === UP),
  );
}

export function openPageReader(home: string, bin: string): PageReader {
  const reader = { ...openReader(home, bin), stop: async () => {} };
  // Pages may speak of a clone of this repository.
  symlinkSync(join(ROOT, 'examples'), join(reader.cwd, 'examples'));
  return reader;
}

export function perform(reader: PageReader, { text }: Command): Promise<Ran> {
  return text === UP ? startControlPlane(reader) : runCommand(reader, text);
}

/** `pipectl up` in a second terminal, on any free port: 7411 may be somebody's. Resolves when it serves. */
async function startControlPlane(reader: PageReader): Promise<Ran> {
  const child = spawn(join(reader.bin, 'pipectl'), ['up', '--port', '0'], {
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
