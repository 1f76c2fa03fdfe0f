import { MAX_BREAK_TRIALS } from '../../base/index.ts';
import type { EntityClosure } from '../closure.ts';
import { recordOf } from '../record.ts';
import { parametersOf } from '../task.ts';
import { type Comparison, callersState } from './caller-state.ts';
import type { AffectedCaller, BreakKind, ChangeLevel, DiffEntry, DiffSide, InterfaceBreak } from './contract.ts';
import { interfaceOf, type Mismatch, mismatchesOf } from './interface.ts';
import { byKey } from './pairs.ts';
import { tryDefinition } from './trial.ts';

/** Kinds that others call. */
const CALLED: readonly string[] = ['Task', 'Workflow', 'LaunchPlan'];

export interface Breaks {
  readonly breaks: readonly InterfaceBreak[];
  /** Callers that were not looked at, because there are too many. */
  readonly untried: number;
}

/** What is looked for, and how far it got. */
interface Search {
  readonly comparison: Comparison;
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  /** Mismatches that are told of what they come from: `key kind name`. */
  readonly inherited: Set<string>;
  trials: number;
  untried: number;
}

/**
 * Interfaces that no longer keep what they promised, each with the callers of the old commit that it breaks. `suspects`
 * are keys of the old commit whose closures differ, `removed` those that are gone.
 */
export function findBreaks(comparison: Comparison, suspects: Iterable<string>, removed: readonly string[]): Breaks {
  const { before } = comparison;
  const found: InterfaceBreak[] = [];
  const byKind = (keys: Iterable<string>, kind: string): string[] =>
    [...keys].filter((key) => key.startsWith(`${kind}/`)).sort();
  const changed = [...suspects];
  let search: Search | undefined;
  for (const kind of CALLED) {
    for (const key of byKind(removed, kind)) {
      search ??= newSearch(comparison);
      found.push(...removalBreak(search, key, before.entries.get(key) as DiffEntry));
    }
  }
  const mismatched = new Map<string, readonly Mismatch[]>();
  for (const kind of CALLED) {
    for (const key of byKind(changed, kind)) {
      const mismatches = interfaceMismatches(comparison, key);
      if (mismatches.length > 0) mismatched.set(key, mismatches);
    }
  }
  for (const key of calledFirst(before, mismatched)) {
    search ??= newSearch(comparison);
    found.push(...interfaceBreaks(search, key, mismatched.get(key) as readonly Mismatch[]));
  }
  found.sort((a, b) => byKey(a.entity, b.entity));
  return { breaks: found, untried: search?.untried ?? 0 };
}

/** These keys, each after those that it refers to: what comes from another is told of that. */
function calledFirst({ entries }: DiffSide, keys: ReadonlyMap<string, unknown>): readonly string[] {
  const ordered: string[] = [];
  const seen = new Set<string>();
  const visit = (key: string): void => {
    if (seen.has(key)) return;
    seen.add(key);
    for (const ref of entries.get(key)?.refs ?? []) visit(ref);
    if (keys.has(key)) ordered.push(key);
  };
  for (const key of keys.keys()) visit(key);
  return ordered;
}

function newSearch(comparison: Comparison): Search {
  const dependents = new Map<string, string[]>();
  for (const [key, { refs }] of comparison.before.entries) {
    for (const ref of refs) {
      const list = dependents.get(ref);
      if (list === undefined) dependents.set(ref, [key]);
      else list.push(key);
    }
  }
  return { comparison, dependents, inherited: new Set(), trials: 0, untried: 0 };
}

function removalBreak(search: Search, key: string, { kind, name, file }: DiffEntry): readonly InterfaceBreak[] {
  const affected = affectedBy(search, key, undefined);
  // A task is called by its own commit only: nobody misses one that no workflow runs any more.
  if (kind === 'Task' && levelOf(kind, affected) !== 'breaking') return [];
  return [{ entity: { kind, name, file }, kind: 'entityRemoved', level: 'breaking', affected }];
}

