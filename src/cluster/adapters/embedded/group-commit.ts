import {
  INLINE_SYNC_MS,
  MAX_FOLLOW_UPS,
  MAX_GROUP_BYTES,
  MAX_QUEUED_BYTES,
  type StalledError,
  WaitError,
} from '../../../base/index.ts';
import { type AppendLog, append, storageError } from './log.ts';
import type { Staged } from './stage.ts';

/** A batch on its way to the disk. */
interface Waiting {
  readonly staged: Staged;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

export interface GroupCallbacks {
  /** Makes a durable batch visible. */
  readonly commit: (staged: Staged) => void;
  /** After all batches of a frame are visible, before their writers go on. */
  readonly afterCommit: () => void;
  /** Takes back batches that are not on the disk, newest last. */
  readonly abandon: (staged: readonly Staged[]) => void;
}

/**
 * Joins all batches that come while the disk is busy, or in one turn of the event loop, into one frame and one sync.
 * A lone small batch on a fast disk is written on this thread, which saves two thread switches; else libuv's pool waits.
 */
export interface GroupCommit {
  readonly log: AppendLog;
  readonly callbacks: GroupCallbacks;
  queue: Waiting[];
  queuedBytes: number;
  /** The last frame whose batches are visible. */
  committedSequence: number;
  isBusy: boolean;
  isScheduled: boolean;
  /** Lone writes that may still follow one another within this turn of the event loop. */
  followUps: number;
  isTurnEndArmed: boolean;
  /** What a write to the disk took lately. */
  syncMs: number;
  whenIdle: readonly (() => void)[];
  frames: number;
  batches: number;
  writtenBytes: number;
}

/** A batch is small when its text is below this. */
const INLINE_BYTES = 64 * 1024;

export function newGroupCommit(log: AppendLog, callbacks: GroupCallbacks): GroupCommit {
  return {
    log,
    callbacks,
    queue: [],
    queuedBytes: 0,
    committedSequence: log.sequence,
    isBusy: false,
    isScheduled: false,
    followUps: 0,
    isTurnEndArmed: false,
    syncMs: INLINE_SYNC_MS,
    whenIdle: [],
    frames: 0,
    batches: 0,
    writtenBytes: 0,
  };
}

/** Takes a staged batch; calls back once it is on the disk and visible, or once it is taken back. */
export function enqueue(group: GroupCommit, staged: Staged, done: () => void, failed: (error: Error) => void): void {
  group.queue.push({ staged, done, failed });
  group.queuedBytes += staged.text.length;
  schedule(group);
}

/** Throws WaitError when so much waits for the disk that no more is taken. */
export function checkRoom({ queuedBytes, log }: GroupCommit): void {
  if (queuedBytes <= MAX_QUEUED_BYTES) return;
  throw new WaitError(`${queuedBytes} bytes already wait for the disk of ${log.folder}`, 100);
}

/** Resolves when nothing waits for the disk. */
export function drained(group: GroupCommit): Promise<void> {
  return new Promise((resolve) => {
    group.whenIdle = [...group.whenIdle, resolve];
    schedule(group);
  });
}

/** The turn's other writers come first: they share the sync. */
function schedule(group: GroupCommit): void {
  if (group.isBusy || group.isScheduled) return;
  group.isScheduled = true;
  if (group.followUps === 0) {
    setImmediate(flush, group);
    return;
  }
  group.followUps -= 1;
  queueMicrotask(() => flush(group));
}

/**
 * Whoever was alone and writes again at once, as a chain of steps does, is not made to wait for a turn of the event
 * loop: that was a quarter of what a step takes besides the disk. A few times only, so that the loop goes on.
 */
function allowFollowUps(group: GroupCommit): void {
  if (group.isTurnEndArmed) return;
  group.isTurnEndArmed = true;
  group.followUps = MAX_FOLLOW_UPS;
  setImmediate(() => {
    group.isTurnEndArmed = false;
    group.followUps = 0;
  });
}

function flush(group: GroupCommit): void {
  group.isScheduled = false;
  const batches = takeBatches(group);
  if (batches.length === 0) {
    const { whenIdle } = group;
    group.whenIdle = [];
    for (const resolve of whenIdle) resolve();
    return;
  }
  let text = '';
  for (const { staged } of batches) text += staged.text;
  if (text === '') settle(group, batches);
  else writeFrame(group, batches, text);
}

function writeFrame(group: GroupCommit, batches: readonly Waiting[], text: string): void {
  group.frames++;
  group.batches += batches.length;
  group.writtenBytes += text.length;
  const inline = batches.length === 1 && text.length < INLINE_BYTES && group.syncMs < INLINE_SYNC_MS;
  const startMs = performance.now();
  const written = (): void => {
    // Followed at a quarter of each step, so that one slow write does not decide.
    group.syncMs += (performance.now() - startMs - group.syncMs) / 4;
    group.isBusy = false;
    if (inline) allowFollowUps(group);
    settle(group, batches);
  };
  const refused = (error: unknown): void => {
    group.isBusy = false;
    fail(group, batches, storageError(group.log.folder, error));
  };
  let later: Promise<void> | undefined;
  try {
    later = append(group.log, text, inline);
  } catch (error) {
    refused(error);
    return;
  }
  if (later === undefined) written();
  else {
    group.isBusy = true;
    later.then(written, refused);
  }
}

/** The batches of the next frame: as many as waited, up to the size of a frame. */
function takeBatches(group: GroupCommit): readonly Waiting[] {
  const { queue } = group;
  let bytes = 0;
  let count = 0;
  for (const { staged } of queue) {
    if (count > 0 && bytes + staged.text.length > MAX_GROUP_BYTES) break;
    bytes += staged.text.length;
    count++;
  }
  group.queue = queue.slice(count);
  group.queuedBytes -= bytes;
  return count === queue.length ? queue : queue.slice(0, count);
}

function settle(group: GroupCommit, batches: readonly Waiting[]): void {
  for (const { staged } of batches) group.callbacks.commit(staged);
  group.committedSequence = group.log.sequence;
  group.callbacks.afterCommit();
  for (const { done } of batches) done();
  if (group.queue.length > 0 || group.whenIdle.length > 0) schedule(group);
}

/** All that was accepted after a lost write was checked against it, so it is lost as well. */
function fail(group: GroupCommit, batches: readonly Waiting[], error: StalledError): void {
  const lost = [...batches, ...group.queue];
  group.queue = [];
  group.queuedBytes = 0;
  group.callbacks.abandon(lost.map(({ staged }) => staged));
  for (const { failed } of lost) failed(error);
  if (group.whenIdle.length > 0) schedule(group);
}
