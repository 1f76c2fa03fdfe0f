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
/** Tries of one request to an object store, and the pauses in between, which a random part of half is taken off. */
export const BLOB_ATTEMPTS = 6;
export const BLOB_BACKOFF = { initialMs: 200, factor: 2, maxMs: 10_000 } as const;
/** A connection to an object store on which nothing moves for so long is given up. */
export const BLOB_IDLE_MS = 30_000;
/** What an object store says besides the bytes of blobs: a page of a list has 1,000 names. */
export const MAX_BLOB_ANSWER_BYTES = 4 * MiB;
/** A blob that is stored again is written again when it is older, so that a sweep of what is old does not take it. */
export const BLOB_FRESH_MS = 24 * HOUR;
/** Credentials that expire are asked for anew so long before. */
export const CREDENTIALS_RENEW_MS = 5 * MINUTE;
export const CREDENTIALS_TIMEOUT_MS = 5_000;
/** An answer with credentials, and a file with a token. */
export const MAX_CREDENTIALS_BYTES = 64 * 1024;
