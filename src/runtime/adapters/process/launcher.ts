import type { Readable } from 'node:stream';

/** One process to start, as leader of its own session and process group, with stdin from /dev/null. */
export interface Launch {
  /** Path of the program: absolute, or relative to `cwd`. */
  readonly file: string;
  readonly argv: readonly string[];
  /** `NAME=value`; nothing is added. */
  readonly env: readonly string[];
  readonly cwd: string;
}

export interface ExitStatus {
  /** 128 + signal when a signal ended it, as shells say it. */
  readonly exitCode: number;
  readonly signal?: number;
}

/** Stdout and stderr of the process through one pipe, so that their order is kept. */
export type Output =
  /** A non-blocking descriptor that the caller reads and closes. */
  { readonly kind: 'descriptor'; readonly fd: number } | { readonly kind: 'stream'; readonly stream: Readable };

export type Launched =
  | { readonly kind: 'launched'; readonly pid: number; readonly output: Output }
  /** `code` as the system names it, for example `ENOENT`. */
  | { readonly kind: 'failed'; readonly code: string };

/** How processes are started and waited for: `posixLauncher` where it can be had, `nodeLauncher` elsewhere. */
export interface Launcher {
  launch(request: Launch, onExit: (status: ExitStatus) => void): Launched;
}
