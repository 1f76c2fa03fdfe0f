import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type Clock,
  type Log,
  MAX_SPAWNER_LINE_BYTES,
  MAX_SPAWNER_STARTS,
  SPAWNER_IDLE_MS,
} from '../../../base/index.ts';
import {
  type Command,
  type EndedEvent,
  lineSplitter,
  type SpawnerEvent,
  type StartCommand,
  type StartedEvent,
} from './protocol.ts';

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
  /** Attempts handed over that have not ended. */
  outstanding(): number;
  /** Lets go: spawners finish what runs on their own, and exit. */
  close(): void;
}

interface Spawner {
  readonly child: ChildProcess;
  readonly outstanding: Set<string>;
  folder: string | undefined;
  starts: number;
  isRetiring: boolean;
}

/** The spawner program stands beside this module, in the sources as in the built package. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './spawner.ts' : './spawner.js', import.meta.url),
);
/** A spawner holds little: a small young generation keeps it small. */
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', '--max-old-space-size=256'];

export function openSpawnerClient(options: SpawnerClientOptions): SpawnerClient {
  const byAttempt = new Map<string, Spawner>();
  let current: Spawner | undefined;
  let cancelIdle: (() => void) | undefined;

  const send = (spawner: Spawner, command: Command): void => {
    spawner.child.stdin?.write(`${JSON.stringify(command)}\n`);
  };
  const retire = (spawner: Spawner): void => {
    if (current === spawner) current = undefined;
    spawner.isRetiring = true;
    if (spawner.outstanding.size === 0) spawner.child.stdin?.end();
  };
  const settled = (spawner: Spawner, id: string): void => {
    spawner.outstanding.delete(id);
    byAttempt.delete(id);
    if (spawner.isRetiring) retire(spawner);
    if (byAttempt.size > 0) return;
    cancelIdle?.();
    cancelIdle = options.clock.at(options.clock.now() + SPAWNER_IDLE_MS, () => {
      if (byAttempt.size === 0 && current !== undefined) retire(current);
    });
  };
  const hear = (spawner: Spawner, event: SpawnerEvent): void => {
    switch (event.event) {
      case 'ready':
        spawner.folder = event.folder;
        return;
      case 'started':
        options.onStarted(event);
        return;
      case 'ended':
        settled(spawner, event.id);
        options.onEnded(event);
        return;
      case 'claimed':
      case 'drained':
        return;
    }
  };
  const open = (): Spawner => {
    const args = [...NODE_OPTIONS, PROGRAM, options.folder, String(options.capacity), options.launcher ?? 'auto'];
    // Its own session: neither Ctrl-C nor the end of the daemon reaches it. Its environment is for itself only.
    const child = spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: {} });
    const spawner: Spawner = { child, outstanding: new Set(), folder: undefined, starts: 0, isRetiring: false };
    watchChild(spawner);
    return spawner;
  };
  const watchChild = (spawner: Spawner): void => {
    const { child } = spawner;
    let complaint = '';
    let failure: string | undefined;
    child.stdin?.on('error', () => {});
    child.on('error', (error) => {
      failure = error.message;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2_000);
    });
    child.stdout?.on(
      'data',
      lineSplitter(MAX_SPAWNER_LINE_BYTES, (line) => hear(spawner, JSON.parse(line))),
    );
    // `close` comes when its output has been read to the end as well.
    child.on('close', (code, signal) => {
      if (current === spawner) current = undefined;
      const left = [...spawner.outstanding];
      for (const id of left) byAttempt.delete(id);
      if (!spawner.isRetiring || left.length > 0) {
        const cause = failure ?? complaint;
        options.log.write('error', 'the spawner ended unexpectedly', { code, signal, attempts: left.length, cause });
        options.onBroken(left, spawner.folder);
      } else if (spawner.folder !== undefined) {
        options.onRetired(spawner.folder);
      }
    });
  };

  return {
    start(command) {
      cancelIdle?.();
      if (current !== undefined && current.starts >= MAX_SPAWNER_STARTS) retire(current);
      current ??= open();
      current.starts += 1;
      current.outstanding.add(command.id);
      byAttempt.set(command.id, current);
      send(current, command);
    },
    end(id, graceMs) {
      const spawner = byAttempt.get(id);
      if (spawner !== undefined) send(spawner, { op: 'end', id, graceMs });
    },
    outstanding: () => byAttempt.size,
    close() {
      cancelIdle?.();
      for (const spawner of new Set([...byAttempt.values(), ...(current === undefined ? [] : [current])])) {
        spawner.isRetiring = true;
        spawner.child.stdin?.end();
        spawner.child.stdout?.destroy();
        spawner.child.stderr?.destroy();
        spawner.child.unref();
      }
      byAttempt.clear();
      current = undefined;
    },
  };
}
