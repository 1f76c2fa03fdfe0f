/**
 * Every bound of the product, in one place; those of images are in image-limits.ts. Sizes in bytes, times in milliseconds.
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

/** One environment variable with its name, as Linux has it (MAX_ARG_STRLEN). */
export const MAX_ENVIRONMENT_ENTRY_BYTES = 128 * KiB;

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
/** Expressions inside one text. */
export const MAX_TEXT_EXPRESSIONS = 1_000;
/** Work of one evaluation: one step per turn of a macro's loop, per element and per 64 characters that a function reads or makes. */
export const MAX_EXPRESSION_STEPS = 1_000_000;
/** A string made by an expression, in UTF-16 code units. */
export const MAX_EXPRESSION_STRING = 1 * MiB;
/** A regular expression, in UTF-16 code units: RE2 takes time by pattern times text. */
export const MAX_PATTERN_LENGTH = 500;

/** Series (combinations of label values) of one metric; updates of further ones are dropped and counted. */
export const MAX_METRIC_SERIES = 1_000;
/** A warning or error that repeats is told once in this time; so many different ones are remembered. */
export const LOG_REPEAT_MS = 10_000;
export const MAX_LOG_REPEATS = 500;
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

/** A line of a definitions file, in UTF-16 code units. */
export const MAX_LINE_LENGTH = 64 * KiB;
/** Nesting of a definitions file, block and flow together; `yaml` recurses over it. */
export const MAX_YAML_DEPTH = 64;
/** Lexical tokens of a definitions file: bounds the parser's time (about 3 µs each). Ours have 2.5 bytes a token. */
export const MAX_YAML_TOKENS = 500_000;
/** Keys and list items of a definitions file. */
export const MAX_YAML_ENTRIES = 200_000;
/** Documents of a definitions file. */
export const MAX_YAML_DOCUMENTS = 5_000;
/** Places where the parser stumbles before it is stopped: text that is no YAML stumbles at each word. */
export const MAX_YAML_ERRORS = 1_000;
/**
 * What the fast reader of YAML does not try: it stays well inside of the budgets above, however they are counted. Keys
 * come from the specification's 1,024 characters. `keptMarks`: texts whose places are remembered.
 */
export const FAST_YAML = { maxDepth: 24, maxKeyLength: 1_000, maxIdleLines: 10_000, keptMarks: 32 } as const;
/** Diagnostics of one file; the rest is counted. */
export const MAX_FILE_DIAGNOSTICS = 100;

/** A type as written: its length in characters, nesting, parts in all, and fields or members at one place. */
export const MAX_TYPE_LENGTH = 4_096;
export const MAX_TYPE_DEPTH = 16;
export const MAX_TYPE_PARTS = 512;
export const MAX_TYPE_MEMBERS = 256;

/** Nesting of an input or output value. */
export const MAX_VALUE_DEPTH = 64;
/** Problems told of one value; a wrong list of a million items has one cause. */
export const MAX_VALUE_PROBLEMS = 20;
/** Durations: 100 years of 365 days, so that sums with instants stay inside what Date can hold. */
export const MAX_DURATION_MS = 100 * 365 * 24 * 3_600_000;

/** Names of inputs, outputs, record fields: they become environment variables. */
export const MAX_IDENTIFIER_LENGTH = 63;
/** All annotations of one object, as Kubernetes has it (TotalAnnotationSizeLimitB). */
export const MAX_ANNOTATIONS_BYTES = 256 * KiB;
/** Candidates and length looked at for a did-you-mean: the edit distance is quadratic in length. */
export const MAX_SUGGESTION_CANDIDATES = 10_000;
export const MAX_SUGGESTION_LENGTH = 64;

