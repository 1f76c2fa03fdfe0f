import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/base/index.ts';
import { type Action, actionsAt } from '../../src/tui/actions.ts';
import type { Content } from '../../src/tui/content.ts';
import { BINDINGS, type KeyName } from '../../src/tui/keys.ts';
import { type Around, type Event, reduce, type Step } from '../../src/tui/reduce.ts';
import { NEW_LIST, newPlace, type Overlay, type Place, placeOf, type State, type Target } from '../../src/tui/state.ts';
import { openWorld, type World } from '../../src/tui/world.ts';
import { type ControlPlane, execution, NAMESPACE, openControlPlane, pod } from '../cli/control-plane.ts';
import { clock, quiet, random, until } from '../cluster/api-fixture.ts';

/**
 * What every key does in every mode: read the files in test/golden/tui/keys as a review would. The keys are those of the key
 * table, of the actions that the mode offers and of what one types with, so a new key changes these files.
 */
let plane: ControlPlane;
let world: World;
const STARTED = '2026-01-02T03:04:05.000Z';
const ENDED = { startedAt: STARTED, finishedAt: '2026-01-02T03:04:09.000Z' };

beforeAll(async () => {
  plane = await openControlPlane();
  const names = ['nightly-aaaaaa', 'nightly-bbbbbb', 'nightly-cccccc'];
  // Its namespace comes first, and nothing of it is selected.
  const elsewhere = execution('alpha-dddddd');
  await plane.create(
    { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'alpha-development' } },
    ...names.map(execution),
    launchPlan(),
    pod('nightly-bbbbbb', 'ingest', 1),
  );
  await plane.setStatus('nightly-aaaaaa', { phase: 'Failed', ...ENDED, nodeCount: 3, nodes: {} });
  const asks = { phase: 'Running', startedAt: STARTED, wait: { for: 'approval' } };
  const signal = { phase: 'Running', startedAt: STARTED, wait: { for: 'signal', type: 'integer' } };
  await plane.setStatus('nightly-bbbbbb', {
    phase: 'Running',
    startedAt: STARTED,
    nodeCount: 3,
    nodes: { ingest: { phase: 'Succeeded', ...ENDED }, forecast: signal, report: asks },
  });
  await plane.setStatus('nightly-cccccc', { phase: 'Succeeded', ...ENDED, nodeCount: 3, nodes: {} });
  world = openWorld({
    cluster: plane.api.store,
    server: 'https://127.0.0.1:7411',
    clock,
    random,
    log: quiet,
    runCommand: async (argv) => {
      const { code, out, err } = await plane.run(...argv);
      return { code, stdout: out, stderr: err };
    },
    changed: () => {},
    listed: () => {},
  });
});
afterAll(async () => {
  world.close();
  await plane.close();
});

function launchPlan() {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'LaunchPlan',
    metadata: { namespace: NAMESPACE, name: 'nightly' },
    spec: {
      repository: 'ticketing',
      commit: '3f2c1ab000000000000000000000000000000001',
      closure: 'p'.repeat(64),
      workflow: 'demand',
      interface: { inputs: { days: { type: 'integer', default: 7 }, file: { type: 'string' } }, outputs: {} },
    } as Json,
  };
}

const EXECUTIONS: Target = { kind: 'executions' };
const SECOND = `${NAMESPACE}/nightly-bbbbbb`;
const EXECUTION: Target = { kind: 'execution', namespace: NAMESPACE, name: 'nightly-bbbbbb' };
const LOGS: Target = { kind: 'logs', namespace: NAMESPACE, name: 'nightly-bbbbbb', node: 'ingest' };
const YAML: Target = {
  kind: 'command',
  title: 'nightly as YAML',
  argv: ['get', 'schedule', 'nightly', '-n', NAMESPACE, '-o', 'yaml'],
  isYaml: true,
};
const DESCRIBE: Target = {
  kind: 'command',
  title: 'nightly',
  argv: ['describe', 'schedule', 'nightly', '-n', NAMESPACE],
};
const OTHER_COMMIT = 'pipectl-system/ticketing-3f2cfff000000000000000000000000000000002';
const COMMIT = 'pipectl-system/ticketing-3f2c1ab000000000000000000000000000000001';

