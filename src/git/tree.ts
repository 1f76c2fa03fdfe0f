import { checkSegment, foldName, type NameProblem } from './names.ts';
import type { Oid } from './oid.ts';

export type EntryKind = 'file' | 'executable' | 'symlink' | 'folder' | 'gitlink';

/** One entry of a tree object. */
export interface TreeEntry {
  readonly kind: EntryKind;
  readonly name: string;
  readonly oid: Oid;
}

export interface TreeProblem extends NameProblem {
  readonly name: string;
}

/** The entries in git's order, and what is wrong with some. A tree with a `forged` problem is not to be used. */
export interface ParsedTree {
  readonly entries: readonly TreeEntry[];
  readonly problems: readonly TreeProblem[];
}

const SPACE = 0x20;
const OID_BYTES = 20;
const decoder = new TextDecoder('utf-8');

/**
 * Parses the bytes of a tree object: `<mode> SP <name> NUL <20 bytes>` each (git's Documentation/gitformat-index,
 * tree-walk.c). Anything that is not that is one `forged` problem and ends the parse.
 */
export function parseTree(bytes: Uint8Array): ParsedTree {
  const entries: TreeEntry[] = [];
  const problems: TreeProblem[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const entry = readEntry(bytes, offset);
    if (entry === undefined) {
      problems.push({ severity: 'forged', reason: 'is no tree entry', name: `byte ${offset}` });
      break;
    }
    entries.push(entry.entry);
    offset = entry.end;
  }
  checkNames(entries, problems);
  checkOrder(entries, problems);
  return { entries, problems };
}

/** The entry at `offset` and where the next begins; undefined when there is none. */
export function readEntry(
  bytes: Uint8Array,
  offset: number,
): { readonly entry: TreeEntry; readonly end: number } | undefined {
  const space = bytes.indexOf(SPACE, offset);
  const nul = entryNul(bytes, offset);
  if (space < 0 || nul < 0 || space > nul || nul + 1 + OID_BYTES > bytes.length) return undefined;
  const kind = kindOf(latin1(bytes, offset, space));
  if (kind === undefined) return undefined;
  const end = nul + 1 + OID_BYTES;
  const oid = Buffer.from(bytes.buffer, bytes.byteOffset + nul + 1, OID_BYTES).toString('hex');
  return { entry: { kind, name: decodeName(bytes, space + 1, nul), oid }, end };
}

/** Where the next entry begins, without decoding this one; the length of `bytes` or more at the end or in garbage. */
export function skipEntry(bytes: Uint8Array, offset: number): number {
  const nul = entryNul(bytes, offset);
  return nul < 0 ? bytes.length : nul + 1 + OID_BYTES;
}

function entryNul(bytes: Uint8Array, offset: number): number {
  // A name is short, so a plain loop beats the call into `indexOf`.
  for (let at = offset; at < bytes.length; at += 1) if (bytes[at] === 0) return at;
  return -1;
}

/** File modes as git accepts them; 100664 is from its early days. */
function kindOf(mode: string): EntryKind | undefined {
  switch (mode) {
    case '40000':
      return 'folder';
    case '100644':
    case '100664':
      return 'file';
    case '100755':
      return 'executable';
    case '120000':
      return 'symlink';
    case '160000':
      return 'gitlink';
    default:
      // Git reads any other regular mode (100777) by its owner's execute bit (cache.h, canon_mode).
      return /^100[0-7]{3}$/.test(mode)
        ? (Number.parseInt(mode, 8) & 0o100) !== 0
          ? 'executable'
          : 'file'
        : undefined;
  }
}

function checkNames(entries: readonly TreeEntry[], problems: TreeProblem[]): void {
  const seen = new Map<string, string>();
  for (const { name } of entries) {
    const problem = checkSegment(name);
    if (problem !== undefined) problems.push({ ...problem, name });
    const folded = foldName(name);
    const other = seen.get(folded);
    if (other === name) problems.push({ severity: 'forged', reason: 'appears twice', name });
    else if (other !== undefined) {
      problems.push({ severity: 'unportable', reason: `differs from "${other}" only in case or form`, name });
    }
    seen.set(folded, name);
  }
}

/** Git sorts a folder as if its name ended in a slash (tree-walk.c, base_name_compare). */
function checkOrder(entries: readonly TreeEntry[], problems: TreeProblem[]): void {
  for (let index = 1; index < entries.length; index += 1) {
    const before = entries[index - 1] as TreeEntry;
    const entry = entries[index] as TreeEntry;
    if (compareEntries(before, entry) > 0) {
      problems.push({ severity: 'forged', reason: 'is not in git order', name: entry.name });
      return;
    }
  }
}

/** Git's order of entries in a tree: by bytes, a folder's name counted with a trailing slash. */
export function compareEntries(a: TreeEntry, b: TreeEntry): number {
  const left = sortKey(a);
  const right = sortKey(b);
  if (isAscii(left) && isAscii(right)) return left < right ? -1 : left > right ? 1 : 0;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function sortKey(entry: TreeEntry): string {
  return entry.kind === 'folder' ? `${entry.name}/` : entry.name;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 127) return false;
  return true;
}

function decodeName(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at += 1) {
    if ((bytes[at] as number) > 127) return decoder.decode(bytes.subarray(start, end));
  }
  return latin1(bytes, start, end);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString('latin1');
}
