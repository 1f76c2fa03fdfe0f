import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MAX_FILE_BYTES } from '../base/index.ts';
import { parseDefinitions } from '../language/index.ts';

/** The folder of a project on this machine, with as much of its `pipectl.yaml` as tells where it runs. */
export interface Checkout {
  /** Folder of `pipectl.yaml`. */
  readonly root: string;
  readonly project: {
    readonly name: string;
    readonly domains: readonly { readonly name: string; readonly ref: string }[];
  };
  /** The branch that is checked out; undefined outside git or on a detached head. */
  readonly branch?: string;
}

/** Name of the project document; it stands at the root. */
export const PROJECT_FILE = 'pipectl.yaml';

/** The folder at or above `from` that holds a `pipectl.yaml`; undefined when there is none. */
export function findProjectRoot(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (isFile(join(folder, PROJECT_FILE))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The checkout around `from`; undefined when there is none, or when its project document is not valid. */
export function findCheckout(from: string): Checkout | undefined {
  const root = findProjectRoot(from);
  if (root === undefined) return undefined;
  const bytes = readFileSync(join(root, PROJECT_FILE));
  if (bytes.length > MAX_FILE_BYTES) return undefined;
  const { documents } = parseDefinitions({ path: PROJECT_FILE, bytes });
  const document = documents.find((each) => each.kind === 'Project');
  if (document?.kind !== 'Project') return undefined;
  const domains = [...document.spec.domains].map(([name, { ref }]) => ({ name, ref }));
  const branch = currentBranch(root);
  return { root, project: { name: document.name, domains }, ...(branch !== undefined && { branch }) };
}

/** The branch of the git checkout at or above `from`, read from its HEAD: no process is started for it. */
function currentBranch(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const head = readHead(join(folder, '.git'));
    if (head !== undefined) return /^ref: refs\/heads\/(.+)\n?$/.exec(head)?.[1];
    if (dirname(folder) === folder) return undefined;
  }
}

function readHead(gitPath: string): string | undefined {
  try {
    if (statSync(gitPath).isDirectory()) return readFileSync(join(gitPath, 'HEAD'), 'utf8');
    // A linked work tree: the file names its folder.
    const named = /^gitdir: (.+)\n?$/.exec(readFileSync(gitPath, 'utf8'))?.[1];
    return named === undefined ? undefined : readFileSync(join(resolve(dirname(gitPath), named), 'HEAD'), 'utf8');
  } catch {
    // No git here, or not ours to read: the caller looks further up.
    return undefined;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
