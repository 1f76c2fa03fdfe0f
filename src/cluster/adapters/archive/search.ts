import { InvalidError } from '../../errors.ts';
import type { HistoryKey, HistoryQuery } from '../../index.ts';

/** One page of a search: the statement, its parameters, and what its continue tokens are made with. */
export interface Search {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

const KEYS: Readonly<Record<HistoryKey, string>> = {
  finished: 'finished',
  started: 'started',
  created: 'created',
  duration: 'finished - started',
  name: 'name',
};

/** Where the next page starts: after this key and id. */
export type Position = readonly [key: string | number, id: number];

/**
 * The search for `query`, in the namespace when there is one, of rows `id, key, execution`. `wordOf` gives a word's
 * number; a word that nothing has finds nothing.
 */
export function searchFor(
  query: HistoryQuery,
  namespace: string | undefined,
  from: Position | undefined,
  limit: number,
  wordOf: (word: string) => number,
): Search {
  const sort = query.sort ?? '-finished';
  const isDescending = sort.startsWith('-');
  const expression = KEYS[(isDescending ? sort.slice(1) : sort) as HistoryKey];
  if (expression === undefined) throw new InvalidError(`executions cannot be sorted by ${JSON.stringify(sort)}`);
  const direction = isDescending ? 'DESC' : 'ASC';
  const terms: string[] = [];
  const parameters: (string | number)[] = [];
  const add = (term: string, ...values: (string | number)[]): void => {
    terms.push(term);
    parameters.push(...values);
  };
  const addWord = (column: string, word: string | undefined): void => {
    if (word !== undefined) add(`${column} = ?`, wordOf(word));
  };
  addWord('namespace', namespace);
  addWord('workflow', query.workflow);
  addWord('launch_plan', query.launchPlan);
  addWord('schedule', query.schedule);
  if (query.phases !== undefined) {
    add(`phase IN (${query.phases.map(() => '?').join(', ')})`, ...query.phases.map(wordOf));
  }
  if (query.since !== undefined) add('finished >= ?', query.since);
  if (query.until !== undefined) add('finished < ?', query.until);
  if (from !== undefined) add(`(${expression}, id) ${isDescending ? '<' : '>'} (?, ?)`, ...from);
  const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
  const sql =
    `SELECT found.id, found.key, details.execution FROM (SELECT id, ${expression} AS key FROM executions ${where} ` +
    `ORDER BY ${expression} ${direction}, id ${direction} LIMIT ?) AS found ` +
    `JOIN details ON details.id = found.id ORDER BY found.key ${direction}, found.id ${direction}`;
  return { sql, parameters: [...parameters, limit] };
}

export function writeToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Throws InvalidError for what `writeToken` did not make. */
export function readToken(token: string): Position {
  try {
    const [key, id] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if ((typeof key === 'string' || typeof key === 'number') && Number.isSafeInteger(id)) return [key, id as number];
  } catch {
    // Told below.
  }
  throw new InvalidError('the continue token is not one of this archive: start the list again');
}
