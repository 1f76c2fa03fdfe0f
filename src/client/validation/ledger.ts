import { LEDGER_PAGES, MAX_KEPT_RECORDS, MAX_KEPT_RECORDS_BYTES, sha256 } from '../../base/index.ts';
import {
  type CommitSummary,
  type FileRecord,
  type KnownCommit,
  type NameUse,
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
  /** Length and checksum of each page, and last of the names. */
  readonly pages: readonly (readonly [lengthBytes: number, checksum: string])[];
}

/** A file is told by a number: its page, and its place there times the number of pages. */
interface Page {
  readonly files: readonly (readonly [path: string, state: string, record?: WrittenRecord])[];
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

/** Puts together what a whole check found; undefined where so many files fall into one page that numbers do not suffice. */
export function writeLedger(content: LedgerContent): WrittenLedger | undefined {
  const { settings, files } = content;
  const numbers = new Map<string, number>();
  const pages: Uint8Array[] = pagesOf(content, numbers).map((page) => Buffer.from(page));
  if (numbers.values().some((number) => number >= FILE_NUMBERS)) return undefined;
  pages.push(new Uint8Array(namesOf(files, numbers).buffer));
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
  const bytesAt = (at: number): Buffer => {
    const [lengthBytes, checksum] = kept[at] as Head['pages'][number];
    const bytes = readKeptPart(PAGES, folder, root, id, offsets[at] as number, lengthBytes);
    if (bytes === undefined || checksumOf(bytes) !== checksum) throw new LedgerGone();
    return bytes;
  };
  const pages: (ReadPage | undefined)[] = [];
  const pageAt = (at: number): ReadPage => {
    const known = pages[at] ?? readPage(JSON.parse(bytesAt(at).toString('utf8')) as Page);
    pages[at] = known;
    return known;
  };
  const pageOf = (name: string): ReadPage => pageAt(pageNumber(name));
  const recordOf = (file: string): FileRecord | undefined => {
    const record = pageOf(file).files.get(file)?.[2];
    return record && wholeRecord(file, record);
  };
  const pathOf = (file: number): string =>
    pageAt(file % LEDGER_PAGES).page.files[Math.floor(file / LEDGER_PAGES)]?.[0] ?? '';
  let names: Float64Array | undefined;
  return {
    id,
    settings,
    summary,
    recordOf,
    usesOf: (key) => {
      names ??= readNames(bytesAt(LEDGER_PAGES));
      const records = filesWith(names, key).map((file) => recordOf(pathOf(file)));
      return useIn(records, key);
    },
    stateOf: (path) => pageOf(path).files.get(path)?.[1],
    filesIn: (path) => pageOf(path).folders.get(path) ?? 0,
    readAll: () => readAll(kept.slice(0, LEDGER_PAGES).map((_page, at) => pageAt(at).page)),
  };
}

/** The pages are not those that the head tells of: another process is just keeping its own. */
export class LedgerGone extends Error {}

interface ReadPage {
  readonly page: Page;
  readonly files: ReadonlyMap<string, Page['files'][number]>;
  readonly folders: ReadonlyMap<string, number>;
}

function readPage(page: Page): ReadPage {
  return {
    page,
    files: new Map(page.files.map((file) => [file[0], file])),
    folders: new Map(page.folders),
  };
}

function readNames(bytes: Buffer): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / Float64Array.BYTES_PER_ELEMENT);
}

/** Numbers of the files that may have a name: other names may have its hash. */
function filesWith(names: Float64Array, key: string): readonly number[] {
  const least = hashOf(key) * FILE_NUMBERS;
  let [at, end] = [0, names.length];
  while (at < end) {
    const middle = (at + end) >> 1;
    if ((names[middle] as number) < least) at = middle + 1;
    else end = middle;
  }
  const found = new Set<number>();
  for (let name = names[at]; name !== undefined && name < least + FILE_NUMBERS; name = names[++at])
    found.add(name - least);
  return [...found];
}

function useIn(files: readonly (FileRecord | undefined)[], key: string): NameUse {
  const declaredBy: string[] = [];
  const referredBy: string[] = [];
  for (const record of files) {
    if (record === undefined) continue;
    if (namesIn(record).includes(key)) declaredBy.push(record.file);
    if (record.refs.includes(key)) referredBy.push(record.file);
  }
  return { declaredBy: declaredBy.sort(), referredBy: referredBy.sort() };
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

/**
 * The JSON texts of all pages, put together from the texts of records, which were made while files were checked; the numbers
 * of all files are put into `numbers`.
 */
function pagesOf({ texts, states }: LedgerContent, numbers: Map<string, number>): readonly string[] {
  const pages = Array.from({ length: LEDGER_PAGES }, () => ({
    count: 0,
    files: [] as string[],
    folders: [] as string[],
  }));
  for (const [path, state] of states) {
    const at = pageNumber(path);
    const page = pages[at] as (typeof pages)[number];
    numbers.set(path, page.count++ * LEDGER_PAGES + at);
    const text = texts.get(path);
    page.files.push(page.files.length === 0 ? '[' : ',[', JSON.stringify(path), ',', JSON.stringify(state));
    if (text === undefined) page.files.push(']');
    else page.files.push(',', text, ']');
  }
  for (const [folder, count] of folderCounts(states.keys()))
    (pages[pageNumber(folder)] as (typeof pages)[number]).folders.push(JSON.stringify([folder, count]));
  return pages.map(({ files, folders }) => `{"files":[${files.join('')}],"folders":[${folders.join()}]}`);
}

/**
 * For each name that a file has or refers to, its hash times `FILE_NUMBERS` and the file's number, ascending; bytes in this
 * machine's order.
 */
function namesOf(files: readonly FileRecord[], numbers: ReadonlyMap<string, number>): Float64Array<ArrayBuffer> {
  const names: number[] = [];
  for (const record of files) {
    const number = numbers.get(record.file);
    if (number === undefined) continue;
    for (const list of [record.declared, record.broken, record.refs])
      for (const key of list) names.push(hashOf(key) * FILE_NUMBERS + number);
  }
  return new Float64Array(names).sort();
}

/** What numbers of files stay below; with a hash of 32 bits before them they are whole numbers to a double yet. */
const FILE_NUMBERS = 2 ** 21;

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

function pageNumber(name: string): number {
  return hashOf(name) % LEDGER_PAGES;
}

/** FNV-1a over UTF-16 code units. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function checksumOf(page: Uint8Array): string {
  return sha256(page).slice(0, 16);
}
