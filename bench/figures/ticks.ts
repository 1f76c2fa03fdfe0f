import { openBareLog } from '../bare-log.ts';
import { openCronJobs } from '../cron-jobs.ts';
import type { Session } from '../figure.ts';
import { fill, newFolder, openStore, openTickHost, prepare, type TickHost, yearly } from '../tick-host.ts';
import { usedBytes } from '../used-memory.ts';

const DUE = 10_000;
const MANY_DUE = 100_000;
/** Due together where the cost of a tick is compared; on the smaller side these are all that there are. */
const FEW = 1_000;
/** Each group of schedules has its own seconds of this span, so that none is late because of another. */
const SPAN_S = 15;
const LAST_S = 13;
const IDLE_MS = 10_000;
/** What a start leaves to do, as the collector's work, is none of what idling costs. */
const SETTLE_MS = 5_000;
/** The processor time of ticks counts from so long before they are due. What is prepared before that does not depend on n. */
const BEFORE_MS = 100;

export function open(): Promise<Session> {
  return openTicks(100_000);
}

/** A scheduler with so many schedules besides those that are due, beside one with 1,000, the jobs of a library and a bare log. */
export async function openTicks(count: number): Promise<Session> {
  const floor = openBareLog();
  // First: what it costs while nothing is due is measured when it is opened, and the other one ticks all the time.
  const many = await openMany(count);
  const few = await openFew();
  const jobs = await openCronJobs({ count: DUE, pattern: '11,26,41,56 * * * * *', timeZone: 'Europe/Berlin' });
  return {
    async round() {
      await untilSecond(LAST_S);
      const due = await ticked(many.host, DUE, 0);
      const fewFirst = await ticked(few.host, FEW, 2);
      const manyFirst = await ticked(many.host, FEW, 3);
      const manyDue = await ticked(many.host, MANY_DUE, 5);
      const fewLater = await ticked(few.host, FEW, 8);
      const manyLater = await ticked(many.host, FEW, 9);
      const cronMs = await jobs.late();
      return {
        ...many.samples,
        dueMs: due.late,
        dueCpuMicros: due.cpuMicros,
        manyDueMs: manyDue.late,
        manyDueCpuMicros: manyDue.cpuMicros,
        fewCpuMicros: [fewFirst.cpuMicros, fewLater.cpuMicros],
        manyCpuMicros: [manyFirst.cpuMicros, manyLater.cpuMicros],
        cronMs,
        floorMs: floor.append(5, DUE / 5),
        manyFloorMs: floor.append(50, MANY_DUE / 50),
      };
    },
    async close() {
      jobs.close();
      await few.close();
      await many.close();
      floor.close();
    },
  };
}

/**
 * How late each tick of a group was whose second comes next, and the processor time of all threads for one: from the start of
 * that second, so that what the group before left to do does not count.
 */
async function ticked(
  host: TickHost,
  count: number,
  second: number,
): Promise<{ readonly late: readonly number[]; readonly cpuMicros: number }> {
  const ticks = host.late(count);
  await untilSecond(second, BEFORE_MS);
  const before = process.cpuUsage();
  const late = await ticks;
  const { user, system } = process.cpuUsage(before);
  return { late, cpuMicros: (user + system) / count };
}

async function openFew() {
  const folder = newFolder('ticks-few');
  const store = await openStore(folder);
  await prepare(store, Date.now());
  const host = await openTickHost(store);
  await fill(store, 'few', FEW, () => ({ cron: '2,8,17,23,32,38,47,53 * * * * *' }));
  return {
    host,
    async close() {
      await host.close();
      folder.remove();
    },
  };
}

async function openMany(count: number) {
  const folder = newFolder('ticks-many');
  const filling = await openStore(folder);
  await prepare(filling, Date.now());
  const beforeFill = performance.now();
  await fill(filling, 'yearly', count, yearly);
  const createMicros = ((performance.now() - beforeFill) / count) * 1_000;
  await filling.close();
  const emptyBytes = usedBytes();
  const beforeOpen = performance.now();
  const store = await openStore(folder);
  const openMs = performance.now() - beforeOpen;
  const storeBytes = usedBytes();
  const host = await openTickHost(store);
  const samples = {
    createMicros,
    openMs,
    startMs: host.startMs,
    storeBytes: (storeBytes - emptyBytes) / count,
    bytes: (usedBytes() - storeBytes) / count,
    idlePercent: await idlePercent(),
  };
  await fill(store, 'due', DUE, () => ({ cron: `0/${SPAN_S} * * * * *` }));
  await fill(store, 'some', FEW, () => ({ cron: '3,9,18,24,33,39,48,54 * * * * *' }));
  await fill(store, 'many', MANY_DUE, () => ({ cron: `5/${SPAN_S} * * * * *` }));
  return {
    host,
    samples,
    async close() {
      await host.close();
      folder.remove();
    },
  };
}

/** Processor time of all threads while nothing is due, in percent of one core. */
async function idlePercent(): Promise<number> {
  await pause(SETTLE_MS);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await pause(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / (performance.now() - startedMs);
}

/** Resolves in that second of a span, or so long before it begins. */
async function untilSecond(second: number, beforeMs = 0): Promise<void> {
  while (Math.floor((Date.now() + beforeMs) / 1_000) % SPAN_S !== second) await pause(20);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