/** A tick older than this was missed, and catch-up policy decides; a younger one is late and always runs. */
export const MISSED_AFTER_MS = 60_000;
/** Ticks of one schedule caught up at most, whatever its own limit says. */
export const MAX_CATCH_UP_TICKS = 10_000;
/** Ticks being turned into executions at the same time, over all schedules: a catch-up must not become a storm. */
export const MAX_TICKS_IN_FLIGHT = 64;
/** A schedule whose launch plan is missing is looked at again after this. */
export const SCHEDULE_RETRY_MS = 30_000;
/** The scheduler looks at the clock at least so often, because a clock may be set or a machine may sleep. */
export const MAX_TIMER_MS = 30_000;

/** Closures of at least so many characters are gzipped; below, the object stays readable and the saving is small. */
export const CLOSURE_GZIP_FROM_BYTES = 4 * KiB;
/** One closure's JSON text, unpacked, and the objects it may be cut into. */
export const MAX_CLOSURE_BYTES = 64 * MiB;
export const MAX_CLOSURE_CHUNKS = 100;

/** Body of one API request; the Kubernetes API server takes 3 MiB as well. */
export const MAX_REQUEST_BYTES = 3 * MiB;
/** A request's body as YAML, in UTF-16 code units: the parser is slow, and kubectl sends JSON. */
export const MAX_YAML_BODY_LENGTH = 256 * KiB;
/** Time in which a request's body must have arrived. */
export const REQUEST_BODY_TIMEOUT_MS = 15_000;
/** Objects read from the store in one go while an answer is being written. */
export const API_PAGE_SIZE = 500;
/** Length of one watch request; clients reconnect. Kubernetes ends them after 30 to 60 minutes. */
export const MAX_WATCH_MS = 3_600_000;
/** Open watches and followed logs of one API server. */
export const MAX_STREAMS = 1_000;
/** A stream's client that takes nothing for so long is cut off. */
export const STREAM_STALL_MS = 30_000;
/** Operations of one JSON patch, and nesting of a request's object, as Kubernetes has them. */
export const MAX_JSON_PATCH_OPERATIONS = 10_000;
export const MAX_OBJECT_DEPTH = 256;
/** Tries of a read-change-write before the client is told of the conflict. */
export const MAX_PATCH_TRIES = 5;

/** One name in a path, in UTF-16 code units; Linux allows 255 bytes. */
export const MAX_PATH_SEGMENT_LENGTH = 200;
/** One tree object (about 250,000 entries), trees read of one commit, and nesting of folders. */
export const MAX_TREE_BYTES = 16 * MiB;
export const MAX_TREE_NODES = 50_000;
export const MAX_FOLDER_DEPTH = 64;
/** One commit or tag object. */
export const MAX_COMMIT_BYTES = 1 * MiB;
/** Object bytes that are read and dropped to get at the next object; past that the reading process is given up. */
export const MAX_SKIPPED_BYTES = 16 * MiB;
/** A loose object's file that is read without a process; larger ones are left to git. */
export const MAX_LOOSE_FILE_BYTES = 256 * KiB;
/** Object requests that wait for their answer, per reader. */
export const MAX_PENDING_READS = 10_000;
/** A reading process that nobody used for so long is ended. */
export const READER_IDLE_MS = 60_000;
/** Refs of one push, and the bytes that name them. */
export const MAX_PUSH_REFS = 200;
export const MAX_PUSH_HEAD_BYTES = 128 * KiB;
/** Lines that a pusher is told. */
export const MAX_VERDICT_LINES = 2_000;
/** Packed bytes of one push. */
export const MAX_PUSH_BYTES = 512 * MiB;
/** From the hook's call to the decision, and one git request in all. */
export const PUSH_DECISION_TIMEOUT_MS = 60_000;
export const GIT_REQUEST_TIMEOUT_MS = 600_000;
/** How often, and how many times, an accepted push's ref is looked for before its hook tells that it moved. */
export const REF_MOVE_POLL = { everyMs: 1, looks: 50 } as const;
/** Git requests at a time; the rest gets 503 with Retry-After. */
export const MAX_GIT_REQUESTS = 32;
/** Branches and tags of one repository whose commits are noted, so that `--rev` finds them by name. */
export const MAX_NOTED_HEADS = 10_000;
/** When a repository is compared with its refs again, after a start or when a push could not be noted. */
export const RESYNC_BACKOFF = { initialMs: 2_000, factor: 2, maxMs: 60_000 } as const;
/** Repositories of one control plane. */
export const MAX_REPOSITORIES = 1_000;

