import { keyOf } from '../workspace.ts';
import type { DiffEntry, DiffSide, RenamedEntity } from './contract.ts';
import { type Candidate, pairRenames } from './rename.ts';
import { viewOf } from './view.ts';

/** Each kind after those it may refer to, so that what refers to a renamed entity is the same content. */
const KINDS = ['Project', 'Platform', 'Policy', 'Task', 'Workflow', 'LaunchPlan', 'Schedule'];

export interface EntityRenames {
  readonly renamed: readonly RenamedEntity[];
  /** The key of the new commit of an entity of the old one. */
  readonly newKey: (key: string) => string;
}

/** Which of the entities that are gone are which of the new ones under another name. */
export function findRenames(
  sides: { readonly before: DiffSide; readonly after: DiffSide },
  gone: readonly DiffEntry[],
  fresh: readonly DiffEntry[],
): EntityRenames {
  const first = pairKinds(sides, gone, fresh, new Map());
  const isSettled = first.renamed.every(({ similarity }) => similarity === 1);
  const isComplete = first.renamed.length === Math.min(gone.length, fresh.length);
  // A workflow may refer to a launch plan whose new name was found after it.
  const { renamed, keys } =
    first.renamed.length === 0 || (isSettled && isComplete) ? first : pairKinds(sides, gone, fresh, first.keys);
  return { renamed, newKey: (key) => keys.get(key) ?? key };
}

interface PairedKinds {
  readonly renamed: readonly RenamedEntity[];
  /** New key by old key. */
  readonly keys: ReadonlyMap<string, string>;
}

/** `known`: new keys that were found before. */
function pairKinds(
  sides: { readonly before: DiffSide; readonly after: DiffSide },
  gone: readonly DiffEntry[],
  fresh: readonly DiffEntry[],
  known: ReadonlyMap<string, string>,
): PairedKinds {
  const keys = new Map<string, string>();
  const newKey = (key: string): string => keys.get(key) ?? known.get(key) ?? key;
  const renamed: RenamedEntity[] = [];
  for (const kind of KINDS) {
    const left = gone.filter((entry) => entry.kind === kind);
    const right = fresh.filter((entry) => entry.kind === kind);
    if (left.length === 0 || right.length === 0) continue;
    const pairs = pairRenames(candidates(sides.before, left, newKey), candidates(sides.after, right));
    for (const { from, to, similarity } of pairs) {
      keys.set(keyOf(kind, from), keyOf(kind, to));
      renamed.push({
        kind: kind as RenamedEntity['kind'],
        from: refOf(sides.before.entries.get(keyOf(kind, from)) as DiffEntry),
        to: refOf(sides.after.entries.get(keyOf(kind, to)) as DiffEntry),
        similarity,
        // Runs, ticks and commands know all of these by their names; a task is called by its own commit alone.
        level: kind === 'Task' ? 'cosmetic' : 'behaviour',
      });
    }
  }
  return { renamed, keys };
}

function candidates(side: DiffSide, entries: readonly DiffEntry[], entityKey?: (key: string) => string): Candidate[] {
  return entries.flatMap(({ kind, name }) => {
    const key = keyOf(kind, name);
    const definition = side.definition(key);
    const names = entityKey === undefined ? {} : { entityKey };
    return definition === undefined ? [] : [{ name, view: viewOf(definition, side.closure(key), names) }];
  });
}

function refOf({ kind, name, file }: DiffEntry): RenamedEntity['from'] {
  return { kind, name, file };
}
