import { MAX_BREADCRUMBS } from '../base/index.ts';
import { type Action, actionsAt, type Intent } from './actions.ts';
import type { Content } from './content.ts';
import { type Binding, commandOf, type KeyName } from './keys.ts';
import { listCommand } from './list-commands.ts';
import { selectedId } from './list-position.ts';
import { overlayKey, overlayPaste } from './overlays.ts';
import { PLACES } from './palette.ts';
import { isTooSmall } from './screen.ts';
import { newPlace, type Place, placeOf, type State, targetKey, type Work } from './state.ts';
import { keyOfId } from './targets.ts';
import { textCommand } from './text-commands.ts';
import type { World } from './world.ts';

/** What happens to the terminal. */
export type Event =
  | { readonly kind: 'key'; readonly key: KeyName }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'resized'; readonly columns: number; readonly rows: number }
  /** Work is over, well or not. */
  | { readonly kind: 'worked'; readonly text: string; readonly isGood: boolean }
  | { readonly kind: 'told'; readonly text: string };

/** What the reducer wants done; it does nothing itself. */
export type Effect =
  | { readonly kind: 'quit' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'refresh' }
  | { readonly kind: 'work'; readonly work: Work }
  /** Shows all lines of the text in a pager or an editor, or writes them to a file. */
  | { readonly kind: 'pager' }
  | { readonly kind: 'editor' }
  | { readonly kind: 'save' };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** What a step may look at, and never change. */
export interface Around {
  readonly world: World;
  readonly bindings: readonly Binding[];
  readonly content: Content;
}

/** State and event → state, and what is to be done. Pure: what is shown comes in as `around`. */
export function reduce(state: State, event: Event, around: Around): Step {
  switch (event.kind) {
    case 'resized':
      return step({ ...state, columns: event.columns, rows: event.rows });
    case 'paste':
      return step(state.overlay === undefined ? state : withPlaceFilter(overlayPaste(state, event.text)));
    case 'worked': {
      const { busy: _, ...rest } = state;
      return step({ ...rest, toast: { text: event.text, tone: event.isGood ? 'good' : 'bad' } });
    }
    case 'told':
      return step({ ...state, toast: { text: event.text, tone: 'plain' } });
    case 'key': {
      // A message has been seen when the next key is pressed.
      const { toast: _, ...seen } = state;
      return pressKey(seen, event.key, around);
    }
  }
}

function pressKey(state: State, key: KeyName, around: Around): Step {
  if (key === 'ctrl-c') return step(state, { kind: 'quit' });
  // Nobody acts on what they cannot see.
  if (isTooSmall(state))
    return commandOf(around.bindings, key, 'list') === 'quit' ? step(state, { kind: 'quit' }) : step(state);
  if (state.overlay !== undefined) {
    const { state: next, intent } = overlayKey(state, key, around);
    return intent === undefined ? step(withPlaceFilter(next)) : follow(next, intent);
  }
  const place = placeOf(state);
  const action = actionsAt(state, around.world, around.content).find((each) => each.key === key);
  if (action !== undefined) return act(state, action);
  if (/^[1-9]$/.test(key)) {
    const found = PLACES[Number(key) - 1];
    return found === undefined ? step(state) : follow(state, { kind: 'go', target: found.target });
  }
  const command = commandOf(around.bindings, key, around.content.kind);
  switch (command) {
    case undefined:
      return step(state);
    case 'quit':
      return step(state, { kind: 'quit' });
    case 'suspend':
      return step(state, { kind: 'suspend' });
    case 'refresh':
      return step({ ...state, toast: { text: 'asked again', tone: 'dim' } }, { kind: 'refresh' });
    case 'pager':
    case 'editor':
    case 'save':
      return step(state, { kind: command });
    case 'help':
      return step({ ...state, overlay: { kind: 'help', top: 0 } });
    case 'palette':
      return step({ ...state, overlay: { kind: 'palette', text: '', index: 0 } });
    case 'back':
      return step(goBack(state));
    case 'filter':
      return step(openFilter(state, around.content));
    case 'namespace':
      return step(nextNamespace(state, around));
    case 'enter': {
      const next = listCommand(state, place, around, command);
      return next.target === undefined ? step(next.state) : follow(next.state, { kind: 'go', target: next.target });
    }
    default:
      if (around.content.kind === 'text')
        return step(withPlace(state, textCommand(state, place, around.content, command)));
      return step(listCommand(state, place, around, command).state);
  }
}

