import { LEDGER_PAGES, MAX_KEPT_RECORDS, MAX_KEPT_RECORDS_BYTES, sha256 } from '../../base/index.ts';
import {
  type CommitSummary,
  type FileRecord,
  type KnownCommit,
  type NameUse,
  NO_USE,
  namesIn,
  type ProjectSettings,
  summaryOf,
} from '../../compiler/index.ts';
import { type KeptFiles, keep, readKept, readKeptPart } from './kept-file.ts';
import { type WrittenRecord, wholeRecord } from './written-record.ts';

/** What is kept of a project that was checked as a whole, in pages: only those are read that an edit is about. */
export interface Ledger extends KnownCommit {
  /** Stands for all that is kept here. */
  readonly id: string;
  readonly settings: ProjectSettings;
  /** State of a file as its snapshot has it; undefined when there was none. */
  stateOf(path: string): string | undefined;
  /** Files in a folder and below. */
  filesIn(folder: string): number;
  /** All of it. */
  readAll(): { readonly files: readonly FileRecord[]; readonly states: ReadonlyMap<string, string> };
}

/** What is kept. */
export interface LedgerContent {
  readonly settings: ProjectSettings;
  /** Records of all definition files, in order. */
  readonly files: readonly FileRecord[];
  /** The same by file, as text. */
  readonly texts: ReadonlyMap<string, string>;
  /** State of each file that was there, as its snapshot has it. */
  readonly states: ReadonlyMap<string, string>;
}

interface Head {
  readonly settings: ProjectSettings;
  readonly summary: CommitSummary;
  /** Length and checksum of each page. */
  readonly pages: readonly (readonly [lengthBytes: number, checksum: string])[];
}

interface Page {
  readonly files: readonly (readonly [path: string, state: string, record?: WrittenRecord])[];
  /** A name with a file that declares it, or one that refers to it; files in order. */
  readonly names: readonly (readonly [key: string, file: string, refers?: 1])[];
  readonly folders: readonly (readonly [folder: string, files: number])[];
}

const HEADS: KeptFiles = { name: 'ledgers', maxBytes: MAX_KEPT_RECORDS_BYTES, most: MAX_KEPT_RECORDS };
const PAGES: KeptFiles = { name: 'pages', maxBytes: MAX_KEPT_RECORDS_BYTES, most: MAX_KEPT_RECORDS };

/** A ledger as it is kept. */
export interface WrittenLedger {
  readonly id: string;
  readonly head: string;
  readonly pages: Uint8Array;
}

/** Puts together what a whole check found. */
export function writeLedger(content: LedgerContent): WrittenLedger {
  const { settings, files } = content;
  const pages = pagesOf(content).map((page) => Buffer.from(page));
  const written: Head = {
    settings,
    summary: summaryOf(files),
    pages: pages.map((page) => [page.length, checksumOf(page)]),
  };
  const head = JSON.stringify(written);
  return { id: sha256(head), head, pages: Buffer.concat(pages) };
}

/** Keeps it for the project at `root`. */
export function keepLedger(folder: string, root: string, tool: string, { id, head, pages }: WrittenLedger): void {
  keep(PAGES, folder, root, id, pages);
  keep(HEADS, folder, root, sha256(tool), head);
}

/** What this `tool` kept of the project at `root`. */
export function openLedger(folder: string, root: string, tool: string): Ledger | undefined {
  const text = readKept(HEADS, folder, root, sha256(tool));
  if (text === undefined) return undefined;
  const id = sha256(text);
  const { settings, summary, pages: kept } = JSON.parse(text) as Head;
  const offsets: number[] = [];
  let end = 0;
  for (const [lengthBytes] of kept) {
    offsets.push(end);
    end += lengthBytes;
  }
  const pages: (ReadPage | undefined)[] = [];
  const pageAt = (at: number): ReadPage => {
    const known = pages[at];
    if (known !== undefined) return known;
    const [lengthBytes, checksum] = kept[at] as Head['pages'][number];
    const bytes = readKeptPart(PAGES, folder, root, id, offsets[at] as number, lengthBytes);
    if (bytes === undefined || checksumOf(bytes) !== checksum) throw new LedgerGone();
    const page = readPage(JSON.parse(bytes.toString('utf8')) as Page);
    pages[at] = page;
    return page;
  };
  const pageOf = (name: string): ReadPage => pageAt(pageNumber(name));
  return {
    id,
    settings,
    summary,
    recordOf: (file) => {
      const record = pageOf(file).files.get(file)?.[2];
      return record && wholeRecord(file, record);
    },
    usesOf: (key) => pageOf(key).names.get(key) ?? NO_USE,
    stateOf: (path) => pageOf(path).files.get(path)?.[1],
    filesIn: (path) => pageOf(path).folders.get(path) ?? 0,
    readAll: () => readAll(kept.map((_page, at) => pageAt(at).page)),
  };
}

