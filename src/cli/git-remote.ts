import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const REMOTE = 'pipectl';

export type RemoteOutcome =
  | { readonly kind: 'set'; readonly url: string }
  /** The remote belongs to something else: it was left alone. */
  | { readonly kind: 'foreign'; readonly url: string }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Points the checkout's remote `pipectl` at a control plane on this machine, so that `git push pipectl main` works.
 * The token stays in the data folder (mode 0600): git asks a credential helper that reads it, for this URL only.
 */
export async function setRemote(root: string, url: string, dataFolder: string): Promise<RemoteOutcome> {
  try {
    const before = await git(root, ['remote', 'get-url', REMOTE]).catch(() => undefined);
    if (before !== undefined && !isLocal(before)) return { kind: 'foreign', url: before };
    if (before === undefined) await git(root, ['remote', 'add', REMOTE, url]);
    else if (before !== url) await git(root, ['remote', 'set-url', REMOTE, url]);
    const setting = `credential.${new URL(url).origin}.helper`;
    // The empty value drops the helpers of other scopes: none of them is to see or keep this token.
    await git(root, ['config', '--local', '--replace-all', setting, '']);
    await git(root, ['config', '--local', '--add', setting, credentialHelper(dataFolder)]);
    return { kind: 'set', url };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  }
}

/** What git runs through the shell: prints user and password as git-credential(1) wants them. */
export function credentialHelper(dataFolder: string): string {
  const token = `'${join(dataFolder, 'token').replaceAll("'", `'\\''`)}'`;
  return `!f() { test "$1" = get && echo username=pipectl && echo "password=$(cat ${token})"; }; f`;
}

function isLocal(url: string): boolean {
  return /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\//.test(url);
}

async function git(root: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', root, ...args]);
  return stdout.trim();
}
