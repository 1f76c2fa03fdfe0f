import { type Clock, LOG_REPEAT_MS, type Log, type LogLevel, MAX_LOG_REPEATS, type UnixMs } from '../base/index.ts';
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

/**
 * A log that writes lines. One call is one line whatever the data holds: line feeds and control codes are escaped.
 * A warning or error with an `error` that was told just now is only counted, whatever else it is about: when the disk
 * is full, a thousand pods have the same to say. The next line after a while tells how many were `leftOut`.
 */
export function createLog({ level, format, write, clock, color = false }: LogOptions): Log {
  const print = format === 'json' ? jsonLine : humanLine;
  const repeats = countRepeats();
  return {
    write(at, message, fields = {}) {
      if (RANK[at] < RANK[level]) return;
      const now = clock.now();
      const isLimited = RANK[at] >= RANK.warn && level !== 'debug' && fields.error !== undefined;
      const leftOut = isLimited ? repeats.tell(`${message}\n${String(fields.error)}`, now) : 0;
      if (leftOut === undefined) return;
      const told = leftOut === 0 ? fields : { ...fields, leftOut };
      const kept = Object.entries(told).map(([name, value]) => [name, redact(name, value)] as const);
      const time = new Date(now).toISOString();
      write(`${print(time, at, redactText(message), kept, color)}\n`);
    },
  };
}

/** Which lines were told lately, the oldest forgotten first. */
function countRepeats(): { tell(line: string, now: UnixMs): number | undefined } {
  const lately = new Map<string, { readonly at: UnixMs; leftOut: number }>();
  return {
    /** How many of these were left out before this one, or undefined when it is to be left out too. */
    tell(line, now) {
      const last = lately.get(line);
      if (last !== undefined && now >= last.at && now - last.at < LOG_REPEAT_MS) {
        last.leftOut += 1;
        return undefined;
      }
      lately.delete(line);
      if (lately.size >= MAX_LOG_REPEATS) lately.delete(lately.keys().next().value as string);
      lately.set(line, { at: now, leftOut: 0 });
      return last?.leftOut ?? 0;
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
