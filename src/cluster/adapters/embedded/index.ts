/**
 * The embedded store: the Cluster port in one process over one folder. Owns the log (durability), the heap (reads and
 * watches) and the database file (what is cold, and a quick start).
 * Keeps: a write resolves after its frame is on the disk; a batch is there whole or not at all, also after a crash;
 * writes are checked against everything accepted before them, readers and watches see only what is on the disk;
 * a refused disk write changes nothing.
 * Must not guard the folder against a second process: whoever opens the store does.
 */
export {
  type EmbeddedStore,
  type EmbeddedStoreOptions,
  openEmbeddedStore,
  type PodLogSource,
  type StoreStats,
} from './store.ts';
