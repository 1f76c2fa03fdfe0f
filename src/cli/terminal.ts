import { plainText } from '../language/index.ts';

/** One of stdout and stderr. */
export interface Terminal {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns to fit tables into; undefined when nobody looks, so nothing is cut. */
  readonly columns: number | undefined;
  readonly color: boolean;
}

/** The stream as far as a terminal needs it. */
interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colour is for people at terminals that can show it and did not decline: https://no-color.org */
export function openTerminal(stream: Stream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const isTerminal = stream.isTTY === true;
  const declined = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    get columns() {
      return isTerminal ? stream.columns : undefined;
    },
    color: isTerminal && !declined,
  };
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

const CODES: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

/** `text` in a style where the terminal shows colour, else as it is. */
export function paint(terminal: Pick<Terminal, 'color'>, style: Style, text: string): string {
  return terminal.color ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
}

/**
 * Text from data, fit for a terminal: control and bidirectional characters become visible escapes, so that a name
 * cannot move the cursor, recolour or reorder what a person reads.
 */
export function printable(text: string): string {
  return plainText(text, '\t');
}
