/** Bounds of executions and schedules. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** A task's inputs and outputs, each, as JSON text. */
export const MAX_VALUE_BYTES = 1 * MiB;
/** Subtasks of one map node. */
export const MAX_MAP_SIZE = 100_000;

/** Subtasks of a map that share a pod, and the bytes of the script that runs them: it comes in an annotation, as inputs do. */
export const MAX_MAP_BATCH = 100;
export const MAX_BATCH_INPUTS_BYTES = 200 * KiB;

/** Keys that shards divide among themselves; an execution's key is a hash of its identity. */
export const SHARD_KEYS = 4096;

/** How often a shard whose figures changed says so in its object. */
export const SHARD_REPORT_MS = 10_000;

/** Retries for failures that are the system's fault (a lost node, an evicted pod), and their back-off. Flyte allows three as well. */
export const MAX_SYSTEM_RETRIES = 3;
export const SYSTEM_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 30_000 } as const;
/** Attempts started and nodes computed by one engine step; the rest follows in the next, so that no execution holds a worker long. */
export const MAX_STARTS_PER_STEP = 256;
export const MAX_TRANSITIONS_PER_STEP = 2_000;
/** Steps of expressions (MAX_EXPRESSION_STEPS) in one engine step, after which the rest follows in the next; the last one may pass it. */
export const MAX_EVALUATION_PER_STEP = 250_000;
/** Failed subtasks of a map whose errors are kept in full; the rest is counted. */
export const MAX_MAP_ERRORS = 10;
/**
 * Subtasks whose packed state is one field of a map's status: what one finished subtask rewrites, at most 172 characters.
 * All chunks of the largest map have at most 143 KB.
 */
export const MAP_CHUNK_SIZE = 128;
/** Subtasks of a map whose outputs stand in its status until it ends; of a larger map they stand beside it. */
export const MAX_MAP_RESULTS_IN_STATUS = 512;
/** Outputs of a map that stand in its status when it has ended, as JSON text; larger ones stay beside it. */
export const MAX_MAP_OUTPUTS_IN_STATUS_BYTES = 64 * KiB;
/** All outputs of a map whose results stand beside its status. What MAP_CHUNK_SIZE neighbours give is bounded by MAX_VALUE_BYTES. */
export const MAX_MAP_OUTPUTS_BYTES = 16 * MiB;
/** An error message in a status, in UTF-16 code units. */
export const MAX_ERROR_LENGTH = 4_096;

/** Closures kept ready to run. */
export const MAX_CACHED_PLANS = 1_000;
/** How long an execution with nothing to do keeps its state in memory; after that only what wakes it is kept. */
export const ENGINE_PARK_AFTER_MS = 5_000;
/** An execution that waits at least so long says so in its status, and is not read again before; a shorter wait is not worth the bytes. */
export const PARK_FROM_MS = 60_000;
/** Parked executions that are due within this are known by name; those due later are found in time by the next look at the index. */
export const PARK_WINDOW_MS = 600_000;
/** Back-off of a round that failed, and how often in a row before the execution waits for the longest. */
export const ROUND_BACKOFF = { initialMs: 100, factor: 2, maxMs: 30_000 } as const;
/** Least time between two looks whether attempts that nobody knew of have ended; mostly a watch tells sooner. */
export const STRAY_LOOK_MS = 1_000;
/** Attempts looked up one by one when an execution is loaded; more are listed at once. */
export const MAX_SINGLE_POD_READS = 8;

/** Priorities of executions, and how much waiting each point is worth in the line of a launch plan, so that none starves. */
export const MIN_PRIORITY = -100;
export const MAX_PRIORITY = 100;
export const PRIORITY_AGE_MS = 60_000;
/** The same in the queue of the engine, counted in turns taken. */
export const PRIORITY_TURNS = 64;
/** Nodes of one execution that were answered from outside. */
export const MAX_SIGNALS = 1_000;
/** Executions above a child execution. Definitions cannot run each other in a circle; this bounds what they may build. */
export const MAX_CHILD_DEPTH = 16;

/** Nodes and subtasks whose cache entries are looked up between two steps, all at once. */
export const MAX_LOOKUPS_PER_STEP = 256;
/** Who waits for another's cache entry looks again after this, should the news of it be lost. */
export const CACHE_POLL_MS = 5_000;
/** Entries whose waiters are told at once; those of further ones poll. */
export const MAX_CACHE_WAITS = 100_000;
/** A reservation holds so long though its holder's status does not show it yet. */
export const RESERVATION_GRACE_MS = 10_000;
/** Cache entries that are kept, and their outputs' bytes, over all namespaces; the oldest go first. Reservations go after the time when nobody holds them any more. */
export const CACHE_RETENTION = {
  maxEntries: 100_000,
  maxBytes: 1024 * MiB,
  staleReservationMs: 3_600_000,
} as const;
/** Finished tasks of one execution that another can take from it. */
export const MAX_REUSABLE = 200_000;

/** Failed nodes that a failure handler is told of: their messages must fit its inputs. */
export const MAX_HANDLED_FAILURES = 100;

/** Pauses before the process of a shard that ended is started again; the first comes at once, as after `calmMs` without an end. */
export const SHARD_RESTART_BACKOFF = { initialMs: 500, factor: 2, maxMs: 30_000, calmMs: 60_000 } as const;
/** Time for a shard's process to drain and end; then it is killed. */
export const SHARD_STOP_MS = 30_000;
/** A shard's process tells its control plane what it counts so often, and what ended at most so many at a time. */
export const SHARD_NEWS_MS = 250;
export const SHARD_NEWS_BATCH = 500;
/** The number of pods that are shards is compared with git so often, also when nothing tells of a change. */
export const FLEET_CHECK_MS = 60_000;
/** Pauses before a controller that could not begin its work tries again. */
export const CONTROLLER_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 60_000 } as const;
