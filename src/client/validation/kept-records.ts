import { MAX_KEPT_RECORDS, MAX_KEPT_RECORDS_BYTES } from '../../base/index.ts';
import type { FileRecord, ProjectSettings } from '../../compiler/index.ts';
import { type KeptFiles, keep, readKept } from './kept-file.ts';

/** What is kept of a project that was checked as a whole: only what changes since then is checked again. */
export interface KeptRecords {
  readonly settings: ProjectSettings;
  readonly files: readonly FileRecord[];
  /** Every folder that held a file. */
  readonly folders: ReadonlySet<string>;
  /** State of each file that the compiler reads, as its snapshot has it. */
  readonly states: ReadonlyMap<string, string>;
}

const RECORDS: KeptFiles = { name: 'records', maxBytes: MAX_KEPT_RECORDS_BYTES, most: MAX_KEPT_RECORDS };

/** Records that this `tool` kept of the project at `root`. */
export function readRecords(folder: string, root: string, tool: string): KeptRecords | undefined {
  const text = readKept(RECORDS, folder, root, tool);
  if (text === undefined) return undefined;
  const { settings, files, folders, states } = JSON.parse(text) as Written;
  return { settings, files: files.map(revived), folders: new Set(folders), states: new Map(states) };
}

export function keepRecords(folder: string, root: string, tool: string, records: KeptRecords): void {
  const { settings, files, folders, states } = records;
  const written: Written = { settings, files: files.map(compact), folders: [...folders], states: [...states] };
  keep(RECORDS, folder, root, tool, JSON.stringify(written));
}

interface Written {
  readonly settings: ProjectSettings;
  readonly files: readonly Partial<FileRecord>[];
  readonly folders: readonly string[];
  readonly states: readonly (readonly [string, string])[];
}

const EMPTY = {
  declared: [],
  broken: [],
  refs: [],
  idle: [],
  findings: [],
  judged: [],
  lints: [],
  secrets: [],
  ignores: [],
  counts: {},
  images: [],
  folders: [],
  steps: 0,
  hasCircle: false,
} as const satisfies Omit<FileRecord, 'file'>;

/** Nearly everything that may be said of a file is not: it is not written. */
function compact(record: FileRecord): Partial<FileRecord> {
  return Object.fromEntries(
    Object.entries(record).filter(
      ([, value]) => value !== 0 && value !== false && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

function revived(written: Partial<FileRecord>): FileRecord {
  return { file: '', ...EMPTY, ...written };
}
