import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Log } from '../base/index.ts';
import type { LeaseTiming } from '../control/shards/index.ts';
import type { Ends } from './daemon.ts';
import { releaseIdleMemory } from './idle-memory.ts';

/** What every component of an installation in a cluster is told. */
export interface ComponentOptions {
  /** `HOST:PORT` of health and metrics. */
  readonly listen: string;
  readonly connection: { readonly kubeconfigPath?: string; readonly context?: string };
  readonly timing?: Partial<LeaseTiming>;
  readonly log: Log;
}

export interface RunningComponent {
  readonly port: number;
  /** Resolves when it has stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a component, whose parts are ended in reverse order; of one that cannot start nothing is left running. */
export async function running(start: (ends: Ends) => Promise<number>): Promise<RunningComponent> {
  const ends: Ends = [];
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  // Timers of the host's clock keep no process alive.
  const timer = setInterval(() => {}, ALIVE_MS);
  ends.push(() => clearInterval(timer));
  ends.push(releaseIdleMemory().stop);
  let port: number;
  try {
    port = await start(ends);
  } catch (error) {
    await endAll();
    throw error;
  }
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let stopping: Promise<void> | undefined;
  return {
    port,
    ended,
    stop() {
      stopping ??= endAll().finally(resolve);
      return stopping;
    },
  };
}

const ALIVE_MS = 2 ** 30;

/** By which leases are held: differs between two lives of one pod. */
export function componentIdentity(): string {
  return `${process.env.POD_NAME ?? hostname()}_${process.pid}_${randomBytes(4).toString('hex')}`;
}

/** Says in the log what is lost in a cluster whose kinds are older than this program. */
export function tellDropped(log: Log): (kind: string, field: string) => void {
  return (kind, field) => {
    const message =
      'the API server drops a field that its kind does not have: `pipectl upgrade` brings the kinds of this version';
    log.write('warn', message, { kind, field });
  };
}