/** An entity's mismatches, from its closures; where the new one does not compile, from the inputs that it declares. */
function interfaceMismatches(comparison: Comparison, key: string): readonly Mismatch[] {
  const closure = comparison.before.closure(key);
  const before = interfaceOf(closure);
  const after = before && interfaceOf(newClosure(comparison, key, closure as EntityClosure));
  return before === undefined || after === undefined ? [] : mismatchesOf(before, after);
}

/** The closure of the new commit, or the old one with the inputs that the new definition declares. */
function newClosure({ after, newKey }: Comparison, key: string, old: EntityClosure): EntityClosure | undefined {
  const closure = after.closure(newKey(key));
  if (closure !== undefined) return closure;
  const definition = after.definition(newKey(key));
  if (old.kind !== 'Task' && old.kind !== 'Workflow') return undefined;
  if (definition?.kind !== 'Task' && definition?.kind !== 'Workflow') return undefined;
  return { ...old, inputs: parametersOf(definition.spec.inputs) };
}

function interfaceBreaks(search: Search, key: string, mismatches: readonly Mismatch[]): readonly InterfaceBreak[] {
  const { comparison, inherited } = search;
  const old = comparison.before.closure(key) as EntityClosure;
  const fresh = newClosure(comparison, key, old) as EntityClosure;
  const { kind, name, file } = comparison.after.entries.get(comparison.newKey(key)) as DiffEntry;
  return mismatches.flatMap((mismatch) => {
    if (inherited.has(mismatchKey(key, mismatch))) return [];
    const affected = affectedBy(search, key, withMismatch(old, fresh, mismatch));
    return [{ entity: { kind, name, file }, ...mismatch, level: levelOf(kind, affected), affected }];
  });
}

/** The old closure with one input or output as the new one has it, so that what it breaks is due to that alone. */
function withMismatch(old: EntityClosure, fresh: EntityClosure, { kind, name }: Mismatch): EntityClosure {
  const part = kind.startsWith('input') ? 'inputs' : 'outputs';
  const before = old as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const after = (fresh as unknown as typeof before)[part] as Readonly<Record<string, unknown>>;
  const others = Object.entries(before[part] ?? {}).filter(([other]) => other !== name);
  const own: readonly (readonly [string, unknown])[] = Object.hasOwn(after, name) ? [[name, after[name]]] : [];
  return { ...before, [part]: recordOf([...others, ...own]) } as unknown as EntityClosure;
}

function mismatchKey(key: string, { kind, name }: { readonly kind: BreakKind; readonly name: string }): string {
  return `${key} ${kind} ${name}`;
}

function levelOf(kind: string, affected: readonly AffectedCaller[]): ChangeLevel {
  if (kind !== 'Task') return 'breaking';
  return affected.some(({ state }) => state === 'broken' || state === 'inherits') ? 'breaking' : 'behaviour';
}

/** Callers, and callers of callers whose own interface breaks alike, when `key` had this closure, or none. */
function affectedBy(search: Search, key: string, closure: EntityClosure | undefined): readonly AffectedCaller[] {
  const { before } = search.comparison;
  const supposed = new Map<string, EntityClosure | undefined>([[key, closure]]);
  const found: AffectedCaller[] = [];
  const queue = [key];
  for (let of = queue.shift(); of !== undefined; of = queue.shift()) {
    for (const caller of [...(search.dependents.get(of) ?? [])].sort()) {
      if (supposed.has(caller)) continue;
      const definition = before.definition(caller);
      const old = before.closure(caller);
      if (definition === undefined || old === undefined) continue;
      if (search.trials >= MAX_BREAK_TRIALS) {
        search.untried += 1;
        continue;
      }
      search.trials += 1;
      const closureOf = (name: string): EntityClosure | undefined =>
        supposed.has(name) ? supposed.get(name) : before.closure(name);
      const result = tryDefinition(definition, closureOf, before);
      const through = of === key ? {} : { through: of };
      const told = callersState(search.comparison, caller, result, supposed);
      if (told === undefined) continue;
      found.push({ ...told.caller, ...through });
      if (result.kind !== 'fits') continue;
      supposed.set(caller, result.closure);
      queue.push(caller);
      if (told.caller.state === 'inherits') {
        for (const mismatch of told.mismatches) search.inherited.add(mismatchKey(caller, mismatch));
      }
    }
  }
  return found.sort(byKey);
}