const objects = (of: string): Target => ({ kind: 'objects', of });

/** A place that one comes to from the executions, with what is chosen there. */
function within(target: Target, list: Partial<Place['list']> = {}, text: Partial<Place['text']> = {}): Partial<State> {
  const place = newPlace(target);
  return {
    places: [newPlace(EXECUTIONS), { ...place, list: { ...place.list, ...list }, text: { ...place.text, ...text } }],
  };
}

function first(target: Target, list: Partial<Place['list']> = {}): Partial<State> {
  return { places: [{ ...newPlace(target), list: { ...NEW_LIST, ...list } }] };
}

const SELECTED = { selected: SECOND, index: 1, offset: 1 };
const WORK = { label: 'abort nightly-bbbbbb', commands: [['abort', 'nightly-bbbbbb', '-n', NAMESPACE]] };
const FORM: Extract<Overlay, { kind: 'form' }> = {
  kind: 'form',
  title: 'Run nightly',
  fields: [
    { name: 'days', type: 'integer', isRequired: false, value: '7' },
    { name: 'file', type: 'string', isRequired: true, value: '' },
  ],
  at: 0,
  argv: ['run', 'nightly'],
  label: 'run',
};
const FILLED = { ...FORM, fields: FORM.fields.map((field) => ({ ...field, value: field.value || 'a b' })) };

/** What a person has before them when the key is pressed. */
const MODES: Readonly<Record<string, Partial<State>>> = {
  executions: first(EXECUTIONS, SELECTED),
  'executions, filtered and marked': first(EXECUTIONS, {
    ...SELECTED,
    filter: 'nightly',
    sort: 'name',
    marks: new Set([SECOND, `${NAMESPACE}/nightly-aaaaaa`]),
  }),
  'executions, none of them': first(EXECUTIONS, { filter: 'name:nothing' }),
  approvals: first({ kind: 'approvals' }),
  'execution as a tree': within(EXECUTION, { selected: 'forecast', index: 1, offset: 1 }),
  'execution as a graph': within(EXECUTION, { shape: 'graph', selected: 'report', index: 2, offset: 2 }),
  'execution, filtered': within(EXECUTION, { filter: 'running !approval' }),
  pulse: first({ kind: 'pulse' }),
  launchplans: first(objects('LaunchPlan')),
  workflows: first(objects('Workflow')),
  schedules: first(objects('Schedule')),
  repositories: first(objects('Repository')),
  revisions: first(objects('Revision')),
  'revisions, one marked': first(objects('Revision'), { marks: new Set([COMMIT]) }),
  'revisions, two marked': first(objects('Revision'), { marks: new Set([COMMIT, OTHER_COMMIT]) }),
  shards: first(objects('Shard')),
  logs: within(LOGS),
  description: within(DESCRIBE, {}, { top: 3, search: 'nightly' }),
  YAML: within(YAML, {}, { top: 2 }),
  'YAML, wrapped': within(YAML, {}, { isWrapped: true }),
  filter: { ...first(EXECUTIONS, { filter: 'a b' }), overlay: { kind: 'filter', text: 'a b', before: 'nightly' } },
  search: {
    ...within(YAML, {}, { search: 'kind' }),
    overlay: { kind: 'search', text: 'kind', before: 'name' },
  },
  palette: { ...first(EXECUTIONS, SELECTED), overlay: { kind: 'palette', text: 'a', index: 1 } },
  'palette with nothing': { ...first(EXECUTIONS), overlay: { kind: 'palette', text: 'zzz', index: 0 } },
  'palette on what cannot be done': {
    ...first(EXECUTIONS, SELECTED),
    overlay: { kind: 'palette', text: 'recover', index: 0 },
  },
  'form on a field': { ...first(objects('LaunchPlan')), overlay: FORM },
  'form on the button, a value missing': { ...first(objects('LaunchPlan')), overlay: { ...FORM, at: 2 } },
  'form on the button, filled': { ...first(objects('LaunchPlan')), overlay: { ...FILLED, at: 2 } },
  confirm: {
    ...first(EXECUTIONS, SELECTED),
    overlay: { kind: 'confirm', question: 'Abort?', work: WORK },
  },
  'confirm, while other work goes on': {
    ...first(EXECUTIONS, SELECTED),
    busy: 'relaunch nightly-aaaaaa',
    overlay: { kind: 'confirm', question: 'Abort?', work: WORK },
  },
  help: { ...first(EXECUTIONS, SELECTED), overlay: { kind: 'help', top: 0 } },
  'help in a text, at its end': { ...within(YAML), overlay: { kind: 'help', top: 9 } },
  'too small': { ...first(EXECUTIONS, SELECTED), columns: 30, rows: 8 },
  'a namespace': { ...first(EXECUTIONS, SELECTED), namespace: NAMESPACE },
  'after a message': { ...first(EXECUTIONS, SELECTED), toast: { text: 'done', tone: 'good' } },
};

