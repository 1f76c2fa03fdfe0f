/** Bounds of git: pushes, trees and refs. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

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
/** Commits at which a pusher's shallow clone is said to end. */
export const MAX_CUT_OFF_COMMITS = 10_000;
/** Object requests that wait for their answer, per reader. */
export const MAX_PENDING_READS = 10_000;
/** A reading process that nobody used for so long is ended. */
export const READER_IDLE_MS = 60_000;
/** Full name of a ref, in UTF-16 code units; each part is a file's name as well. */
export const MAX_REF_NAME_LENGTH = 250;
/** Refs of one push, and the bytes that name them. */
export const MAX_PUSH_REFS = 200;
export const MAX_PUSH_HEAD_BYTES = 128 * KiB;
/** Lines that a pusher is told. */
export const MAX_VERDICT_LINES = 2_000;
/** Packed bytes of one push. */
export const MAX_PUSH_BYTES = 512 * MiB;
/** One object that is pushed or fetched, unpacked: a file, or a delta's result. GitHub takes no larger file either. */
export const MAX_OBJECT_OF_PUSH_BYTES = 100 * MiB;
/**
 * CPU time for unpacking a push. The history of this project takes git 60 ms for each MiB of its pack: what takes thirty
 * times that is made to.
 */
export const UNPACK_CPU = { baseMs: 1_200, perMiBMs: 2_000 } as const;
/** When that is looked at, and processes of one push that are. */
export const UNPACK_LOOK = { firstMs: 500, everyMs: 100 } as const;
export const MAX_UNPACK_PROCESSES = 16;
/** What git keeps of bases while it resolves deltas, besides the one at hand. */
export const MAX_DELTA_BASE_CACHE_BYTES = 16 * MiB;
/** From the hook's call to the decision, and one git request in all. */
export const PUSH_DECISION_TIMEOUT_MS = 60_000;
export const GIT_REQUEST_TIMEOUT_MS = 600_000;
/** Between asking a git to end and ending it. */
export const GIT_GRACE_MS = 2_000;
/** How often, and how many times, an accepted push's ref is looked for before its hook tells that it moved. */
export const REF_MOVE_POLL = { everyMs: 1, looks: 50 } as const;
/** Steps of `HEAD~N` and of tags to tags that are followed where git is not there to follow them. */
export const MAX_REVISION_STEPS = 10_000;
/** Git requests at a time; the rest gets 503 with Retry-After. */
export const MAX_GIT_REQUESTS = 32;
/** Branches and tags of one repository whose commits are noted, so that `--rev` finds them by name. */
export const MAX_NOTED_HEADS = 10_000;
/** When a repository is compared with its refs again, after a start or when a push could not be noted. */
export const RESYNC_BACKOFF = { initialMs: 2_000, factor: 2, maxMs: 60_000 } as const;
/** Repositories of one control plane. */
export const MAX_REPOSITORIES = 1_000;
/** Pushes and fetches of one repository after which its objects are packed, and packs beyond which they are joined, as git's own upkeep does. */
export const PACK_EVERY_PUSHES = 200;
export const MAX_PACKS = 50;
/** Files of a checkout that `pipectl validate` lists. */
export const MAX_WORK_TREE_FILES = 1_000_000;
/** Where git is not there to read them: objects of one pack. A large project's whole history has about a million. */
export const MAX_PACK_OBJECTS = 1_000_000;
/** What a pack may unpack to in all, deltas and their results counted. */
export const UNPACKED_BYTES = { base: 256 * MiB, perPackedByte: 200 } as const;
/** Bytes that are held at once while deltas are resolved, and deltas of deltas that are followed (git makes 4,095 at most). */
export const MAX_DELTA_BYTES_AT_ONCE = 128 * MiB;
export const MAX_DELTA_DEPTH = 4_096;
/** An object that is not unpacked in the thread that asks for it. */
export const LARGE_OBJECT_BYTES = 1 * MiB;
/** A pack that is looked through without a thread, and what it may unpack to there. */
export const SMALL_PACK = { packedBytes: 128 * KiB, unpackedBytes: 4 * MiB } as const;
/** Of the thread that looks through a fetched pack: its heap in MiB, and the time that it may take. */
export const INDEX_THREAD = { heapMb: 512, timeoutMs: 300_000 } as const;
/** Commits that a remote is told we have, and refs of one repository without git. */
export const MAX_TOLD_COMMITS = 1_000;
export const MAX_PLAIN_REFS = 20_000;
