/**
 * closures: compiled entities and index pages as objects of the cluster.
 * Owns their encoding (gzip, chunks) and the check that content and name agree.
 * Must not know what a closure means. Keeps: a closure object that exists is whole, and never changes.
 */
export { type ClosureUse, createClosureUse } from './closure-use.ts';
export * from './encode.ts';
export * from './load.ts';
