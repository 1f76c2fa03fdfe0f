import { printed, type Stencil } from '../../stencil.ts';
import type { Entry, Shelf } from './entry.ts';

/**
 * The text of the log, one line per change:
 *   p KIND NAMESPACE NAME RV {…}   all but status, whole: a creation or a change
 *   s KIND NAMESPACE NAME RV {…}   a merge patch of status
 *   d KIND NAMESPACE NAME RV       a deletion
 *   t NUMBER {…}                   a stencil, for lines of the same frame
 *   c KIND NAMESPACE NAME RV NUMBER UID TIME SLOT…   the creation of an object as that stencil has it
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

export function stencilLine(number: number, stencil: Stencil): string {
  return `t ${number} ${JSON.stringify(stencil)}\n`;
}

/** What the line of an object that is like others begins with; its name follows. */
export function alikeHead({ kind, namespace }: Shelf): string {
  return `c ${kind} ${namespace === '' ? '-' : namespace} `;
}

/** The lines of a frame's payload, those of stencils made whole. Throws on a line that no version of this store wrote. */
export function* parseLines(payload: string): Generator<LogLine> {
  const stencils = new Map<string, Stencil>();
  for (let start = 0; start < payload.length; ) {
    const end = payload.indexOf('\n', start);
    const line = payload.slice(start, end === -1 ? payload.length : end);
    start += line.length + 1;
    const match = LINE.exec(line);
    if (match === null) {
      if (!keepStencil(stencils, line)) throw new Error(`not a line of the log: ${line.slice(0, 80)}`);
      continue;
    }
    const [, letter, objectKind, namespace, name, rv, json = ''] = match as unknown as readonly string[];
    yield {
      kind: letter === 's' ? 'status' : letter === 'd' ? 'delete' : 'put',
      objectKind: objectKind as string,
      namespace: namespace === '-' ? '' : (namespace as string),
      name: name as string,
      rv: Number(rv),
      json: letter === 'c' ? madeWhole(stencils, name as string, json) : json,
    };
  }
}

function keepStencil(stencils: Map<string, Stencil>, line: string): boolean {
  const [, number, text] = /^t (\d+) (\{.*\})$/s.exec(line) ?? [];
  if (number === undefined || text === undefined) return false;
  stencils.set(number, JSON.parse(text) as Stencil);
  return true;
}

function madeWhole(stencils: ReadonlyMap<string, Stencil>, name: string, values: string): string {
  const [number = '', uid = '', createdAt = '', ...others] = values.split(' ');
  const stencil = stencils.get(number);
  if (stencil === undefined) throw new Error(`no stencil ${number} before "${name}"`);
  return printed(stencil, name, others.join(' '), uid, createdAt);
}

const LINE = /^([psdc]) ([A-Za-z]+) (\S+) (\S+) (\d+)(?: (\{.*\}|\d+ .*))?$/s;

function place({ shelf, name }: Entry): string {
  return `${shelf.kind} ${shelf.namespace === '' ? '-' : shelf.namespace} ${name}`;
}
