import { spawn } from 'node:child_process';
import { MAX_OBJECT_OF_PUSH_BYTES, StalledError } from '../../../base/index.ts';

/**
 * The whole environment of every git we start: none of the host's or the user's configuration, no prompts, one
 * language. `configFile` is our own; it takes the place of ~/.gitconfig.
 */
export function gitEnvironment(configFile: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: configFile,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ADVICE: '0',
    // What a filter left out is fetched by us, with the login that it takes, or not at all (git 2.45).
    GIT_NO_LAZY_FETCH: '1',
  };
}

/**
 * Of every git that unpacks what others made: it gives up at the size that an object says of itself, before it unpacks
 * it. Goes with core.bigFileThreshold beyond any size, or large blobs would be streamed past this bound.
 */
export const UNPACK_ENVIRONMENT: Readonly<Record<string, string>> = {
  GIT_ALLOC_LIMIT: String(MAX_OBJECT_OF_PUSH_BYTES),
};

/** The error for a git that cannot be started. */
export function gitMissing(cause?: unknown): StalledError {
  return new StalledError(
    'GitMissing',
    'git was not found on PATH: install git 2.32 or newer, then start again',
    cause === undefined ? undefined : { cause },
  );
}

/** Standard output of one short git command. Errors: StalledError GitMissing, or GitFailed with git's own words. */
export function runGit(args: readonly string[], options: GitOptions): Promise<string> {
  return runGitWithInput(args, '', options);
}

export interface GitOptions {
  readonly env: Record<string, string>;
  readonly cwd?: string;
  readonly maxBytes: number;
}

/** The same with `input` on its standard input. */
export function runGitWithInput(args: readonly string[], input: string, options: GitOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...args], { env: options.env, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    // It may end without having read all.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const out: Buffer[] = [];
    let size = 0;
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > options.maxBytes) child.kill('SIGKILL');
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < 2_000) complaint += chunk.toString('utf8');
    });
    child.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? gitMissing(error) : error));
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(new StalledError('GitFailed', `git ${args[0]} failed: ${complaint.trim() || `status ${code}`}`));
    });
  });
}
