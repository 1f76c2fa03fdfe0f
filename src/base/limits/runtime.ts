/** Bounds of running attempts. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** One environment variable with its name, as Linux has it (MAX_ARG_STRLEN). */
export const MAX_ENVIRONMENT_ENTRY_BYTES = 128 * KiB;
/** The outputs file of an attempt where there is an object store for what no object has room for; so many MiB of heap parse it. */
export const MAX_STORED_OUTPUTS_BYTES = 64 * MiB;
export const MAX_SPLIT_HEAP_MB = 1024;
/** Values of the object store that one attempt is given, together. */
export const MAX_STORED_INPUTS_BYTES = 512 * MiB;
/** Outputs that the object store does not take are tried again so often and so long; then their attempt has failed. */
export const STORE_RETRY_MS = 5_000;
export const OUTPUTS_STORE_PATIENCE_MS = 600_000;
/** Log bytes kept of one attempt; the middle is dropped first. */
export const MAX_LOG_BYTES = 16 * MiB;

/** Of MAX_LOG_BYTES, kept for the end of an attempt's output. */
export const MAX_LOG_TAIL_BYTES = 512 * KiB;
/** One line between the node agent and its spawner: inputs or outputs, each character escaped at worst, and the environment. */
export const MAX_SPAWNER_LINE_BYTES = 16 * MiB;
/** Attempts that one spawner starts before a fresh one takes over: bounds its journal. */
export const MAX_SPAWNER_STARTS = 20_000;
/** A spawner without work ends after this time. */
export const SPAWNER_IDLE_MS = 10_000;
/**
 * How often a spawner shows that it is alive, how often the node agent looks, and how many looks in a row may find no sign:
 * one that hangs is ended after half a minute.
 */
export const SPAWNER_BEAT_MS = 1_000;
export const SPAWNER_BEAT_LOOK_MS = 5_000;
export const SPAWNER_MISSED_BEATS = 6;
/** Between SIGTERM and SIGKILL when the pod does not say, and at most. */
export const DEFAULT_GRACE_MS = 10_000;
export const MAX_GRACE_MS = 600_000;
/** A task's source folder: files and folders, their bytes, and levels. */
export const MAX_SOURCE_ENTRIES = 20_000;
export const MAX_SOURCE_BYTES = 512 * MiB;
export const MAX_SOURCE_DEPTH = 64;
/** Copies of source folders kept for later attempts when nothing uses them. */
export const MAX_IDLE_SOURCES = 64;
/** Values of secrets that one attempt is given, together: they share the room of its environment. */
export const MAX_ATTEMPT_SECRET_BYTES = 512 * KiB;
/** Shorter values are not hidden in logs and outputs: they stand in every other word. */
export const MIN_REDACTED_BYTES = 4;
/** Shorter lines of a value of several lines are not hidden by themselves. */
export const MIN_REDACTED_LINE_BYTES = 8;
/** Output kept back while it may go on as a secret, besides the longest one. */
export const MAX_REDACTOR_HELD_BYTES = 64 * KiB;
/** From SIGTERM to SIGKILL of a pod: as DEFAULT_GRACE_MS, in the seconds that Kubernetes counts. */
export const POD_GRACE_S = DEFAULT_GRACE_MS / 1_000;
/** What a pod may take to be scheduled and to pull its image where the task sets no queue timeout, before its deadline counts. */
export const MAX_POD_PREPARATION_MS = 3_600_000;
/** How long a pod that shows a fault at its start is waited for: registries come back, a name that is none stays none. */
export const POD_GIVE_UP_MS = { imagePull: 180_000, invalid: 10_000, container: 120_000 } as const;
/** A source folder that a pod mounts: its bytes (a ConfigMap's data, by Kubernetes) and its files (each stands in every pod). */
export const MAX_POD_SOURCE_BYTES = MiB;
export const MAX_POD_SOURCE_FILES = 1_000;
/** Inputs of a pod: all annotations of an object have 256 KiB together. */
export const MAX_POD_INPUTS_BYTES = 240 * KiB;
/** Layouts of source folders that an engine remembers. */
export const MAX_KNOWN_POD_SOURCES = 512;
/** A ConfigMap of a source says at most so often that it is in use, and goes when it was not used for so long. */
export const POD_SOURCE_TOUCH_MS = 600_000;
export const POD_SOURCE_UNUSED_MS = 3_600_000;
/** A pod that the cluster had no room for is offered again after this. */
export const POD_REFUSED_RETRY_MS = 5_000;
/** Time between looks for sources of pods that nobody mounts any more. */
export const POD_SOURCE_SWEEP_MS = 3_600_000;
