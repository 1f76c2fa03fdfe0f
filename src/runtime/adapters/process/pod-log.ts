import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../../base/index.ts';
import { type Cluster, InvalidError, type LogOptions, type ObjectKey, type Pod } from '../../../cluster/index.ts';
import { STAMP_BYTES } from './capture.ts';
import { isTerminal } from './pod-status.ts';

/** What reading logs needs to know of the agent. */
export interface LogHost {
  readonly cluster: Cluster;
  readonly clock: Clock;
  logPath(uid: string): string;
  /** Whether output of this attempt may still come. */
  isLive(uid: string): boolean;
}

const CHUNK_BYTES = 64 * 1024;
const FOLLOW_POLL_MS = 100;

/**
 * The output of a pod's attempt. With `follow` it waits for a pod that has not started, and ends when the attempt has
 * ended. Errors: NotFoundError; InvalidError for another container, a previous one, or a pod that has not started.
 */
export async function* readPodLog(host: LogHost, key: ObjectKey, options: LogOptions): AsyncGenerator<Uint8Array> {
  const pod = await host.cluster.get<Pod>(key);
  checkOptions(pod, options);
  const uid = pod.metadata.uid ?? '';
  const isOver = async (): Promise<boolean> => !host.isLive(uid) && (await hasEnded(host, key, uid));
  let file: FileHandle | undefined;
  try {
    const lines = lineFilter(options, host.clock.now());
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    for (let offset = -1; left > 0 && options.signal?.aborted !== true; ) {
      // Asked before reading: what came until then is read in this round.
      const isLast = options.follow !== true || (await isOver());
      file ??= await openIfThere(host.logPath(uid));
      if (file !== undefined) {
        if (offset < 0) offset = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
        for (let chunk = await readAt(file, offset); chunk.length > 0 && left > 0; chunk = await readAt(file, offset)) {
          offset += chunk.length;
          const shown = lines(chunk).subarray(0, left);
          left -= shown.length;
          if (shown.length > 0) yield shown;
        }
      }
      if (isLast) return;
      await pause(host.clock, options.signal);
    }
  } finally {
    await file?.close();
  }
}

function checkOptions(pod: Pod, options: LogOptions): void {
  const { name } = pod.metadata;
  const container = pod.spec.containers[0]?.name ?? '';
  if (options.container !== undefined && options.container !== container) {
    throw new InvalidError(`container ${options.container} is not valid for pod ${name}; it has "${container}"`);
  }
  if (options.previous === true) {
    throw new InvalidError(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  const isWaiting = !isTerminal(pod) && pod.status?.phase !== 'Running';
  if (isWaiting && options.follow !== true) {
    throw new InvalidError(
      `container "${container}" in pod "${name}" is waiting to start; follow the log to wait for it`,
    );
  }
}

async function hasEnded(host: LogHost, key: ObjectKey, uid: string): Promise<boolean> {
  try {
    const pod = await host.cluster.get<Pod>(key);
    return pod.metadata.uid !== uid || isTerminal(pod);
  } catch {
    return true;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readAt(file: FileHandle, offset: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, offset);
  return buffer.subarray(0, bytesRead);
}

/** Where the last `count` lines begin; a last line without its end counts. */
async function tailOffset(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count <= 0) return size;
  let newlines = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = (await readAt(file, start)).subarray(0, end - start);
    for (let at = chunk.lastIndexOf(10); at >= 0; at = at === 0 ? -1 : chunk.lastIndexOf(10, at - 1)) {
      // The newline at the very end closes the last line and begins none.
      if (start + at + 1 < size) newlines += 1;
      if (newlines === count) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

/** Takes a log file's bytes and gives what is asked for: stamps cut off or kept, lines that are too old left out. */
function lineFilter(options: LogOptions, nowMs: number): (chunk: Uint8Array) => Uint8Array {
  const sinceMs = options.sinceMs === undefined ? undefined : nowMs - options.sinceMs;
  let stamp: Uint8Array = Buffer.alloc(0);
  let isShown = true;
  return (chunk) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (stamp.length < STAMP_BYTES) {
        const more = chunk.subarray(at, at + STAMP_BYTES - stamp.length);
        stamp = Buffer.concat([stamp, more]);
        at += more.length;
        if (stamp.length < STAMP_BYTES) break;
        isShown = sinceMs === undefined || Date.parse(Buffer.from(stamp).toString('latin1').trimEnd()) >= sinceMs;
        if (isShown && options.timestamps === true) pieces.push(stamp);
      }
      const newline = chunk.indexOf(10, at);
      const end = newline < 0 ? chunk.length : newline + 1;
      if (isShown) pieces.push(chunk.subarray(at, end));
      if (newline >= 0) stamp = Buffer.alloc(0);
      at = end;
    }
    return Buffer.concat(pieces);
  };
}

function pause(clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.at(clock.now() + FOLLOW_POLL_MS, done);
    signal?.addEventListener('abort', done);
  });
}
