import { writeSync } from 'node:fs';
import type { Screen } from './frame-stream.ts';

/** The terminal while it is ours: another screen, no cursor. Whatever happens, it is given back as it was. */
export interface TerminalHold {
  /** Gives the terminal to somebody else for as long as `use` takes. */
  lend(use: () => Promise<void>): Promise<void>;
  /** To the shell, until SIGCONT. */
  stop(): void;
  release(): void;
}

export interface HoldOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly screen: Screen;
  /** Whether it draws; otherwise lines follow what the shell has left. */
  readonly isFullScreen: boolean;
  readonly redraw: () => void;
  readonly broke: (error: unknown) => void;
}

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
/** Scrolling region, attributes, wrapping, pasting, cursor, screen: in this order, so that the cursor is where it was. */
const LEAVE = '\x1b[?2026l\x1b[r\x1b[0m\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l';
/** Bracketed paste is all that was set. */
const LEAVE_LINES = '\x1b[?2004l';

export function holdTerminal({ stdin, stdout, screen, isFullScreen, redraw, broke }: HoldOptions): TerminalHold {
  let isHeld = false;
  const enter = (): void => {
    isHeld = true;
    if (isFullScreen) stdout.write(ENTER);
  };
  // Synchronous: at the end of a process nothing else is written any more.
  const leave = (): void => {
    if (!isHeld) return;
    isHeld = false;
    try {
      writeSync((stdout as { fd?: number }).fd ?? 1, isFullScreen ? LEAVE : LEAVE_LINES);
    } catch {
      // Nobody is at the terminal any more.
    }
  };
  const raw = (isRaw: boolean): void => {
    if (stdin.isTTY) stdin.setRawMode(isRaw);
  };
  const back = (): void => {
    raw(true);
    enter();
    screen.resume();
    stdout.write('\x1b[?2004h');
    redraw();
  };
  const stopped = (): void => {
    screen.pause();
    leave();
    raw(false);
    // The terminal's driver would stop the whole job; the process stops when this is delivered.
    process.kill(process.pid, 'SIGSTOP');
  };
  const failed = (error: unknown): void => broke(error);
  // Before anybody reads keys, so that the terminal shows none of those that are typed meanwhile.
  raw(true);
  enter();
  process.on('exit', leave);
  process.on('SIGTSTP', stopped);
  process.on('SIGCONT', back);
  process.on('uncaughtException', failed);
  process.on('unhandledRejection', failed);
  return {
    async lend(use) {
      screen.pause();
      leave();
      raw(false);
      stdin.pause();
      // With somebody who waits for `readable`, pausing alone stops nothing, and keys that are meant for others are lost here.
      stdin.emit('pause');
      try {
        await use();
      } finally {
        stdin.resume();
        back();
      }
    },
    stop: stopped,
    release() {
      process.off('SIGTSTP', stopped);
      process.off('SIGCONT', back);
      process.off('uncaughtException', failed);
      process.off('unhandledRejection', failed);
      raw(false);
      leave();
      process.off('exit', leave);
    },
  };
}
