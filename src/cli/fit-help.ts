/** No narrower than this: below, a word a line helps nobody. */
const MIN_COLUMNS = 40;
/** A second column that would be narrower than this goes below the first. */
const MIN_TEXT_COLUMNS = 24;
const BELOW = '      ';

/** A text of help for a terminal of `columns`: rows of two columns keep them, paragraphs are filled anew. */
export function fitHelp(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  const width = Math.max(columns, MIN_COLUMNS);
  const lines = text.split('\n');
  if (lines.every(({ length }) => length <= width)) return text;
  const fitted: string[] = [];
  let paragraph: string[] = [];
  const endParagraph = (): void => {
    if (paragraph.length > 0) fitted.push(...filled(paragraph.join(' '), width, '', ''));
    paragraph = [];
  };
  for (const line of lines) {
    // Titles, and what stands alone, end a paragraph; rows are indented.
    const isProse = line !== '' && !line.startsWith(' ') && !line.endsWith(':');
    if (isProse) paragraph.push(line);
    else {
      endParagraph();
      fitted.push(...row(line, width));
    }
  }
  endParagraph();
  return fitted.join('\n');
}

/** `  name  what it is`, with what it is under itself. */
function row(line: string, width: number): readonly string[] {
  const [, first = '', second = ''] = /^( +\S(?:.*?\S)? {2,})(\S.*)$/.exec(line) ?? [];
  if (line.length <= width || second === '') return [line];
  if (first.length + MIN_TEXT_COLUMNS > width) return [first.trimEnd(), ...filled(second, width, BELOW, BELOW)];
  return filled(second, width, first, ' '.repeat(first.length));
}

function filled(text: string, width: number, first: string, next: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
