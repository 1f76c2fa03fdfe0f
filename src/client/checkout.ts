import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isJsonObject, MAX_FILE_BYTES } from '../base/index.ts';

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

/** The checkout around `from`; undefined when there is none, or when its project document cannot be read. */
export async function findCheckout(from: string): Promise<Checkout | undefined> {
  const root = findProjectRoot(from);
  if (root === undefined) return undefined;
  const bytes = readFileSync(join(root, PROJECT_FILE));
  const project = bytes.length > MAX_FILE_BYTES ? undefined : await readProject(bytes.toString('utf8'));
  if (project === undefined) return undefined;
  const branch = currentBranch(root);
  return { root, project, ...(branch !== undefined && { branch }) };
}

/**
 * Name and domains of the project document, for choosing a namespace and a remote. `pipectl validate` judges the file;
 * here the schema's validator would cost more than the rest of most commands.
 */
async function readProject(text: string): Promise<Checkout['project'] | undefined> {
  const { parseAllDocuments } = await import('yaml');
  for (const document of parseAllDocuments(text)) {
    const value: unknown = document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 });
    if (!isJsonObject(value) || value.kind !== 'Project') continue;
    const { metadata, spec } = value;
    if (!isJsonObject(metadata) || typeof metadata.name !== 'string' || !isJsonObject(spec)) return undefined;
    const domains = Object.entries(isJsonObject(spec.domains) ? spec.domains : {}).flatMap(([name, domain]) =>
      isJsonObject(domain) && typeof domain.ref === 'string' ? [{ name, ref: domain.ref }] : [],
    );
    return { name: metadata.name, domains };
  }
  return undefined;
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