/** Keys that no table names: of what is typed into, of forms, and of questions. */
const TYPING: readonly KeyName[] = ['tab', 'shift-tab', 'ctrl-h', 'ctrl-w', 'y', 'Y', 'n', 'x', 'é', '東'];
const DIGITS = '123456789'.split('');

function stateOf(mode: Partial<State>): State {
  return { columns: 80, rows: 24, places: [], ...mode };
}

/** The content of the place that is shown, when it has been read. */
async function contentOf(state: State): Promise<Content> {
  const read = (): Content => world.content(placeOf(state), state.columns);
  await until('the place has been read', () => {
    const { note, count } = read();
    return count > 0 || (note !== undefined && !note.some(({ text }) => text.includes('loading')));
  });
  await until('the executions have been read', () => world.executions().isLoaded);
  return read();
}

function keysOf(actions: readonly Action[]): readonly KeyName[] {
  const table = BINDINGS.flatMap(({ keys }) => keys);
  return [...new Set([...table, ...DIGITS, ...actions.map(({ key }) => key), ...TYPING])];
}

/** A value as the paths of its leaves. */
function leaves(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (value instanceof Set) return [[path, `{${[...value].sort().join(', ')}}`]];
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return [[path, value.join(' ')]];
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, each]) => leaves(each, path === '' ? name : `${path}.${name}`));
}

/** Where one is now, when that is another place. */
function placesText({ places: before }: State, { places }: State): string | undefined {
  const last = placeOf({ places } as State);
  const at = `${leaves(last.target)
    .map(([, value]) => value)
    .join(' ')}${last.list.filter === '' ? '' : `, filtered by ${last.list.filter}`}`;
  if (places.length === 1 && before.length === 1 && last.target === before[0]?.target) return undefined;
  if (places.length > before.length) return `opens ${at}`;
  if (places.length === 1 && last !== before[0]) return `goes to ${at}`;
  return places.length < before.length ? `back to ${at}` : undefined;
}

/** Paths that are new, or have another value, and paths that are gone. */
function differences(before: object, after: object): readonly string[] {
  const known = new Map(leaves(before));
  const now = new Map(leaves(after));
  const gone = [...known.keys()].filter((path) => !now.has(path) && !path.startsWith('overlay.'));
  return [
    ...[...now].filter(([path, value]) => known.get(path) !== value).map(([path, value]) => `${path}=${value}`),
    ...gone.map((path) => `${path} gone`),
  ];
}

