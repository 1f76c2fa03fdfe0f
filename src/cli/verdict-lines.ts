import type { Verdict } from '../client/index.ts';
import { countWords } from './kind-words.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** What is told of a valid project beside its findings. */
export function validLine(stderr: Terminal, verdict: Pick<Verdict, 'counts' | 'fileCount'>): string {
  return `${paint(stderr, 'green', 'valid')}: ${countsText(verdict)}\n`;
}

/** The warning about files that a push would not carry; empty when it would carry all. */
export function untrackedLine({ untracked }: Pick<Verdict, 'untracked'>): string {
  return untracked.length === 0 ? '' : `not in git yet, a push would not carry: ${namesText(untracked)}\n`;
}

function namesText(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).map(printable).join(', ')}${more}`;
}

/** `2 workflows, 5 tasks, 1 schedule in 3 files`. */
function countsText({ counts, fileCount }: Pick<Verdict, 'counts' | 'fileCount'>): string {
  const found = Object.entries(counts);
  const what = found.length === 0 ? 'no definitions' : countWords(found);
  return `${what} in ${fileCount} ${fileCount === 1 ? 'file' : 'files'}`;
}

const MAX_NAMED = 5;
