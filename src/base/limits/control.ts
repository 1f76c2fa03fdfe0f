/** Bounds of the loops around the engine, metrics, logs and idle memory. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** Series (combinations of label values) of one metric; updates of further ones are dropped and counted. */
export const MAX_METRIC_SERIES = 1_000;
/** A warning or error that repeats is told once in this time; so many different ones are remembered. */
export const LOG_REPEAT_MS = 10_000;
export const MAX_LOG_REPEATS = 500;
/** Characters of one string in a log line. */
export const MAX_LOG_VALUE_LENGTH = 4_096;
/** Entity indexes kept in memory, and for how long unused. */
export const MAX_CACHED_INDEXES = 8;
export const INDEX_CACHE_IDLE_MS = 600_000;
/** Pages of entity indexes that a client of a cluster behind a network keeps: those of two commits at least. */
export const MAX_CACHED_PAGES = 600;

/** Rejected commits of one repository that are kept with what was wrong with them, and the findings of one, as JSON. */
export const MAX_REJECTED_REVISIONS = 20;
export const MAX_REJECTED_REVISION_BYTES = 256 * KiB;

/** Definition objects written in one batch, and listed at a time, by the reconciler. */
export const RECONCILE_BATCH = 500;
export const RECONCILE_PAGE = 500;
/** Back-off of a repository that cannot be reconciled, and the delay before a drifted definition is healed. */
export const RECONCILE_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 60_000 } as const;
/** What only a person can mend is looked at again after so long, since not all of it is told. */
export const STALLED_RETRY_MS = 300_000;
export const HEAL_DELAY_MS = 1_000;
/** A domain that is changed by hand again and again is healed ever later, until it was left alone for so long. */
export const HEAL_BACKOFF = { factor: 3, maxMs: 300_000, quietMs: 600_000 } as const;
/** Removals that look like a mistake and wait for a person: more than this share of what is active, and so many at least. */
export const MASS_PRUNE = { minCount: 10, share: 0.5 } as const;
/** Of one domain, in its repository's status: commits that were active, and definitions of each list. */
export const MAX_DOMAIN_HISTORY = 10;
export const MAX_LISTED_DEFINITIONS = 20;
/** Of these, such as no commit has: what was healed keeps the rest. */
export const MAX_LISTED_FOREIGN = 10;
/** Definitions that were deleted, and who did it, remembered until they are healed; and our own deletions on their way. */
export const MAX_REMEMBERED_DELETIONS = 20_000;
/** Characters of an event's message, as Kubernetes has it, and how long an event is kept. */
export const MAX_EVENT_MESSAGE = 1_024;
export const EVENT_TTL_MS = 24 * 3_600_000;
/** Events of one pass; what happened to further definitions stands in the repository's status. */
export const MAX_PASS_EVENTS = 10;
/** Characters of who did something, as a status shows them. */
export const MAX_SHOWN_USER = 200;
/** Pause before a broken watch for edited definitions is opened again. */
export const DRIFT_REWATCH_MS = 5_000;

/** Parsed definition files kept between rounds and pushes. At least MAX_DEFINITION_FILES, so that no round parses twice. */
export const MAX_CACHED_PARSES = 50_000;

/** Rounds of one compilation, folders of one task source, and source trees remembered as harmless. */
export const MAX_COMPILE_ROUNDS = 64;
export const MAX_SOURCE_FOLDERS = 5_000;
export const MAX_CLEAN_TREES = 10_000;
/** A push waits so long for the reconciler before it answers that the commit will be active later. */
export const PUSH_SETTLE_MS = 5_000;
/** Warnings shown to a pusher. */
export const MAX_SHOWN_WARNINGS = 20;
/** Text parsed before other work of the process gets its turn: about 10 ms. */
export const PARSE_SLICE_BYTES = 16 * KiB;

/**
 * A process is quiet when two intervals in a row took less CPU than this. Then, if memory has grown by `grownBytes`,
 * garbage is collected and given back to the system, again and again until that gives back less than `worthBytes`; if it
 * has grown by `pagesBytes`, only what costs next to nothing is given back. At most so often. Nothing collects a heap above
 * `stopBytes`, since that stops everything for more than a millisecond for each of its megabytes.
 */
export const IDLE_MEMORY: IdleMemory = {
  pollMs: 4_000,
  quietCpuMs: 40,
  grownBytes: 32 * MiB,
  worthBytes: 4 * MiB,
  pagesBytes: 5 * MiB,
  againMs: 15_000,
  stopBytes: 400 * MiB,
};
export interface IdleMemory {
  readonly pollMs: number;
  readonly quietCpuMs: number;
  readonly grownBytes: number;
  readonly worthBytes: number;
  readonly pagesBytes: number;
  readonly againMs: number;
  readonly stopBytes: number;
}
/**
 * A full screen draws ages all day, and fills its young generation with them: to empty that again and again would cost more
 * than all else that it does. What a burst leaves behind, as its first list of a hundred thousand does, is more.
 */
export const SCREEN_IDLE_MEMORY: IdleMemory = {
  ...IDLE_MEMORY,
  quietCpuMs: 120,
  // The program's own pages, some 45 MB, come back at once.
  grownBytes: 80 * MiB,
  worthBytes: 32 * MiB,
  pagesBytes: 80 * MiB,
};
