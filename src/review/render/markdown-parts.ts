import { MAX_REVIEW_LINES, MAX_REVIEW_ROWS } from '../../base/index.ts';
import { countOf } from '../words.ts';
import { fencedText } from './escape.ts';

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** A table; cells are Markdown already. What is beyond the limit is counted below it. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  limit = MAX_REVIEW_ROWS,
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const shown = rows.slice(0, limit);
  const left = rows.length - shown.length;
  const lines = [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ isNumber }) => (isNumber === true ? '--:' : ':--'))),
    ...shown.map(line),
  ];
  return `${lines.join('\n')}${left > 0 ? `\n\n… and ${countOf(left, 'more row')}` : ''}`;
}

/** A part that is folded until somebody asks for it. `summary` is Markdown of ours, or escaped. */
export function details(summary: string, ...parts: readonly string[]): string {
  return `<details><summary>${summary}</summary>\n\n${parts.join('\n\n')}\n\n</details>`;
}

/** Lines as a block of code, cut at a limit. */
export function block(lines: readonly string[], language = ''): string {
  const shown = lines.slice(0, MAX_REVIEW_LINES);
  const left = lines.length - shown.length;
  return `${fencedText(shown, language)}${left > 0 ? `\n\n… and ${countOf(left, 'more line')}` : ''}`;
}
