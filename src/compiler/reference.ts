import type { Definition, Path, Place } from '../language/index.ts';
import { didYouMean } from '../language/index.ts';
import type { EntityClosure, EntityKind } from './closure.ts';
import { type Outcome, tellTo, type Workspace } from './workspace.ts';

/** What a reference leads to. `failed`: told where the fault is, here or in the definition referred to. */
export type Resolved<K extends EntityKind> =
  | { readonly kind: 'ok'; readonly closure: Extract<EntityClosure, { kind: K }>; readonly digest: string }
  | { readonly kind: 'failed' }
  | { readonly kind: 'pending' };

const WORDS: Readonly<Record<EntityKind, string>> = {
  Task: 'task',
  Workflow: 'workflow',
  LaunchPlan: 'launch plan',
  Schedule: 'schedule',
  Platform: 'platform',
  Policy: 'policy',
};

/** Resolves a reference by kind and name within the commit; an unknown name is told at `path` of the definition. */
export function resolve<K extends EntityKind>(
  workspace: Workspace,
  definition: Definition,
  path: Path,
  kind: K,
  name: string,
): Resolved<K> {
  const outcome = workspace.compileEntity(kind, name);
  switch (outcome.kind) {
    case 'ok': {
      const closure = closureOf(outcome, kind);
      return closure === undefined ? { kind: 'failed' } : { kind: 'ok', closure, digest: outcome.compilation.digest };
    }
    case 'pending':
      return { kind: 'pending' };
    case 'missing':
      tellUnknown(workspace, definition.placeOf(path), kind, name);
      return { kind: 'failed' };
    case 'broken':
    case 'failed':
      return { kind: 'failed' };
  }
}

function tellUnknown(workspace: Workspace, place: Place, kind: EntityKind, name: string): void {
  const names = namesOf(workspace, kind);
  const help = didYouMean(name, names) ?? (names.length === 0 ? `this commit has no ${WORDS[kind]}` : undefined);
  tellTo(workspace)('PIPE-REF-001', `there is no ${WORDS[kind]} "${name}" in this commit`, place, { help });
}

/** The names of all entities of a kind, in order: only looked at when a name is wrong. */
function namesOf(workspace: Workspace, kind: EntityKind): readonly string[] {
  const prefix = `${kind}/`;
  const names = new Set<string>();
  for (const key of [...workspace.declared.keys(), ...workspace.broken.keys()]) {
    if (key.startsWith(prefix)) names.add(key.slice(prefix.length));
  }
  for (const [key, entry] of workspace.base.entries) {
    if (key.startsWith(prefix) && !workspace.request.files.has(entry.file)) names.add(entry.name);
  }
  for (const name of workspace.otherNames?.(kind) ?? []) names.add(name);
  return [...names].sort();
}

/** The closure of a compiled entity when it is of this kind. */
function closureOf<K extends EntityKind>(outcome: Outcome, kind: K): Extract<EntityClosure, { kind: K }> | undefined {
  if (outcome.kind !== 'ok' || outcome.compilation.closure.kind !== kind) return undefined;
  return outcome.compilation.closure as Extract<EntityClosure, { kind: K }>;
}
