import { FAST_YAML } from '../base/index.ts';
import type { SourceText } from './source-text.ts';
import { marksOfText } from './yaml-contents.ts';
import type { Mark } from './yaml-mark.ts';

/** Of the texts whose places were asked for last: a text's findings often come one after another. */
const RECENT = new Map<SourceText, readonly Mark[]>();

/**
 * The marks of one document of a text that was read before. Made when a place is first asked for and soon forgotten, so
 * that thousands of files cost only their texts.
 */
export function markOf(source: SourceText, index: number): Mark {
  const marks = RECENT.get(source) ?? marksOfText(source.text);
  RECENT.delete(source);
  RECENT.set(source, marks);
  if (RECENT.size > FAST_YAML.keptMarks) RECENT.delete(RECENT.keys().next().value as SourceText);
  return marks[index] as Mark;
}