/** Text of a label or field selector, and its terms. */
export const MAX_SELECTOR_LENGTH = 16 * KiB;
export const MAX_SELECTOR_TERMS = 256;
/** One object without status as JSON text: a pod carries MAX_VALUE_BYTES of inputs as a string, which quoting can double. */
export const MAX_OBJECT_BYTES = 4 * MiB;
/** One object's status as JSON text: a local store may keep more of a wide execution than etcd would. */
export const MAX_STATUS_PATCH_BYTES = 16 * MiB;
/** Writes of one atomic batch, and its text. */
export const MAX_BATCH_WRITES = 200_000;
export const MAX_BATCH_BYTES = 256 * MiB;
/** Text that waits for the disk; past it a write is refused with WaitError. */
export const MAX_QUEUED_BYTES = 512 * MiB;
/** Batches that share one disk write are joined up to this much text. */
export const MAX_GROUP_BYTES = 4 * MiB;
/** One log segment, preallocated with zeros; a batch that is larger gets a segment of its own size. */
export const LOG_SEGMENT_BYTES = 16 * MiB;
/** A disk faster than this is waited for on the main thread when one small write is alone: a thread switch costs 0.06 ms. */
export const INLINE_SYNC_MS = 0.6;
/** Small writes of a lone writer in one turn of the event loop. */
export const MAX_FOLLOW_UPS = 8;
/** With no write for so long the log is projected into the database file. */
export const PROJECTION_IDLE_MS = 3_000;
/** Objects of one transaction of the projection. */
export const PROJECTION_CHUNK = 200;
/** The projecting thread ends when it had nothing to do for so long. */
export const PROJECTOR_IDLE_MS = 5_000;
/** An object that nobody touched for so long leaves the heap. */
export const COLD_AFTER_MS = 10_000;
/** JSON text behind the objects on the heap; past it the least recently touched leave early. */
export const MAX_HOT_BYTES = 96 * MiB;
/** Deleted objects that a watch can still learn of; a watch further behind gets ExpiredError. */
export const MAX_TOMBSTONES = 4_096;
/** Watches at a time, of all readers. */
export const MAX_WATCHES = 2_000;
/** Events of one batch of a watch. */
export const MAX_WATCH_BATCH = 1_000;
/** A watch that asked for nothing else hears so often how far it has seen; Kubernetes does it about once a minute. */
export const BOOKMARK_INTERVAL_MS = 60_000;
/** Dependents of deleted owners that are removed in one write. */
export const COLLECT_BATCH = 256;
/** Names of deleted owners that are remembered, so that a dependent made too late is removed as well. */
export const MAX_DELETED_OWNERS = 4_096;

/** Of MAX_LOG_BYTES, kept for the end of an attempt's output. */
export const MAX_LOG_TAIL_BYTES = 512 * KiB;
/** One line between the node agent and its spawner: inputs or outputs, each character escaped at worst, and the environment. */
export const MAX_SPAWNER_LINE_BYTES = 16 * MiB;
/** Attempts that one spawner starts before a fresh one takes over: bounds its journal. */
export const MAX_SPAWNER_STARTS = 20_000;
/** A spawner without work ends after this time. */
export const SPAWNER_IDLE_MS = 10_000;
/** Between SIGTERM and SIGKILL when the pod does not say, and at most. */
export const DEFAULT_GRACE_MS = 10_000;
export const MAX_GRACE_MS = 600_000;
/** A task's source folder: files and folders, their bytes, and levels. */
export const MAX_SOURCE_ENTRIES = 20_000;
export const MAX_SOURCE_BYTES = 512 * MiB;
export const MAX_SOURCE_DEPTH = 64;
/** Copies of source folders kept for later attempts when nothing uses them. */
export const MAX_IDLE_SOURCES = 64;
/** Pushes to one repository after which its loose objects are packed. */
export const PACK_EVERY_PUSHES = 200;

