import { REPLACED_PAUSE_MS, TICK_WRITE_RETRY_MS, WaitError } from '../../base/index.ts';
import type { Cluster } from '../../cluster/index.ts';
import { type Elector, type ElectorOptions, startElector } from '../shards/index.ts';
import { pause } from './take-over.ts';
import { type SchedulerCounters, type SchedulerPorts, startTerm, type Term } from './term.ts';

export interface SchedulerOptions extends SchedulerPorts {
  /** Who wants to be the one that ticks, where there may be others. Absent: nobody else works on this cluster. */
  readonly election?: Pick<ElectorOptions, 'identity' | 'timing'>;
}

export interface Scheduler {
  readonly counters: SchedulerCounters;
  readonly stats: () => SchedulerStats;
  /** Resolves when no tick is in the making. */
  stop(): Promise<void>;
}

/** What is now. */
export interface SchedulerStats {
  /** It is the one that ticks. */
  readonly isLeader: boolean;
  /** Ticks that are being made durable, and schedules that have missed ones or are behind. */
  readonly waiting: number;
  /** Schedules that are behind: set aside, suspended, or held up by their rate limit. */
  readonly behind: number;
}

/** Name of the lease. */
const LEASE = 'pipectl-scheduler';

/** Starts the loop. It ends with `stop`; errors of one schedule stay with that schedule. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const counters: SchedulerCounters = {
    active: 0,
    started: 0,
    failed: 0,
    lastLatenessMs: 0,
    missed: 0,
    caughtUp: 0,
    skipped: 0,
    retriedWrites: 0,
  };
  let leading: AbortController | undefined;
  let term: Term | undefined;
  let running: Promise<void> = Promise.resolve();
  let elector: Elector | undefined;
  const isHeld = (): boolean => elector?.isHeld() ?? true;
  const ports: SchedulerPorts =
    options.election === undefined
      ? options
      : { ...options, cluster: heldOnly(options.cluster, isHeld), mayWrite: isHeld };

  const begin = (): void => {
    const mine = new AbortController();
    leading = mine;
    running = running
      .then(() => lead(mine))
      .catch((error: unknown) => {
        options.log.write('error', 'the scheduler ended by a fault', { error: String(error) });
      });
  };
  const finish = (): void => {
    leading?.abort('ended');
    leading = undefined;
  };
  const lead = async (mine: AbortController): Promise<void> => {
    while (!mine.signal.aborted) {
      const { promise: replaced, resolve } = Promise.withResolvers<void>();
      mine.signal.addEventListener('abort', () => resolve());
      term = await startTerm(ports, counters, mine.signal, resolve);
      await (term === undefined ? undefined : replaced);
      await term?.end();
      term = undefined;
      // Two who both believe that they lead must not keep each other from ticking.
      if (!mine.signal.aborted) await pause(options.clock, REPLACED_PAUSE_MS * options.random.unit(), mine.signal);
    }
    counters.active = 0;
  };

  if (options.election === undefined) begin();
  else {
    elector = startElector(
      { ...options, ...options.election, name: LEASE, labels: {}, isPrompt: true },
      { acquired: begin, lost: finish },
    );
  }
  return {
    counters,
    stats: () => ({
      isLeader: term !== undefined,
      waiting: term?.waiting() ?? 0,
      behind: term?.lanes.laggards.size ?? 0,
    }),
    async stop() {
      finish();
      await elector?.stop();
      finish();
      await running;
    },
  };
}

/**
 * Writes while the lease is held. Who stood still knows of no change since, and would settle ticks of schedules of which it has
 * not heard: nobody may have replaced it, so the state alone would not refuse that.
 */
function heldOnly(cluster: Cluster, isHeld: () => boolean): Cluster {
  return {
    ...cluster,
    async write(writes, options) {
      if (!isHeld()) throw new WaitError('the lease of the scheduler is not held', TICK_WRITE_RETRY_MS);
      return await cluster.write(writes, options);
    },
  };
}
