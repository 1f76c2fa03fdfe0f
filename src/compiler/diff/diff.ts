import { keyOf } from '../workspace.ts';
import { findAffected } from './affected.ts';
import { findBreaks } from './breaks.ts';
import { findChanges } from './changes.ts';
import type {
  BreakKind,
  ChangedEntity,
  ChangeLevel,
  CommitDiff,
  DiffEntry,
  DiffSide,
  InterfaceBreak,
  OneSidedEntity,
} from './contract.ts';
import { findRenames } from './entity-renames.ts';
import { gravest } from './level.ts';
import { byKey, type EntityPair, pairEntities } from './pairs.ts';

/**
 * What differs between two commits in meaning: formatting, comments, the order of keys and other spellings of one value
 * are no differences. Walks both lists of entities once; all else follows what changed, not the size of the commits.
 */
export function diffCommits(before: DiffSide, after: DiffSide): CommitDiff {
  const { suspects, gone, fresh } = pairEntities(before, after);
  const { renamed, newKey } = findRenames({ before, after }, gone, fresh);
  const oldNames = new Set(renamed.map(({ kind, from }) => keyOf(kind, from.name)));
  const newNames = new Set(renamed.map(({ kind, to }) => keyOf(kind, to.name)));
  const pairs: EntityPair[] = renamed.map(({ kind, from, to }) => ({
    before: before.entries.get(keyOf(kind, from.name)) as DiffEntry,
    after: after.entries.get(keyOf(kind, to.name)) as DiffEntry,
  }));
  const comparison = { before, after, newKey };
  const compared = [...suspects, ...pairs];
  const removedKeys = keysOf(gone).filter((key) => !oldNames.has(key));
  const { breaks, untried } = findBreaks(comparison, changedClosures(compared), removedKeys);
  const changed = withBreaks(findChanges(comparison, compared), breaks);
  const removed = gone.filter(({ kind, name }) => !oldNames.has(keyOf(kind, name)));
  const added = fresh.filter(({ kind, name }) => !newNames.has(keyOf(kind, name)));
  const diff = {
    added: added.map((entry) => oneSided(entry, 'behaviour')),
    removed: removed.map((entry) => oneSided(entry, isRunByName(entry) ? 'breaking' : 'behaviour')),
    renamed: renamed.toSorted((a, b) => byKey(a.to, b.to)),
    moved: suspects
      .filter((pair) => pair.before.file !== pair.after.file)
      .map((pair) => ({
        kind: pair.after.kind,
        name: pair.after.name,
        from: pair.before.file,
        to: pair.after.file,
      })),
    changed,
    breaks,
    affected: findAffected(comparison, suspects, changed),
    unreadable: [...new Set([...(before.unreadable ?? []), ...(after.unreadable ?? [])])].sort(),
    untriedCallers: untried,
  } satisfies CommitDiff;
  const level = levelOf(diff);
  return level === undefined ? diff : { ...diff, level };
}

function keysOf(entries: readonly DiffEntry[]): string[] {
  return entries.map(({ kind, name }) => keyOf(kind, name));
}

function changedClosures(pairs: readonly EntityPair[]): readonly string[] {
  return pairs
    .filter(({ before, after }) => before.digest !== after.digest)
    .map(({ before }) => keyOf(before.kind, before.name));
}

function oneSided({ kind, name, file }: DiffEntry, level: ChangeLevel): OneSidedEntity {
  return { kind, name, file, level };
}

/** People and other systems start it by its name. */
function isRunByName({ kind }: DiffEntry): boolean {
  return kind === 'Workflow' || kind === 'LaunchPlan';
}

/** Marks the changes of fields that break an interface. */
function withBreaks(changed: readonly ChangedEntity[], breaks: readonly InterfaceBreak[]): readonly ChangedEntity[] {
  const broken = new Set(
    breaks
      .filter(({ level }) => level === 'breaking')
      .flatMap(({ entity, kind, name = '', affected }) => [
        partKey(entity, kind, name),
        ...affected.flatMap((caller) => (caller.inherited ?? []).map((own) => partKey(caller, own.kind, own.name))),
      ]),
  );
  if (broken.size === 0) return changed;
  return changed.map((entity) => {
    const changes = entity.changes.map((change) => {
      const [, part, name, field] = change.path;
      const isInterface = field === undefined || field === 'type' || field === 'default';
      const kind = part === 'outputs' ? 'outputType' : 'inputType';
      const isPart = part === 'inputs' || part === 'outputs';
      const isBroken = isPart && isInterface && broken.has(partKey(entity, kind, String(name)));
      return isBroken ? { ...change, level: 'breaking' as const } : change;
    });
    return { ...entity, changes, level: gravest([entity.level, ...changes.map(({ level }) => level)]) as ChangeLevel };
  });
}

/** An input or output of an entity, whatever is wrong with it. */
function partKey(entity: { readonly kind: string; readonly name: string }, of: BreakKind, name: string): string {
  return `${keyOf(entity.kind, entity.name)} ${of.startsWith('input') ? 'input' : 'output'} ${name}`;
}

function levelOf({ added, removed, renamed, moved, changed, breaks }: CommitDiff): ChangeLevel | undefined {
  const levels = [added, removed, renamed, changed, breaks].flatMap((list) => list.map(({ level }) => level));
  return gravest(moved.length > 0 ? [...levels, 'cosmetic'] : levels);
}
