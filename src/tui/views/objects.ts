import type { UnixMs } from '../../base/index.ts';
import { widthOf, withNextTick } from '../../client/index.ts';
import { columnsOf, type KubeObject, kindInfo, matchesLabels, parseLabelSelector, rowOf } from '../../cluster/index.ts';
import type { ListColumn, ListContent } from '../content.ts';
import { clean, type Line, type Span, span } from '../line.ts';
import { phaseSpan } from '../phase.ts';
import type { ListState } from '../state.ts';
import { textMatcher } from './words.ts';

/** What is known of the objects of a kind besides themselves. */
export interface ObjectsStatus {
  readonly isLoaded: boolean;
  readonly error: Error | undefined;
  readonly left: number;
}

interface Row {
  readonly id: string;
  readonly createdAt: UnixMs;
  readonly cells: readonly string[];
}

/** Columns whose cells are states. */
const STATES: ReadonlySet<string> = new Set(['Phase', 'Status', 'Ready', 'State']);
/** Columns that people look for, whatever their place. */
const PRIORITIES: Readonly<Record<string, number>> = { Phase: 90, Status: 90, State: 90, Age: 70, Ready: 80, Next: 75 };
/** Names that only repeat what other columns say. */
const UNSHOWN: Readonly<Record<string, string>> = { Revision: 'Name' };
/** Where another order than that of names is what people look for: the latest first. */
const DEFAULT_ORDER: Readonly<Record<string, Pick<ListState, 'sort'>>> = { Revision: { sort: 'Age' } };
/** A cell that is wider is cut, so that one long message does not take the room of all. */
const MAX_CELL = 60;

/** Objects by id as a list, in the columns and the words of `pipectl get -o wide`. */
export function objectsContent(
  kind: string,
  objects: readonly (readonly [string, KubeObject])[],
  status: ObjectsStatus,
  list: ListState,
  now: UnixMs,
): ListContent {
  const columns = columnsOf(kind).filter(({ name }) => UNSHOWN[kind] !== name);
  const namespaces = new Set(objects.map(([, { metadata }]) => metadata.namespace));
  const withNamespace = kindInfo(kind)?.namespaced === true && namespaces.size > 1;
  const filter = filterOf(list.filter);
  const all = objects.flatMap(([id, object]): Row[] => {
    const cells = rowOf(columns, withNextTick(object, now), now).map((cell) => clean(String(cell)));
    const createdAt = Date.parse(object.metadata.creationTimestamp ?? '') || 0;
    const row = { id, createdAt, cells: withNamespace ? [object.metadata.namespace ?? '', ...cells] : cells };
    return filter.matches(row.cells, object) ? [row] : [];
  });
  const titles = [...(withNamespace ? ['Namespace'] : []), ...columns.map(({ name }) => name)];
  const order = orderOf(titles, { ...DEFAULT_ORDER[kind], ...list });
  const rows = all.sort(comparing(titles, order));
  const places = new Map(rows.map(({ id }, at) => [id, at]));
  const note = noteOf(kind, objects.length, rows.length, status, list.filter);
  return {
    kind: 'list',
    facts: [],
    columns: titles.map((name, at): ListColumn => {
      const isFirst = name === 'Name' || at === (withNamespace ? 1 : 0);
      const isState = STATES.has(name);
      const widest = rows.reduce((width, { cells }) => Math.max(width, widthOf(cells[at] ?? '')), name.length);
      const column = columns[withNamespace ? at - 1 : at];
      return {
        title: name.toUpperCase(),
        width: Math.min(MAX_CELL, widest) + (isState ? 2 : 0),
        align: column?.type === 'integer' ? 'right' : 'left',
        priority: isFirst ? 100 : (PRIORITIES[name] ?? (column?.wide === true ? 30 - at : 60 - at)),
        minWidth: isFirst ? (name === 'Name' ? 20 : 8) : isState ? 12 : 8,
      };
    }),
    count: rows.length,
    total: objects.length,
    idAt: (index) => rows[index]?.id,
    indexOf: (id) => places.get(id) ?? -1,
    cells: (index) =>
      (rows[index]?.cells ?? []).map((cell, at): Span => {
        const name = titles[at] ?? '';
        if (STATES.has(name)) return phaseSpan(cell);
        return cell === '<none>' ? span('-', 'dim') : name === 'Age' ? span(cell, 'dim') : span(cell);
      }),
    sorts: titles,
    order,
    ...(note !== undefined && { note }),
    ...(filter.error !== undefined && { filterError: filter.error }),
  };
}

function noteOf(
  kind: string,
  total: number,
  shown: number,
  { isLoaded, error, left }: ObjectsStatus,
  filter: string,
): Line | undefined {
  if (error !== undefined) return [span(`cannot be read now: ${clean(error.message)}`, 'warn')];
  if (left > 0) return [span(`and ${left.toLocaleString('en-US')} more that are not held here`, 'warn')];
  if (shown > 0) return undefined;
  if (!isLoaded) return [span('loading…', 'dim')];
  if (total > 0) return [span(`none of ${total} fits "${clean(filter)}": Esc shows all`, 'dim')];
  return [span(`There are no ${kindInfo(kind)?.plural ?? kind} here.`, 'dim')];
}

/** Words that must all be in a row, `!word` that must not, and `-l` labels. */
function filterOf(text: string): {
  readonly matches: (cells: readonly string[], object: KubeObject) => boolean;
  readonly error?: string;
} {
  const words = text.trim().split(/\s+/);
  const at = words.indexOf('-l');
  const labels = at < 0 ? undefined : (words.splice(at, 2)[1] ?? '');
  const has = textMatcher(words.join(' '));
  if (labels === undefined) return { matches: (cells) => has(cells) };
  try {
    const selector = parseLabelSelector(labels);
    return { matches: (cells, { metadata }) => has(cells) && matchesLabels(selector, metadata.labels ?? {}) };
  } catch {
    return { matches: (cells) => has(cells), error: `-l ${labels} is no label selector: -l key=value` };
  }
}

type Order = NonNullable<ListContent['order']>;

function orderOf(titles: readonly string[], { sort = 'Name', isDescending = false }: ListState): Order {
  return { by: titles.includes(sort) ? sort : (titles[0] ?? ''), isDescending };
}

function comparing(titles: readonly string[], { by, isDescending }: Order): (a: Row, b: Row) => number {
  const at = Math.max(0, titles.indexOf(by));
  const sign = isDescending ? -1 : 1;
  return (a, b) => {
    const [x = '', y = ''] = [a.cells[at], b.cells[at]];
    // `41s` is more than `2m` to who reads digits.
    const order = titles[at] === 'Age' ? b.createdAt - a.createdAt : x === y ? 0 : COLLATOR.compare(x, y);
    return order !== 0 ? sign * order : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
}

/** `node-2` before `node-10`. */
const COLLATOR = new Intl.Collator('en', { numeric: true });