/** The pages are not those that the head tells of: another process is just keeping its own. */
export class LedgerGone extends Error {}

interface ReadPage {
  readonly page: Page;
  readonly files: ReadonlyMap<string, Page['files'][number]>;
  readonly names: ReadonlyMap<string, NameUse>;
  readonly folders: ReadonlyMap<string, number>;
}

function readPage(page: Page): ReadPage {
  return {
    page,
    files: new Map(page.files.map((file) => [file[0], file])),
    names: usesIn(page),
    folders: new Map(page.folders),
  };
}

function usesIn({ names }: Page): ReadonlyMap<string, NameUse> {
  const uses = new Map<string, { readonly declaredBy: string[]; readonly referredBy: string[] }>();
  for (const [key, file, refers] of names) {
    const use = uses.get(key) ?? { declaredBy: [], referredBy: [] };
    uses.set(key, use);
    const by = refers === undefined ? use.declaredBy : use.referredBy;
    if (by.at(-1) !== file) by.push(file);
  }
  return uses;
}

function readAll(pages: readonly Page[]): ReturnType<Ledger['readAll']> {
  const files = pages.flatMap((page) => page.files);
  return {
    files: files
      .flatMap(([path, , record]) => (record === undefined ? [] : [wholeRecord(path, record)]))
      .sort((a, b) => (a.file < b.file ? -1 : 1)),
    states: new Map(files.map(([path, state]) => [path, state])),
  };
}

/** The JSON texts of all pages: put together from the texts of records, which others made while files were checked. */
function pagesOf({ files, texts, states }: LedgerContent): readonly string[] {
  const pages = Array.from({ length: LEDGER_PAGES }, () => ({ files: '', names: '', folders: '' }));
  const pageOf = (name: string) => pages[pageNumber(name)] as (typeof pages)[number];
  for (const [path, state] of states) {
    const text = texts.get(path);
    const record = text === undefined ? '' : `,${text}`;
    pageOf(path).files += `,[${JSON.stringify(path)},${JSON.stringify(state)}${record}]`;
  }
  for (const facts of files) {
    const file = JSON.stringify(facts.file);
    for (const key of namesIn(facts)) pageOf(key).names += `,[${JSON.stringify(key)},${file}]`;
    for (const key of facts.refs) pageOf(key).names += `,[${JSON.stringify(key)},${file},1]`;
  }
  for (const [folder, count] of folderCounts(states.keys()))
    pageOf(folder).folders += `,[${JSON.stringify(folder)},${count}]`;
  return pages.map(
    (page) =>
      `{"files":[${page.files.slice(1)}],"names":[${page.names.slice(1)}],"folders":[${page.folders.slice(1)}]}`,
  );
}

/** How many files each folder holds, at any depth; `''` is the root. */
function folderCounts(paths: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths) for (const folder of foldersAbove(path)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  return counts;
}

/** The folders that a file is in: its own, those above, and `''` for the root. */
export function foldersAbove(path: string): readonly string[] {
  const folders: string[] = [''];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.push(path.slice(0, end));
  return folders;
}

/** FNV-1a over UTF-16 code units. */
function pageNumber(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % LEDGER_PAGES;
}

function checksumOf(page: Uint8Array): string {
  return sha256(page).slice(0, 16);
}
