import type { Diagnostic, Digest } from '../base/index.ts';
import type { Condition, KubeObject } from './object.ts';

/** What keeps a deleted repository until all that it made active is gone as well. */
export const REPOSITORY_FINALIZER = 'pipectl.dev/repository';

export interface Repository extends KubeObject {
  readonly kind: 'Repository';
  readonly spec: {
    readonly source: RepositorySource;
    /** Where the host of the repository tells of pushes: POST /webhooks/<repository>. Only a hint to poll. */
    readonly webhook?: {
      readonly provider: 'github' | 'gitlab' | 'gitea';
      readonly secret: { readonly name: string; readonly key: string };
    };
    /** Reviews of open pull requests, which the control plane posts to the host of a remote. */
    readonly reviews?: RepositoryReviews;
    /** Whose signatures a commit or tag must carry. */
    readonly verify?: {
      readonly mode: 'head' | 'tag' | 'every-commit';
      /** As ssh-keygen(1) reads it: ALLOWED SIGNERS. */
      readonly allowedSigners?: string;
      /** Armoured public keys. */
      readonly gpgKeys?: string;
      /** Patterns of refs that it is asked of; absent: all. */
      readonly refs?: readonly string[];
    };
    /** Who may move which refs; a ref that no rule names may be moved by all who may push. */
    readonly rules?: readonly RefRule[];
    /** Nothing is polled and nothing reconciled; pushes still register. */
    readonly suspended?: boolean;
  };
  readonly status?: {
    /** The project that the definitions name; fixed by the first accepted commit. */
    readonly project?: string;
    /** Branch or tag, as `refs/heads/main` → the registered commit that it shows. */
    readonly heads?: Readonly<Record<string, string>>;
    /** Domain → what its tracked ref shows. */
    readonly domains?: Readonly<Record<string, DomainStatus>>;
    /** Of a remote source: how polling goes; written only when that changes. */
    readonly source?: SourceStatus;
    /** Of reviews: how they go; written only when that changes. */
    readonly reviews?: ReviewsStatus;
    /** Echoes the annotation `sync-requested-at` when what it asks for has been tried. */
    readonly lastSyncRequest?: string;
    readonly conditions?: readonly Condition[];
  };
}

export type RepositorySource =
  /** This control plane serves the repository under /git/<name>.git. */
  | { readonly kind: 'push' }
  /** Somebody else serves it: it is polled. */
  | {
      readonly kind: 'remote';
      readonly url: string;
      /** Durations as `90s` and `5m`. */
      readonly interval?: string;
      readonly timeout?: string;
      /** A Secret of this namespace: `username` and `password` or `token`, `ca.crt`; or `identity` and `known_hosts`. */
      readonly credentials?: { readonly secret: string };
      /** Patterns of refs to fetch; absent: all branches and tags. */
      readonly refs?: readonly string[];
      /** Commits of each ref's history to fetch; absent: all. 1 is enough to run, not to look back. */
      readonly depth?: number;
      /** `blob:none` or `blob:limit=<size>`: blobs that are left out, and fetched when they are read. */
      readonly filter?: string;
      /** For HTTP and HTTPS, instead of the one that the environment of the control plane names. */
      readonly proxy?: RepositoryProxy;
    };

export interface RepositoryReviews {
  /** Forgejo is a `gitea`. */
  readonly provider: 'github' | 'gitlab' | 'gitea';
  /** A value of a Secret of this namespace: a token that may read pull requests, comment, and set statuses of commits. */
  readonly token: { readonly name: string; readonly key: string };
  /** Absent: that of the host in the source's URL. */
  readonly apiUrl?: string;
  /** `owner/name` at the host; absent: the path in the source's URL. */
  readonly project?: string;
  /** A finding at this level or above makes the status a failure; absent: `error`. */
  readonly failOn?: 'error' | 'warning' | 'notice' | 'never';
  /** Time between looks at the open pull requests, as `90s`; absent: 1m. */
  readonly interval?: string;
}

/** How the reviews of a repository's pull requests go. */
export interface ReviewsStatus {
  /** Number of an open pull request → what of it was reviewed last. */
  readonly reviewed?: Readonly<Record<string, ReviewedPullRequest>>;
  /** In a row; not counted on once tries are as far apart as they get. */
  readonly failures?: number;
  readonly message?: string;
  readonly nextAttemptAt?: string;
}

export interface ReviewedPullRequest {
  readonly head: string;
  /** The commit of the branch that it goes to. */
  readonly base: string;
  /** What was said: one line, or why there is no review. */
  readonly verdict: string;
}

export interface RepositoryProxy {
  /** `http://host:port`, without a login; absent: `address` of the Secret. */
  readonly url?: string;
  /** A Secret of this namespace: `address`, `username`, `password`. */
  readonly secret?: string;
}

export interface RefRule {
  /** Patterns, as `main` and `release/*`. */
  readonly refs: readonly string[];
  /** Names of tokens or groups that may move them; absent: all who may push. */
  readonly push?: readonly string[];
  readonly allowForce?: boolean;
  readonly allowDelete?: boolean;
}

export interface SourceStatus {
  /** Digest of the remote's refs and of what of the spec they were judged by, once all of them were dealt with. */
  readonly observed?: string;
  /** Echoes the annotation `sync-requested-at` when the remote has been asked since. */
  readonly lastSyncRequest?: string;
  readonly lastChangedAt?: string;
  /** In a row; not counted on once tries are as far apart as they get. */
  readonly failures?: number;
  /** What is wrong with the remote or with what it shows. */
  readonly message?: string;
  /** Absent when all is well, or when tries are as far apart as they get. */
  readonly nextAttemptAt?: string;
}

export interface DomainStatus {
  /** The ref pattern of `pipectl.yaml`: a branch name, or a pattern as `feature/*` or `*` (register only). */
  readonly ref: string;
  /** Head of the tracked ref that the reconciler is to reach. */
  readonly desired?: string;
  readonly lastAttempted?: string;
  /** The active revision's commit: every definition in the namespace equals it. */
  readonly lastApplied?: string;
  readonly lastAppliedAt?: string;
  readonly message?: string;
  /** Commits that were active, newest first, the active one among them. */
  readonly history?: readonly AppliedRevision[];
  /** Changes that somebody made past git, newest first. */
  readonly drift?: readonly Drift[];
  /** Definitions that could not be applied; the rest was. */
  readonly failed?: readonly { readonly kind: string; readonly name: string; readonly message: string }[];
  /** Definitions whose removal waits for a person. */
  readonly waiting?: readonly { readonly kind: string; readonly name: string; readonly reason: string }[];
  /** Removals that were not made, since they would have taken most of what is active. */
  readonly pruneHeld?: { readonly count: number; readonly of: number; readonly reason: string };
}

export interface AppliedRevision {
  readonly commit: string;
  readonly at: string;
  readonly created: number;
  readonly updated: number;
  readonly pruned: number;
}

export interface Drift {
  readonly kind: string;
  readonly name: string;
  /** `added`: it stands in no commit. */
  readonly what: 'edited' | 'deleted' | 'added';
  /** Who did it, where the API knows. */
  readonly by?: string;
  readonly at: string;
  /** `kept`: it does not say that it came from this repository, so it stays until somebody removes it. */
  readonly state: 'healed' | 'waiting' | 'suspended' | 'kept';
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
