import type { Clock } from '../../../base/index.ts';
import { attemptMark } from './attempt-mark.ts';
import { isAlive, isGroupGone, processesWithEnvironment, signalGroup, signalProcess } from './process-table.ts';
import type { StartedEvent } from './protocol.ts';

const CLEAR_POLL_MS = 50;
/** Looks in a row that must find nothing: a process that was just being made is seen by the second. */
const CLEAR_LOOKS = 2;

/**
 * Ends every process of a lost attempt and resolves when none lives: its group when its leader is still the process
 * that was started, and on Linux whatever carries the attempt's mark in its environment.
 */
export async function clearAttempt(id: string, started: StartedEvent | undefined, clock: Clock): Promise<void> {
  const group = started !== undefined && isAlive(started) ? started.pid : undefined;
  for (let cleanLooks = 0; cleanLooks < CLEAR_LOOKS; ) {
    const marked = processesWithEnvironment(attemptMark(id));
    for (const pid of marked) signalProcess(pid, 'SIGKILL');
    if (group !== undefined) signalGroup(group, 'SIGKILL');
    const isGone = marked.length === 0 && (group === undefined || isGroupGone(group));
    cleanLooks = isGone ? cleanLooks + 1 : 0;
    if (cleanLooks < CLEAR_LOOKS) {
      await new Promise<void>((resolve) => clock.at(clock.now() + CLEAR_POLL_MS, resolve));
    }
  }
}
