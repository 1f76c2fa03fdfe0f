import type { Clock, Log } from '../../../src/base/index.ts';
import type { Chance } from './random.ts';
import type { Timeline } from './timeline.ts';

/** How a process reaches its cluster. */
export type ClusterMode =
  /** In one process with the store: reads are at once, batches whole, and one crash ends everything. */
  | 'embedded'
  /** Over a network: every call takes time, may fail before or after it took effect, and batches are one write each. */
  | 'kubernetes';

/** What goes wrong between a process and its cluster, for now. Instants of simulated time. */
export interface Weather {
  partitionedUntil: number;
  /** Calls fail with these probabilities until then. */
  flakyUntil: number;
  refused: number;
  lostBefore: number;
  lostAfter: number;
  /** Watch events come late, twice or in another order until then. */
  staleUntil: number;
  slowUntil: number;
}

export function calm(): Weather {
  return {
    partitionedUntil: 0,
    flakyUntil: 0,
    refused: 0,
    lostBefore: 0,
    lostAfter: 0,
    staleUntil: 0,
    slowUntil: 0,
  };
}

/** One life of a simulated process: all its waits end with it, and nothing it started goes on after. */
export interface Link {
  readonly name: string;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly mode: ClusterMode;
  /** What the process' clock shows beyond simulated time; changes when somebody sets the clock. */
  readonly skew: { ms: number };
  readonly died: AbortController;
  /** As its signal says, which takes longer to ask. */
  isDead: boolean;
  /** End the watches that are open when it dies. */
  readonly enders: Set<() => void>;
  /** Ends the watches that are open, with an error for their readers. */
  readonly breakers: Set<(error: Error) => void>;
  readonly log: Log;
}

export function newLife(): Pick<Link, 'died' | 'isDead' | 'enders' | 'breakers'> {
  return { died: new AbortController(), isDead: false, enders: new Set(), breakers: new Set() };
}

/** All its waits end, and what was not sent is not sent. */
export function endLife(link: Link): void {
  link.isDead = true;
  link.died.abort('died');
  for (const end of link.enders) end();
  link.breakers.clear();
}

export function isDead(link: Link): boolean {
  return link.isDead;
}

/** The clock of a process: timers measure time that passes, as the host's do, whatever the clock is set to. */
export function clockOf(link: Link): Clock {
  return {
    now: () => Math.floor(link.timeline.now + link.skew.ms),
    at(at, run) {
      const delayMs = at - Math.floor(link.timeline.now + link.skew.ms);
      // A timer is as coarse as the host's.
      return link.timeline.after(Math.max(delayMs, 0), () => {
        if (!isDead(link)) run();
      });
    },
  };
}

/** Never settles: what a call of a process that has died gives. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