/** Logs that one `pipectl logs --follow` streams at a time; further ones wait for a stream to end. */
export const MAX_FOLLOWED_LOGS = 50;
/** Characters of a log line that are printed as one line; a longer one is cut into several. */
export const MAX_LOG_LINE_CHARACTERS = 65_536;

/** Buckets of a commit's entity index, a power of two: at 10,000 entities one bucket holds 40. Stored indexes depend on it. */
export const ENTITY_BUCKETS = 256;
/** Entity indexes kept in memory, and for how long unused. */
export const MAX_CACHED_INDEXES = 8;
export const INDEX_CACHE_IDLE_MS = 600_000;

/** Time for an API server to begin its answer; watches and logs then go on as long as they like. */
export const API_ANSWER_TIMEOUT_MS = 30_000;
/** One answer of an API server that is held whole; lists are read in pages far below. */
export const MAX_RESPONSE_BYTES = 256 * MiB;
/** One event of a watch as text: an object of at most 3 MiB, with room for escapes. */
export const MAX_WATCH_LINE_BYTES = 16 * MiB;
/** Length of one watch request of our client, plus a random part of the same length, so that they do not all end at once. */
export const WATCH_REQUEST_SECONDS = 300;
/** Back-off between tries to reconnect a watch, and tries in a row before its reader is told. */
export const WATCH_BACKOFF = { initialMs: 100, factor: 2, maxMs: 10_000 } as const;
export const MAX_WATCH_RECONNECTS = 8;
/** A kubeconfig file. */
export const MAX_KUBECONFIG_BYTES = 1 * MiB;
/** Objects of one page when a reflector lists, and how often it lists again to find what its watch missed. */
export const REFLECTOR_PAGE_SIZE = 500;
export const RELIST_INTERVAL_MS = 600_000;

/** Definition objects written in one batch, and listed at a time, by the reconciler. */
export const RECONCILE_BATCH = 500;
export const RECONCILE_PAGE = 500;
/** Back-off of a repository that cannot be reconciled, and the delay before a drifted definition is healed. */
export const RECONCILE_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 60_000 } as const;
export const HEAL_DELAY_MS = 1_000;
/** Pause before a broken watch for edited definitions is opened again. */
export const DRIFT_REWATCH_MS = 5_000;

/** What git says of a work tree's files, with their ids. */
export const MAX_GIT_LISTING_BYTES = 256 * MiB;
/** One kept verdict of `pipectl validate`, and the projects whose last one is kept. */
export const MAX_VERDICT_BYTES = 4 * MiB;
export const MAX_KEPT_VERDICTS = 100;
/** How often `validate --fix` compiles again: a fix may uncover others. */
export const MAX_FIX_ROUNDS = 10;
/** Editors write a file in several steps: a check begins when nothing has changed for so long. */
export const WATCH_SETTLE_MS = 60;
/** Lines that may differ between a file and its fixed text for a diff to be looked for; past it the whole file is shown. */
export const MAX_DIFF_EDITS = 2_000;
/** Files of a checkout that `pipectl validate` lists. */
export const MAX_WORK_TREE_FILES = 1_000_000;

