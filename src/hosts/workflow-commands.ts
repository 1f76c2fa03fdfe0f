import { ANNOTATIONS_PER_STEP, MAX_ANNOTATION_MESSAGE, MAX_ANNOTATION_TITLE } from '../base/index.ts';
import type { FindingLevel } from '../review/index.ts';
import type { Annotation } from './code-host.ts';

/** Annotations as lines for a runner's log, and those that it would not show because there are too many of their kind. */
export function annotationCommands(annotations: readonly Annotation[]): {
  readonly lines: readonly string[];
  readonly rest: readonly Annotation[];
} {
  const counts: Record<FindingLevel, number> = { error: 0, warning: 0, notice: 0 };
  const lines: string[] = [];
  const rest: Annotation[] = [];
  for (const annotation of annotations) {
    counts[annotation.level] += 1;
    if (counts[annotation.level] > ANNOTATIONS_PER_STEP) rest.push(annotation);
    else lines.push(annotationCommand(annotation));
  }
  return { lines, rest };
}

function annotationCommand({ level, file, line, endLine, title, message }: Annotation): string {
  const properties = [
    `file=${property(file)}`,
    `line=${line}`,
    `endLine=${endLine}`,
    `title=${property(cut(title, MAX_ANNOTATION_TITLE))}`,
  ];
  return `::${level} ${properties.join(',')}::${data(cut(message, MAX_ANNOTATION_MESSAGE))}`;
}

/** One line that a runner hides and what follows it masks: `::add-mask::`. */
export function maskCommand(secret: string): string {
  return `::add-mask::${data(secret)}`;
}

/** actions/toolkit, packages/core/src/command.ts: what a runner decodes again. */
function data(text: string): string {
  return text
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replace(/[\n\u0085\u2028\u2029]/g, '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
