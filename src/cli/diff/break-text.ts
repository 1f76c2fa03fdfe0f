import { padEnd } from '../../client/index.ts';
import type { AffectedCaller, InterfaceBreak } from '../../compiler/index.ts';
import { breakText } from '../../review/index.ts';
import { wordsOf } from '../kind-words.ts';
import { paint, printable, type Style, type Terminal } from '../terminal.ts';
import { PIPE_COLUMNS, wrapAt } from './change-text.ts';

const STATE_STYLES: Readonly<Record<AffectedCaller['state'], Style>> = {
  broken: 'red',
  inherits: 'yellow',
  adapted: 'green',
  removed: 'dim',
};
/** Callers of one break that are told; the rest is counted. */
const MAX_CALLERS = 20;
const STATE_COLUMNS = 8;

/** Interface breaks, each with what it does to its callers. */
export function breakLines(terminal: Terminal, breaks: readonly InterfaceBreak[]): string[] {
  return breaks.flatMap((each) => {
    const style = each.level === 'breaking' ? 'red' : 'yellow';
    const head = `${paint(terminal, style, '!')} ${paint(terminal, 'bold', entityText(each.entity))}`;
    const left = each.affected.length - MAX_CALLERS;
    return [
      `${head}  ${printable(breakText(each))}`,
      ...each.affected.slice(0, MAX_CALLERS).flatMap((caller) => callerLines(terminal, caller)),
      ...(left > 0 ? [`    ${paint(terminal, 'dim', `… and ${left} more`)}`] : []),
      ...(each.affected.length === 0 ? [paint(terminal, 'dim', '    nothing in this repository relied on it')] : []),
    ];
  });
}

function callerLines(terminal: Terminal, caller: AffectedCaller): string[] {
  const { state, message, file, line } = caller;
  const place = line === undefined ? file : `${file}:${line}`;
  const label = paint(terminal, STATE_STYLES[state], padEnd(state, STATE_COLUMNS));
  const room = Math.max(20, (terminal.columns ?? PIPE_COLUMNS) - STATE_COLUMNS - 6);
  const margin = ' '.repeat(STATE_COLUMNS + 6);
  return [
    `    ${label}  ${entityText(caller)}  ${paint(terminal, 'dim', printable(place))}`,
    ...wrapAt(printable(message), room).map((text) => `${margin}${paint(terminal, 'dim', text)}`),
  ];
}

/** `launch plan nightly`. */
export function entityText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${wordsOf(kind)} ${printable(name)}`;
}