/** Validity of the local API's certificate, and what must be left of it at a start: Kubernetes' authorities last ten years too. */
export const LOCAL_CERTIFICATE_MS = 10 * 365 * 24 * 3_600_000;
export const LOCAL_CERTIFICATE_RENEW_MS = 365 * 24 * 3_600_000;
/** A new connection must send its first byte, and then its headers, within these times; idle ones are kept so long. */
export const FIRST_BYTE_TIMEOUT_MS = 10_000;
export const HEADERS_TIMEOUT_MS = 15_000;
export const KEEP_ALIVE_MS = 60_000;
/** Request line and headers of one request. */
export const MAX_HEADER_BYTES = 32 * KiB;

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

/** Closures kept ready to run. */
export const MAX_CACHED_PLANS = 1_000;
/** How long an execution with nothing to do keeps its state in memory; after that only what wakes it is kept. */
export const ENGINE_PARK_AFTER_MS = 5_000;
/** Back-off of a round that failed, and how often in a row before the execution waits for the longest. */
export const ROUND_BACKOFF = { initialMs: 100, factor: 2, maxMs: 30_000 } as const;
/** Attempts looked up one by one when an execution is loaded; more are listed at once. */
export const MAX_SINGLE_POD_READS = 8;
/** Text parsed before other work of the process gets its turn: about 10 ms. */
export const PARSE_SLICE_BYTES = 16 * KiB;

/** How long and how many finished executions are kept, with their pods and logs; the newest stay. None goes before the shortest age. */
export const RETENTION = {
  intervalMs: 600_000,
  maxAgeMs: 30 * 86_400_000,
  minAgeMs: 3_600_000,
  maxExecutions: 50_000,
  /** As Kubernetes' terminated-pod-gc-threshold. */
  maxPods: 12_500,
} as const;
/** Objects that retention deletes with one write. */
export const RETENTION_BATCH = 500;

/**
 * A process is quiet when two intervals in a row took less CPU than this. Then, if memory has grown by `grownBytes`,
 * garbage is collected and given back to the system, again and again until that gives back less than `worthBytes`; if it
 * has grown by `pagesBytes`, only what costs next to nothing is given back. At most so often.
 */
export const IDLE_MEMORY = {
  pollMs: 4_000,
  quietCpuMs: 40,
  grownBytes: 32 * MiB,
  worthBytes: 4 * MiB,
  pagesBytes: 5 * MiB,
  againMs: 15_000,
} as const;

/** Nodes of a drawn graph with the bends of its edges; more would be a picture of many megabytes that shows nothing. */
export const MAX_GRAPH_POINTS = 50_000;

/** Rules of one policy. */
export const MAX_POLICY_RULES = 100;
/** Steps that all rules over all definitions of one commit may take together: about half a second. One for each evaluation. */
export const MAX_POLICY_STEPS = 5_000_000;

/** An import: notes kept of it, templates or tasks of one document, and list items written out (items, matrix rows). */
export const MAX_IMPORT_NOTES = 1_000;
export const MAX_IMPORT_TEMPLATES = 1_000;
export const MAX_IMPORT_ITEMS = 50_000;
/** Parentheses and operators within each other in a condition that is translated. */
export const MAX_IMPORT_DEPTH = 50;

/** Branches of one switch, and tasks that a dynamic node's workflow may run. */
export const MAX_SWITCH_BRANCHES = 100;
export const MAX_DYNAMIC_TASKS = 100;
/**
 * What one workflow runs inline: workflows inside workflows, how many different ones, and nodes in all when each is
 * counted as often as it runs. A few small workflows that run each other twice would else grow without end.
 */
export const MAX_INLINE_DEPTH = 32;
export const MAX_INLINE_WORKFLOWS = 500;
export const MAX_INLINE_NODES = 100_000;

/** Pairs of removed and added entities, or nodes, that are compared for a rename; past it only the same content counts. */
export const MAX_RENAME_PAIRS = 250_000;
/** Share of fields that a renamed entity has in common with what it was; git takes half of a file's content for one. */
export const MIN_RENAME_SIMILARITY = 0.6;
/** Callers compiled against a changed interface, to tell which of them it breaks. */
export const MAX_BREAK_TRIALS = 2_000;
