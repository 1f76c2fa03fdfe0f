import {
  type Clock,
  ConflictError,
  MAX_TICK_WRITE_RETRY_MS,
  SCHEDULE_RETRY_MS,
  StalledError,
  TICK_WRITE_RETRY_MS,
} from '../../base/index.ts';
import { claimState, type LoadedState, noteRefusal } from './state.ts';
import type { SchedulerPorts } from './term.ts';

/** Makes the state this scheduler's own, however long that takes. Undefined: it was asked to end meanwhile. */
export async function takeOver(
  { cluster, clock, log }: SchedulerPorts,
  signal: AbortSignal,
): Promise<LoadedState | undefined> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const state = await claimState(cluster, clock.now());
      if (state.problem !== undefined) log.write('error', state.problem);
      return state;
    } catch (error) {
      const isStalled = error instanceof StalledError;
      if (isStalled && error.reason === 'NewerState') {
        if (failures === 0) log.write('error', 'the scheduler does not run', { error: error.message });
        await noteRefusal(cluster, error, clock.now()).catch(() => undefined);
      } else if (!(error instanceof ConflictError)) {
        log.write('warn', 'the state of the scheduler cannot be read', { error: String(error) });
      }
      await pause(clock, isStalled ? SCHEDULE_RETRY_MS : retryMs(failures), signal);
    }
  }
  return undefined;
}

/** How long to wait after so many failures in a row. */
export function retryMs(failures: number): number {
  return Math.min(TICK_WRITE_RETRY_MS * 2 ** Math.min(failures, 20), MAX_TICK_WRITE_RETRY_MS);
}

/** Resolves after that time, or when the signal aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  // Who is asked to end while it asks the cluster hears of no abort any more.
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.at(clock.now() + ms, done);
    signal.addEventListener('abort', done);
  });
}
