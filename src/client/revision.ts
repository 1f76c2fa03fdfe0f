import type { Diagnostic } from '../base/index.ts';
import type { CompileOutcome } from '../compiler/index.ts';
import type { ObjectReader, Oid } from '../git/index.ts';

/** A commit of a repository on this machine, read from its objects: no work tree is needed, nor touched. */
export interface OpenedRevision {
  readonly commit: Oid;
  /** The tree that holds `pipectl.yaml`: the commit's, or that of the project's folder in it. */
  readonly tree: Oid;
  /** Reads any object of the repository by id, such as the blobs that index entries name. */
  readonly objects: ObjectReader;
  /** Compiles the commit as a push of it would be, with all findings about its names, links and folders. */
  compile(): Promise<CompiledRevision>;
  /** Ends what reads the objects. */
  close(): void;
}

/** As much of a commit as reading its files takes. */
export type ReadRevision = Pick<OpenedRevision, 'commit' | 'tree' | 'objects'>;

export type CompiledRevision =
  | {
      readonly kind: 'compiled';
      readonly outcome: Extract<CompileOutcome, { readonly kind: 'compiled' }>;
      /** The definition files that were looked at. */
      readonly files: readonly string[];
    }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] };

export interface OpenRevisionOptions {
  /** A folder in a checkout, or of a bare repository. */
  readonly cwd: string;
  /** Anything that names a commit to git: an id or its beginning, a branch, a tag, `HEAD~2`. */
  readonly rev: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens a commit. Errors: StalledError `NoRepository`, `NoRevision` (the name leads nowhere), `NoProject` (no
 * pipectl.yaml in the commit).
 */
export type RevisionOpener = (options: OpenRevisionOptions) => Promise<OpenedRevision>;
