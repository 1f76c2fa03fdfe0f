import { futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SPAWNER_LINE_BYTES, SPAWNER_BEAT_MS } from '../../../base/index.ts';
import { REASON } from '../../reasons.ts';
import { largeOutputsPath, logPath, runtimeFolders } from './folders.ts';
import { nodeLauncher } from './launch-node.ts';
import { posixLauncher } from './launch-posix.ts';
import { bootId, processTable, proportionalBytes, signalGroup, startTimeOf } from './process-table.ts';
import { type Command, type EndedEvent, lineSplitter, type SpawnerEvent, type StartCommand } from './protocol.ts';
import { openSlots } from './slots.ts';
import { type LiveAttempt, startAttempt } from './spawner-attempt.ts';

/**
 * The spawner: a program of its own, so that starting a process never copies the daemon's heap and a task's end is
 * still recorded when the daemon is killed. Arguments: the attempts' folder, how many attempts at a time, and
 * `node` to do without the foreign-function interface.
 * It goes on without its daemon until the last of its attempts has ended, then exits.
 */

/** An attempt that lives this long gets its output read by events. */
const STREAM_AFTER_MS = 20;
/** An attempt that lives this long is announced as started. */
const ANNOUNCE_AFTER_MS = 50;
const SWEEP_MS = 20;
const MEMORY_CHECK_MS = 250;

const [root = '', capacityText = '', launcherName = 'auto'] = process.argv.slice(2);
const capacity = Number(capacityText);
const folders = runtimeFolders(root);
const folder = makeFolder();
const journal = openSync(join(folder, 'journal.jsonl'), 'wx', 0o600);
const host = {
  slots: openSlots(folder),
  launcher: (launcherName === 'node' ? undefined : posixLauncher()) ?? nodeLauncher(),
  logPath: (id: string) => logPath(folders, id),
  largeOutputsPath: (id: string) => largeOutputsPath(folder, id),
  isLeader: (pid: number) => leaders.has(pid),
};
const waiting = new Map<string, StartCommand>();
const live = new Map<string, LiveAttempt>();
const leaders = new Set<number>();
let isClosed = false;
let isDrained = false;
let sweepTimer: NodeJS.Timeout | undefined;
let nextMemoryCheckMs = 0;
let journalText = '';
/** What a disk that filled up in the middle of a line has not taken of it. */
let journalRest = Buffer.alloc(0);
let eventText = '';
let isFlushQueued = false;

// Ctrl-C in a terminal and a hang-up are for the daemon; the spawner ends with its work.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {});
process.stdout.on('error', () => {});

say({ event: 'ready', folder });
const split = lineSplitter(MAX_SPAWNER_LINE_BYTES, (line) => obey(JSON.parse(line) as Command));
setInterval(beat, SPAWNER_BEAT_MS);
process.stdin.on('data', split);
process.stdin.on('error', close);
process.stdin.on('end', close);

function obey(command: Command): void {
  switch (command.op) {
    case 'start':
      waiting.set(command.id, command);
      pump();
      return;
    case 'end':
      end(command.id, command.graceMs);
      return;
  }
}

function pump(): void {
  const room = capacity - live.size;
  if (room > 0 && waiting.size > 0) startSome([...waiting.values()].slice(0, room));
  if (live.size > 0) sweepTimer ??= setInterval(sweep, SWEEP_MS);
  if (isClosed) settle();
}

/** Claims all of them on paper with one write, then starts them. What the journal cannot hold is not started. */
function startSome(commands: readonly StartCommand[]): void {
  for (const command of commands) {
    waiting.delete(command.id);
    say({ event: 'claimed', id: command.id });
  }
  const failure = writeJournal();
  for (const command of commands) {
    if (failure !== undefined) say(notStarted(command.id, REASON.hostExhausted, failure));
    else start(command);
  }
}

function start(command: StartCommand): void {
  let attempt: LiveAttempt | undefined;
  attempt = startAttempt(host, command, (event) => {
    say(event);
    // A failed start answers from inside this very function, when it is not live yet; the next event goes on.
    if (attempt !== undefined) leaders.delete(attempt.pid);
    if (live.delete(command.id)) pump();
    else setImmediate(pump);
  });
  if (attempt === undefined) return;
  live.set(attempt.id, attempt);
  leaders.add(attempt.pid);
}

