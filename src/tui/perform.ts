import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Content } from './content.ts';
import { lineText } from './line.ts';
import type { Effect, Event } from './reduce.ts';
import { placeOf, type State, type Work } from './state.ts';
import { titleOf } from './targets.ts';
import type { TerminalHold } from './terminal-hold.ts';
import type { World } from './world.ts';

export interface Performing {
  readonly state: State;
  readonly world: World;
  readonly content: Content;
  readonly hold: TerminalHold;
  readonly happen: (event: Event) => void;
  readonly end: () => void;
}

/** Does what the reducer wants done. */
export async function perform(effect: Effect, performing: Performing): Promise<void> {
  const { state, world, content, hold, happen, end } = performing;
  switch (effect.kind) {
    case 'quit':
      return end();
    case 'suspend':
      return hold.stop();
    case 'refresh':
      return world.refresh(placeOf(state));
    case 'work':
      return happen(await work(effect.work, world));
    case 'save':
      return happen(await save(state, content));
    case 'pager':
      return hold.lend(() => page(textOf(content)));
    case 'editor':
      return edit(state, content, performing);
  }
}

/** Runs the commands one after the other, and tells what the last one said, or the first that failed. */
async function work({ label, commands }: Work, world: World): Promise<Event> {
  let said = '';
  for (const [at, argv] of commands.entries()) {
    const { code, stdout, stderr } = await world.runCommand(argv, 10_000);
    const text = plain(`${stdout}${stderr}`);
    if (code !== 0) {
      const done = at === 0 ? '' : `${at} of ${commands.length} done, then `;
      return { kind: 'worked', isGood: false, text: `${done}${text || `${label} failed`}` };
    }
    said = text;
  }
  // Some commands answer with a name alone.
  const text = commands.length > 1 || said === '' ? `${label}: done` : /\s/.test(said) ? said : `${label}: ${said}`;
  return { kind: 'worked', isGood: true, text };
}

function plain(text: string): string {
  return text.replace(/\x1b\[[0-9;]*m/g, '').trim();
}

function textOf(content: Content): string {
  if (content.kind !== 'text') return '';
  return Array.from({ length: content.count }, (_, at) => `${lineText(content.line(at)).trimEnd()}\n`).join('');
}

/** What is shown as the name of a file. */
function fileName(state: State): string {
  const name = titleOf(placeOf(state).target).replace(/[^\w.-]+/g, '-');
  return name.replace(/^[.-]+/, '') || 'text';
}

/** Into the current folder, under a name that is not taken. */
async function save(state: State, content: Content): Promise<Event> {
  const base = fileName(state);
  for (let tries = 0; tries < MAX_SAVE_TRIES; tries++) {
    const path = resolve(`${base}${tries === 0 ? '' : `-${tries}`}.txt`);
    try {
      await writeFile(path, textOf(content), { flag: 'wx' });
      return { kind: 'worked', isGood: true, text: `saved as ${path}` };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        return { kind: 'worked', isGood: false, text: `not saved: ${(error as Error).message}` };
      }
    }
  }
  return { kind: 'worked', isGood: false, text: `not saved: ${base}.txt and others are taken` };
}

const MAX_SAVE_TRIES = 100;

/** What a person reads texts with: `$PAGER`, else less. */
function page(text: string): Promise<void> {
  const pager = process.env.PAGER || 'less -R';
  return new Promise((done) => {
    const child = spawn('/bin/sh', ['-c', pager], { stdio: ['pipe', 'inherit', 'inherit'] });
    // A pager that is left early reads no more.
    child.stdin.on('error', () => {});
    child.on('error', () => done());
    child.on('close', () => done());
    child.stdin.end(text);
  });
}

/** A copy in what a person edits with, `$VISUAL` or `$EDITOR`, else vi. What they change there changes nothing here. */
async function edit(state: State, content: Content, { hold, happen }: Performing): Promise<void> {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), 'pipectl-text-'));
    const path = join(folder, `${fileName(state)}.txt`);
    await writeFile(path, textOf(content), { mode: 0o600 });
    let code: number | null = null;
    await hold.lend(async () => {
      code = await new Promise<number | null>((done) => {
        const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' });
        child.on('error', () => done(null));
        child.on('close', done);
      });
    });
    if (code !== 0) happen({ kind: 'worked', isGood: false, text: `${editor} did not end well: set $EDITOR` });
  } catch (error) {
    happen({ kind: 'worked', isGood: false, text: `not opened: ${(error as Error).message}` });
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
