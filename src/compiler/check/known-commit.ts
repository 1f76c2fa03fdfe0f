import type { FileRecord } from './check-files.ts';
import type { FileFacts } from './file-facts.ts';
import { namesIn } from './groups.ts';

/** Where a name stands: the files that declare it or try to, and other files that refer to it. Each in order. */
export interface NameUse {
  readonly declaredBy: readonly string[];
  readonly referredBy: readonly string[];
}

/** What the records of all files come to. */
export interface CommitSummary {
  readonly fileCount: number;
  /** Of all files together, as in a record. */
  readonly counts: Readonly<Record<string, number>>;
  readonly steps: number;
  /** Definitions, those with errors included. */
  readonly definitions: number;
  /** Tags of images with the number of files that run them. */
  readonly images: readonly (readonly [image: string, files: number])[];
  /** Files of which something is told, and those that need the whole. */
  readonly loud: readonly string[];
  /** Tasks that nothing refers to, with their files. */
  readonly idle: readonly (readonly [file: string, key: string])[];
  /** Files that refer to what nobody declares. */
  readonly unknown: readonly string[];
  readonly policyFiles: readonly string[];
  /** Files that lead into circles of workflows. */
  readonly circling: readonly string[];
}

/** A commit that was checked as a whole, of whose files only those are read that somebody asks for. */
export interface KnownCommit {
  readonly summary: CommitSummary;
  recordOf(file: string): FileRecord | undefined;
  usesOf(key: string): NameUse;
}

export const NO_USE: NameUse = { declaredBy: [], referredBy: [] };

/** Sums up the records of all files, given in order. */
export function summaryOf(files: readonly FileRecord[]): CommitSummary {
  const referred = new Set(files.flatMap(({ refs }) => refs));
  const undeclared = undeclaredOf(files, referred);
  return {
    fileCount: files.length,
    ...totalOf(files),
    loud: files.filter(isLoud).map(({ file }) => file),
    idle: files.flatMap(({ file, idle }) =>
      idle.filter((key) => !referred.has(key)).map((key) => [file, key] as const),
    ),
    unknown: files.filter(({ refs }) => refs.some((key) => undeclared.has(key))).map(({ file }) => file),
    policyFiles: files.filter(declaresPolicy).map(({ file }) => file),
    circling: files.filter(({ hasCircle }) => hasCircle).map(({ file }) => file),
  };
}

/** Of names that are referred to, those that nobody declares. */
function undeclaredOf(files: readonly FileFacts[], referred: ReadonlySet<string>): ReadonlySet<string> {
  const undeclared = new Set(referred);
  if (undeclared.size > 0) for (const facts of files) for (const key of namesIn(facts)) undeclared.delete(key);
  return undeclared;
}

/** Whether one of its valid definitions is a policy. */
export function declaresPolicy({ declared }: FileFacts): boolean {
  return declared.some((key) => key.startsWith('Policy/'));
}

/** What is summed up over files. */
export type Total = Pick<CommitSummary, 'counts' | 'steps' | 'definitions' | 'images'>;

export function totalOf(files: readonly FileRecord[]): Total {
  const counts = new Map<string, number>();
  const images = new Map<string, number>();
  let [steps, definitions] = [0, 0];
  for (const file of files) {
    steps += file.steps;
    definitions += file.declared.length + file.broken.length;
    for (const [kind, count] of Object.entries(file.counts)) counts.set(kind, (counts.get(kind) ?? 0) + count);
    for (const image of file.images) images.set(image, (images.get(image) ?? 0) + 1);
  }
  return { counts: Object.fromEntries(counts), steps, definitions, images: [...images] };
}

function isLoud({ findings, judged, lints, secrets, ignores, needsWhole }: FileRecord): boolean {
  return needsWhole || [findings, judged, lints, secrets, ignores].some((told) => told.length > 0);
}