function end(id: string, graceMs: number): void {
  if (waiting.delete(id)) {
    say(notStarted(id, REASON.aborted, 'ended before it started'));
    return;
  }
  const attempt = live.get(id);
  if (attempt === undefined || attempt.isEnding || attempt.cancelKill !== undefined) return;
  signalGroup(attempt.pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(attempt.pid, 'SIGKILL'), graceMs);
  attempt.cancelKill = () => clearTimeout(timer);
}

function notStarted(id: string, reason: string, note: string): EndedEvent {
  const now = Date.now();
  return { event: 'ended', id, exitCode: 128, reason, note, startedAtMs: now, finishedAtMs: now };
}

/** Announces and streams the long-lived, and watches memory. Runs only while something lives. */
function sweep(): void {
  const now = Date.now();
  for (const attempt of live.values()) {
    if (now - attempt.startedAtMs >= STREAM_AFTER_MS && !attempt.isEnding) attempt.stream();
    if (now - attempt.startedAtMs >= ANNOUNCE_AFTER_MS) announce(attempt);
  }
  if (now >= nextMemoryCheckMs) {
    nextMemoryCheckMs = now + MEMORY_CHECK_MS;
    endOversized([...live.values()].filter((attempt) => attempt.memoryBytes !== undefined && !attempt.isEnding));
  }
  if (live.size === 0) {
    clearInterval(sweepTimer);
    sweepTimer = undefined;
  }
}

function announce(attempt: LiveAttempt): void {
  if (attempt.isAnnounced || attempt.isEnding) return;
  attempt.isAnnounced = true;
  const { id, pid, startedAtMs } = attempt;
  say({ event: 'started', id, pid, startTime: startTimeOf(pid) ?? '', startedAtMs });
}

function endOversized(limited: readonly LiveAttempt[]): void {
  if (limited.length === 0) return;
  const table = processTable();
  for (const attempt of limited) {
    const bytes = proportionalBytes(attempt.pid, table);
    if (bytes === undefined || attempt.memoryBytes === undefined || bytes <= attempt.memoryBytes) continue;
    attempt.isOverMemory = true;
    signalGroup(attempt.pid, 'SIGKILL');
  }
}

/** The daemon is gone, or done with this spawner: what has not started is left to a successor. */
function close(): void {
  isClosed = true;
  waiting.clear();
  pump();
}

/** Nothing starts any more: says so once all that lives is in the journal, and leaves after the last end. */
function settle(): void {
  for (const attempt of live.values()) announce(attempt);
  if (!isDrained) say({ event: 'drained' });
  isDrained = true;
  if (live.size > 0) return;
  flush();
  process.exit(0);
}

/** Queues an event for the journal and the daemon; all of one turn go out in one write each. */
function say(event: SpawnerEvent): void {
  const line = `${JSON.stringify(event)}\n`;
  if (event.event !== 'claimed') eventText += line;
  if (event.event !== 'ready') journalText += line;
  if (isFlushQueued) return;
  isFlushQueued = true;
  setImmediate(flush);
}

/** The journal first: what the daemon has heard of is then known to its successor as well. */
function flush(): void {
  isFlushQueued = false;
  writeJournal();
  process.stdout.write(eventText);
  eventText = '';
}

/** Why it cannot be written, if so: the text stays for the next time, and a living daemon hears of ends all the same. */
function writeJournal(): string | undefined {
  if (journalText !== '') journalRest = Buffer.concat([journalRest, Buffer.from(journalText)]);
  journalText = '';
  try {
    while (journalRest.length > 0) journalRest = journalRest.subarray(writeSync(journal, journalRest));
    return undefined;
  } catch (error) {
    return `the spawner's journal cannot be written (${(error as NodeJS.ErrnoException).code}); free disk space`;
  }
}

/** Shows that it is alive. On a disk that takes no more, its other writes will say so. */
function beat(): void {
  const now = Date.now() / 1_000;
  try {
    futimesSync(journal, now, now);
  } catch {}
}

function makeFolder(): string {
  const path = join(folders.spawners, `${bootId()}.${process.pid}.${startTimeOf(process.pid) ?? '0'}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  mkdirSync(folders.logs, { recursive: true, mode: 0o700 });
  return path;
}
