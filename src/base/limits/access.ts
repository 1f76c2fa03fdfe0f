/** Bounds of tokens, protected refs and the audit log. Sizes in bytes, times in milliseconds. */
const MiB = 1024 * 1024;

/** Tokens that are looked at; further ones open nothing. */
export const MAX_TOKENS = 1_000;
/** Scopes of one token, and names or patterns in one of them. */
export const MAX_TOKEN_SCOPES = 20;
export const MAX_SCOPE_ENTRIES = 100;
/** Characters of one name or pattern. */
export const MAX_SCOPE_ENTRY_LENGTH = 250;
/** Rules of one repository's refs. */
export const MAX_REF_RULES = 100;
/** Commits that are read to find out whether a push to a protected ref leaves others behind. */
export const MAX_ANCESTRY_COMMITS = 50_000;
/** One file of the audit log, and files that are kept besides the one that is written. */
export const MAX_AUDIT_FILE_BYTES = 8 * MiB;
export const MAX_AUDIT_FILES = 15;
/** Lines that wait for a disk that takes none; while there are any, writes are refused. */
export const MAX_PENDING_AUDIT_LINES = 1_000;
/** Written lines reach the disk itself within this time. */
export const AUDIT_SYNC_MS = 1_000;
/** Characters of one text in a line: a client's name of itself, a message. */
export const MAX_AUDIT_TEXT_LENGTH = 300;
/** Refs of one push that its line names. */
export const MAX_AUDIT_REFS = 20;
