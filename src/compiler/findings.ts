import { type Diagnostic, MAX_DIAGNOSTICS, type RelatedPlace } from '../base/index.ts';
import { type Definition, type Place, severityOf } from '../language/index.ts';

/** What a finding may have beside its code, message and place. */
export interface FindingDetails {
  readonly help?: string | undefined;
  readonly related?: readonly RelatedPlace[];
}

/** Tells one finding. The place is computed here, so nothing is spent on places of valid files. */
export type Tell = (code: string, message: string, place: Place | undefined, details?: FindingDetails) => void;

/** A finding as a Diagnostic; its severity is that of the table. */
export function finding(
  code: string,
  message: string,
  place: Place | undefined,
  details: FindingDetails = {},
): Diagnostic {
  const { help, related } = details;
  return {
    code,
    severity: severityOf(code),
    message,
    ...place,
    ...(help === undefined ? {} : { help }),
    ...(related === undefined ? {} : { related }),
  };
}

/** Where a definition is declared, as a related place. */
export function declaredHere(definition: Pick<Definition, 'declaredAt'>, message = 'declared here'): RelatedPlace {
  return { message, ...definition.declaredAt() };
}

/** In order of file and place, at most MAX_DIAGNOSTICS; the rest is counted. */
export function sortedFindings(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const sorted = diagnostics.toSorted(
    (a, b) =>
      compareText(a.span?.file ?? '', b.span?.file ?? '') ||
      (a.span?.line ?? 0) - (b.span?.line ?? 0) ||
      (a.span?.column ?? 0) - (b.span?.column ?? 0) ||
      compareText(a.code, b.code) ||
      compareText(a.message, b.message),
  );
  if (sorted.length <= MAX_DIAGNOSTICS) return sorted;
  const left = sorted.length - MAX_DIAGNOSTICS;
  const errors = sorted.filter((diagnostic) => diagnostic.severity === 'error');
  const kept = errors.length >= MAX_DIAGNOSTICS ? errors : sorted;
  return [
    ...kept.slice(0, MAX_DIAGNOSTICS),
    {
      ...finding('PIPE-PROJ-005', `there are ${left} more findings; these are the first ${MAX_DIAGNOSTICS}`, undefined),
      // Too many warnings are no error.
      severity: errors.length > 0 ? 'error' : 'warning',
    },
  ];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
