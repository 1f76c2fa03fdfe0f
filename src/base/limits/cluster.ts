/** Bounds of the object API and its store. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** Kubernetes names of objects (RFC 1123 subdomain) and labels. */
export const MAX_NAME_LENGTH = 253;
export const MAX_LABEL_LENGTH = 63;

/** One closure object in the cluster: etcd refuses requests of 1.5 MiB, so chunks stay well below. */
export const MAX_CLOSURE_CHUNK_BYTES = 900 * KiB;
/** All annotations of one object, as Kubernetes has it (TotalAnnotationSizeLimitB). */
export const MAX_ANNOTATIONS_BYTES = 256 * KiB;

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
/** Managers other than appliers that are told apart in one object, as Kubernetes has it (DefaultMaxUpdateManagers). */
export const MAX_FIELD_MANAGERS = 10;
/** Name of a field manager, as Kubernetes has it (FieldManagerMaxLength). */
export const MAX_FIELD_MANAGER_LENGTH = 128;
/** Tries of a read-change-write before the client is told of the conflict. */
export const MAX_PATCH_TRIES = 5;

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
/** Lists by phase, or of what is due, whose names are kept for their next pages; the oldest goes. */
export const MAX_SELECTED_LISTS = 8;
/** Dependents of deleted owners that are removed in one write. */
export const COLLECT_BATCH = 256;
/** Names of deleted owners that are remembered, so that a dependent made too late is removed as well. */
export const MAX_DELETED_OWNERS = 4_096;

/** Buckets of a commit's entity index, a power of two: at 10,000 entities one bucket holds 40. Stored indexes depend on it. */
export const ENTITY_BUCKETS = 256;

/** Time for an API server to begin its answer; watches and logs then go on as long as they like. */
export const API_ANSWER_TIMEOUT_MS = 30_000;
/** Tries after the first for one request that an API server was too busy for, or a read that broke off (client-go makes ten). */
export const MAX_API_RETRIES = 6;
/** Requests of one client under way at a time, watches aside. An API server takes 200 writes at a time from all its clients. */
export const MAX_API_CALLS = 64;
/** Back-off between them where the server names no time; and the longest that a server may ask a request to wait inside of a call. */
export const API_RETRY_BACKOFF = { initialMs: 50, factor: 2, maxMs: 2_000 } as const;
export const MAX_RETRY_AFTER_MS = 30_000;
/** One answer of an API server that is held whole; lists are read in pages far below. */
export const MAX_RESPONSE_BYTES = 256 * MiB;
/** One event of a watch as text: an object of at most 3 MiB, with room for escapes. */
export const MAX_WATCH_LINE_BYTES = 16 * MiB;
/** Length of one watch request of our client, plus a random part of the same length, so that they do not all end at once. */
export const WATCH_REQUEST_SECONDS = 300;
/** Back-off between tries to reconnect a watch, and tries in a row before its reader is told. */
export const WATCH_BACKOFF = { initialMs: 100, factor: 2, maxMs: 10_000 } as const;
export const MAX_WATCH_RECONNECTS = 8;
/** A service account's token is read from its file again after so long; kubelets replace it when a fifth of its life is left. */
export const SERVICE_ACCOUNT_TOKEN_MS = 60_000;
/** A kubeconfig file. */
export const MAX_KUBECONFIG_BYTES = 1 * MiB;
/** Objects of one page when a reflector lists, and how often it lists again to find what its watch missed. */
export const REFLECTOR_PAGE_SIZE = 500;
export const RELIST_INTERVAL_MS = 600_000;
/** Lists of more objects than these are made as much more rarely: however many there are, they take a few thousandths of a core. */
export const RELIST_OBJECTS = 100_000;
/** Fields that are told of, once each, as dropped by an API server whose kinds are older. */
export const MAX_DROPPED_FIELDS = 100;
/** Between pages of executions that the engine lists again: each of them is loaded, and a continuation is good for five minutes. */
export const RELIST_PAGE_PAUSE_MS = 1_000;

/** Validity of the local API's certificate, and what must be left of it at a start: Kubernetes' authorities last ten years too. */
export const LOCAL_CERTIFICATE_MS = 10 * 365 * 24 * 3_600_000;
export const LOCAL_CERTIFICATE_RENEW_MS = 365 * 24 * 3_600_000;
/** A new connection must send its first byte, and then its headers, within these times; idle ones are kept so long. */
export const FIRST_BYTE_TIMEOUT_MS = 10_000;
export const HEADERS_TIMEOUT_MS = 15_000;
export const KEEP_ALIVE_MS = 60_000;
/** Request line and headers of one request. */
export const MAX_HEADER_BYTES = 32 * KiB;
