/** A laid-out source folder in use; stays at least until it is released. */
export interface SourceLease {
  /** Absolute path of the read-only folder. */
  readonly path: string;
  release(): void;
}

/** Read-only folders with the content of git trees. */
export interface Sources {
  /**
   * The tree `tree` (its git id) of `repository` as a folder; calls for the same tree share the work.
   * Errors: StalledError('SourceRefused') when the tree breaks a rule or a bound, WaitError when it cannot be read now.
   */
  ensure(repository: string, tree: string): Promise<SourceLease>;
}
