import type { Clock, Log } from '../../../base/index.ts';
import { findJournals, type Journal, openJournal } from './journal.ts';
import { attemptMark } from './pod-command.ts';
import { isAlive, isGroupGone, processesWithEnvironment, signalGroup } from './process-table.ts';
import type { EndedEvent, StartedEvent } from './protocol.ts';

/** What is known of an attempt from spawners that are not at work for this agent. */
export type Fate =
  /** No spawner ever claimed it: it may be started. */
  | { readonly kind: 'unknown' }
  /** Its spawner will write down its end. `started` is missing in its first moments. */
  | { readonly kind: 'running'; readonly started: StartedEvent | undefined }
  | { readonly kind: 'ended'; readonly event: EndedEvent }
  /** Its spawner is gone without a word of its end; processes of it may live. */
  | { readonly kind: 'lost'; readonly started: StartedEvent | undefined };

/** Earlier spawners and what they left: read from their journals, followed while they live. */
export interface Past {
  /** Resolves when no earlier spawner can start anything any more: before that nothing may be started. */
  drained(): Promise<void>;
  /** A spawner of this agent ended: its journal is the past now. */
  add(folder: string): void;
  fate(id: string): Fate;
  /** Attempts that run or may run under earlier spawners. */
  unfinished(): readonly string[];
  /** Calls `onChange` once when the fate is another than `running`. */
  follow(id: string, onChange: () => void): void;
  /** Removes the folders of spawners that are gone, as far as `isOpen` says of none of their attempts that it matters. */
  tidy(isOpen: (id: string) => boolean): void;
  close(): void;
}

const POLL_MS = 100;
const DRAIN_POLL_MS = 20;
const DRAIN_WARN_MS = 5_000;

export function openPast(root: string, clock: Clock, log: Log): Past {
  const journals = new Set<Journal>(findJournals(root));
  const followers = new Map<string, () => void>();
  let cancelPoll: (() => void) | undefined;
  let isClosed = false;

  const fate = (id: string): Fate => {
    let last: Fate = { kind: 'unknown' };
    for (const journal of journals) {
      const ended = journal.ended.get(id);
      if (ended !== undefined) return { kind: 'ended', event: ended };
      if (!journal.claimed.has(id)) continue;
      last = { kind: journal.isLive() ? 'running' : 'lost', started: journal.started.get(id) };
    }
    return last;
  };
  const refresh = (): void => {
    for (const journal of journals) journal.refresh();
  };
  const poll = (): void => {
    cancelPoll = undefined;
    refresh();
    for (const [id, onChange] of [...followers]) {
      if (fate(id).kind === 'running') continue;
      // The end may have been written between the reading and the asking.
      refresh();
      followers.delete(id);
      onChange();
    }
    schedule();
  };
  const schedule = (): void => {
    if (followers.size > 0 && !isClosed) cancelPoll ??= clock.at(clock.now() + POLL_MS, poll);
  };
  refresh();

  return {
    async drained() {
      const warnAt = clock.now() + DRAIN_WARN_MS;
      let hasWarned = false;
      for (;;) {
        const live = [...journals].filter((journal) => journal.isLive());
        refresh();
        if (isClosed || live.every((journal) => journal.isDrained())) return;
        if (!hasWarned && clock.now() > warnAt) {
          hasWarned = true;
          log.write('warn', 'waiting for a spawner of an earlier run to let go', {
            folders: live.map((j) => j.folder),
          });
        }
        await new Promise<void>((resolve) => clock.at(clock.now() + DRAIN_POLL_MS, resolve));
      }
    },
    add(folder) {
      const journal = openJournal(folder);
      journal.refresh();
      journals.add(journal);
    },
    fate,
    unfinished: () => [...journals].flatMap((j) => [...j.claimed].filter((id) => !j.ended.has(id))),
    follow(id, onChange) {
      followers.set(id, onChange);
      schedule();
    },
    tidy(isOpen) {
      for (const journal of journals) {
        if (journal.isLive() || [...journal.claimed].some(isOpen)) continue;
        journals.delete(journal);
        void journal.remove();
      }
    },
    close() {
      isClosed = true;
      cancelPoll?.();
    },
  };
}

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
    for (const pid of marked) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself meanwhile.
      }
    }
    if (group !== undefined) signalGroup(group, 'SIGKILL');
    const isGone = marked.length === 0 && (group === undefined || isGroupGone(group));
    cleanLooks = isGone ? cleanLooks + 1 : 0;
    if (cleanLooks < CLEAR_LOOKS) {
      await new Promise<void>((resolve) => clock.at(clock.now() + CLEAR_POLL_MS, resolve));
    }
  }
}
