import type { Diagnostic } from '../../base/index.ts';

/** What a validation says of a folder. */
export interface Verdict {
  readonly isValid: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Entities of a valid project by kind; empty for one that is not. */
  readonly counts: Readonly<Record<string, number>>;
  /** Definition files that were compiled. */
  readonly fileCount: number;
  /** Those of them that git does not know: a push would not carry them. */
  readonly untracked: readonly string[];
}
