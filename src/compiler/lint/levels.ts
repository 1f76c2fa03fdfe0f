import type { Diagnostic } from '../../base/index.ts';
import {
  type DefinitionOf,
  DIAGNOSTIC_CODES,
  diagnosticCode,
  didYouMean,
  type LintLevel,
} from '../../language/index.ts';
import type { Tell } from '../findings.ts';

export type LintLevels = Readonly<Record<string, LintLevel>>;

/** Tells codes under a project's `lints` whose level cannot be set. False when there are any. */
export function checkLevels(tell: Tell, project: DefinitionOf<'Project'>): boolean {
  let isRight = true;
  for (const code of project.spec.lints.keys()) {
    const row = diagnosticCode(code);
    if (row !== undefined && row.severity !== 'error') continue;
    isRight = false;
    const known = DIAGNOSTIC_CODES.filter(({ severity }) => severity !== 'error').map((other) => other.code);
    const message = row === undefined ? `there is no code ${code}` : `${code} is an error: its level cannot be set`;
    const help = row === undefined ? (didYouMean(code, known) ?? '`pipectl explain` lists the codes') : undefined;
    tell('PIPE-PROJ-006', message, project.placeOfKey(['spec', 'lints', code]), { help });
  }
  return isRight;
}

/** Whether a warning of this code is told at all: what is not need not be looked for. */
export function isTold(code: string, levels: LintLevels = {}): boolean {
  const level = Object.hasOwn(levels, code) ? levels[code] : undefined;
  return level === undefined ? diagnosticCode(code)?.isOffByDefault !== true : level !== 'off';
}

/** Findings as the project wants them told: warnings at their levels, or not at all. Errors stay what they are. */
export function atLevels(diagnostics: readonly Diagnostic[], levels: LintLevels = {}): readonly Diagnostic[] {
  return diagnostics.flatMap((diagnostic) => {
    if (diagnostic.severity === 'error') return [diagnostic];
    const { code } = diagnostic;
    if (!isTold(code, levels)) return [];
    const set = Object.hasOwn(levels, code) ? (levels[code] as 'warning' | 'error') : undefined;
    const level = set ?? (diagnosticCode(code)?.isErrorByDefault === true ? 'error' : undefined);
    return [level === undefined ? diagnostic : { ...diagnostic, severity: level }];
  });
}
