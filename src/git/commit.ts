import { isOid, type Oid } from './oid.ts';

/** What a commit object says. Texts are as the author wrote them: show them only through an escaping printer. */
export interface Commit {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  /** `Name <mail>`. */
  readonly author: string;
  /** RFC 3339 in UTC, seconds. */
  readonly committedAt: string;
  readonly subject: string;
}

/** Parents of an octopus merge that are looked at, and characters of author and subject that are kept. */
const MAX_PARENTS = 64;
const MAX_TEXT = 256;
/** The last second that RFC 3339 can write: 9999-12-31T23:59:59Z. */
const LAST_SECOND = 253_402_300_799;

/** The commit, or undefined when the bytes are not one. The clock of the author is not trusted: only kept. */
export function parseCommit(bytes: Uint8Array): Commit | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const split = text.indexOf('\n\n');
  const head = (split < 0 ? text : text.slice(0, split)).split('\n');
  const message = split < 0 ? '' : text.slice(split + 2);
  const tree = field(head, 'tree');
  const author = field(head, 'author');
  const committer = field(head, 'committer');
  if (tree === undefined || !isOid(tree) || author === undefined || committer === undefined) return undefined;
  const parents: Oid[] = [];
  for (const line of head.slice(1)) {
    if (!line.startsWith('parent ')) break;
    const parent = line.slice('parent '.length);
    if (!isOid(parent) || parents.length >= MAX_PARENTS) return undefined;
    parents.push(parent);
  }
  return {
    tree,
    parents,
    author: cut(author.replace(/ -?\d+ [+-]\d+$/, '')),
    committedAt: timeOf(committer),
    subject: cut(message.trimStart().split('\n', 1)[0] ?? ''),
  };
}

/** The object that an annotated tag points at, or undefined when the bytes are no tag. */
export function parseTag(bytes: Uint8Array): { readonly object: Oid; readonly type: string } | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n', 2);
  const object = field(head, 'object');
  const type = field(head, 'type');
  return object === undefined || !isOid(object) || type === undefined ? undefined : { object, type };
}

function field(lines: readonly string[], name: string): string | undefined {
  return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
}

function timeOf(person: string): string {
  const seconds = Number(/ (-?\d+) [+-]\d+$/.exec(person)?.[1] ?? 0);
  const bounded = Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), LAST_SECOND) : 0;
  return new Date(bounded * 1000).toISOString().replace('.000Z', 'Z');
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
