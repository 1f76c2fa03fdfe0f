/**
 * compiler/check: a commit judged in parts, file by file, without closures to keep: by threads, or only where it changed.
 * Owns the record of a file, which files must be looked at together, and what the records of all files say of the commit.
 * Keeps: what is concluded is what compiling the whole commit tells, to the letter; where parts cannot know, nothing is
 * concluded and the caller compiles the whole.
 */
export * from './check-files.ts';
export * from './conclude.ts';
export * from './edited-commit.ts';
export * from './file-facts.ts';
export * from './groups.ts';
export * from './known-commit.ts';
