import type { Clock, Log } from '../../../base/index.ts';
import type { Beating } from './heartbeat.ts';
import { findJournals, type Journal, openJournal } from './journal.ts';
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

/**
 * Earlier spawners and what they left: read from their journals, followed while they live. What was killed, when, and
 * what the next agent does, so that no attempt runs twice and no end is lost:
 *
 *   daemon, command not yet read      its spawner drops it at the end of its input; not in the journal: start it
 *   daemon, attempt runs              claimed, spawner lives: follow the journal, report its end
 *   daemon, end not yet in the store  ended is in the journal: report it
 *   spawner, before claimed           not in the journal: start it
 *   spawner, claimed to ended         claimed, spawner dead: end what carries its mark or group, then report it lost
 *   host                              as for the spawner; the boot id differs, so no process is looked for by pid
 *
 * A successor starts nothing before each living spawner wrote `drained`, so two never claim the same attempt. An end
 * that a killed spawner had not written down is lost: the attempt is then tried again, but never beside the first.
 */
export interface Past {
  /** Resolves when no earlier spawner can start anything any more: before that nothing may be started. */
  drained(): Promise<void>;
  /** A spawner of this agent ended: its journal is the past now. */
  add(folder: string): void;
  fate(id: string): Fate;
  /** Attempts that run or may run under earlier spawners. */
  unfinished(): readonly string[];
  /** Spawners of the past that live, and have attempts or may start some. */
  beating(): readonly Beating[];
  /** Calls `onChange` once when the fate is another than `running`. */
  follow(id: string, onChange: () => void): void;
  /** Removes the folders of spawners that are gone, as far as `isOpen` says of none of their attempts that it matters. */
  tidy(isOpen: (id: string) => boolean): void;
  close(): void;
}

const POLL_MS = 100;
const DRAIN_POLL_MS = 20;
const DRAIN_WARN_MS = 5_000;

interface State {
  readonly journals: Set<Journal>;
  readonly followers: Map<string, () => void>;
  readonly clock: Clock;
  cancelPoll: (() => void) | undefined;
  isClosed: boolean;
}

/** Reads what stands below the runtime's folder. */
export function openPast(root: string, clock: Clock, log: Log): Past {
  const journals = new Set<Journal>(findJournals(root));
  const state: State = { journals, followers: new Map(), clock, cancelPoll: undefined, isClosed: false };
  refresh(state);
  return {
    drained: () => drained(state, log),
    add(folder) {
      const journal = openJournal(folder);
      journal.refresh();
      journals.add(journal);
    },
    fate: (id) => fateOf(state, id),
    unfinished: () => [...journals].flatMap((j) => [...j.claimed].filter((id) => !j.ended.has(id))),
    beating: () =>
      [...journals].filter(
        (journal) => journal.isLive() && (!journal.isDrained() || journal.claimed.size > journal.ended.size),
      ),
    follow(id, onChange) {
      state.followers.set(id, onChange);
      schedule(state);
    },
    tidy(isOpen) {
      for (const journal of journals) {
        if (journal.isLive() || [...journal.claimed].some(isOpen)) continue;
        journals.delete(journal);
        void journal.remove();
      }
    },
    close() {
      state.isClosed = true;
      state.cancelPoll?.();
    },
  };
}

function fateOf({ journals }: State, id: string): Fate {
  let last: Fate = { kind: 'unknown' };
  for (const journal of journals) {
    const ended = journal.ended.get(id);
    if (ended !== undefined) return { kind: 'ended', event: ended };
    if (!journal.claimed.has(id)) continue;
    // Its end may have been written since the last reading; once its spawner is gone, nothing follows.
    const isLive = journal.isLive();
    journal.refresh();
    const now = journal.ended.get(id);
    if (now !== undefined) return { kind: 'ended', event: now };
    last = { kind: isLive ? 'running' : 'lost', started: journal.started.get(id) };
  }
  return last;
}

async function drained(state: State, log: Log): Promise<void> {
  const { clock } = state;
  const warnAt = clock.now() + DRAIN_WARN_MS;
  for (let hasWarned = false; ; ) {
    const live = [...state.journals].filter((journal) => journal.isLive());
    refresh(state);
    if (state.isClosed || live.every((journal) => journal.isDrained())) return;
    if (!hasWarned && clock.now() > warnAt) {
      hasWarned = true;
      log.write('warn', 'waiting for a spawner of an earlier run to let go', { folders: live.map((j) => j.folder) });
    }
    await new Promise<void>((resolve) => clock.at(clock.now() + DRAIN_POLL_MS, resolve));
  }
}

function poll(state: State): void {
  state.cancelPoll = undefined;
  for (const [id, onChange] of [...state.followers]) {
    if (fateOf(state, id).kind === 'running') continue;
    state.followers.delete(id);
    onChange();
  }
  schedule(state);
}

function schedule(state: State): void {
  if (state.followers.size === 0 || state.isClosed) return;
  state.cancelPoll ??= state.clock.at(state.clock.now() + POLL_MS, () => poll(state));
}

function refresh({ journals }: State): void {
  for (const journal of journals) journal.refresh();
}
