import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { READER_IDLE_MS, WaitError } from '../../../base/index.ts';
import type { ObjectReader } from '../../index.ts';
import { type BatchClient, createBatchClient } from './batch.ts';
import { gitMissing } from './environment.ts';

/** A reader that holds a process while it is used. */
export interface NativeReader extends ObjectReader {
  /** Starts the process ahead of the first read. */
  warm(): void;
  /** Ends the process, if one runs; a later read starts another. */
  close(): void;
}

type CatFile = ChildProcessByStdio<Writable, Readable, null>;

/**
 * Reads objects of the repository in `gitDir` through one long-lived `git cat-file --batch`: it starts with the first
 * read, ends after READER_IDLE_MS without one, and is replaced when it dies.
 */
export function openNativeReader(gitDir: string, env: Record<string, string>): NativeReader {
  let live: { readonly client: BatchClient; readonly child: CatFile } | undefined;
  let idle: NodeJS.Timeout | undefined;

  function start(): BatchClient {
    const child = spawn('git', ['--git-dir', gitDir, 'cat-file', '--batch'], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const client = createBatchClient(
      (text) => child.stdin.write(text),
      (reason) => {
        over(reason);
        child.kill('SIGKILL');
      },
    );
    const started = { client, child };
    live = started;
    function over(reason: string): void {
      client.end(reason);
      if (live === started) live = undefined;
    }
    child.stdout.on('data', (chunk: Uint8Array) => client.receive(chunk));
    child.stdin.on('error', () => over('git cat-file closed its input'));
    child.on('error', (error: NodeJS.ErrnoException) => {
      over(error.code === 'ENOENT' ? gitMissing().message : error.message);
    });
    child.on('close', () => over('git cat-file ended'));
    return client;
  }

  function close(): void {
    clearTimeout(idle);
    idle = undefined;
    live?.client.end('the reader was closed');
    live?.child.kill('SIGKILL');
    live = undefined;
  }

  function touch(): void {
    if (idle !== undefined) {
      idle.refresh();
      return;
    }
    idle = setTimeout(() => {
      idle = undefined;
      if (live?.client.pending === 0) close();
      else touch();
    }, READER_IDLE_MS);
    idle.unref();
  }

  return {
    close,
    warm() {
      touch();
      if (live === undefined) start();
    },
    async read(oid, maxBytes) {
      touch();
      try {
        return await (live?.client ?? start()).read(oid, maxBytes);
      } catch (error) {
        // The process may have died of its age, a repack or another request: one fresh try tells.
        if (!(error instanceof WaitError)) throw error;
        return (live?.client ?? start()).read(oid, maxBytes);
      }
    },
  };
}
