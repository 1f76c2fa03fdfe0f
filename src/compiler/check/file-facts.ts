import type { Definition, ParsedFile } from '../../language/index.ts';
import { actionsOf, runsOf } from '../runs.ts';
import { keyOf } from '../workspace.ts';

/** What a file says of itself, from its text alone. Keys are `Kind/name`. */
export interface FileFacts {
  readonly file: string;
  /** Its valid definitions; a key stands twice when two have it. */
  readonly declared: readonly string[];
  /** Definitions with errors whose kind and name could be read. */
  readonly broken: readonly string[];
  /** What its definitions refer to and the file itself does not declare. */
  readonly refs: readonly string[];
  /** Tasks that the file declares and does not itself refer to. */
  readonly idle: readonly string[];
}

/** The facts of a parsed file. */
export function factsOf(file: string, { documents, broken }: ParsedFile): FileFacts {
  const definitions = documents.filter(({ kind }) => kind !== 'Project');
  const declared = definitions.map(({ kind, name }) => keyOf(kind, name));
  const referred = new Set<string>();
  for (const definition of definitions) for (const key of referencesOf(definition)) referred.add(key);
  const own = new Set(declared);
  return {
    file,
    declared,
    broken: broken.map(({ kind, name }) => keyOf(kind, name)),
    refs: [...referred].filter((key) => !own.has(key)),
    idle: declared.filter((key) => key.startsWith('Task/') && !referred.has(key)),
  };
}

/** Everything that a definition refers to: compiling it asks for these, and for what they refer to. */
function referencesOf(definition: Definition): readonly string[] {
  const keys = runsOf(definition).map(({ kind, name }) => keyOf(kind, name));
  if (definition.kind !== 'Workflow') return keys;
  for (const { action } of actionsOf(definition)) {
    if (action.kind === 'task') keys.push(keyOf('Task', action.task));
    else if (action.kind === 'map' && action.map.task !== undefined) keys.push(keyOf('Task', action.map.task));
    else if (action.kind === 'dynamic')
      for (const name of [action.dynamic.task, ...action.dynamic.tasks]) keys.push(keyOf('Task', name));
  }
  return keys;
}
