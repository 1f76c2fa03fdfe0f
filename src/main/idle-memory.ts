import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { IDLE_MEMORY } from '../base/index.ts';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * Gives memory back once the process has become quiet after a burst; returns what ends it. V8 collects when it needs
 * room, so a process that does nothing keeps the garbage and the young generation of its busiest moment for ever: some
 * 200 MB after a first push of 10,000 definitions. V8 has no call for this but the collector itself, which is behind a flag.
 */
export function releaseIdleMemory(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  let cpu = process.cpuUsage();
  let isQuiet = false;
  let releasedRss = 0;
  let isSettled = false;
  let notBefore = 0;
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const wasQuiet = isQuiet;
    isQuiet = (user + system) / 1_000 < IDLE_MEMORY.quietCpuMs;
    const before = process.memoryUsage.rss();
    isSettled &&= before < releasedRss + IDLE_MEMORY.worthBytes;
    if (!isQuiet || !wasQuiet || isSettled || performance.now() < notBefore) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    releasedRss = process.memoryUsage.rss();
    // What was still held by something that lets go a little later is found by the next one.
    isSettled = before - releasedRss < IDLE_MEMORY.worthBytes;
    notBefore = performance.now() + IDLE_MEMORY.againMs;
    cpu = process.cpuUsage();
  }, IDLE_MEMORY.pollMs);
  timer.unref();
  return () => clearInterval(timer);
}
