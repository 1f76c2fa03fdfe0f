import { execFile, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_GIT_LISTING_BYTES } from '../../base/index.ts';

/**
 * What git says of the folder, each record ended by NUL; undefined when it cannot: there is no git on this machine, or the
 * folder is in no repository. It writes nothing there.
 */
export function askGit(root: string, what: readonly string[]): Promise<string | undefined> {
  const args = ['--no-optional-locks', '-C', root, ...what];
  const file = unnamedFile();
  return file === undefined ? askByPipe(args) : askByFile(args, file);
}

/** By a file instead of a pipe, whose streams would take Node 4 ms to load and make: a twentieth of a whole validation. */
function askByFile(args: readonly string[], file: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (answer?: string): void => {
      closeSync(file);
      resolve(answer);
    };
    const git = spawn('git', args, { stdio: ['ignore', file, 'ignore'] });
    git.on('error', () => end());
    git.on('exit', (code) => end(code === 0 ? textOf(file) : undefined));
  });
}

function askByPipe(args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('git', args, { maxBuffer: MAX_GIT_LISTING_BYTES }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}

let files = 0;

/** A file that is gone when it is closed; undefined where none can be made. */
function unnamedFile(): number | undefined {
  try {
    const path = join(tmpdir(), `pipectl-${process.pid}-${files++}-${performance.now()}`);
    const file = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return file;
  } catch {
    // No such folder, or not ours to write in.
    return undefined;
  }
}

/** From the start: whoever wrote it has moved to the end. */
function textOf(file: number): string | undefined {
  const { size } = fstatSync(file);
  if (size > MAX_GIT_LISTING_BYTES) return undefined;
  const bytes = Buffer.alloc(size);
  let read = 0;
  for (let more = -1; more !== 0 && read < size; read += more) more = readSync(file, bytes, read, size - read, read);
  return bytes.toString('utf8', 0, read);
}
