/** Bounds of what is kept of executions that are over. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How long things are kept when no Platform says otherwise; of each the newest stay. `live`: executions that are over
 * among the live objects. `executions`: in the archive. `pods`: as Kubernetes' terminated-pod-gc-threshold counts them.
 */
export const RETENTION = {
  live: { maxAgeMs: HOUR_MS, maxCount: 1_000 },
  executions: { maxAgeMs: 365 * DAY_MS, maxCount: 2_000_000 },
  pods: { maxAgeMs: 30 * DAY_MS, maxCount: 12_500 },
  logs: { maxAgeMs: 30 * DAY_MS, maxBytes: 10 * GiB },
} as const;
/** Nothing that ended goes before: whoever follows an execution sees its end among the live objects. */
export const RETENTION_MIN_AGE_MS = 60_000;
/** Time between looks at what the engine told of; from the start to the first list of everything, and between lists. */
export const RETENTION_PASS_MS = 5_000;
/** The longest such time after looks that failed, as while a disk is full: each failure doubles it. */
export const RETENTION_PASS_MAX_MS = 160_000;
export const RETENTION_START_MS = 30_000;
export const RETENTION_SWEEP_MS = HOUR_MS;
/** Objects that retention deletes with one write, and executions that are archived with one. */
export const RETENTION_BATCH = 500;
export const ARCHIVE_BATCH = 100;
/** Executions that are over and remembered for archiving: about 250 bytes each; the next list finds the others. */
export const MAX_ENDED_REMEMBERED = 100_000;

/**
 * Revisions that nothing refers to go after this age, but for the newest of each repository; a closure when it was without use
 * for the grace. A pass, of which there is one every so often, reads executions, live and archived, page by page, and
 * gives up when more closures are in use than it can remember. `batch`: deleted by one write, for which pushes wait.
 */
export const COLLECTION = {
  revisionAgeMs: 30 * DAY_MS,
  newestRevisions: 100,
  graceMs: HOUR_MS,
  startMs: 15 * 60_000,
  everyMs: 6 * HOUR_MS,
  archivePage: 200,
  maxClosures: 2_000_000,
  batch: 200,
} as const;
/** Revisions that pushes have used, remembered until their refs have moved: longer than a request of git's may take. */
export const REMEMBERED_USES = { maxCount: 10_000, maxAgeMs: HOUR_MS } as const;

/** JSON text of one execution, or of its attempts, in the archive: a status of 16 MiB and an object of 4 MiB at most. */
export const MAX_ARCHIVED_BYTES = 256 * MiB;
/** Executions of one page of a search, and rows unpacked for one when selectors ask for what no index knows. */
export const ARCHIVE_PAGE_SIZE = 500;
export const MAX_ARCHIVE_SCAN = 10_000;
/** Executions that one transaction of expiry removes. */
export const ARCHIVE_EXPIRY_BATCH = 500;
/** SQLite's page caches: of the archive's thread, and of the looks by name on the main thread. */
export const ARCHIVE_CACHE_BYTES = 8 * MiB;
export const ARCHIVE_READER_CACHE_BYTES = 512 * KiB;
/** The archive's thread ends when it had nothing to do for so long. */
export const ARCHIVE_THREAD_IDLE_MS = 5_000;
/** Pauses, resumes and aborts of one execution of which it is known who made them. */
export const MAX_STEERING_ENTRIES = 50;
/** Log files that are looked at together: the others of the process wait for the same few threads. */
export const LOG_SWEEP_FILES_AT_A_TIME = 64;
