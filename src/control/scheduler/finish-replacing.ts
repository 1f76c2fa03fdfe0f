import { UNFINISHED_REPLACEMENT_TRIES } from '../../base/index.ts';
import type { ScheduleEntry } from './schedule-entry.ts';
import { pause, retryMs } from './take-over.ts';
import type { Running } from './term.ts';

/** Whether some execution may have been replaced by one of the same schedule, and go on. */
export function mayBeHalfReplaced({ launch, claims }: ScheduleEntry): boolean {
  return launch.overlap === 'replace' && claims.length > 1;
}

/**
 * Ends what has been replaced, where a scheduler that was cut off had started the newer execution and came no further: its tick
 * may never be decided again. Right whoever does it, since a newer one never ends in favour of an older. Never rejects.
 */
export async function finishReplacing(term: Running, entries: readonly ScheduleEntry[]): Promise<void> {
  const { claims, roster, options, ending } = term;
  for (const { id, uid } of entries) {
    for (let tries = 0; tries < UNFINISHED_REPLACEMENT_TRIES && !term.isOver; tries++) {
      const entry = roster.at(id);
      if (entry?.uid !== uid || !mayBeHalfReplaced(entry)) break;
      try {
        const ends = await claims.unfinished(entry);
        if (ends.length > 0) await options.cluster.write(ends, { discard: true });
        break;
      } catch {
        await pause(options.clock, retryMs(tries), ending.signal);
      }
    }
  }
}
