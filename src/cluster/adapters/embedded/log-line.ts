import { printed, type Stencil, type Stenciled } from '../../stencil.ts';
import { type Entry, type Series, type Shelf, uidIn } from './entry.ts';

/**
 * The text of the log, one line per change:
 *   p KIND NAMESPACE NAME RV {…}   all but status, whole: a creation or a change
 *   s KIND NAMESPACE NAME RV {…}   a merge patch of status
 *   d KIND NAMESPACE NAME RV       a deletion
 *   t NUMBER KIND NAMESPACE RV UID TIME {…}   a stencil, what is the same in creations by it, and the version of the next line
 *   c NUMBER NAME SLOT…            the creation of an object as that stencil has it, at the version after that of the line before
 * Of such an object the line holds what sets it apart, so that it can be made before anybody knows its version: that ends its
 * uid as well, see `uidIn`. Numbers are told apart within a frame.
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

/** Before the lines of creations by a stencil, of which the first has the version `rv`. */
export function seriesLine(stencil: Stencil, shelf: Shelf, rv: number, { uidHead, createdAt }: Series): string {
  return `t ${numberOf(stencil)} ${shelfPlace(shelf)} ${rv} ${uidHead} ${createdAt} ${JSON.stringify(stencil)}\n`;
}

/** In one piece: what is put together of parts has to be copied when the text of the log is made. */
export function alikeLine({ stencil, name, rest }: Stenciled): string {
  return ['c ', numberOf(stencil), ' ', name, ' ', rest, '\n'].join('');
}

function numberOf(stencil: Stencil): number {
  const known = numbers.get(stencil) ?? ++lastNumber;
  numbers.set(stencil, known);
  return known;
}

const numbers = new WeakMap<Stencil, number>();
let lastNumber = 0;

/** The lines of a frame's payload, those of stencils made whole. Throws on a line that no version of this store wrote. */
export function* parseLines(payload: string): Generator<LogLine> {
  const series = new Map<string, LoggedSeries>();
  let lastRv = 0;
  for (let start = 0; start < payload.length; ) {
    const end = payload.indexOf('\n', start);
    const line = payload.slice(start, end === -1 ? payload.length : end);
    start += line.length + 1;
    if (line.startsWith('t ')) {
      lastRv = keepSeries(series, line) - 1;
      continue;
    }
    const parsed = line.startsWith('c ') ? alikeOf(series, line, lastRv + 1) : wholeOf(line);
    lastRv = parsed.rv;
    yield parsed;
  }
}

interface LoggedSeries extends Series {
  readonly stencil: Stencil;
  readonly objectKind: string;
  readonly namespace: string;
}

function wholeOf(line: string): LogLine {
  const match = LINE.exec(line);
  if (match === null) throw new Error(`not a line of the log: ${line.slice(0, 80)}`);
  const [, letter, objectKind, namespace, name, rv, json = ''] = match as unknown as [string, ...string[]];
  return {
    kind: letter === 's' ? 'status' : letter === 'd' ? 'delete' : 'put',
    objectKind: objectKind as string,
    namespace: namespaceOf(namespace as string),
    name: name as string,
    rv: Number(rv),
    json,
  };
}

/** Answers the version of the next line. */
function keepSeries(series: Map<string, LoggedSeries>, line: string): number {
  const match = SERIES.exec(line);
  if (match === null) throw new Error(`not a line of the log: ${line.slice(0, 80)}`);
  const [, number, objectKind, namespace, rv, uidHead, createdAt, text] = match as unknown as Eight;
  const stencil = JSON.parse(text) as Stencil;
  series.set(number, { stencil, objectKind, namespace: namespaceOf(namespace), uidHead, createdAt });
  return Number(rv);
}

type Eight = readonly [string, string, string, string, string, string, string, string];

function alikeOf(series: ReadonlyMap<string, LoggedSeries>, line: string, rv: number): LogLine {
  const [, number = '', name = '', ...others] = line.split(' ');
  const known = series.get(number);
  if (known === undefined || name === '') throw new Error(`no stencil before the line ${line.slice(0, 80)}`);
  const { stencil, objectKind, namespace, uidHead, createdAt } = known;
  const json = printed(stencil, name, others.join(' '), uidIn(uidHead, rv), createdAt);
  return { kind: 'put', objectKind, namespace, name, rv, json };
}

const LINE = /^([psd]) ([A-Za-z]+) (\S+) (\S+) (\d+)(?: (\{.*\}))?$/s;
const SERIES = /^t (\d+) ([A-Za-z]+) (\S+) (\d+) (\S+) (\S+) (\{.*\})$/s;

function namespaceOf(text: string): string {
  return text === '-' ? '' : text;
}

function place({ shelf, name }: Entry): string {
  return `${shelfPlace(shelf)} ${name}`;
}

function shelfPlace({ kind, namespace }: Shelf): string {
  return `${kind} ${namespace === '' ? '-' : namespace}`;
}
