import { durationText, FILTER_FIELDS, type Freshness } from '../client/index.ts';
import type { Action } from './actions.ts';
import type { Content } from './content.ts';
import { helpBox, helpLines } from './help.ts';
import type { Binding } from './keys.ts';
import { clean, cutLine, type Line, lineWidth, type Span, span, spread } from './line.ts';
import { formCommand } from './overlays.ts';
import { paletteEntries } from './palette.ts';
import { crumbs, type Surroundings } from './screen.ts';
import { type Overlay, placeOf, type State } from './state.ts';
import { titleOf } from './targets.ts';

/** What the rows around a place tell of besides the place. */
export interface Seen {
  /** What can be done here, now. */
  readonly actions: readonly Action[];
  readonly freshness: Freshness;
}

/** Everything around what a place shows. */
export function surroundingsOf(
  state: State,
  { actions, freshness }: Seen,
  bindings: readonly Binding[],
  content: Content,
): Surroundings {
  const titles = state.places.map(({ target }) => titleOf(target));
  const box = boxOf(state, actions, bindings, content);
  return {
    header: [crumbs(fitCrumbs(titles, state.columns)), headerRight(state, content, freshness)],
    content,
    footer: [footerLine(state, actions, bindings, content)],
    ...(box !== undefined && { box }),
  };
}

/** The last places, when there is no room for all. */
function fitCrumbs(titles: readonly string[], columns: number): readonly string[] {
  let from = 0;
  const width = (at: number): number => titles.slice(at).reduce((sum, title) => sum + title.length + 3, 0);
  while (from < titles.length - 1 && width(from) > columns / 2) from++;
  return from === 0 ? titles : ['…', ...titles.slice(from)];
}

function headerRight(state: State, content: Content, freshness: Freshness): Line {
  const where: Span[] = state.namespace === undefined ? [] : [span(`${state.namespace}  `, 'dim')];
  return [...countSpans(content), ...where, freshnessSpan(freshness)];
}

function countSpans(content: Content): readonly Span[] {
  if (content.kind !== 'list') return [];
  const { count, total } = content;
  const text =
    count === total
      ? count.toLocaleString('en-US')
      : `${count.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}`;
  return [span(`${text}  `, 'dim')];
}

/** How far what is shown can be trusted, in words. */
export function freshnessSpan(freshness: Freshness): Span {
  switch (freshness.kind) {
    case 'connected':
      return span('● connected', 'good');
    case 'connecting':
      return span('○ connecting', 'dim');
    case 'lagging':
      return span(`◐ lagging by ${Math.round(freshness.ms / 1_000)} s`, 'warn');
    case 'reconnecting':
      return span(`○ reconnecting, ${durationText(freshness.ms).replace(/\.\ds$/, 's')} old`, 'bad');
  }
}

function footerLine(state: State, actions: readonly Action[], bindings: readonly Binding[], content: Content): Line {
  const { overlay, toast, busy } = state;
  if (overlay?.kind === 'filter' || overlay?.kind === 'search') return typingLine(state, overlay, content);
  if (toast !== undefined) return [span(cleanEnd(toast.text), toast.tone)];
  if (busy !== undefined) return [span(`${busy}…`, 'busy')];
  if (overlay !== undefined) return overlayHints(overlay);
  const place = placeOf(state);
  const filter = place.list.filter === '' ? [] : [span('/', 'key'), span(`${clean(place.list.filter)}  `, 'match')];
  const marks = place.list.marks.size === 0 ? [] : [span(`${place.list.marks.size} marked  `, 'warn')];
  const general = bindings.filter(({ command }) => ['filter', 'palette', 'help', 'quit'].includes(command));
  const texts: readonly Span[] =
    content.kind === 'text'
      ? [...hint('f', 'follow'), ...hint('w', 'wrap'), ...hint('o', 'pager'), ...hint('S', 'save')]
      : hint('⏎', 'open');
  const right = general
    .filter(({ where }) => where === 'everywhere' || (where === 'lists') === (content.kind === 'list'))
    .flatMap(({ keys, label }) => hint(keys[0] ?? '', label));
  const left: Span[] = [...filter, ...marks, ...texts];
  for (const action of actions) {
    const next = [span(action.key, action.why === undefined ? 'key' : 'dim'), span(` ${action.label}  `, 'dim')];
    if (lineWidth([...left, ...next, ...right]) >= state.columns) continue;
    left.push(...next);
  }
  return lineWidth([...left, ...right]) >= state.columns
    ? cutLine([...left, ...right], state.columns)
    : spread(left, right, state.columns);
}

function hint(key: string, label: string): readonly Span[] {
  return [span(key, 'key'), span(` ${label}  `, 'dim')];
}

function cleanEnd(text: string): string {
  return clean(
    text
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .join('  '),
  );
}

