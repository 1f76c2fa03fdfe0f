/** Bounds of the object store. Sizes in bytes, times in milliseconds. */
const MiB = 1024 * 1024;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * What is sent in one request, and held in memory for it. Larger blobs go in parts of this size; S3 takes parts of 5 MiB
 * and more, and at most 10,000 of them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
export const BLOB_PART_BYTES = 8 * MiB;
export const MAX_BLOB_PARTS = 10_000;
export const MAX_BLOB_BYTES = BLOB_PART_BYTES * MAX_BLOB_PARTS;
/** Parts of one blob that are under way, each held in memory. */
export const BLOB_PARTS_AT_ONCE = 3;
/** What is read of a file at a time. */
export const BLOB_CHUNK_BYTES = MiB;
/** Characters of what names an object store: a key has 1,024 bytes at most, the prefix and the digest. */
export const MAX_BUCKET_PREFIX_LENGTH = 512;
export const MAX_ENDPOINT_LENGTH = 512;
export const MAX_FOLDER_PATH_LENGTH = 1024;
/** Characters of an access key or a token of one, which go into the headers of every request. */
export const MAX_ACCESS_KEY_LENGTH = 8 * 1024;
/** How often it is tried whether an object store can be used: when it could, when it could not, and how long one try takes. */
export const OBJECT_STORE_CHECK_MS = 5 * MINUTE;
export const OBJECT_STORE_RETRY_MS = MINUTE;
export const OBJECT_STORE_TIMEOUT_MS = 2 * MINUTE;
/** Characters of a condition's message about it. */
export const MAX_OBJECT_STORE_MESSAGE_LENGTH = 1024;
/** Tries of one request to an object store, and the pauses in between, which a random part of half is taken off. */
export const BLOB_ATTEMPTS = 6;
export const BLOB_BACKOFF = { initialMs: 200, factor: 2, maxMs: 10_000 } as const;
/** A connection to an object store on which nothing moves for so long is given up. */
export const BLOB_IDLE_MS = 30_000;
/** What an object store says besides the bytes of blobs: a page of a list has 1,000 names. */
export const MAX_BLOB_ANSWER_BYTES = 4 * MiB;
/** A blob that is stored again is written again when it is older, so that a sweep of what is old does not take it. */
export const BLOB_FRESH_MS = 24 * HOUR;
/**
 * Sweeps of blobs that nothing names: how old one must be (more than BLOB_FRESH_MS, or one that has just been stored again
 * could go), how long it must have been without use, and how much one pass does.
 */
export const BLOB_SWEEP = {
  minAgeMs: 48 * HOUR,
  graceMs: HOUR,
  unfinishedMs: 24 * HOUR,
  maxDeletes: 10_000,
  maxCandidates: 1_000_000,
} as const;
/** Credentials that expire are asked for anew so long before. */
export const CREDENTIALS_RENEW_MS = 5 * MINUTE;
export const CREDENTIALS_TIMEOUT_MS = 5_000;
/** An answer with credentials, and a file with a token. */
export const MAX_CREDENTIALS_BYTES = 64 * 1024;
