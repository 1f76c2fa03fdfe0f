import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MAX_SPAWNER_LINE_BYTES } from '../../../base/index.ts';
import { REASON } from '../../reasons.ts';
import { runtimeFolders } from './folders.ts';
import { bootId, isAlive, type ProcessIdentity, signalProcess } from './process-table.ts';
import { type EndedEvent, type JournalEvent, lineSplitter, type StartedEvent } from './protocol.ts';

/** The journal of a spawner whose daemon, or which itself, is gone. */
export interface Journal {
  /** The spawner's folder. */
  readonly folder: string;
  /** Reads what is new. Call it after asking `isLive`, never before: a spawner writes its last line before it ends. */
  refresh(): void;
  /** Whether its spawner lives, so that lines may follow. */
  isLive(): boolean;
  /** The file itself: its spawner touches it while it lives. */
  readonly path: string;
  readonly pid: number;
  /** Kills its spawner, when that still lives. */
  kill(): void;
  /** Whether its spawner starts nothing any more and has announced all that lives. */
  isDrained(): boolean;
  readonly claimed: ReadonlySet<string>;
  readonly started: ReadonlyMap<string, StartedEvent>;
  readonly ended: ReadonlyMap<string, EndedEvent>;
  /** Removes the spawner's folder. */
  remove(): Promise<void>;
}

const FOLDER_NAME = /^(?<boot>[0-9a-z-]+)\.(?<pid>\d+)\.(?<startTime>\w+)$/;
const READ_BYTES = 256 * 1024;

/** Journals that earlier spawners left below the runtime's folder. */
export function findJournals(root: string): readonly Journal[] {
  const { spawners } = runtimeFolders(root);
  let names: readonly string[] = [];
  try {
    names = readdirSync(spawners);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return names.filter((name) => FOLDER_NAME.test(name)).map((name) => openJournal(join(spawners, name)));
}

/** Reads the journal of the spawner whose folder this is; the folder's name tells which process it was. */
export function openJournal(folder: string): Journal {
  const groups = FOLDER_NAME.exec(basename(folder))?.groups;
  const spawner: ProcessIdentity = { pid: Number(groups?.pid ?? 0), startTime: groups?.startTime ?? '' };
  const isOfThisBoot = groups?.boot === bootId();
  const claimed = new Set<string>();
  const started = new Map<string, StartedEvent>();
  const ended = new Map<string, EndedEvent>();
  let isDrained = false;
  const path = join(folder, 'journal.jsonl');
  let offset = 0;
  const split = lineSplitter(MAX_SPAWNER_LINE_BYTES, (line) => {
    const event = parseEvent(line);
    if (event?.event === 'claimed') claimed.add(event.id);
    if (event?.event === 'started') started.set(event.id, isOfThisBoot ? event : { ...event, startTime: '' });
    // What the host had no room to start never began, and may be claimed again.
    if (event?.event === 'ended' && event.reason === REASON.hostExhausted) claimed.delete(event.id);
    else if (event?.event === 'ended') ended.set(event.id, event);
    if (event?.event === 'drained') isDrained = true;
  });
  return {
    folder,
    path,
    pid: spawner.pid,
    kill() {
      if (isOfThisBoot && isAlive(spawner)) signalProcess(spawner.pid, 'SIGKILL');
    },
    claimed,
    started,
    ended,
    isLive: () => isOfThisBoot && isAlive(spawner),
    isDrained: () => isDrained,
    refresh() {
      offset = readFrom(path, offset, split);
    },
    async remove() {
      await rm(folder, { recursive: true, force: true, maxRetries: 2 }).catch(() => {});
    },
  };
}

/** Undefined for a line that a full disk or a power loss has cut. */
function parseEvent(line: string): JournalEvent | undefined {
  try {
    return JSON.parse(line) as JournalEvent;
  } catch {
    return undefined;
  }
}

/** A folder has no journal yet in its first moment, and none any more when its removal was cut short. */
function readFrom(path: string, offset: number, onChunk: (chunk: Buffer) => void): number {
  if (!existsSync(path)) return offset;
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let at = offset;
    for (;;) {
      const count = readSync(fd, buffer, 0, READ_BYTES, at);
      if (count === 0) return at;
      at += count;
      onChunk(buffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}
