import { readFileSync } from 'node:fs';
import { MAX_UNPACK_PROCESSES, UNPACK_CPU, UNPACK_LOOK } from '../../../base/index.ts';

/** The kernel counts CPU time in hundredths of a second for whoever reads it (USER_HZ, proc(5)). */
const TICK_MS = 10;
const MiB = 1024 * 1024;

/**
 * Calls `exceeded` once when a process and its children have taken more CPU than what was sent to them is worth: a pack
 * of a few kilobytes can unpack to terabytes, by deltas of deltas or by zeros. Looks first after a moment, so an
 * ordinary push is never looked at. Returns what ends it. Where there is no /proc only the timeout of requests helps.
 */
export function watchEffort(pid: number, receivedBytes: () => number, exceeded: () => void): () => void {
  let timer = setTimeout(look, UNPACK_LOOK.firstMs);
  function look(): void {
    const allowedMs = UNPACK_CPU.baseMs + (receivedBytes() / MiB) * UNPACK_CPU.perMiBMs;
    if (cpuOf(pid) > allowedMs) exceeded();
    else timer = setTimeout(look, UNPACK_LOOK.everyMs);
  }
  return () => clearTimeout(timer);
}

/** CPU time in milliseconds of a process and what it started and still has; 0 where that cannot be seen. */
function cpuOf(root: number): number {
  const queue = [root];
  let ms = 0;
  for (let at = 0; at < queue.length && at < MAX_UNPACK_PROCESSES; at += 1) {
    try {
      const pid = queue[at] as number;
      // Fields behind the name, which may hold anything: utime, stime, cutime and cstime are 14 to 17 of proc(5).
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      for (const field of fields.slice(11, 15)) ms += Number(field) * TICK_MS;
      for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')) {
        if (child !== '') queue.push(Number(child));
      }
    } catch {
      // It has ended, and its parent has its time; or there is no /proc.
    }
  }
  return ms;
}
