import { IDLE_MEMORY, type IdleMemory } from '../base/index.ts';
import { openCollector } from './collector.ts';
import { openNativeMemory } from './native-memory.ts';

export interface IdleMemoryRelease {
  /** A burst is over, somebody knows: what it has left behind, if it is much, is given back at once. */
  afterBurst(): void;
  stop(): void;
}

/**
 * Gives memory back once the process has become quiet after a burst: has used less than `quietCpuMs` between two polls. V8
 * collects when it needs room, so a process that does nothing keeps the garbage and the young generation of its busiest
 * moment for ever: some 200 MB after a first push of 10,000 definitions. The C library keeps 30 MB more in its arenas, and
 * the start leaves 45 MB of the program's own pages mapped. A heap above `stopBytes` is left to V8: to collect a gigabyte
 * stops everything for 1.3 s, and a tick may come in the middle of it.
 */
export function releaseIdleMemory(limits: IdleMemory = IDLE_MEMORY): IdleMemoryRelease {
  const collect = openCollector();
  const native = openNativeMemory();
  const rss = process.memoryUsage.rss;
  const startRss = rss();
  let cpu = process.cpuUsage();
  let isQuiet = false;
  let isSettled = false;
  let releasedRss = 0;
  let notBefore = 0;
  const release = (before: number): void => {
    if (!isSettled && process.memoryUsage().heapUsed <= limits.stopBytes) {
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    }
    native?.trimHeap();
    // What was still held by something that lets go a little later is found by the next one.
    isSettled ||= before - rss() < limits.worthBytes;
    native?.dropFilePages();
    releasedRss = rss();
    notBefore = performance.now() + limits.againMs;
    cpu = process.cpuUsage();
  };
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const wasQuiet = isQuiet;
    isQuiet = (user + system) / 1_000 < limits.quietCpuMs;
    const before = rss();
    isSettled &&= before < releasedRss + limits.grownBytes;
    if (!isQuiet || !wasQuiet || performance.now() < notBefore) return;
    if (isSettled && before < releasedRss + limits.pagesBytes) return;
    release(before);
  }, limits.pollMs);
  timer.unref();
  return {
    afterBurst() {
      const before = rss();
      if (before < startRss + limits.worthBytes) return;
      isSettled = false;
      release(before);
      isSettled = true;
    },
    stop: () => clearInterval(timer),
  };
}
