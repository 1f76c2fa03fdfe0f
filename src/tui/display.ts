import type { Board } from './board.tsx';
import type { Content } from './content.ts';
import type { Screen } from './frame-stream.ts';
import type { Binding } from './keys.ts';
import { announce } from './reader/announce.ts';
import { type Spoken, spokenOf } from './reader/spoken.ts';
import { screenLines } from './screen.ts';
import type { State } from './state.ts';
import { type Seen, surroundingsOf } from './surroundings.ts';
import { paintLine, type Theme } from './theme.ts';

/** What asks for a frame: somebody at the terminal, or what is shown there. */
export type FrameCause = 'person' | 'data';

/** How a person is told of what there is. */
export interface Display {
  /** Shows what is new since the last time; nothing, when nothing is. */
  show(state: State, content: Content, seen: Seen, by: FrameCause): void;
  /** From here on Ink lays out what a person does; it begins with the frame that stands there. */
  hand(open: (lines: readonly string[]) => Board): void;
}

/** As frames of the whole screen. */
export function frameDisplay(screen: Screen, theme: Theme, bindings: readonly Binding[]): Display {
  let board: Board | undefined;
  let drawn: readonly string[] = [];
  return {
    show(state, content, seen, by) {
      const around = surroundingsOf(state, seen, bindings, content);
      const lines = screenLines(state, around).map((line) => paintLine(line, theme));
      // Laying a frame out costs more than all that decides what stands in it.
      if (!screen.isForgotten() && isSame(lines, drawn)) return;
      drawn = lines;
      // Rows that only tell of data are whole as they are: a screen that is left open all day has Ink lay out none of them.
      if (board === undefined || by === 'data') screen.stream.write(lines.join('\n'));
      else board.show(lines);
    },
    hand(open) {
      board = open(drawn);
    },
  };
}

/** As lines for a screen reader: what is new is told once, below what was told before. */
export function spokenDisplay(write: (text: string) => void): Display {
  let before: Spoken | undefined;
  return {
    show(state, content, seen) {
      // Nobody has been found to ask yet; what there is will be told then.
      if (before === undefined && seen.freshness.kind === 'connecting') return;
      const next = spokenOf(state, content, seen);
      for (const line of announce(before, next)) write(`${line}\n`);
      before = next;
    },
    // Ink reads the keys only.
    hand: (open) => void open([]),
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
