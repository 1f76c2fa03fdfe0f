import { resolve } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

/** The program in a real pseudo-terminal, and what a person would see there. */
export interface Driven {
  /** Rows of the screen, without blanks at their ends. */
  rows(): readonly string[];
  /** Resolves with the screen when it holds all of `texts`; rejects with it after a deadline. */
  sees(...texts: readonly (string | RegExp)[]): Promise<string>;
  press(keys: string): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  /** Whatever it does, if it still does anything. */
  end(): void;
  /** Bytes that came so far. */
  bytes(): number;
  /** All that came, escapes and all. */
  raw(): string;
  /** Whether the terminal shows its other screen. */
  isOnOtherScreen(): boolean;
  readonly pid: number;
  readonly ended: Promise<{ readonly exitCode: number; readonly signal?: number }>;
}

export interface DriveOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

const PROGRAM = resolve(import.meta.dirname, '../../bin/pipectl.js');
const DEADLINE_MS = 30_000;

/** Starts `pipectl` as a person would, in a terminal of this size. */
export function drive({ columns, rows, env, args = ['tui'] }: DriveOptions): Driven {
  const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
  const pty: IPty = spawn(process.execPath, [PROGRAM, ...args], {
    cols: columns,
    rows,
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
  });
  let raw = '';
  let seen: () => void = () => {};
  pty.onData((data) => {
    raw += data;
    terminal.write(data, () => seen());
  });
  const ended = new Promise<{ exitCode: number; signal?: number }>((done) => void pty.onExit(done));
  const screen = (): string[] =>
    Array.from({ length: terminal.rows }, (_, row) => {
      const { active } = terminal.buffer;
      return active.getLine(active.baseY + row)?.translateToString(true) ?? '';
    });
  const holds = (texts: readonly (string | RegExp)[]): boolean => {
    const text = screen().join('\n');
    return texts.every((each) => (typeof each === 'string' ? text.includes(each) : each.test(text)));
  };
  return {
    rows: screen,
    pid: pty.pid,
    ended,
    bytes: () => Buffer.byteLength(raw),
    raw: () => raw,
    isOnOtherScreen: () => terminal.buffer.active.type === 'alternate',
    press: (keys) => pty.write(keys),
    resize(nextColumns, nextRows) {
      terminal.resize(nextColumns, nextRows);
      pty.resize(nextColumns, nextRows);
    },
    end() {
      try {
        process.kill(pty.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    },
    kill: (signal) => void process.kill(pty.pid, signal),
    sees(...texts) {
      const { promise, resolve: found, reject } = Promise.withResolvers<string>();
      const timer = setTimeout(() => {
        reject(new Error(`no ${texts.map(String).join(', ')} on the screen:\n${screen().join('\n')}`));
      }, DEADLINE_MS);
      const look = (): void => {
        if (!holds(texts)) return;
        clearTimeout(timer);
        seen = () => {};
        found(screen().join('\n'));
      };
      seen = look;
      look();
      return promise;
    },
  };
}
