/**
 * blobs: bytes that no object of the cluster has room for, named by what they are. Owns the port of the object store.
 * Must not know what blobs mean or who uses them. Adapters live below and are wired by `main/` only.
 * Keeps: a blob's name is the SHA-256 of its bytes, is there only when it is whole, and is never read as anything else;
 * memory does not grow with its size.
 */
export * from './blob-store.ts';
export * from './content.ts';
