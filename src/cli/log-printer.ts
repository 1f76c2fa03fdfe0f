import { MAX_LOG_LINE_CHARACTERS } from '../base/index.ts';
import type { LogSource } from '../client/index.ts';
import { paint, printable, type Style, type Terminal } from './terminal.ts';

export interface LogPrinter {
  /** A writer for one attempt's bytes; `undefined` ends it. */
  open(source: LogSource): (chunk: Uint8Array | undefined) => void;
}

const PREFIX_STYLES: readonly Style[] = ['cyan', 'green', 'magenta', 'yellow', 'blue'];

/**
 * Prints logs line by line, so that streams do not mix within a line. A terminal gets no control codes from tasks
 * but colours; a pipe gets the bytes' text as it is.
 */
export function createLogPrinter(terminal: Terminal, withPrefix: boolean): LogPrinter {
  const styles = new Map<string, Style>();
  const styleOf = (node: string) => {
    const found = styles.get(node) ?? PREFIX_STYLES[styles.size % PREFIX_STYLES.length]!;
    styles.set(node, found);
    return found;
  };
  return {
    open(source) {
      const decoder = new TextDecoder();
      const prefix = withPrefix ? `${paint(terminal, styleOf(source.node), printable(labelOf(source)))} ` : '';
      const print = (line: string) => `${prefix}${terminal.isTerminal ? tame(line, terminal.color) : line}\n`;
      let rest = '';
      return (chunk) => {
        rest += chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
        const lines = rest.split('\n');
        rest = lines.pop()!;
        // A task that never ends its line must not fill the memory.
        if (rest.length > MAX_LOG_LINE_CHARACTERS || (chunk === undefined && rest !== '')) {
          lines.push(rest);
          rest = '';
        }
        if (lines.length > 0) terminal.write(lines.map(print).join(''));
      };
    },
  };
}

/** `[forecast/3]`, with the attempt when it is not the first. */
function labelOf({ node, index, attempt }: LogSource): string {
  return `[${node}${index === undefined ? '' : `/${index}`}${attempt > 1 ? ` #${attempt}` : ''}]`;
}

/** One line for a terminal: colours (SGR) may stay, with a reset after them; all other control codes are shown. */
function tame(line: string, color: boolean): string {
  const text = line.replace(/\r$/, '');
  const parts = text.split(/(\x1b\[[0-9;]{0,32}m)/);
  if (parts.length === 1) return printable(text);
  const kept = parts.map((part, at) => (at % 2 === 1 ? (color ? part : '') : printable(part))).join('');
  return color ? `${kept}\x1b[0m` : kept;
}
