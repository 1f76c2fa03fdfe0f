import { IDLE_MEMORY } from '../base/index.ts';
import { openCollector } from './collector.ts';
import { openNativeMemory } from './native-memory.ts';

/**
 * Gives memory back once the process has become quiet after a burst: has used less than `quietCpuMs` between two polls;
 * returns what ends it. V8 collects when it needs
 * room, so a process that does nothing keeps the garbage and the young generation of its busiest moment for ever: some
 * 200 MB after a first push of 10,000 definitions. The C library keeps 30 MB more in its arenas, and the start leaves
 * 45 MB of the program's own pages mapped.
 */
export function releaseIdleMemory(quietCpuMs: number = IDLE_MEMORY.quietCpuMs): () => void {
  const collect = openCollector();
  const native = openNativeMemory();
  const rss = process.memoryUsage.rss;
  let cpu = process.cpuUsage();
  let isQuiet = false;
  let isSettled = false;
  let releasedRss = 0;
  let notBefore = 0;
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const wasQuiet = isQuiet;
    isQuiet = (user + system) / 1_000 < quietCpuMs;
    const before = rss();
    isSettled &&= before < releasedRss + IDLE_MEMORY.grownBytes;
    if (!isQuiet || !wasQuiet || performance.now() < notBefore) return;
    if (isSettled && before < releasedRss + IDLE_MEMORY.pagesBytes) return;
    if (!isSettled) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    native?.trimHeap();
    // What was still held by something that lets go a little later is found by the next one.
    isSettled ||= before - rss() < IDLE_MEMORY.worthBytes;
    native?.dropFilePages();
    releasedRss = rss();
    notBefore = performance.now() + IDLE_MEMORY.againMs;
    cpu = process.cpuUsage();
  }, IDLE_MEMORY.pollMs);
  timer.unref();
  return () => clearInterval(timer);
}