function typingLine(state: State, overlay: Extract<Overlay, { kind: 'filter' | 'search' }>, content: Content): Line {
  const error = content.kind === 'list' ? content.filterError : undefined;
  const help = overlay.kind === 'search' ? '⏎ finds, Esc gives up' : filterHelp(state);
  return [
    span('/', 'key'),
    span(clean(overlay.text)),
    span('▏', 'title'),
    span(`  ${error ?? help}`, error === undefined ? 'dim' : 'bad'),
  ];
}

function filterHelp(state: State): string {
  const { target } = placeOf(state);
  if (target.kind !== 'executions' && target.kind !== 'approvals') return 'words, !not, -l labels';
  return `words, !not, -l labels, ${FILTER_FIELDS.map((field) => `${field}:`).join(' ')} age:<1h`;
}

function overlayHints(overlay: Overlay): Line {
  switch (overlay.kind) {
    case 'confirm':
      return [...hint('y', 'yes'), ...hint('n', 'no')];
    case 'form':
      return [...hint('⇥', 'next'), ...hint('⏎', 'next, or start on the last'), ...hint('esc', 'give up')];
    case 'palette':
      return [...hint('⏎', 'go'), ...hint('↑↓', 'choose'), ...hint('esc', 'give up')];
    default:
      return [...hint('j k', 'scroll'), ...hint('esc', 'close')];
  }
}

function boxOf(
  state: State,
  actions: readonly Action[],
  bindings: readonly Binding[],
  content: Content,
): readonly Line[] | undefined {
  const { overlay, rows, columns } = state;
  switch (overlay?.kind) {
    case 'confirm':
      return [
        [span(clean(overlay.question), 'strong')],
        [],
        ...overlay.work.commands.slice(0, 5).map((argv): Line => [span('$ ', 'dim'), span(commandText(argv), 'busy')]),
        ...(overlay.work.commands.length > 5 ? [[span(`and ${overlay.work.commands.length - 5} more`, 'dim')]] : []),
        [],
        [span('y', 'key'), span(' yes   ', 'dim'), span('n', 'key'), span(' no', 'dim')],
      ];
    case 'form':
      return formBox(overlay);
    case 'palette':
      return paletteBox(overlay, actions, rows, columns);
    case 'help':
      return helpBox(helpLines(bindings, actions, content), overlay.top, rows);
    default:
      return undefined;
  }
}

/** A command line as a person could type it. */
export function commandText(argv: readonly string[]): string {
  const quoted = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return clean(`pipectl ${quoted.join(' ')}`);
}

function formBox(form: Extract<Overlay, { kind: 'form' }>): readonly Line[] {
  const width = Math.max(8, ...form.fields.map(({ name }) => name.length));
  const fields = form.fields.map((field, at): Line => {
    const isHere = at === form.at;
    const value =
      field.value === '' && !isHere
        ? [span(field.isRequired ? 'needed' : 'left out', 'dim')]
        : [span(clean(field.value))];
    return [
      span(isHere ? '▌ ' : '  ', 'title'),
      span(`${field.name.padEnd(width)}  `, isHere ? 'strong' : 'plain'),
      ...value,
      ...(isHere ? [span('▏', 'title')] : []),
      span(`  ${field.type}`, 'dim'),
    ];
  });
  const isOnButton = form.at >= form.fields.length;
  return [
    [span(clean(form.title), 'strong')],
    [],
    ...fields,
    ...(fields.length === 0 ? [[span('  It takes no inputs.', 'dim')]] : []),
    [],
    [span(isOnButton ? '▌ ' : '  ', 'title'), span(` ${form.label} `, isOnButton ? 'selected' : 'dim')],
    [],
    [span('$ ', 'dim'), span(commandText(formCommand(form)), 'busy')],
  ];
}

function paletteBox(
  { text, index }: Extract<Overlay, { kind: 'palette' }>,
  actions: readonly Action[],
  rows: number,
  columns: number,
): readonly Line[] {
  const entries = paletteEntries(text, actions);
  const height = Math.max(3, Math.min(16, rows - 9));
  const from = Math.max(0, Math.min(index - Math.floor(height / 2), entries.length - height));
  const inner = Math.min(columns - 8, 60);
  const lines = entries.slice(from, from + height).map(({ name, hint: about, why }, at): Line => {
    const isHere = from + at === index;
    const left = [
      span(isHere ? '▌ ' : '  ', 'title'),
      span(name, isHere ? 'strong' : why === undefined ? 'plain' : 'dim'),
    ];
    return spread(left, [span(about, 'dim')], inner);
  });
  return [
    spread([span(': ', 'key'), span(clean(text)), span('▏', 'title')], [span(`${entries.length}`, 'dim')], inner),
    [],
    ...lines,
    ...(entries.length === 0 ? [[span('  nothing is called so', 'dim')]] : []),
  ];
}
