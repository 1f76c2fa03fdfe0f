import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StalledError } from '../base/index.ts';

/** The one folder in which a control plane on this machine keeps everything. */
export interface DataFolder {
  readonly path: string;
  readonly store: string;
  readonly git: string;
  readonly sources: string;
  readonly attempts: string;
  readonly kubeconfig: string;
  /** Secret that API and git clients show; kept over restarts, so that remotes go on working. */
  readonly token: string;
  /** Lets another process use the folder. */
  release(): void;
}

/** `$XDG_DATA_HOME/pipectl`, by default `~/.local/share/pipectl` (XDG Base Directory Specification 0.8). */
export function defaultDataFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(homedir(), '.local', 'share');
  return join(base, 'pipectl');
}

/**
 * Creates the folder where needed and takes it for this process. Throws StalledError when another process holds it
 * (`DataFolderInUse`) or when it cannot be written (`DataFolderUnusable`).
 */
export function openDataFolder(path: string): DataFolder {
  const inside = (name: string): string => join(path, name);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    for (const name of ['store', 'git', 'sources', 'attempts']) mkdirSync(inside(name), { recursive: true, mode: 0o700 });
    const release = takeLock(path);
    return {
      path,
      store: inside('store'),
      git: inside('git'),
      sources: inside('sources'),
      attempts: inside('attempts'),
      kubeconfig: inside('kubeconfig'),
      token: readOrMakeToken(inside('token')),
      release,
    };
  } catch (error) {
    if (error instanceof StalledError) throw error;
    throw new StalledError(
      'DataFolderUnusable',
      `cannot use the data folder ${path}: ${reasonOf(error)}; choose another with --data DIR`,
      { cause: error },
    );
  }
}

/** The text of a kubeconfig for this control plane, in Kubernetes' format, so that kubectl and k9s take it as it is. */
export function kubeconfigText(server: string, token: string, namespace: string | undefined): string {
  const entry = { cluster: 'pipectl', user: 'pipectl', ...(namespace !== undefined && { namespace }) };
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'pipectl', cluster: { server } }],
      users: [{ name: 'pipectl', user: { token } }],
      contexts: [{ name: 'pipectl', context: entry }],
      'current-context': 'pipectl',
    },
    null,
    2,
  )}\n`;
}

/** Replaces a file whole, readable by its owner only: a reader sees the old or the new text, never half of one. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

/**
 * SQLite's exclusive lock is a file lock of the operating system: it ends with the process, also by `kill -9`,
 * so there is no stale lock to reason about and no process id to mistake for another.
 */
function takeLock(path: string): () => void {
  const database = new DatabaseSync(join(path, 'lock'));
  try {
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!/locked|busy/i.test(reasonOf(error))) throw error;
    throw new StalledError(
      'DataFolderInUse',
      `another pipectl is running on the data folder ${path}: stop it first, or choose another folder with --data DIR`,
    );
  }
  return () => database.close();
}

function readOrMakeToken(path: string): string {
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (/^[0-9a-f]{64}$/.test(token)) return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('hex');
  writePrivateFile(path, `${token}\n`);
  return token;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
