import type { Diagnostic } from '../base/index.ts';
import type { DefinitionOf } from '../language/index.ts';
import { ownersOf } from './code-owners.ts';
import type { ReviewInput, ReviewSide } from './input.ts';
import type { Approval } from './report.ts';

/** Whom a policy asks: names with spaces or commas between, as a code owner is named. */
export const APPROVERS_ANNOTATION = 'pipectl.dev/approvers';

/**
 * Who must agree: owners of the files that differ, and for what breaks a rule of a policy those whom that policy names.
 * A policy that is changed or removed asks for those whom it named before.
 */
export function approvalsOf(input: ReviewInput, newFindings: readonly Diagnostic[]): readonly Approval[] {
  const { codeOwners, changedFiles, base, head } = input;
  const owned = codeOwners === undefined ? [] : ownersOf(codeOwners.path, codeOwners.text, changedFiles);
  return [...owned, ...brokenRules(head, newFindings), ...changedPolicies(base, head)];
}

function policiesOf({ side }: ReviewSide): readonly DefinitionOf<'Policy'>[] {
  return [...side.entries].flatMap(([key, { kind }]) => {
    const definition = kind === 'Policy' ? side.definition(key) : undefined;
    return definition?.kind === 'Policy' && approvers(definition).length > 0 ? [definition] : [];
  });
}

function approvers({ annotations }: DefinitionOf<'Policy'>): readonly string[] {
  const text = Object.hasOwn(annotations, APPROVERS_ANNOTATION) ? annotations[APPROVERS_ANNOTATION] : undefined;
  return [...new Set((text ?? '').split(/[\s,]+/).filter((name) => name !== ''))];
}

function brokenRules(head: ReviewSide, findings: readonly Diagnostic[]): readonly Approval[] {
  return policiesOf(head).flatMap((policy) => {
    const places = new Set(
      policy.spec.rules.map((_rule, at) => placeText(policy.placeOf(['spec', 'rules', at, 'name']).span)),
    );
    const files = findings
      .filter(({ code }) => code.startsWith('PIPE-POLICY-'))
      .filter(({ related = [] }) => related.some(({ span }) => places.has(placeText(span))))
      .flatMap(({ span }) => span?.file ?? []);
    if (files.length === 0) return [];
    return [{ owners: approvers(policy), files: unique(files), because: `policy ${policy.name}` }];
  });
}

function changedPolicies(base: ReviewSide, head: ReviewSide): readonly Approval[] {
  return policiesOf(base).flatMap((policy) => {
    const key = `Policy/${policy.name}`;
    const [old, fresh] = [base.side.entries.get(key), head.side.entries.get(key)];
    if (old?.digest !== undefined && old.digest === fresh?.digest && isSameAsk(head, policy)) return [];
    const what = fresh === undefined ? 'is removed' : 'is changed';
    return [{ owners: approvers(policy), files: [policy.file], because: `policy ${policy.name}, which ${what}` }];
  });
}

/** Who is asked is no part of the closure. */
function isSameAsk({ side }: ReviewSide, policy: DefinitionOf<'Policy'>): boolean {
  const now = side.definition(`Policy/${policy.name}`);
  return now?.kind === 'Policy' && approvers(now).join() === approvers(policy).join();
}

function placeText({ file, line, column }: NonNullable<Diagnostic['span']>): string {
  return `${file}:${line}:${column}`;
}

function unique(files: readonly string[]): readonly string[] {
  return [...new Set(files)].sort();
}
