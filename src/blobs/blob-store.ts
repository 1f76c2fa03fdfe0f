import type { Digest, UnixMs } from '../base/index.ts';

/** A blob as it is stored. */
export interface BlobEntry {
  /** SHA-256 of its bytes: its name. */
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** When it was last written, by the store's clock. */
  readonly modifiedAt: UnixMs;
}

/** Bytes to be stored, as often as they are asked for: always the same. */
export interface BlobContent {
  read(): AsyncIterable<Uint8Array>;
}

/**
 * Where blobs are kept. All calls throw: WaitError when the store does not answer or is busy, after tries of its own;
 * StalledError with a reason of BLOB_STALLED when a person has to see to it. Signals end a call early with their own reason.
 */
export interface BlobStore {
  /** Where it is, for people: no secrets. */
  readonly place: string;
  /** Resolves when the bytes are durable. One that is there already counts as written now. StalledError: BlobTooLarge, BlobChanged. */
  put(content: BlobContent, signal?: AbortSignal): Promise<Pick<BlobEntry, 'digest' | 'sizeBytes'>>;
  /** Its bytes, checked: throws BlobMissing before the first, and BlobDamaged at the latest after the last one. */
  get(digest: Digest, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Undefined: there is none. */
  head(digest: Digest, signal?: AbortSignal): Promise<BlobEntry | undefined>;
  /** Nothing happens when there is none. */
  delete(digest: Digest, signal?: AbortSignal): Promise<void>;
  /** Blobs whose digests begin so, in their order; those that come or go meanwhile may be missed. */
  list(prefix?: string, signal?: AbortSignal): AsyncIterable<BlobEntry>;
  /** Takes away what writers left that began before then and did not finish. Resolves with how many. */
  dropUnfinished(before: UnixMs, signal?: AbortSignal): Promise<number>;
}

/** Reasons of StalledError that stores give. */
export const BLOB_STALLED = {
  missing: 'BlobMissing',
  damaged: 'BlobDamaged',
  tooLarge: 'BlobTooLarge',
  changed: 'BlobChanged',
  forbidden: 'BlobStoreForbidden',
  bucketMissing: 'BucketMissing',
  clockSkew: 'ClockSkew',
  wrongRegion: 'WrongRegion',
  refused: 'BlobStoreRefused',
  credentials: 'CredentialsMissing',
  unusable: 'BlobStoreUnusable',
} as const;
