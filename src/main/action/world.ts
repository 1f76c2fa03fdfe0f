import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { UnixMs } from '../../base/index.ts';
import { annotationCommands, maskCommand } from '../../hosts/index.ts';
import { plainText } from '../../language/index.ts';
import { withoutCommands } from '../../review/index.ts';

/** What a runner gives a step. */
export interface ActionWorld {
  /** With `INPUT_*` and `GITHUB_*`: docs.github.com/actions, "variables". */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The step's log, where lines can be commands. */
  readonly write: (text: string) => void;
  readonly now: () => UnixMs;
  readonly signal: AbortSignal;
}

/** One line for people, which is no command whatever stands in it. */
export function say({ write }: ActionWorld, text: string): void {
  write(`${withoutCommands(plainText(text).replace(/\s*\n\s*/g, ' '))}\n`);
}

/** A line that the page of the run shows, too. */
export function warn({ write }: ActionWorld, level: 'error' | 'warning' | 'notice', message: string): void {
  write(`::${level} title=pipectl::${escaped(plainText(message, '\n'))}\n`);
}

/** Hides a value in the log from now on. */
export function mask({ write }: ActionWorld, secret: string): void {
  if (secret !== '') write(`${maskCommand(secret)}\n`);
}

/** Outputs of the step, as `NAME<<delimiter`: a value can neither end itself nor set another. */
export function setOutputs({ env }: ActionWorld, outputs: Readonly<Record<string, string>>): void {
  const file = env.GITHUB_OUTPUT;
  if (file === undefined || file === '') return;
  const lines = Object.entries(outputs).map(([name, value]) => {
    const delimiter = `pipectl_${randomUUID()}`;
    return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
  });
  appendFileSync(file, lines.join(''));
}

/** Adds to the summary of the job. */
export function addSummary({ env }: ActionWorld, markdown: string): void {
  const file = env.GITHUB_STEP_SUMMARY;
  if (file !== undefined && file !== '') appendFileSync(file, markdown);
}

/** A message as the data of a command. */
function escaped(message: string): string {
  const [line = ''] = annotationCommands([
    { level: 'notice', file: '', line: 1, endLine: 1, title: '', message },
  ]).lines;
  return line.slice(line.indexOf('::', 2) + 2);
}
