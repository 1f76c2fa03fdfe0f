/**
 * git: what the project knows of git's objects, refs and pushes.
 * Owns the ports (ObjectReader, PushHandler), the parsers of trees and commits, and walks under budgets.
 * Must not start processes or touch the disk: adapters do, below. Nothing here ever checks a tree out.
 * Keeps: sizes are looked at before content, names are refused before they become paths, and every walk has a bound.
 */
export * from './ancestry.ts';
export * from './commit.ts';
export * from './fetch-apart.ts';
export * from './merge-base.ts';
export * from './missing-blobs.ts';
export * from './names.ts';
export * from './oid.ts';
export * from './plan-ref.ts';
export * from './proxy.ts';
export * from './push.ts';
export * from './reader.ts';
export * from './ref-name.ts';
export * from './ref-pattern.ts';
export * from './remote.ts';
export * from './repositories.ts';
export * from './signature.ts';
export * from './tree.ts';
export * from './tree-diff.ts';
export * from './turns.ts';
export * from './walk.ts';
export * from './webhook.ts';