/** What a key has changed, and what it wants done. */
function changeText(before: State, { state, effects }: Step): string {
  const place = placesText(before, state);
  const { places: _, ...rest } = state;
  const { places: __, ...old } = before;
  const isClosed = old.overlay !== undefined && rest.overlay === undefined;
  const told = [
    ...(isClosed ? ['closed'] : []),
    ...(place === undefined ? differences(placeOf(before), placeOf(state)) : [place]),
    ...differences(old, rest),
    ...effects.map(
      (effect) =>
        `does ${leaves(effect)
          .map(([, value]) => value)
          .join(' ')}`,
    ),
  ];
  return told.join('; ') || 'nothing';
}

/** What is typed into, when something is. */
function typedInto({ overlay }: State): string | undefined {
  if (overlay?.kind === 'form') return overlay.fields[overlay.at]?.value;
  return overlay !== undefined && 'text' in overlay ? overlay.text : undefined;
}

/** Keys that do the same stand on one line. */
function keysTable(state: State, around: Around): string {
  const groups = new Map<string, KeyName[]>();
  for (const key of keysOf(actionsAt(state, around.world, around.content))) {
    const next = reduce(state, { kind: 'key', key }, around);
    const isTyped =
      typedInto(state) !== undefined && typedInto(next.state) === `${typedInto(state)}${key.replace('space', ' ')}`;
    const change = isTyped ? 'typed' : changeText(state, next);
    groups.set(change, [...(groups.get(change) ?? []), key]);
  }
  return [...groups].map(([change, keys]) => `${keys.join(' ')}\n    ${change}\n`).join('');
}

describe('every key', () => {
  it.each(Object.keys(MODES))('does what it should in: %s', async (name) => {
    const state = stateOf(MODES[name] ?? {});
    const content = await contentOf(state);
    const table = keysTable(state, { world, bindings: BINDINGS, content });
    await expect(table).toMatchFileSnapshot(`../golden/tui/keys/${name.replace(/[^\w]+/g, '-')}.txt`);
  });

  it('of an action is no key of the table, nor of another action', async () => {
    for (const mode of Object.values(MODES)) {
      const state = stateOf(mode);
      const content = await contentOf(state);
      const where = content.kind === 'list' ? 'texts' : 'lists';
      const table = BINDINGS.filter((binding) => binding.where !== where).flatMap(({ keys }) => keys);
      const keys = actionsAt(state, world, content).map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.filter((key) => table.includes(key) || DIGITS.includes(key))).toEqual([]);
    }
  });
});

describe('what happens besides keys', () => {
  const around = async (state: State): Promise<Around> => ({
    world,
    bindings: BINDINGS,
    content: await contentOf(state),
  });
  it.each<readonly [string, Partial<State>, Event, string]>([
    ['another size', first(EXECUTIONS), { kind: 'resized', columns: 44, rows: 12 }, 'columns=44; rows=12'],
    ['a paste where nothing is typed', first(EXECUTIONS), { kind: 'paste', text: 'qqq' }, 'nothing'],
    [
      'a paste into a filter, as one line',
      { ...first(EXECUTIONS), overlay: { kind: 'filter', text: 'a', before: '' } },
      { kind: 'paste', text: ' b\r\nc\tdé' },
      'list.filter=a b c dé; overlay.text=a b c dé',
    ],
    [
      'a paste into a field',
      { ...first(objects('LaunchPlan')), overlay: FORM },
      { kind: 'paste', text: '1' },
      'overlay.fields.0.value=71',
    ],
    [
      'a paste into a question',
      { ...first(EXECUTIONS), overlay: { kind: 'confirm', question: 'Abort?', work: WORK } },
      { kind: 'paste', text: 'y' },
      'nothing',
    ],
    [
      'the end of work',
      { ...first(EXECUTIONS), busy: 'abort' },
      { kind: 'worked', text: 'it is gone', isGood: false },
      'toast.text=it is gone; toast.tone=bad; busy gone',
    ],
  ])('%s', async (_, mode, event, change) => {
    const state = stateOf(mode);
    expect(changeText(state, reduce(state, event, await around(state)))).toBe(change);
  });
});
