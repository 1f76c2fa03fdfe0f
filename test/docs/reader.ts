import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Block } from './blocks.ts';
import { type Command, commandsOf, matchesOutput } from './commands.ts';

/** Somebody who types the commands of a page: in order, into a shell. */
export interface Reader {
  cwd: string;
  /** The folder of the command `pipectl`. */
  readonly bin: string;
  readonly env: Record<string, string>;
}

export interface Ran {
  readonly code: number | null;
  /** Both streams, as a terminal shows them. */
  readonly text: string;
}

const COMMAND_DEADLINE_MS = 30_000;
const CWD_MARK = '\u0001cwd ';

/** Makes the command `pipectl` of a program, in the folder `bin`, which is created. */
export function linkProgram(bin: string, program: string): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'pipectl'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(join(bin, 'pipectl'), 0o755);
}

/** A reader with a home and a work folder of its own, in which git knows who it is. */
export function openReader(home: string, bin: string): Reader {
  const cwd = join(home, 'work');
  mkdirSync(cwd, { recursive: true });
  const person = { NAME: 'Ada', EMAIL: 'ada@example.org' };
  const identity = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
    Object.entries(person).map(([field, value]) => [`GIT_${role}_${field}`, value] as const),
  );
  const path = `${bin}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
  const env = { ...Object.fromEntries(identity), PATH: path, HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1' };
  return { cwd, bin, env };
}

/** Runs one command and remembers the folder that it went to. */
export function runCommand(reader: Reader, command: string): Promise<Ran> {
  const script = `exec 2>&1; trap 'code=$?; printf "${CWD_MARK}%s" "$PWD"; exit $code' EXIT\n${command}\n`;
  const child = spawn('bash', ['-c', script], {
    cwd: reader.cwd,
    env: reader.env,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  // The whole group: what it has started would keep the pipe open.
  const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), COMMAND_DEADLINE_MS);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const mark = text.lastIndexOf(CWD_MARK);
      if (mark >= 0) reader.cwd = text.slice(mark + CWD_MARK.length);
      resolve({ code, text: mark >= 0 ? text.slice(0, mark) : text });
    });
  });
}

/** Types the commands of a block; each must end as the block says, and print what it shows. */
export async function follow(page: string, block: Block, perform: (command: Command) => Promise<Ran>): Promise<void> {
  const commands = commandsOf(block);
  for (const [place, command] of commands.entries()) {
    const { code, text } = await perform(command);
    const isLast = place === commands.length - 1;
    const expected = isLast ? Number(/exit=(\d+)/.exec(block.info)?.[1] ?? 0) : 0;
    const where = `${page}:${command.line} $ ${command.text}\n${text}`;
    expect(`exit ${code} of ${where}`).toBe(`exit ${expected} of ${where}`);
    expect(matchesOutput(text, command.output), `the output of ${where}`).toBe(true);
  }
}
