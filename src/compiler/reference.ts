import { MAX_DEFINITION_SUGGESTIONS } from '../base/index.ts';
import type { Definition, Path } from '../language/index.ts';
import { didYouMean } from '../language/index.ts';
import type { EntityClosure, EntityKind } from './closure.ts';
import { keyOf, type Outcome, tellTo, type Workspace } from './workspace.ts';

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
      tellUnknown(workspace, definition, path, kind, name);
      return { kind: 'failed' };
    case 'broken':
    case 'failed':
      return { kind: 'failed' };
  }
}

function tellUnknown(workspace: Workspace, definition: Definition, path: Path, kind: EntityKind, name: string): void {
  const help = helpFor(workspace, definition, kind, name);
  const message = `there is no ${WORDS[kind]} "${name}" in this commit`;
  tellTo(workspace)('PIPE-REF-001', message, definition.placeOf(path), { help });
}

/** What was looked for already. A name may be missing in thousands of places, and each look goes over all names. */
interface Looked {
  readonly names: Map<EntityKind, readonly string[]>;
  readonly helps: Map<string, string | undefined>;
  /** The names that each definition asked for. */
  readonly asked: Map<Definition, Set<string>>;
  /** Definitions that were known then. */
  readonly known: number;
}

const LOOKED = new WeakMap<Workspace, Looked>();

function helpFor(workspace: Workspace, definition: Definition, kind: EntityKind, name: string): string | undefined {
  const known = workspace.declared.size + workspace.broken.size;
  let looked = LOOKED.get(workspace);
  if (looked?.known !== known) looked = { names: new Map(), helps: new Map(), asked: new Map(), known };
  LOOKED.set(workspace, looked);
  const names = looked.names.get(kind) ?? namesOf(workspace, kind);
  looked.names.set(kind, names);
  if (names.length === 0) return `this commit has no ${WORDS[kind]}`;
  const key = keyOf(kind, name);
  const asked = looked.asked.get(definition) ?? new Set();
  if (asked.size >= MAX_DEFINITION_SUGGESTIONS && !asked.has(key)) return undefined;
  looked.asked.set(definition, asked.add(key));
  if (!looked.helps.has(key)) looked.helps.set(key, didYouMean(name, names) ?? listed(kind, names));
  return looked.helps.get(key);
}

const MAX_LISTED = 6;

/** All names, where they are few. */
function listed(kind: EntityKind, names: readonly string[]): string | undefined {
  if (names.length > MAX_LISTED) return undefined;
  return names.length === 1
    ? `the only ${WORDS[kind]} of this commit is "${names[0]}"`
    : `the ${WORDS[kind]}s of this commit are ${names.join(', ')}`;
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
