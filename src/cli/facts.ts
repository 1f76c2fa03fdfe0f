import type { Json } from '../base/index.ts';
import { cutTo, padEnd, widthOf } from '../client/index.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** Name and value pairs as aligned lines; pairs without a value are left out. */
export function factLines(terminal: Terminal, facts: readonly (readonly [string, string | undefined])[]): string[] {
  const shown = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown.map(([name, value]) => `${paint(terminal, 'dim', padEnd(`${name}:`, width + 1))}  ${value}`);
}

/** Values by name as indented lines; long ones are cut, at a pipe later than at a terminal. */
export function valueLines(terminal: Terminal, values: Readonly<Record<string, Json>>): string[] {
  const names = Object.keys(values);
  const width = Math.max(0, ...names.map((name) => widthOf(printable(name))));
  const room = Math.max(20, (terminal.columns ?? PIPE_COLUMNS) - width - 5);
  return names.map((name) => `  ${padEnd(`${printable(name)}:`, width + 1)}  ${cutTo(valueText(values[name]!), room)}`);
}

/** A value on one line: strings as they are, all else as JSON. */
export function valueText(value: Json): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

const PIPE_COLUMNS = 2_000;
