import { createHash } from 'node:crypto';
import type { ObjectReader, ObjectType, Oid, Refs } from '../../../src/git/index.ts';

/** The objects and refs of one simulated repository, with git's own ids. */
export interface SimRepository {
  readonly name: string;
  readonly refs: Map<string, Oid>;
  readonly reader: ObjectReader;
  /** Stores the files as a commit and returns its id; no ref moves. */
  commit(files: Files, parents: readonly Oid[], message: string): Oid;
  readonly refsNow: () => Promise<Refs>;
}

/** Path from the root → text. */
export type Files = ReadonlyMap<string, string>;

interface GitObject {
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
}

/** Files of all repositories and seeds, by their text: most worlds hold the same. Bounded by the generator's variants. */
const BLOBS = new Map<string, readonly [Oid, GitObject]>();
const MAX_BLOBS = 5_000;

export function createRepository(name: string): SimRepository {
  const objects = new Map<Oid, GitObject>();
  const refs = new Map<string, Oid>();
  return {
    name,
    refs,
    refsNow: async () => new Map(refs),
    reader: {
      async read(oid, maxBytes) {
        const object = objects.get(oid);
        if (object === undefined) return { kind: 'missing' };
        const { type, bytes } = object;
        if (bytes.length > maxBytes) return { kind: 'tooLarge', type, sizeBytes: bytes.length };
        return { kind: 'found', type, bytes };
      },
    },
    commit(files, parents, message) {
      const tree = writeTree(objects, files);
      const person = 'Sim <sim@example.com> 1767225600 +0000';
      const head = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), `author ${person}`];
      const text = `${head.join('\n')}\ncommitter ${person}\n\n${message}\n`;
      const [oid, object] = hashed('commit', Buffer.from(text));
      objects.set(oid, object);
      return oid;
    },
  };
}

function writeTree(objects: Map<Oid, GitObject>, files: Files): Oid {
  const folders = new Map<string, Map<string, string>>();
  const entries: { readonly name: string; readonly oid: Oid; readonly mode: string }[] = [];
  for (const [path, text] of files) {
    const cut = path.indexOf('/');
    if (cut === -1) {
      entries.push({ name: path, oid: writeBlob(objects, text), mode: '100644' });
      continue;
    }
    const folder = path.slice(0, cut);
    const inside = folders.get(folder) ?? new Map<string, string>();
    folders.set(folder, inside.set(path.slice(cut + 1), text));
  }
  for (const [name, inside] of folders) entries.push({ name, oid: writeTree(objects, inside), mode: '40000' });
  // Git compares folders as if their names ended with a slash.
  const key = ({ name, mode }: { name: string; mode: string }): string => (mode === '40000' ? `${name}/` : name);
  entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const parts = entries.flatMap(({ name, oid, mode }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
  const [oid, object] = hashed('tree', Buffer.concat(parts));
  objects.set(oid, object);
  return oid;
}

function writeBlob(objects: Map<Oid, GitObject>, text: string): Oid {
  let known = BLOBS.get(text);
  if (known === undefined) {
    if (BLOBS.size > MAX_BLOBS) throw new Error('the generator writes more different files than it should');
    known = hashed('blob', Buffer.from(text));
    BLOBS.set(text, known);
  }
  const [oid, object] = known;
  objects.set(oid, object);
  return oid;
}

function hashed(type: ObjectType, bytes: Buffer): [Oid, GitObject] {
  const oid = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
  return [oid, { type, bytes }];
}
