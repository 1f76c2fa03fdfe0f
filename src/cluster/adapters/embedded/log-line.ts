import type { Entry } from './entry.ts';

/**
 * The text of the log, one line per change:
 *   p KIND NAMESPACE NAME RV {…}   all but status, whole: a creation or a change
 *   s KIND NAMESPACE NAME RV {…}   a merge patch of status
 *   d KIND NAMESPACE NAME RV       a deletion
 * Kinds and names hold no spaces, JSON text holds no line break, and `-` stands for no namespace.
 */
export interface LogLine {
  readonly kind: 'put' | 'status' | 'delete';
  readonly objectKind: string;
  readonly namespace: string;
  readonly name: string;
  readonly rv: number;
  readonly json: string;
}

export function putLine(entry: Entry, rv: number, json: string): string {
  return `p ${place(entry)} ${rv} ${json}\n`;
}

export function statusLine(entry: Entry, rv: number, json: string): string {
  return `s ${place(entry)} ${rv} ${json}\n`;
}

export function deleteLine(entry: Entry, rv: number): string {
  return `d ${place(entry)} ${rv}\n`;
}

/** The lines of a frame's payload. Throws on a line that no version of this store wrote. */
export function* parseLines(payload: string): Generator<LogLine> {
  for (let start = 0; start < payload.length; ) {
    const end = payload.indexOf('\n', start);
    const line = payload.slice(start, end === -1 ? payload.length : end);
    const match = LINE.exec(line);
    if (match === null) throw new Error(`not a line of the log: ${line.slice(0, 80)}`);
    const [, letter, objectKind, namespace, name, rv, json] = match as unknown as readonly string[];
    yield {
      kind: letter === 'p' ? 'put' : letter === 's' ? 'status' : 'delete',
      objectKind: objectKind as string,
      namespace: namespace === '-' ? '' : (namespace as string),
      name: name as string,
      rv: Number(rv),
      json: json ?? '',
    };
    start += line.length + 1;
  }
}

const LINE = /^([psd]) ([A-Za-z]+) (\S+) (\S+) (\d+)(?: (\{.*\}))?$/s;

function place({ shelf, name }: Entry): string {
  return `${shelf.kind} ${shelf.namespace === '' ? '-' : shelf.namespace} ${name}`;
}
