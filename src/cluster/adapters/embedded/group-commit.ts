import {
  INLINE_SYNC_MS,
  MAX_GROUP_BYTES,
  MAX_QUEUED_BYTES,
  type StalledError,
  WaitError,
} from '../../../base/index.ts';
import type { KubeObject } from '../../object.ts';
import type { AppendLog } from './log.ts';
import { storageError } from './log.ts';
import type { Staged } from './stage.ts';

/** A batch on its way to the disk. */
interface Waiting {
  readonly staged: Staged;
  readonly done: (written: readonly KubeObject[]) => void;
  readonly failed: (error: Error) => void;
}

export interface GroupCommit {
  /** Takes a staged batch; calls back once it is on the disk and visible, or once it is taken back. */
  readonly enqueue: (staged: Staged, done: Waiting['done'], failed: Waiting['failed']) => void;
  /** Throws WaitError when so much waits for the disk that no more is taken. */
  readonly checkRoom: () => void;
  /** Resolves when nothing waits for the disk. */
  readonly drained: () => Promise<void>;
  readonly stats: GroupStats;
}

export interface GroupStats {
  frames: number;
  batches: number;
  bytes: number;
}

export interface GroupCallbacks {
  /** Makes a durable batch visible and returns what its writes answer. */
  readonly commit: (staged: Staged) => readonly KubeObject[];
  /** After all batches of a frame are visible, before their writers go on. */
  readonly afterCommit: () => void;
  /** Takes back batches that are not on the disk, newest last. */
  readonly abandon: (staged: readonly Staged[]) => void;
}

/** One small write is alone when its text is below this. */
const INLINE_BYTES = 64 * 1024;

/**
 * Joins all batches that come while the disk is busy, or in one turn of the event loop, into one frame and one sync.
 * A lone small batch on a fast disk is written on this thread, which saves two thread switches; else libuv's pool waits.
 */
export function groupCommit(log: AppendLog, folder: string, callbacks: GroupCallbacks): GroupCommit {
  let queue: Waiting[] = [];
  let queuedBytes = 0;
  let isBusy = false;
  let isScheduled = false;
  let syncMs = INLINE_SYNC_MS;
  let idle: (() => void)[] = [];
  const stats: GroupStats = { frames: 0, batches: 0, bytes: 0 };

  return {
    stats,
    enqueue(staged, done, failed) {
      queue.push({ staged, done, failed });
      queuedBytes += staged.text.length;
      schedule();
    },
    checkRoom() {
      if (queuedBytes > MAX_QUEUED_BYTES) {
        throw new WaitError(`${queuedBytes} bytes already wait for the disk of ${folder}`, 100);
      }
    },
    drained: () =>
      new Promise((resolve) => {
        idle.push(resolve);
        schedule();
      }),
  };

  function schedule(): void {
    if (isBusy || isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    isScheduled = false;
    const group = takeGroup();
    if (group.length === 0) {
      const resolve = idle;
      idle = [];
      for (const one of resolve) one();
      return;
    }
    let text = '';
    for (const { staged } of group) text += staged.text;
    if (text === '') {
      settle(group);
      return;
    }
    stats.frames++;
    stats.batches += group.length;
    stats.bytes += text.length;
    const inline = group.length === 1 && text.length < INLINE_BYTES && syncMs < INLINE_SYNC_MS;
    const startMs = performance.now();
    try {
      const later = log.append(text, inline);
      if (later === undefined) {
        measured(startMs);
        settle(group);
        return;
      }
      isBusy = true;
      later.then(
        () => {
          measured(startMs);
          isBusy = false;
          settle(group);
        },
        (error) => {
          isBusy = false;
          fail(group, storageError(folder, error));
        },
      );
    } catch (error) {
      fail(group, storageError(folder, error));
    }
  }

  function takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { staged } of queue) {
      if (count > 0 && bytes + staged.text.length > MAX_GROUP_BYTES) break;
      bytes += staged.text.length;
      count++;
    }
    const group = count === queue.length ? queue : queue.slice(0, count);
    queue = count === queue.length ? [] : queue.slice(count);
    queuedBytes -= bytes;
    return group;
  }

  function settle(group: readonly Waiting[]): void {
    const answers = group.map(({ staged }) => callbacks.commit(staged));
    callbacks.afterCommit();
    for (let i = 0; i < group.length; i++) (group[i] as Waiting).done(answers[i] as readonly KubeObject[]);
    if (queue.length > 0 || idle.length > 0) schedule();
  }

  /** All that was accepted after a lost write was checked against it, so it is lost as well. */
  function fail(group: readonly Waiting[], error: StalledError): void {
    const lost = [...group, ...queue];
    queue = [];
    queuedBytes = 0;
    callbacks.abandon(lost.map(({ staged }) => staged));
    for (const { failed } of lost) failed(error);
    if (idle.length > 0) schedule();
  }

  /** Follows the disk at a quarter of each step, so that one slow write does not decide. */
  function measured(startMs: number): void {
    syncMs += (performance.now() - startMs - syncMs) / 4;
  }
}
