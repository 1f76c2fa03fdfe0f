import { instantText } from '../base/index.ts';
import type { EventActor, ExecutionEvent } from '../client/index.ts';
import { styleOfPhase } from './phase-style.ts';
import { renderTable, type TableColumn } from './table.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** Of `2026-01-02T03:04:05.678Z`. */
const INSTANT_LENGTH = 24;
const DAY_LENGTH = '2026-01-02T'.length;

const COLUMNS: readonly TableColumn[] = [
  { title: 'TIME', priority: 80, minWidth: INSTANT_LENGTH },
  { title: 'EVENT', priority: 100 },
  { title: 'NODE', priority: 90, minWidth: 12 },
  { title: 'BY', priority: 50 },
  { title: 'CAUSE', priority: 70, minWidth: 16 },
];

/** Events as the rows of a table. At a terminal those of one day are told by its hours, in UTC: a row has little room. */
export function eventLines(events: readonly ExecutionEvent[], terminal: Terminal, header: boolean): string[] {
  const days = new Set(events.map(({ at }) => instantText(at).slice(0, DAY_LENGTH)));
  const from = terminal.columns !== undefined && days.size === 1 ? DAY_LENGTH : 0;
  const rows = events.map((event) => [
    instantText(event.at).slice(from),
    event.what,
    printable(placeOf(event)),
    printable(actorText(event.by)),
    // The rest of a long message stands with its node in `describe`.
    printable((event.cause ?? '').split('\n', 1)[0] ?? ''),
  ]);
  return renderTable(COLUMNS, rows, {
    columns: terminal.columns,
    header,
    style: (text, column) => {
      const style = column === 1 ? styleOfPhase(text.trim().replace(/^Node/, '')) : undefined;
      return style === undefined ? text : paint(terminal, style, text);
    },
  });
}

/** `etl/load[3] #2`: the node, the subtask in brackets, and the attempt when it is not the first. */
function placeOf({ node, index, attempt }: ExecutionEvent): string {
  if (node === undefined) return '';
  const subtask = index === undefined ? '' : `[${index}]`;
  return `${node}${subtask}${attempt === undefined || attempt === 1 ? '' : ` #${attempt}`}`;
}

/** Who it was, in one or two words. */
export function actorText(actor: EventActor): string {
  switch (actor.kind) {
    case 'engine':
    case 'runtime':
      return actor.kind;
    case 'scheduler':
      return `schedule ${actor.schedule}`;
    case 'execution':
      return `execution ${actor.name}`;
    case 'person':
      return actor.name ?? 'a person';
  }
}

/** One event as scripts read it: times as RFC 3339, the actor as one word or two. */
export function eventJson({ at, by, ...event }: ExecutionEvent): object {
  return { time: instantText(at), ...event, by };
}
