import { render } from 'ink';
import type { Clock, Log, Random } from '../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { App } from './app.tsx';
import type { TuiConfig } from './config.ts';
import { type FrameTerminal, openScreen } from './frame-stream.ts';
import { type KeyName, withKeys } from './keys.ts';
import { perform } from './perform.ts';
import { type Around, type Event, reduce } from './reduce.ts';
import { screenLines } from './screen.ts';
import type { CommandRunner } from './sources/source.ts';
import { newPlace, placeOf, type State, type Target } from './state.ts';
import { surroundingsOf } from './surroundings.ts';
import { holdTerminal } from './terminal-hold.ts';
import { depthOf, makeTheme, paintLine } from './theme.ts';
import { openWorld } from './world.ts';

export interface TuiOptions {
  readonly cluster: Cluster;
  readonly server: string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isColorful: boolean;
  readonly config: TuiConfig;
  readonly namespace?: string;
  readonly start: { readonly target: Target; readonly filter: string };
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Ends it from outside. */
  readonly signal: AbortSignal;
  readonly runCommand: CommandRunner;
}

/** Between frames that only data asks for; a key is answered at once. */
const DATA_FRAME_MS = 250;
/** Ages and durations go on though nothing happens. */
const CLOCK_FRAME_MS = 1_000;

/** Runs the full-screen terminal until a person quits, or `signal` aborts. Rejects when something broke; the terminal is whole then. */
export async function openTui(options: TuiOptions): Promise<void> {
  const { stdout, stdin, config } = options;
  const theme = makeTheme(depthOf(options.env, options.isColorful), config.colors);
  const bindings = withKeys(config.keys);
  const screen = openScreen(stdout as FrameTerminal);
  const ended = Promise.withResolvers<void>();
  let state: State = {
    columns: screen.stream.columns,
    rows: screen.stream.rows,
    places: [newPlace(options.start.target, options.start.filter)],
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    ...(config.problems.length > 0 && { toast: { text: `config: ${config.problems.join('; ')}`, tone: 'warn' } }),
  };
  const frames = frameTimer(() => draw());
  const world = openWorld({ ...options, changed: () => frames.within(DATA_FRAME_MS) });
  const around = (): Around => ({ world, bindings, content: world.content(placeOf(state), state.columns) });
  const draw = (): void => {
    const contents = state.places.map((place) => world.content(place, state.columns));
    const lines = screenLines(state, surroundingsOf(state, world, bindings, contents));
    frames.drawn();
    instance.rerender(app(lines.map((line) => paintLine(line, theme))));
    frames.within(CLOCK_FRAME_MS);
  };
  const happen = (...events: readonly Event[]): void => {
    for (const event of events) {
      const next = reduce(state, event, around());
      if (next.state.namespace !== state.namespace) world.lookAt(next.state.namespace);
      state = next.state;
      world.retain(state.places);
      for (const effect of next.effects)
        void perform(effect, { state, world, content: around().content, hold, happen, end: ended.resolve });
    }
    draw();
  };
  const pressed = (keys: readonly KeyName[]): void => happen(...keys.map((key): Event => ({ kind: 'key', key })));
  const pasted = (text: string): void => happen({ kind: 'paste', text });
  const app = (lines: readonly string[]) => <App lines={lines} pressed={pressed} pasted={pasted} />;

  const hold = holdTerminal({ stdin, stdout, screen, redraw: () => draw(), broke: ended.reject });
  const instance = render(app([]), {
    stdout: screen.stream as unknown as NodeJS.WriteStream,
    stdin,
    // Ink hands over whole frames, and `frame-writer.ts` writes what differs.
    debug: true,
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const resized = (): void => {
    Object.assign(screen.stream, { columns: stdout.columns, rows: stdout.rows });
    happen({ kind: 'resized', columns: stdout.columns, rows: stdout.rows });
  };
  const end = (): void => ended.resolve();
  stdout.on('resize', resized);
  options.signal.addEventListener('abort', end, { once: true });
  draw();
  try {
    await ended.promise;
  } finally {
    stdout.off('resize', resized);
    options.signal.removeEventListener('abort', end);
    frames.stop();
    world.close();
    screen.pause();
    instance.unmount();
    hold.release();
  }
}

interface FrameTimer {
  /** A frame is drawn within so long of the last one, or sooner. */
  within(ms: number): void;
  drawn(): void;
  stop(): void;
}

function frameTimer(draw: () => void): FrameTimer {
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.POSITIVE_INFINITY;
  return {
    within(ms) {
      const at = Math.max(performance.now(), drawnAt + ms);
      if (timer !== undefined && dueAt <= at) return;
      clearTimeout(timer);
      dueAt = at;
      timer = setTimeout(draw, Math.max(0, at - performance.now()));
    },
    drawn() {
      clearTimeout(timer);
      timer = undefined;
      drawnAt = performance.now();
    },
    stop: () => clearTimeout(timer),
  };
}
