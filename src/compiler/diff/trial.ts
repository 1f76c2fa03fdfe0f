import { type Diagnostic, variantName } from '../../base/index.ts';
import type { Definition } from '../../language/index.ts';
import type { EntityClosure } from '../closure.ts';
import { compileEntity } from '../entity.ts';
import { createParseCache } from '../parse-cache.ts';
import { keyOf, type Outcome } from '../workspace.ts';
import type { DiffSide } from './contract.ts';
import { newWorkspace } from './side.ts';

/** Closures of the entities that a definition may refer to: undefined for one that is not there. */
export type ClosureOf = (key: string) => EntityClosure | undefined;

/** The commit that a definition is tried in: what decides which of several definitions of one name is meant. */
export type TrialSide = Pick<DiffSide, 'project' | 'variants'>;

export type TrialResult =
  | { readonly kind: 'fits'; readonly closure: EntityClosure }
  | { readonly kind: 'refused'; readonly diagnostic: Diagnostic }
  /** Not for a reason that can be told. */
  | { readonly kind: 'unknown' };

/**
 * Compiles a definition as if the commit had just these closures. The compiler itself tells what no longer fits, so
 * that what it accepts and what is called a break can never differ.
 */
export function tryDefinition(definition: Definition, closureOf: ClosureOf, side: TrialSide): TrialResult {
  const { kind } = definition;
  const name = variantName(definition.name, definition.domains);
  if (kind === 'Project') return { kind: 'unknown' };
  const nothing = { files: new Map(), texts: new Map(), trees: new Map(), cache: createParseCache() };
  const workspace = newWorkspace(nothing, (otherKind, other) => {
    const key = keyOf(otherKind, other);
    return outcomeOf(key, definition, closureOf(key));
  });
  if (side.project !== undefined) workspace.settings.project = side.project;
  for (const [key, variants] of side.variants ?? []) workspace.variants.set(key, new Set(variants));
  workspace.declared.set(keyOf(kind, name), { definition, blob: '' });
  const outcome = compileEntity(workspace, kind, name);
  if (outcome.kind === 'ok') return { kind: 'fits', closure: outcome.compilation.closure };
  const diagnostic = workspace.diagnostics.find(({ severity }) => severity === 'error');
  return diagnostic === undefined ? { kind: 'unknown' } : { kind: 'refused', diagnostic };
}

/** Who refers to another looks at its closure only. */
function outcomeOf(key: string, definition: Definition, closure: EntityClosure | undefined): Outcome {
  if (closure === undefined) return { kind: 'missing' };
  const declared = { definition, blob: '' };
  // Any digest does that no other has: nothing is stored.
  return { kind: 'ok', compilation: { declared, closure, digest: key, text: '', refs: [], folders: [] } };
}
