import type { Clock, Log, LogLevel } from '../base/index.ts';
import { redact, redactText } from './redact.ts';

export interface LogOptions {
  /** Lines below this level are dropped. */
  readonly level: LogLevel;
  /** `human`: one line for a terminal. `json`: one object a line, for machines. */
  readonly format: 'human' | 'json';
  /** Gets one whole line with its line feed. */
  readonly write: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly color?: boolean;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const COLOR: Readonly<Record<LogLevel, string>> = { debug: '2', info: '36', warn: '33', error: '31' };

/** A log that writes lines. One call is one line whatever the data holds: line feeds and control codes are escaped. */
export function createLog({ level, format, write, clock, color = false }: LogOptions): Log {
  const print = format === 'json' ? jsonLine : humanLine;
  return {
    write(at, message, fields = {}) {
      if (RANK[at] < RANK[level]) return;
      const kept = Object.entries(fields).map(([name, value]) => [name, redact(name, value)] as const);
      const time = new Date(clock.now()).toISOString();
      write(`${print(time, at, redactText(message), kept, color)}\n`);
    },
  };
}

type Fields = readonly (readonly [name: string, value: unknown])[];

function jsonLine(time: string, level: LogLevel, message: string, fields: Fields): string {
  // Own fields come last, so that a field named `level` cannot hide the line's level.
  return JSON.stringify(Object.assign(Object.fromEntries(fields), { time, level, message }));
}

function humanLine(time: string, level: LogLevel, message: string, fields: Fields, color: boolean): string {
  const paint = (code: string, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  const rest = fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${paint('2', `${oneLine(name)}=`)}${plain(value)}`)
    .join('');
  return `${paint('2', time.slice(11, 23))} ${paint(COLOR[level], level.padEnd(5))} ${oneLine(message)}${rest}`;
}

function plain(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\x00-\x1f\x7f-\x9f]+$/.test(value)) return oneLine(value);
  return oneLine(JSON.stringify(value) ?? '');
}

/** Control codes (C0, DEL, C1) and bidirectional controls as escapes: data must not steer a terminal. */
function oneLine(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
