import type { Freshness } from '../../client/index.ts';
import type { Action } from '../actions.ts';
import type { Content, ListContent, TextContent } from '../content.ts';
import { type Line, lineText } from '../line.ts';
import { positionOf } from '../list-position.ts';
import { formCommand } from '../overlays.ts';
import { paletteEntries } from '../palette.ts';
import { textHeight } from '../screen.ts';
import { type Overlay, placeOf, type State, targetKey } from '../state.ts';
import { commandText, freshnessSpan, type Seen } from '../surroundings.ts';
import { titleOf } from '../targets.ts';

/** What there is to tell of a screen, without its looks. What is equal in two of them need not be told again. */
export interface Spoken {
  /** Equal: the same place. */
  readonly place: string;
  readonly title: string;
  /** How many rows or lines there are, of how many. */
  readonly count: string;
  readonly facts: readonly string[];
  readonly note: string;
  readonly freshness: string;
  readonly toast: string;
  /** What lies over the place, and the part of it where one is; empty: nothing. */
  readonly overlay: readonly string[];
  readonly body: SpokenRow | SpokenText;
}

/** The row that is selected. */
export interface SpokenRow {
  readonly kind: 'row';
  /** Empty: there is none. */
  readonly id: string;
  readonly text: string;
  /** The text without what changes with time alone. */
  readonly news: string;
}

/** A text, from the line that is at the top. */
export interface SpokenText {
  readonly kind: 'text';
  readonly count: number;
  readonly top: number;
  readonly height: number;
  readonly isFollowing: boolean;
  line(at: number): string;
}

/** Columns that change with time alone. */
const TIMES: ReadonlySet<string> = new Set(['AGE', 'TOOK', 'NEXT', 'LAST', 'DURATION', 'REPORTED']);
/** What is drawn and not written: arrows, boxes, bars, marks. */
const DRAWN = /[\u00b7\u2016\u2190-\u21ff\u2500-\u25ff\u2713\u2717\u00d7\u2800-\u28ff]+/g;

export function spokenOf(state: State, content: Content, { freshness, actions }: Seen): Spoken {
  const place = placeOf(state);
  return {
    place: targetKey(place.target),
    title: titleOf(place.target),
    count: countOf(content),
    facts: content.facts.map(wordsOf).filter((text) => text !== ''),
    note: wordsOf(content.note ?? []),
    freshness: freshnessWord(freshness),
    toast: state.toast?.text ?? (state.busy === undefined ? '' : `${state.busy}…`),
    overlay: overlayOf(state.overlay, actions),
    body: content.kind === 'list' ? rowOf(state, content) : textOf(state, content),
  };
}

/** A row of the screen as words. */
export function wordsOf(line: Line): string {
  return lineText(line).replace(DRAWN, ' ').replace(/\s+/g, ' ').trim();
}

/** How long it lasts already would be told each second. */
function freshnessWord(freshness: Freshness): string {
  return freshness.kind === 'connected' ? 'connected' : wordsOf([freshnessSpan(freshness)]).replace(/ by .*|,.*/, '');
}

function countOf(content: Content): string {
  if (content.kind === 'text') return `${content.count} lines`;
  const { count, total } = content;
  return count === total ? `${count} rows` : `${count} of ${total} rows`;
}

function rowOf(state: State, content: ListContent): SpokenRow {
  const { list } = placeOf(state);
  const { index } = positionOf(list, content, 1);
  const id = content.idAt(index) ?? '';
  if (id === '') return { kind: 'row', id, text: '', news: '' };
  const cells = content.cells(index).flatMap((cell, at): { title: string; text: string }[] => {
    const text = wordsOf([cell]);
    return text === '' || text === '-' ? [] : [{ title: content.columns[at]?.title ?? '', text }];
  });
  const said = (each: typeof cells): string =>
    each.map(({ title, text }, at) => (at === 0 ? text : `${title.toLowerCase()} ${text}`)).join(', ');
  const mark = list.marks.has(id) ? 'marked, ' : '';
  return {
    kind: 'row',
    id,
    text: `${mark}${said(cells)}, ${index + 1} of ${content.count}`,
    news: `${mark}${said(cells.filter(({ title }) => !TIMES.has(title)))}`,
  };
}

function textOf(state: State, content: TextContent): SpokenText {
  const { text } = placeOf(state);
  const height = textHeight(state.rows, content);
  return {
    kind: 'text',
    count: content.count,
    top: text.top,
    height,
    isFollowing: text.isFollowing,
    line: (at) => wordsOf(content.line(at)),
  };
}

function overlayOf(overlay: Overlay | undefined, actions: readonly Action[]): readonly string[] {
  switch (overlay?.kind) {
    case undefined:
      return [];
    case 'filter':
    case 'search':
      return [`${overlay.kind}: type, Enter holds it, Escape gives up`];
    case 'confirm':
      return [overlay.question, ...overlay.work.commands.map(commandText), 'y for yes, n for no'];
    case 'form': {
      const field = overlay.fields[overlay.at];
      if (field === undefined) return [overlay.title, `Enter starts ${commandText(formCommand(overlay))}`];
      const need = field.isRequired ? 'needed' : 'may be left out';
      const value = field.value === '' ? 'empty' : field.value;
      return [overlay.title, `${field.name}, ${field.type}, ${need}, ${value}`];
    }
    case 'palette': {
      const entries = paletteEntries(overlay.text, actions);
      const chosen = entries[overlay.index];
      const found = chosen === undefined ? 'nothing is called so' : `${chosen.name}, ${chosen.why ?? chosen.hint}`;
      return ['go to', `${found}, ${chosen === undefined ? 0 : overlay.index + 1} of ${entries.length}`];
    }
    case 'help':
      return [
        'help',
        ...actions.map(({ key, label, why }) => `${key}: ${label}${why === undefined ? '' : `, not now: ${why}`}`),
      ];
    default:
      return [];
  }
}
