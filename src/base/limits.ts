/**
 * Every bound of the product, in one place. Sizes in bytes, times in milliseconds.
 * A bound that comes from elsewhere names its source.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

/** A diagnostic's frame is cut here: wider lines help nobody. */
export const MAX_FRAME_COLUMNS = 240;
/** Diagnostics kept of one commit; the rest is counted. */
export const MAX_DIAGNOSTICS = 500;

/** Kubernetes names of objects (RFC 1123 subdomain) and labels. */
export const MAX_NAME_LENGTH = 253;
export const MAX_LABEL_LENGTH = 63;

/** One YAML file. */
export const MAX_FILE_BYTES = 1 * MiB;
/** Definitions files of one commit, and their sum. */
export const MAX_DEFINITION_FILES = 50_000;
export const MAX_DEFINITION_BYTES = 512 * MiB;

/** One closure object in the cluster: etcd refuses requests of 1.5 MiB, so chunks stay well below. */
export const MAX_CLOSURE_CHUNK_BYTES = 900 * KiB;

/** A task's inputs and outputs, each, as JSON text. */
export const MAX_VALUE_BYTES = 1 * MiB;
/** Log bytes kept of one attempt; the middle is dropped first. */
export const MAX_LOG_BYTES = 16 * MiB;
/** Subtasks of one map node. */
export const MAX_MAP_SIZE = 100_000;

/** Keys that shards divide among themselves; an execution's key is a hash of its identity. */
export const SHARD_KEYS = 4096;

/** One `${{ … }}`, in UTF-16 code units, and its syntax tree. cel-js recurses per prefix operator, so length bounds the stack. */
export const MAX_EXPRESSION_LENGTH = 4096;
export const MAX_EXPRESSION_NODES = 1000;
export const MAX_EXPRESSION_DEPTH = 100;
/** Work of one evaluation: one step per turn of a macro's loop, per element and per 64 characters that a function reads or makes. */
export const MAX_EXPRESSION_STEPS = 1_000_000;
/** A string made by an expression, in UTF-16 code units. */
export const MAX_EXPRESSION_STRING = 1 * MiB;
/** Compiled expressions kept by text and types. */
export const MAX_CACHED_EXPRESSIONS = 20_000;

/** Series (combinations of label values) of one metric; updates of further ones are dropped and counted. */
export const MAX_METRIC_SERIES = 1_000;
/** Characters of one string in a log line. */
export const MAX_LOG_VALUE_LENGTH = 4_096;

/** Retries for failures that are the system's fault (a lost node, an evicted pod), and their back-off. Flyte allows three as well. */
export const MAX_SYSTEM_RETRIES = 3;
export const SYSTEM_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 30_000 } as const;
/** Attempts started and nodes computed by one engine step; the rest follows in the next, so that no execution holds a worker long. */
export const MAX_STARTS_PER_STEP = 256;
export const MAX_TRANSITIONS_PER_STEP = 2_000;
/** Failed subtasks of a map whose errors are kept in full; the rest is counted. */
export const MAX_MAP_ERRORS = 10;
/** Subtasks whose packed state is one field of a map's status: what one finished subtask rewrites. */
export const MAP_CHUNK_SIZE = 512;
/** An error message in a status, in UTF-16 code units. */
export const MAX_ERROR_LENGTH = 4_096;
