import { EventEmitter } from 'node:events';
import { changeFrame, type Frame } from './frame-writer.ts';

/** The terminal as Ink is given it. Ink lays out whole frames; only what differs from the one before goes out. */
export interface FrameStream extends NodeJS.EventEmitter {
  readonly isTTY: true;
  readonly writable: true;
  columns: number;
  rows: number;
  write(text: string): boolean;
}

export interface FrameTerminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface Screen {
  readonly stream: FrameStream;
  /** What is on the terminal is no longer what was written: the next frame is written whole. */
  forget(): void;
  isForgotten(): boolean;
  /** Frames are let go until `resume`. */
  pause(): void;
  resume(): void;
}

/** Modes that Ink sets: bracketed paste, kitty keys. The cursor is ours. */
const MODE = /^(?:\x1b\[[?>=<]?[\d;]*[a-zA-Z])+$/;
const CURSOR = /\x1b\[\?25[hl]/g;

/** `isMuted`: no frame goes out, as if it were paused for ever. */
export function openScreen(terminal: FrameTerminal, isMuted = false): Screen {
  let before: Frame | undefined;
  let isPaused = isMuted;
  const stream = Object.assign(new EventEmitter(), {
    isTTY: true as const,
    writable: true as const,
    columns: terminal.columns ?? 80,
    rows: terminal.rows ?? 24,
    write(text: string): boolean {
      if (MODE.test(text)) {
        const mode = text.replace(CURSOR, '');
        if (mode !== '') terminal.write(mode);
        return true;
      }
      if (isPaused) return true;
      const next: Frame = { columns: stream.columns, rows: stream.rows, lines: text.replace(/\n$/, '').split('\n') };
      const bytes = changeFrame(before, next);
      before = next;
      if (bytes !== '') terminal.write(bytes);
      return true;
    },
  });
  return {
    stream,
    forget() {
      before = undefined;
    },
    isForgotten: () => before === undefined,
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = isMuted;
      before = undefined;
    },
  };
}
