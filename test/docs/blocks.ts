import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A fenced block of a page. */
export interface Block {
  /** Of its first line of text, from 1. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language: `exit=1`. */
  readonly info: string;
  readonly text: string;
}

/** Every page that people read, from the root. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', 'ARCHITECTURE.md', ...docs.sort().map((name) => `docs/${name}`)];
}

/** The pages of the examples, and the one that lists them, from the root. */
export function examplePages(): readonly string[] {
  return globSync('examples/{README.md,*/README.md}', { cwd: ROOT }).sort();
}

export function pageText(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = pageText(page).split('\n');
  for (let at = 0; at < lines.length; at++) {
    const open = /^(`{3,})(\S*) ?(.*)$/.exec(lines[at] as string);
    if (open === null) continue;
    const [, fence = '', language = '', info = ''] = open;
    const end = lines.indexOf(fence, at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: the block is not closed`);
    blocks.push({ line: at + 2, language, info, text: lines.slice(at + 1, end).join('\n') });
    at = end;
  }
  return blocks;
}

/** A page's prose and tables, without its blocks. */
export function proseOf(page: string): string {
  return pageText(page).replace(/^(`{3,})\S*[^\n]*\n[\s\S]*?\n\1$/gm, '');
}
