import type { Block } from './blocks.ts';

/** A command of a console block, with the output that the page shows below it. */
export interface Command {
  readonly line: number;
  readonly text: string;
  readonly output: readonly string[];
}

/** The commands of a block: lines behind `$ `. */
export function commandsOf({ text, line }: Block): readonly Command[] {
  const commands: { line: number; text: string; output: string[] }[] = [];
  for (const [at, row] of text.split('\n').entries()) {
    if (row.startsWith('$ ')) commands.push({ line: line + at, text: row.slice(2), output: [] });
    else commands.at(-1)?.output.push(row);
  }
  return commands;
}

/** Whether the shown lines appear among the real ones in this order. `…` in a shown line stands for anything. */
export function matchesOutput(real: string, shown: readonly string[]): boolean {
  const lines = real.split('\n').map((line) => line.trimEnd());
  let at = 0;
  for (const line of shown) {
    const pattern = new RegExp(`^${line.split('…').map(escaped).join('.*')}$`);
    while (at < lines.length && !pattern.test(lines[at] as string)) at += 1;
    if (at === lines.length) return false;
    at += 1;
  }
  return true;
}

function escaped(text: string): string {
  return text.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
