/** Bounds of the command line. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** Logs that one `pipectl logs --follow` streams at a time; further ones wait for a stream to end. */
export const MAX_FOLLOWED_LOGS = 50;
/** Characters of a log line that are printed as one line; a longer one is cut into several. */
export const MAX_LOG_LINE_CHARACTERS = 65_536;

/** What git says of a work tree's files, with their ids. */
export const MAX_GIT_LISTING_BYTES = 256 * MiB;
/** One kept verdict of `pipectl validate`, and the projects whose last one is kept. */
export const MAX_VERDICT_BYTES = 4 * MiB;
export const MAX_KEPT_VERDICTS = 100;
/** What is kept of the files of one project, for how many projects, and in how many pages each can be read by itself. */
export const MAX_KEPT_RECORDS_BYTES = 64 * MiB;
export const MAX_KEPT_RECORDS = 20;
export const LEDGER_PAGES = 256;
/** Files that are checked again for a change; for more it costs less to check all, on all processors. */
export const MAX_RECHECKED_FILES = 500;
/** Texts whose meaning one function remembers, twice as many in all, and their length in UTF-16 code units. */
export const REMEMBERED_TEXTS = { count: 1_000, maxLength: 300 } as const;

/**
 * A validation in parts. `files`: of one group, `lastFiles` when few are left; `rereads`: how often all files may be read
 * again because groups refer to them, past it everything is checked at once; `parsed`: texts that a thread keeps parsed, in
 * bytes of text. Threads are started for `minFiles` files, `threads` in all: each costs some 100 MB. `youngMb`: the heap for what lives shortly, which is
 * all but the records. `briefFiles`: up to so many, the process is over before slow compilation to fast code pays off.
 */
export const CHECK_GROUPS = {
  files: 64,
  lastFiles: 16,
  rereads: 3,
  parsedBytes: 8 * MiB,
  minFiles: 600,
  threads: 4,
  youngMb: 48,
  briefFiles: 30_000,
} as const;
/** How often `validate --fix` compiles again: a fix may uncover others. */
export const MAX_FIX_ROUNDS = 10;
/** Editors write a file in several steps: a check begins when nothing has changed for so long. */
export const WATCH_SETTLE_MS = 60;
/** Lines that may differ between a file and its fixed text for a diff to be looked for; past it the whole file is shown. */
export const MAX_DIFF_EDITS = 2_000;

/** Nodes of a drawn graph with the bends of its edges; more would be a picture of many megabytes that shows nothing. */
export const MAX_GRAPH_POINTS = 50_000;

/** An import: notes kept of it, templates or tasks of one document, and list items written out (items, matrix rows). */
export const MAX_IMPORT_NOTES = 1_000;
export const MAX_IMPORT_TEMPLATES = 1_000;
export const MAX_IMPORT_ITEMS = 50_000;
/** Parentheses and operators within each other in a condition that is translated. */
export const MAX_IMPORT_DEPTH = 50;

/** What one git command in a checkout may answer. */
export const MAX_GIT_ANSWER_BYTES = 64 * MiB;
/** Commits that `pipectl blame` compiles before it gives up: each costs what a validation does. */
export const MAX_BLAMED_COMMITS = 500;
/** Commits between a good and a bad one; a hundred thousand take seventeen runs. */
export const MAX_BISECTED_COMMITS = 100_000;
/** How long `pipectl bisect` waits for the poll that is to bring a commit. */
export const POLL_WAIT_MS = 60_000;

/** Workflows that tasks wrote which `describe` reads, to name the kinds of their nodes: a request each. */
export const MAX_WRITTEN_SHOWN = 100;
