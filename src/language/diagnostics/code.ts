import type { Severity } from '../../base/index.ts';

/** One row of the table of diagnostics: what `pipectl explain CODE` prints. */
export interface DiagnosticCode {
  /** `PIPE-<FAMILY>-<three digits>`; stable once released. */
  readonly code: string;
  readonly severity: Severity;
  /** A warning that is told only where a project sets its level in `spec.lints`. */
  readonly isOffByDefault?: true;
  /** A warning that is an error unless a project sets its level in `spec.lints`. */
  readonly isErrorByDefault?: true;
  /** One line without a full stop. */
  readonly title: string;
  /** What it means, why it is so, what to do. Plain text, full sentences. */
  readonly explanation: string;
  /** A small definitions file that has this finding, and the same put right. A test runs both. */
  readonly wrong: string;
  readonly right: string;
  /** When the wrong file cannot be printed (too large, not text), these bytes stand for it in the test. */
  readonly wrongBytes?: () => Uint8Array;
}
