import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Clock,
  type Log,
  MAX_SPAWNER_LINE_BYTES,
  MAX_SPAWNER_STARTS,
  SPAWNER_IDLE_MS,
} from '../../../base/index.ts';
import type { Beating } from './heartbeat.ts';
import {
  type Command,
  type EndedEvent,
  lineSplitter,
  type SpawnerEvent,
  type StartCommand,
  type StartedEvent,
} from './protocol.ts';

/** Characters kept of what a spawner says on stderr. */
const MAX_COMPLAINT = 2_000;

export interface SpawnerClientOptions {
  /** The runtime's folder. */
  readonly folder: string;
  /** Attempts that run at a time. */
  readonly capacity: number;
  readonly launcher?: 'auto' | 'node';
  readonly clock: Clock;
  readonly log: Log;
  onStarted(event: StartedEvent): void;
  onEnded(event: EndedEvent): void;
  /** The spawner at work ended although it had these; its `folder` tells what it wrote down (undefined: nothing ever). */
  onBroken(ids: readonly string[], folder: string | undefined): void;
  /** All that this spawner did has been heard of; its folder is needed until all of it is reported. */
  onRetired(folder: string): void;
}

/** Keeps a spawner at hand while there is work. */
export interface SpawnerClient {
  start(command: StartCommand): void;
  end(id: string, graceMs: number): void;
  /** Spawners that have attempts. */
  beating(): readonly Beating[];
  /** Attempts handed over that have not ended. */
  outstanding(): number;
  /** Lets go: spawners finish what runs on their own, and exit. */
  close(): void;
}

interface Spawner {
  readonly child: ChildProcess;
  readonly outstanding: Set<string>;
  /** Where its journal is; undefined until it says that it is ready. */
  folder: string | undefined;
  /**
   * What it is told when it is ready, and not before: a control plane that is killed meanwhile leaves commands in the
   * pipe, and its successor, which finds no journal yet, would start the same attempts.
   */
  held: readonly Command[];
  starts: number;
  isRetiring: boolean;
}

/** The spawner program stands beside this module, in the sources as in the built package. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './spawner.ts' : './spawner.js', import.meta.url),
);
/** A spawner holds little: a small young generation keeps it small. */
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', '--max-old-space-size=256'];

interface State {
  readonly options: SpawnerClientOptions;
  readonly byAttempt: Map<string, Spawner>;
  /** The one that gets new attempts. */
  current: Spawner | undefined;
  cancelIdle: (() => void) | undefined;
}

/** A client without a spawner yet: the first attempt starts one. */
export function openSpawnerClient(options: SpawnerClientOptions): SpawnerClient {
  const state: State = { options, byAttempt: new Map(), current: undefined, cancelIdle: undefined };
  return {
    start(command) {
      state.cancelIdle?.();
      if (state.current !== undefined && state.current.starts >= MAX_SPAWNER_STARTS) retire(state, state.current);
      const spawner = state.current ?? openSpawner(state);
      state.current = spawner;
      spawner.starts += 1;
      spawner.outstanding.add(command.id);
      state.byAttempt.set(command.id, spawner);
      send(spawner, command);
    },
    end(id, graceMs) {
      const spawner = state.byAttempt.get(id);
      if (spawner !== undefined) send(spawner, { op: 'end', id, graceMs });
    },
    beating: () => [...new Set(state.byAttempt.values())].map(beatingOf),
    outstanding: () => state.byAttempt.size,
    close: () => close(state),
  };
}

function beatingOf({ child, folder }: Spawner): Beating {
  return {
    path: folder === undefined ? undefined : join(folder, 'journal.jsonl'),
    pid: child.pid,
    kill: () => void child.kill('SIGKILL'),
  };
}

function openSpawner(state: State): Spawner {
  const { folder, capacity, launcher = 'auto' } = state.options;
  const args = [...NODE_OPTIONS, PROGRAM, folder, String(capacity), launcher];
  // Its own session: neither Ctrl-C nor the end of the daemon reaches it. It needs nothing of the environment.
  const child = spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: {} });
  const spawner: Spawner = { child, outstanding: new Set(), folder: undefined, held: [], starts: 0, isRetiring: false };
  let complaint = '';
  let failure: string | undefined;
  child.stdin?.on('error', () => {});
  child.on('error', (error) => {
    failure = error.message;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-MAX_COMPLAINT);
  });
  child.stdout?.on(
    'data',
    lineSplitter(MAX_SPAWNER_LINE_BYTES, (line) => hear(state, spawner, JSON.parse(line))),
  );
  // `close` comes when its output has been read to the end as well.
  child.on('close', (code, signal) => onClose(state, spawner, { code, signal, cause: failure ?? complaint }));
  return spawner;
}

function hear(state: State, spawner: Spawner, event: SpawnerEvent): void {
  switch (event.event) {
    case 'ready':
      spawner.folder = event.folder;
      for (const command of spawner.held) send(spawner, command);
      spawner.held = [];
      return;
    case 'started':
      state.options.onStarted(event);
      return;
    case 'ended':
      settled(state, spawner, event.id);
      state.options.onEnded(event);
      return;
    case 'claimed':
    case 'drained':
      return;
  }
}

function settled(state: State, spawner: Spawner, id: string): void {
  spawner.outstanding.delete(id);
  state.byAttempt.delete(id);
  if (spawner.isRetiring) retire(state, spawner);
  if (state.byAttempt.size > 0) return;
  const { clock } = state.options;
  state.cancelIdle?.();
  state.cancelIdle = clock.at(clock.now() + SPAWNER_IDLE_MS, () => {
    if (state.byAttempt.size === 0 && state.current !== undefined) retire(state, state.current);
  });
}

/** Gets no new attempts; leaves when those it has are done. */
function retire(state: State, spawner: Spawner): void {
  if (state.current === spawner) state.current = undefined;
  spawner.isRetiring = true;
  if (spawner.outstanding.size === 0) spawner.child.stdin?.end();
}

function onClose(state: State, spawner: Spawner, how: Readonly<Record<string, unknown>>): void {
  if (state.current === spawner) state.current = undefined;
  const left = [...spawner.outstanding];
  for (const id of left) state.byAttempt.delete(id);
  if (!spawner.isRetiring || left.length > 0) {
    state.options.log.write('error', 'the spawner ended unexpectedly', { ...how, attempts: left.length });
    state.options.onBroken(left, spawner.folder);
  } else if (spawner.folder !== undefined) {
    state.options.onRetired(spawner.folder);
  }
}

function close(state: State): void {
  state.cancelIdle?.();
  for (const spawner of new Set([
    ...state.byAttempt.values(),
    ...(state.current === undefined ? [] : [state.current]),
  ])) {
    spawner.child.removeAllListeners('close');
    spawner.child.stdin?.end();
    spawner.child.stdout?.destroy();
    spawner.child.stderr?.destroy();
    spawner.child.unref();
  }
  state.byAttempt.clear();
  state.current = undefined;
}

function send(spawner: Spawner, command: Command): void {
  if (spawner.folder === undefined) spawner.held = [...spawner.held, command];
  else spawner.child.stdin?.write(`${JSON.stringify(command)}\n`);
}
