import type { ImportNote, ImportResult } from '../importer/index.ts';
import { paint, printable, type Terminal } from './terminal.ts';

const WORDS: Readonly<Record<ImportNote['level'], string>> = { lost: 'not imported', changed: 'changed' };

/** The notes of an import, one or two lines each, and how many there are; '' for none. */
export function importReport({ notes, moreNotes }: ImportResult, terminal: Pick<Terminal, 'color'>): string {
  if (notes.length === 0) return '';
  const lines = notes.flatMap(({ level, span, construct, message, instead }) => {
    const place = paint(terminal, 'bold', `${printable(span.file)}:${span.line}:${span.column}:`);
    const word = paint(terminal, level === 'lost' ? 'red' : 'yellow', WORDS[level]);
    const told = `${place} ${word}: ${oneLine(construct)}: ${oneLine(message)}`;
    return instead === undefined ? [told] : [told, `    instead: ${oneLine(instead)}`];
  });
  const count = (level: ImportNote['level']): number => notes.filter((note) => note.level === level).length;
  const more = moreNotes === 0 ? '' : `, and ${moreNotes} more notes`;
  return `${lines.join('\n')}\n${count('lost')} not imported, ${count('changed')} changed${more}\n`;
}

function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').slice(0, 300));
}
