import { ANNOTATIONS_PER_REQUEST, MAX_CHECK_ANNOTATIONS } from '../base/index.ts';
import type { ReviewFinding } from '../review/index.ts';
import type { Annotation } from './code-host.ts';

/** Findings that have a place, as annotations; one without a line stands at the first. */
export function annotationsOf(findings: readonly ReviewFinding[]): readonly Annotation[] {
  return findings.flatMap(({ level, rule, message, help, file, line = 1, endLine = line }) => {
    if (file === undefined) return [];
    return [{ level, file, line, endLine, title: rule, message: help === undefined ? message : `${message}\n${help}` }];
  });
}

/** As many as one request takes, in order; never more than MAX_CHECK_ANNOTATIONS together. One empty batch when there are none. */
export function annotationBatches(annotations: readonly Annotation[]): readonly (readonly Annotation[])[] {
  const shown = annotations.slice(0, MAX_CHECK_ANNOTATIONS);
  const batches: (readonly Annotation[])[] = [];
  for (let at = 0; at < Math.max(shown.length, 1); at += ANNOTATIONS_PER_REQUEST) {
    batches.push(shown.slice(at, at + ANNOTATIONS_PER_REQUEST));
  }
  return batches;
}
