/**
 * The archive of executions that are over: one SQLite file beside the store. Owns its tables, the packed form of what
 * is in them, and the thread that writes and searches it, so that neither costs the engine a turn.
 * Keeps: what `put` resolved for is on the disk; an execution is in it once, under its namespace and name; opening
 * costs the same however much there is, because nothing is read before it is asked for.
 * Must not decide what is archived or for how long: retention does.
 */
export { type ArchiveOptions, openArchive } from './archive.ts';
