import type { Diagnostic, Digest } from '../base/index.ts';
import type { Condition, KubeObject } from './object.ts';

export interface Repository extends KubeObject {
  readonly kind: 'Repository';
  readonly spec: {
    /** `push`: this control plane serves the repository under /git/<name>.git. */
    readonly source: { readonly kind: 'push' };
    readonly suspended?: boolean;
  };
  readonly status?: {
    /** The project that the definitions name; fixed by the first accepted commit. */
    readonly project?: string;
    /** Branch or tag, as `refs/heads/main` → the registered commit that it shows. */
    readonly heads?: Readonly<Record<string, string>>;
    /** Domain → what its tracked ref shows. */
    readonly domains?: Readonly<Record<string, DomainStatus>>;
    readonly conditions?: readonly Condition[];
  };
}

export interface DomainStatus {
  /** The ref pattern of `pipectl.yaml`: a branch name, or `*` for any other branch (register only). */
  readonly ref: string;
  /** Head of the tracked ref that the reconciler is to reach. */
  readonly desired?: string;
  readonly lastAttempted?: string;
  /** The active revision's commit: every definition in the namespace equals it. */
  readonly lastApplied?: string;
  readonly lastAppliedAt?: string;
  readonly message?: string;
}

/** One commit as registered. Named `<repository>-<commit>`. */
export interface Revision extends KubeObject {
  readonly kind: 'Revision';
  readonly spec: {
    readonly repository: string;
    readonly commit: string;
    readonly tree: string;
    readonly parents: readonly string[];
    readonly author: string;
    readonly committedAt: string;
    readonly subject: string;
    /** Refs of the push that brought it, for example `refs/heads/main`. */
    readonly refs: readonly string[];
    readonly project?: string;
    /** Digest of the root of the entity index (a Closure object); absent when rejected. */
    readonly index?: Digest;
    /** Entities by kind, for display: `{ Workflow: 3, Task: 5 }`. */
    readonly counts?: Readonly<Record<string, number>>;
    readonly rejected?: boolean;
    /** Errors when rejected, warnings when not. */
    readonly diagnostics?: readonly Diagnostic[];
  };
}

/** A compiled entity or an index page, immutable, named by the SHA-256 of the JSON text of its content. */
export interface Closure extends KubeObject {
  readonly kind: 'Closure';
  readonly spec: {
    readonly of: 'Workflow' | 'Task' | 'LaunchPlan' | 'Schedule' | 'Platform' | 'Policy' | 'Index' | 'Chunk';
    readonly name?: string;
    /** `json`: `content` is the canonical JSON text. `gzip`: base64 of its gzip. */
    readonly encoding: 'json' | 'gzip';
    readonly content?: string;
    /** Digests of Chunk closures to join when the content is too large for one object. */
    readonly chunks?: readonly Digest[];
  };
}
