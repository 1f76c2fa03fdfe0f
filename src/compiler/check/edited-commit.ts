import type { FileRecord } from './check-files.ts';
import type { FileFacts } from './file-facts.ts';
import { type CheckGroup, type GroupBounds, groupsOf, namesIn } from './groups.ts';
import { type KnownCommit, type NameUse, totalOf } from './known-commit.ts';

/** A commit some of whose files have changed: their new facts by path, undefined for those that are gone. */
export interface EditedCommit {
  readonly before: KnownCommit;
  readonly after: ReadonlyMap<string, FileFacts | undefined>;
}

/**
 * The files whose records an edit makes others, in groups to check. Undefined where more must be known than what is around
 * the edit: names that nobody declares, of which any other may be meant; policies, which are about everything; and where
 * more than `most` files are touched.
 */
export function planEdit(
  edited: EditedCommit,
  { most, ...bounds }: GroupBounds & { readonly most: number },
): readonly CheckGroup[] | undefined {
  const { before, after } = edited;
  const facts = [...after].flatMap(([file, own]) => [before.recordOf(file) ?? [], own ?? []].flat());
  if (facts.some(({ declared }) => declared.some((key) => key.startsWith('Policy/')))) return undefined;
  if (before.summary.unknown.some((file) => !after.has(file))) return undefined;
  const touched = touchedBy(edited, most);
  if (touched === undefined) return undefined;
  const factsOf = (file: string): FileFacts | undefined => factsAfter(edited, file);
  const needsOf = (file: string): readonly string[] => {
    const own = factsOf(file);
    if (own === undefined) return [];
    const needed = new Set<string>();
    for (const key of [...own.refs, ...namesIn(own)])
      for (const other of usesAfter(edited, key).declaredBy) if (other !== file) needed.add(other);
    return [...needed];
  };
  const present = [...touched].filter((file) => factsOf(file) !== undefined).sort();
  const isUnknown = (key: string): boolean => usesAfter(edited, key).declaredBy.length === 0;
  if (present.some((file) => factsOf(file)?.refs.some(isUnknown))) return undefined;
  return groupsOf(present, { needsOf }, bounds);
}

/**
 * What is to be concluded from after an edit, given the new records of all that it touched: those of which something is
 * told, and one that stands for all others.
 */
export function recordsAfter(
  { before, after }: EditedCommit,
  fresh: ReadonlyMap<string, FileRecord>,
): readonly FileRecord[] {
  const isReplaced = (file: string): boolean => after.has(file) || fresh.has(file);
  const recordOf = (file: string): FileRecord[] => [before.recordOf(file) ?? []].flat();
  const loud = before.summary.loud.filter((file) => !isReplaced(file)).flatMap(recordOf);
  const replaced = [...new Set([...after.keys(), ...fresh.keys()])].flatMap(recordOf);
  const byFile = new Map<string, FileRecord>();
  for (const record of [...loud, ...fresh.values()]) byFile.set(record.file, { ...record, refs: [], idle: [] });
  for (const [file, keys] of Map.groupBy(idleAfter({ before, after }), ([file]) => file)) {
    const idle = keys.map(([, key]) => key);
    byFile.set(file, { ...(byFile.get(file) ?? { ...NOTHING, file }), idle });
  }
  const records = [...byFile.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  return [quietRest(before, [...loud, ...replaced]), ...records];
}

/** Whether a file is touched decides by names: it declares or did declare one that another touched file has, or refers to it. */
function touchedBy(edited: EditedCommit, most: number): ReadonlySet<string> | undefined {
  const { before, after } = edited;
  const touched = new Set(after.keys());
  for (const file of touched) {
    const own = [before.recordOf(file) ?? [], after.get(file) ?? []].flat();
    for (const key of new Set(own.flatMap(namesIn))) {
      const { declaredBy, referredBy } = usesAfter(edited, key);
      for (const other of [...declaredBy, ...referredBy]) touched.add(other);
    }
    if (touched.size > most) return undefined;
  }
  return touched;
}

function factsAfter({ before, after }: EditedCommit, file: string): FileFacts | undefined {
  return after.has(file) ? after.get(file) : before.recordOf(file);
}

function usesAfter({ before, after }: EditedCommit, key: string): NameUse {
  const { declaredBy, referredBy } = before.usesOf(key);
  const isSame = (file: string): boolean => !after.has(file);
  const edited = [...after.values()].flatMap((facts) => facts ?? []);
  const declaring = edited.filter((facts) => namesIn(facts).includes(key));
  const referring = edited.filter(({ refs }) => refs.includes(key));
  return {
    declaredBy: [...declaredBy.filter(isSame), ...declaring.map(({ file }) => file)],
    referredBy: [...referredBy.filter(isSame), ...referring.map(({ file }) => file)],
  };
}

/** Tasks that nothing refers to any more, or yet, or still. */
function idleAfter(edited: EditedCommit): readonly (readonly [file: string, key: string])[] {
  const { before, after } = edited;
  const same = before.summary.idle.filter(([file]) => !after.has(file));
  const own = [...after].flatMap(([file, facts]) => (facts?.idle ?? []).map((key) => [file, key] as const));
  const released = [...after.keys()].flatMap((file) => before.recordOf(file)?.refs ?? []);
  const others = [...new Set(released)].flatMap((key) =>
    usesAfter(edited, key)
      .declaredBy.filter((file) => !after.has(file) && before.recordOf(file)?.idle.includes(key))
      .map((file) => [file, key] as const),
  );
  return [...same, ...own, ...others].filter(([, key]) => usesAfter(edited, key).referredBy.length === 0);
}

/** All files but some of them, of which nothing is told, as one. */
function quietRest({ summary }: KnownCommit, without: readonly FileRecord[]): FileRecord {
  const less = totalOf(without);
  const fewer = new Map(less.images);
  return {
    ...NOTHING,
    declared: summary.definitions > less.definitions ? ['others'] : [],
    counts: Object.fromEntries(
      Object.entries(summary.counts).map(([kind, count]) => [kind, count - (less.counts[kind] ?? 0)]),
    ),
    images: summary.images.flatMap(([image, files]) => (files > (fewer.get(image) ?? 0) ? [image] : [])),
    steps: summary.steps - less.steps,
  };
}

const NOTHING: FileRecord = {
  file: '',
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
  calendars: [],
  needsWhole: false,
};
