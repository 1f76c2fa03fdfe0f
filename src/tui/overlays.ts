import { actionsAt, type Intent } from './actions.ts';
import { helpLines, helpTop } from './help.ts';
import type { KeyName } from './keys.ts';
import { clamp } from './list-position.ts';
import { paletteEntries } from './palette.ts';
import type { Around } from './reduce.ts';
import { type Overlay, type Place, placeOf, type State } from './state.ts';
import { findLine } from './text-commands.ts';
import { pasted, typed } from './typed-text.ts';

export interface OverlayStep {
  readonly state: State;
  /** What was decided. */
  readonly intent?: Intent;
}

/** A key while something lies over the place. */
export function overlayKey(state: State, key: KeyName, around: Around): OverlayStep {
  const { overlay } = state;
  switch (overlay?.kind) {
    case undefined:
      return { state };
    case 'filter':
    case 'search':
      return { state: typingKey(state, overlay, key, around) };
    case 'palette':
      return paletteKey(state, overlay, key, around);
    case 'confirm':
      // Nothing but a plain yes does it: Enter is pressed too easily.
      if (key === 'y' || key === 'Y') return { state: closed(state), intent: { kind: 'work', work: overlay.work } };
      return key === 'n' || key === 'N' || key === 'esc' || key === 'q' ? { state: closed(state) } : { state };
    case 'form':
      return formKey(state, overlay, key);
    case 'help':
      return helpKey(state, overlay.top, key, around);
  }
}

/** Scrolls; any other key closes it. */
function helpKey(state: State, top: number, key: KeyName, { bindings, content, world }: Around): OverlayStep {
  const by = HELP_STEPS[key];
  if (by === undefined) return { state: closed(state) };
  const count = helpLines(bindings, actionsAt(state, world, content), content).length;
  return { state: { ...state, overlay: { kind: 'help', top: helpTop(top + by, count, state.rows) } } };
}

const HELP_STEPS: Readonly<Record<KeyName, number | undefined>> = { j: 1, down: 1, k: -1, up: -1, pgdn: 10, pgup: -10 };

/** What is pasted goes where one types; elsewhere it does nothing, so that no text is taken for keys. */
export function overlayPaste(state: State, text: string): State {
  const { overlay } = state;
  switch (overlay?.kind) {
    case 'filter':
    case 'search':
    case 'palette':
      return { ...state, overlay: { ...overlay, text: pasted(overlay.text, text) } };
    case 'form':
      return { ...state, overlay: withField(overlay, (value) => pasted(value, text)) };
    default:
      return state;
  }
}

export function closed(state: State): State {
  const { overlay: _, ...rest } = state;
  return rest;
}

type Typing = Extract<Overlay, { kind: 'filter' | 'search' }>;
type Form = Extract<Overlay, { kind: 'form' }>;

function typingKey(state: State, overlay: Typing, key: KeyName, around: Around): State {
  if (key === 'enter') {
    const place = placeOf(state);
    if (overlay.kind === 'search' && around.content.kind === 'text') {
      const found = findLine(around.content, overlay.text, place.text.top - 1, 1);
      const text = found === undefined ? place.text : { ...place.text, top: found, isFollowing: false };
      const next: Place = { ...place, text };
      const told =
        found === undefined && overlay.text !== '' ? { toast: { text: 'not found', tone: 'warn' as const } } : {};
      return { ...closed(state), ...told, places: [...state.places.slice(0, -1), next] };
    }
    return closed(state);
  }
  if (key === 'esc') {
    // The place takes the text of the overlay, so what was before is put there last.
    const place = placeOf(state);
    const restored: Place =
      overlay.kind === 'filter'
        ? { ...place, list: { ...place.list, filter: overlay.before } }
        : { ...place, text: { ...place.text, search: overlay.before } };
    return { ...closed(state), places: [...state.places.slice(0, -1), restored] };
  }
  const text = typed(overlay.text, key);
  return text === undefined ? state : { ...state, overlay: { ...overlay, text } };
}

function paletteKey(
  state: State,
  overlay: Extract<Overlay, { kind: 'palette' }>,
  key: KeyName,
  around: Around,
): OverlayStep {
  const entries = paletteEntries(overlay.text, actionsAt(state, around.world, around.content));
  const moved = (by: number): OverlayStep => ({
    state: { ...state, overlay: { ...overlay, index: clamp(overlay.index + by, 0, entries.length - 1) } },
  });
  switch (key) {
    case 'esc':
      return { state: closed(state) };
    case 'down':
    case 'ctrl-n':
    case 'tab':
      return moved(1);
    case 'up':
    case 'ctrl-p':
    case 'shift-tab':
      return moved(-1);
    case 'enter': {
      const chosen = entries[overlay.index];
      if (chosen === undefined) return { state };
      if (chosen.why !== undefined) {
        return { state: { ...closed(state), toast: { text: `cannot ${chosen.name}: ${chosen.why}`, tone: 'warn' } } };
      }
      return { state: closed(state), intent: chosen.intent };
    }
    default: {
      const text = typed(overlay.text, key);
      return text === undefined ? { state } : { state: { ...state, overlay: { ...overlay, text, index: 0 } } };
    }
  }
}

function formKey(state: State, form: Form, key: KeyName): OverlayStep {
  const moved = (by: number): OverlayStep => ({
    // Behind the fields stands the button.
    state: { ...state, overlay: { ...form, at: clamp(form.at + by, 0, form.fields.length) } },
  });
  switch (key) {
    case 'esc':
      return { state: closed(state) };
    case 'down':
    case 'tab':
      return moved(1);
    case 'up':
    case 'shift-tab':
      return moved(-1);
    case 'enter': {
      if (form.at < form.fields.length) return moved(1);
      const missing = form.fields.findIndex(({ isRequired, value }) => isRequired && value === '');
      if (missing >= 0) {
        const toast = { text: `${form.fields[missing]?.name} has no value yet`, tone: 'warn' as const };
        return { state: { ...state, overlay: { ...form, at: missing }, toast } };
      }
      const work = { label: form.title, commands: [formCommand(form)] };
      return { state: closed(state), intent: { kind: 'work', work } };
    }
    default:
      return { state: { ...state, overlay: withField(form, (value) => typed(value, key) ?? value) } };
  }
}

/** The command with what the fields say; fields that are left empty say nothing. */
export function formCommand({ argv, fields }: Form): readonly string[] {
  const given = fields.filter(({ value }) => value !== '');
  return [
    ...argv,
    ...given.flatMap(({ name, value }) =>
      // One word, since a value may begin with a dash.
      name.startsWith('--') ? [`${name}=${value}`] : ['-i', `${name}=${value}`],
    ),
  ];
}

function withField(form: Form, change: (value: string) => string): Form {
  return {
    ...form,
    fields: form.fields.map((field, at) => (at === form.at ? { ...field, value: change(field.value) } : field)),
  };
}
