import type { CatchUp, Schedule } from '../../src/cluster/index.ts';
import { hostClock } from '../../src/main/host.ts';
import type { Session } from '../figure.ts';
import { fill, newFolder, openStore, openTickHost, prepare } from '../tick-host.ts';

const SCHEDULES = 1_000;
const HOUR_MS = 3_600_000;
const MISSED_HOURS = 8_760;
const LIMIT = 10;
/** So that every missed tick is one of the year, and none comes while the figure is measured. */
const AGE_MS = MISSED_HOURS * HOUR_MS;

/**
 * A scheduler that was away for a year starts: what was missed is counted, and of each schedule the latest tick, or the
 * ten newest, made up for. All 8,760,000 are decided; those that the policy keeps become durable executions.
 */
export async function open(): Promise<Session> {
  return {
    round: async () => {
      const latest = await catchUp({ policy: 'latest' }, SCHEDULES);
      const newest = await catchUp({ policy: 'all', limit: LIMIT }, SCHEDULES * LIMIT);
      return {
        latestMs: latest.ms,
        latestCpuMs: latest.cpuMs,
        newestMs: newest.ms,
        newestCpuMs: newest.cpuMs,
        decidedPerSecond: (SCHEDULES * MISSED_HOURS) / (latest.ms / 1_000),
        missed: latest.missed,
      };
    },
    async close() {},
  };
}

async function catchUp(policy: CatchUp, wanted: number) {
  const folder = newFolder('catch-up');
  const store = await openStore(folder);
  const since = hostClock.now() - AGE_MS;
  await prepare(store, since);
  const more: Partial<Schedule['spec']> = { catchUp: policy };
  const start = new Date(since).toISOString();
  await fill(store, 'hourly', SCHEDULES, (index) => ({ cron: `${minuteOf(index)} * * * *` }), more, start);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const host = await openTickHost(store);
  while (host.scheduler.counters.caughtUp < wanted) await new Promise((resolve) => setTimeout(resolve, 1));
  const ms = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  const { missed } = host.scheduler.counters;
  await host.close();
  folder.remove();
  return { ms, cpuMs: (user + system) / 1_000, missed };
}

/** All minutes but those that are near. */
function minuteOf(index: number): number {
  return (new Date().getUTCMinutes() + 10 + (index % 40)) % 60;
}
