/**
 * The five kinds of things that go wrong. The type tells the caller's policy, the message tells a person
 * what happened, where, and what to do next. No message holds a secret.
 */

/** A range in a file. Lines and columns count from 1; columns in UTF-16 code units; the end is exclusive. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export type Severity = 'error' | 'warning' | 'info';

/** A finding about the user's files: returned, never thrown. Only severity `error` rejects a commit. */
export interface Diagnostic {
  /** Stable, for example `PIPE-REF-001`; `pipectl explain` tells more about each. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Absent when no file is at fault, for example an empty commit. */
  readonly span?: Span;
  /** What to do: one sentence, for example `did you mean "add-two"?`. */
  readonly help?: string;
  readonly related?: readonly RelatedPlace[];
  /** The text of line `span.line`, at most MAX_FRAME_COLUMNS around the span, so that a reader without the file sees the place. */
  readonly frame?: string;
  /** The column of the frame's first character; 1 when absent. */
  readonly frameColumn?: number;
  /** A change of the file that takes the finding away, where there is exactly one that anybody could mean. */
  readonly fix?: Fix;
}

/** Edits that belong together; none overlaps another. Made by `withFixes`, applied by `validate --fix`. */
export interface Fix {
  /** What it does, for example `replace "crad" by "card"`. */
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

/** The text that takes the place of a range; an empty range inserts. */
export interface TextEdit {
  readonly span: Span;
  readonly text: string;
}

/** Another place that explains a diagnostic, for example where a task is declared. */
export interface RelatedPlace {
  readonly message: string;
  readonly span: Span;
  readonly frame?: string;
  readonly frameColumn?: number;
}

/** Transient: the same call may succeed later. */
export class WaitError extends Error {
  override readonly name: string = 'WaitError';
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Needs a person: no retry helps until something outside changes. */
export class StalledError extends Error {
  override readonly name = 'StalledError';
  /** A CamelCase word for conditions and `kubectl describe`, for example `DiskFull`. */
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Lost a race (HTTP 409): reload and decide anew. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** An invariant of ours broke: quarantine the key at hand, keep the process, tell us. */
export class BugError extends Error {
  override readonly name = 'BugError';
}
