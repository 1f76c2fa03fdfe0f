import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StalledError, type UnixMs } from '../base/index.ts';
import { type Certificate, isUsableCertificate, localCertificate } from '../cluster/adapters/http/index.ts';
import type { KeyFile } from '../cluster/adapters/secrets/index.ts';
import { AUDIT_FOLDER } from '../cluster/index.ts';

/** The one folder in which a control plane on this machine keeps everything. */
export interface DataFolder {
  readonly path: string;
  readonly store: string;
  /** File of the executions that are over and have left the store. */
  readonly archive: string;
  readonly git: string;
  readonly sources: string;
  readonly attempts: string;
  /** Folder of the audit log. */
  readonly audit: string;
  readonly kubeconfig: string;
  /** File of the key that secrets are sealed with. */
  readonly secretsKey: KeyFile;
  /** Secret that API and git clients show; kept over restarts, so that remotes go on working. */
  readonly token: string;
  /** Of the API's TLS side; kept as well, so that a kubeconfig that was copied goes on working. */
  readonly certificate: Certificate;
  /** Lets another process use the folder. */
  release(): void;
}

/**
 * Creates the folder where needed and takes it for this process. Throws StalledError when another process holds it
 * (`DataFolderInUse`) or when it cannot be written (`DataFolderUnusable`).
 */
export function openDataFolder(path: string, now: UnixMs): DataFolder {
  const inside = (name: string): string => join(path, name);
  try {
    makeFolder(path);
    for (const name of ['store', 'git', 'sources', 'attempts']) makeFolder(inside(name));
    const release = takeLock(path);
    try {
      return openLocked(path, release, now);
    } catch (error) {
      release();
      throw error;
    }
  } catch (error) {
    if (error instanceof StalledError) throw error;
    throw new StalledError(
      'DataFolderUnusable',
      `cannot use the data folder ${path}: ${reasonOf(error)}; choose another with --data DIR`,
      { cause: error },
    );
  }
}

function openLocked(path: string, release: () => void, now: UnixMs): DataFolder {
  const inside = (name: string): string => join(path, name);
  return {
    path,
    store: inside('store'),
    archive: inside('archive.sqlite'),
    git: inside('git'),
    sources: inside('sources'),
    attempts: inside('attempts'),
    audit: inside(AUDIT_FOLDER),
    kubeconfig: inside('kubeconfig'),
    secretsKey: keyFile(inside('secrets.key')),
    token: readOrMake(inside('token'), isToken, () => randomBytes(32).toString('hex')),
    certificate: JSON.parse(
      readOrMake(
        inside('certificate.json'),
        (text) => isUsableCertificate(JSON.parse(text) as Certificate, now),
        () => JSON.stringify(localCertificate(now)),
      ),
    ) as Certificate,
    release,
  };
}

function keyFile(path: string): KeyFile {
  return {
    path,
    text: existsSync(path) ? readFileSync(path, 'utf8') : undefined,
    replace: (text) => writePrivateFile(path, text),
  };
}

/** The text of a kubeconfig for this control plane, in Kubernetes' format, so that kubectl and k9s take it as it is. */
export function kubeconfigText(server: string, folder: DataFolder, namespace: string | undefined): string {
  const authority = Buffer.from(folder.certificate.cert).toString('base64');
  const entry = { cluster: 'pipectl', user: 'pipectl', ...(namespace !== undefined && { namespace }) };
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'pipectl', cluster: { server, 'certificate-authority-data': authority } }],
      users: [{ name: 'pipectl', user: { token: folder.token } }],
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

function isToken(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The file's text when it is good, else a new one in its place. */
function readOrMake(path: string, isGood: (text: string) => boolean, make: () => string): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (isGood(text)) return text;
  } catch (error) {
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const text = make();
  writePrivateFile(path, `${text}\n`);
  return text;
}

/** As `mkdir -p`. Node's own `recursive` never returns where a parent exists and refuses all names, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
