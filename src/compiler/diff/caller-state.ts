import type { EntityClosure } from '../closure.ts';
import type { AffectedCaller, DiffEntry, DiffSide } from './contract.ts';
import { interfaceOf, type Mismatch, mismatchesOf } from './interface.ts';
import { type TrialResult, tryDefinition } from './trial.ts';

/** Both commits, and which entity of the old one is which of the new one. */
export interface Comparison {
  readonly before: DiffSide;
  readonly after: DiffSide;
  /** The key that the new commit has it under, when it was renamed; else the same. */
  readonly newKey: (key: string) => string;
}

export interface CallerState {
  readonly caller: AffectedCaller;
  /** What its own callers feel. */
  readonly mismatches: readonly Mismatch[];
}

/**
 * What a changed interface does to a caller of the old commit, and what the new commit made of that. Undefined when it
 * does nothing. `supposed`: closures as they would be, by key of the old commit.
 */
export function callersState(
  comparison: Comparison,
  key: string,
  result: TrialResult,
  supposed: ReadonlyMap<string, EntityClosure | undefined>,
): CallerState | undefined {
  const { before } = comparison;
  const entry = before.entries.get(key) as DiffEntry;
  const old = { kind: entry.kind, name: entry.name, file: entry.file };
  if (result.kind === 'unknown') return undefined;
  if (result.kind === 'fits') {
    const mismatches = ownMismatches(before.closure(key), result.closure);
    const [first] = mismatches;
    if (first === undefined) return undefined;
    const state = inheritState(comparison, key, first);
    const file = comparison.after.entries.get(comparison.newKey(key))?.file ?? entry.file;
    const inherited = state === 'inherits' ? { inherited: mismatches.map(({ kind, name }) => ({ kind, name })) } : {};
    return { caller: { ...old, file, state, message: inheritedMessage(first), ...inherited }, mismatches };
  }
  const { message, span } = result.diagnostic;
  const still = newCaller(comparison, key, supposed);
  if (still.kind === 'refused' && still.diagnostic.message === message) {
    const at = still.diagnostic.span;
    const { kind, name, file } = comparison.after.entries.get(comparison.newKey(key)) as DiffEntry;
    return { caller: { kind, name, file, state: 'broken', message, ...(at && { line: at.line }) }, mismatches: [] };
  }
  const state = still.kind === 'gone' ? 'removed' : still.kind === 'unreadable' ? 'broken' : 'adapted';
  return { caller: { ...old, state, message, ...(span && { line: span.line }) }, mismatches: [] };
}

function ownMismatches(before: EntityClosure | undefined, after: EntityClosure | undefined): readonly Mismatch[] {
  const promised = interfaceOf(before);
  const kept = interfaceOf(after);
  return promised === undefined || kept === undefined ? [] : mismatchesOf(promised, kept);
}

/** Whether the new commit's interface of the caller breaks in this way, too. */
function inheritState({ before, after, newKey }: Comparison, key: string, of: Mismatch): AffectedCaller['state'] {
  if (after.unreadable?.has(newKey(key)) === true) return 'inherits';
  if (!after.entries.has(newKey(key))) return 'removed';
  const own = ownMismatches(before.closure(key), after.closure(newKey(key)));
  const isSame = own.some(({ kind, name }) => kind === of.kind && name === of.name);
  return isSame || after.closure(newKey(key)) === undefined ? 'inherits' : 'adapted';
}

/** The caller as the new commit has it, tried against the same supposed closures. */
function newCaller(
  { before, after, newKey }: Comparison,
  key: string,
  supposed: ReadonlyMap<string, EntityClosure | undefined>,
): TrialResult | { readonly kind: 'gone' | 'unreadable' } {
  const fresh = newKey(key);
  // Its document has errors of its own: nobody can say that it follows.
  if (after.unreadable?.has(fresh) === true) return { kind: 'unreadable' };
  if (!after.entries.has(fresh)) return { kind: 'gone' };
  const closure = after.closure(fresh);
  const definition = after.definition(fresh);
  if (closure !== undefined) return { kind: 'fits', closure };
  if (definition === undefined) return { kind: 'unknown' };
  const renamed = new Map([...supposed].map(([name, value]) => [newKey(name), value]));
  const closureOf = (name: string): EntityClosure | undefined =>
    renamed.has(name) ? renamed.get(name) : (after.closure(name) ?? before.closure(name));
  return tryDefinition(definition, closureOf, after);
}

function inheritedMessage({ kind, name, before, after }: Mismatch): string {
  switch (kind) {
    case 'inputRemoved':
      return `its input "${name}" is gone as well`;
    case 'inputRequired':
      return `its input "${name}" must be given as well`;
    case 'inputNarrowed':
    case 'inputType':
      return `its input "${name}" is ${after} as well, no longer ${before}`;
    case 'outputRemoved':
      return `its output "${name}" is gone as well`;
    case 'outputType':
      return `its output "${name}" is ${after} as well, no longer ${before}`;
    case 'entityRemoved':
      return 'it is gone as well';
  }
}
