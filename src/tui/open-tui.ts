import type { Clock, Log, Random, UnixMs } from '../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { actionsAt } from './actions.ts';
import type { Board } from './board.tsx';
import type { TuiConfig } from './config.ts';
import type { Content } from './content.ts';
import { type FrameCause, frameDisplay, spokenDisplay } from './display.ts';
import { type FrameTerminal, openScreen, type Screen } from './frame-stream.ts';
import { type FrameTimer, frameTimer } from './frame-timer.ts';
import { commandOf, withKeys } from './keys.ts';
import { perform } from './perform.ts';
import { type Event, reduce } from './reduce.ts';
import type { CommandRunner } from './sources/source.ts';
import { newPlace, placeOf, type State, type Target } from './state.ts';
import type { Seen } from './surroundings.ts';
import { holdTerminal, type TerminalHold } from './terminal-hold.ts';
import { depthOf, makeTheme } from './theme.ts';
import { WAITING } from './views/waiting.ts';
import { openWorld, type World } from './world.ts';

/** What there is to look at, once somebody is found to ask. */
export interface TuiConnection {
  readonly cluster: Cluster;
  readonly server: string;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly runCommand: CommandRunner;
  /** All executions have been read for the first time. */
  listed(): void;
}

export interface TuiOptions {
  /** The first frame does not wait for it. When it rejects, the terminal is given back and `openTui` rejects with the same. */
  readonly connection: Promise<TuiConnection>;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isColorful: boolean;
  /** For screen readers: lines that tell what is new, in place of frames. */
  readonly isSpoken: boolean;
  readonly config: TuiConfig;
  readonly start: { readonly target: Target; readonly filter: string };
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Ends it from outside. */
  readonly signal: AbortSignal;
}

/** Between frames that only data asks for; a key is answered at once. */
const DATA_FRAME_MS = 250;
/** Ages and durations go on though nothing happens. */
const CLOCK_FRAME_MS = 1_000;

/** Runs the full-screen terminal until a person quits, or `signal` aborts. Rejects when something broke; the terminal is whole then. */
export async function openTui(options: TuiOptions): Promise<void> {
  const { stdout, stdin, signal } = options;
  const screen = openScreen(stdout as FrameTerminal, options.isSpoken);
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.resolve();
  const frames = frameTimer(() => desk.draw('data'));
  const hold = holdTerminal({
    stdin,
    stdout,
    screen,
    isFullScreen: !options.isSpoken,
    redraw: () => desk.draw('person'),
    broke: ended.reject,
  });
  const desk = openDesk(options, { screen, hold, frames, end });
  const resized = (): void => {
    Object.assign(screen.stream, { columns: stdout.columns, rows: stdout.rows });
    // A terminal that was made smaller and larger again has cut what stood on it.
    screen.forget();
    desk.happen({ kind: 'resized', columns: stdout.columns, rows: stdout.rows });
  };
  stdout.on('resize', resized);
  signal.addEventListener('abort', end, { once: true });
  desk.draw('person');
  desk.open().catch(ended.reject);
  try {
    await ended.promise;
  } finally {
    stdout.off('resize', resized);
    signal.removeEventListener('abort', end);
    frames.stop();
    screen.pause();
    desk.close();
    hold.release();
  }
}

interface Desk {
  /** Reads keys, and looks at the cluster, as soon as there is what it takes. */
  open(): Promise<void>;
  happen(...events: readonly Event[]): void;
  draw(by: FrameCause): void;
  close(): void;
}

interface DeskParts {
  readonly screen: Screen;
  readonly hold: TerminalHold;
  readonly frames: FrameTimer;
  end(): void;
}

/** State, world and board together: what happens changes the state, and what changed is drawn. */
function openDesk(options: TuiOptions, { screen, hold, frames, end }: DeskParts): Desk {
  const { config, clock } = options;
  const bindings = withKeys(config.keys);
  const theme = makeTheme(depthOf(options.env, options.isColorful), config.colors);
  const display = options.isSpoken
    ? spokenDisplay((text) => options.stdout.write(text))
    : frameDisplay(screen, theme, bindings);
  let state = firstState(options, screen);
  let world: World | undefined;
  let board: Board | undefined;
  let isClosed = false;
  const waiting: Event[] = [];
  const contentOf = (): Content => world?.content(placeOf(state), state.columns) ?? WAITING;
  const draw = (by: FrameCause): void => {
    const content = contentOf();
    frames.drawn();
    frames.within(CLOCK_FRAME_MS);
    display.show(state, content, seenOf(state, world, content, clock.now()), by);
  };
  const early = (event: Event): void => {
    if (event.kind === 'key' && commandOf(bindings, event.key, 'list') === 'quit') end();
    if (event.kind === 'resized') state = { ...state, columns: event.columns, rows: event.rows };
    else if (waiting.length < MAX_EARLY_EVENTS) waiting.push(event);
  };
  const happen = (...events: readonly Event[]): void => {
    for (const event of events) {
      if (world === undefined) {
        early(event);
        continue;
      }
      const next = reduce(state, event, { world, bindings, content: contentOf() });
      if (next.state.namespace !== state.namespace) world.lookAt(next.state.namespace);
      state = next.state;
      world.retain(state.places);
      for (const effect of next.effects)
        void perform(effect, { state, world, content: contentOf(), hold, happen, end });
    }
    draw('person');
  };
  const look = async (): Promise<void> => {
    const { namespace, ...connection } = await options.connection;
    if (isClosed) return;
    const scope = namespace === undefined ? {} : { namespace };
    state = { ...state, ...scope };
    const changed = (): void => frames.within(options.isSpoken ? CLOCK_FRAME_MS : DATA_FRAME_MS);
    world = openWorld({ ...options, ...connection, ...scope, changed });
    happen(...waiting.splice(0));
  };
  const readKeys = async (): Promise<void> => {
    const { openBoard } = await import('./board.tsx');
    if (isClosed) return;
    display.hand((lines) => {
      board = openBoard({ stream: screen.stream, stdin: options.stdin, lines, happen });
      return board;
    });
  };
  return {
    open: async () => void (await Promise.all([look(), readKeys()])),
    happen,
    draw,
    close() {
      isClosed = true;
      world?.close();
      board?.close();
    },
  };
}

function seenOf(state: State, world: World | undefined, content: Content, now: UnixMs): Seen {
  if (world === undefined) return { actions: [], freshness: { kind: 'connecting' } };
  return { actions: actionsAt(state, world, content), freshness: world.heartbeat.freshness(now) };
}

/** Keys that are pressed before there is a world are kept, so many at most. */
const MAX_EARLY_EVENTS = 100;

function firstState({ start, config }: TuiOptions, { stream }: Screen): State {
  return {
    columns: stream.columns,
    rows: stream.rows,
    places: [newPlace(start.target, start.filter)],
    ...(config.problems.length > 0 && { toast: { text: `config: ${config.problems.join('; ')}`, tone: 'warn' } }),
  };
}