function act(state: State, { label, why, intent }: Action): Step {
  if (why !== undefined) return step({ ...state, toast: { text: `cannot ${label}: ${why}`, tone: 'warn' } });
  return follow(state, intent);
}

/** Does what an intent says, or asks first. */
export function follow(state: State, intent: Intent): Step {
  switch (intent.kind) {
    case 'go':
      return step(goTo(state, newPlace(intent.target, intent.filter)));
    case 'shape': {
      const { overlay: _, ...rest } = state;
      const place = placeOf(state);
      return step(withPlace(rest, { ...place, list: { ...place.list, shape: intent.shape } }));
    }
    case 'work':
      if (intent.question !== undefined) {
        return step({ ...state, overlay: { kind: 'confirm', question: intent.question, work: intent.work } });
      }
      return startWork(state, intent.work);
    case 'form':
      return step({
        ...state,
        overlay: { ...intent, fields: intent.fields, at: 0 },
      });
  }
}

/** Begins work; one at a time, so that nothing is done twice in haste. */
function startWork(state: State, work: Work): Step {
  if (state.busy !== undefined)
    return step({ ...state, toast: { text: `${state.busy} is not over yet`, tone: 'warn' } });
  const { overlay: _, ...rest } = state;
  return step({ ...rest, busy: work.label }, { kind: 'work', work });
}

function goTo(state: State, place: Place): State {
  const { overlay: _, ...rest } = state;
  const isRoot = PLACES.some(({ target }) => targetKey(target) === targetKey(place.target)) && place.list.filter === '';
  // The places of the first level are beside each other, not within.
  if (isRoot) return { ...rest, places: [place] };
  return { ...rest, places: [...state.places, place].slice(-MAX_BREADCRUMBS) };
}

function goBack(state: State): State {
  const place = placeOf(state);
  if (place.list.marks.size > 0) return withPlace(state, { ...place, list: { ...place.list, marks: new Set() } });
  if (place.text.search !== '') return withPlace(state, { ...place, text: { ...place.text, search: '' } });
  if (state.places.length > 1) return { ...state, places: state.places.slice(0, -1) };
  if (place.list.filter !== '') return withPlace(state, newPlace(place.target));
  return { ...state, toast: { text: 'this is the first place: q quits, : goes elsewhere', tone: 'dim' } };
}

function openFilter(state: State, content: Content): State {
  const place = placeOf(state);
  if (content.kind === 'text') {
    return { ...state, overlay: { kind: 'search', text: place.text.search, before: place.text.search } };
  }
  return { ...state, overlay: { kind: 'filter', text: place.list.filter, before: place.list.filter } };
}

/** What is being typed into a filter or a search holds at once. */
function withPlaceFilter(state: State): State {
  const { overlay } = state;
  const place = placeOf(state);
  if (overlay?.kind === 'filter' && overlay.text !== place.list.filter) {
    const { selected: _, ...list } = place.list;
    return withPlace(state, { ...place, list: { ...list, index: 0, offset: 0, filter: overlay.text } });
  }
  if (overlay?.kind === 'search') return withPlace(state, { ...place, text: { ...place.text, search: overlay.text } });
  return state;
}

/** All namespaces, or that of the selected row; the first one when that row is in none. */
function nextNamespace(state: State, { world, content }: Around): State {
  const { namespace, ...rest } = state;
  if (namespace !== undefined) return { ...rest, toast: { text: 'all namespaces', tone: 'plain' } };
  const [first] = [...world.executions().namespaces].sort();
  if (first === undefined) return state;
  const { list, target } = placeOf(state);
  const chosen =
    'namespace' in target
      ? target.namespace
      : keyOfId((content.kind === 'list' ? selectedId(list, content) : undefined) ?? '').namespace;
  const next = world.executions().namespaces.has(chosen) ? chosen : first;
  return { ...state, namespace: next, toast: { text: `namespace ${next}`, tone: 'plain' } };
}

export function withPlace(state: State, place: Place): State {
  return { ...state, places: [...state.places.slice(0, -1), place] };
}

function step(state: State, ...effects: readonly Effect[]): Step {
  return { state, effects };
}
