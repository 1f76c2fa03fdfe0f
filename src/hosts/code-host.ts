import type { FindingLevel } from '../review/index.ts';

/** Kinds of code hosts; Forgejo speaks as Gitea does. */
export type HostKind = 'github' | 'gitlab' | 'gitea';

/**
 * One repository on a code host, seen with one token. All calls fail as WaitError (try again later), StalledError
 * (`HostUnauthorized`, `HostForbidden`, `HostNotFound`, `HostRefused`: needs a person) or ConflictError (somebody else was
 * faster); no message holds a token or what a host wrote beyond its short reason.
 */
export interface CodeHost {
  readonly kind: HostKind;
  /** Characters that a comment may have there. */
  readonly maxCommentCharacters: number;
  /** `merge request` on GitLab. */
  readonly pullRequestWord: string;
  pullRequest(number: number): Promise<PullRequest>;
  /** All that are open, oldest first, MAX_PULL_REQUEST_PAGES pages of them at most. */
  openPullRequests(): Promise<readonly PullRequest[]>;
  /** The comments of a pull request that the owner of the token wrote and that have this marker, oldest first. */
  ownComments(number: number, marker: string): Promise<readonly HostComment[]>;
  createComment(number: number, body: string): Promise<HostComment>;
  /** ConflictError when the comment is gone. */
  editComment(number: number, id: string, body: string): Promise<void>;
  /** A comment that is gone already is no error. */
  deleteComment(number: number, id: string): Promise<void>;
  /** The latest status of a context is the one that counts. */
  setStatus(commit: string, status: CommitStatus): Promise<void>;
  /** Annotations as the host has them; absent where it has none. */
  publishCheck?(check: CheckReport): Promise<void>;
}

export interface PullRequest {
  readonly number: number;
  readonly state: 'open' | 'closed' | 'merged';
  readonly isDraft: boolean;
  /** The branch that it goes to, and its head as the host knows it. */
  readonly base: PullRequestSide;
  readonly head: PullRequestSide;
  /** The ref of the repository itself under which the head can be fetched: `refs/pull/7/head`. */
  readonly headRef: string;
  /** Whether the head lies in another repository. */
  readonly isFork: boolean;
}

export interface PullRequestSide {
  readonly branch: string;
  readonly commit: string;
}

export interface HostComment {
  readonly id: string;
  readonly body: string;
}

export interface CommitStatus {
  /** Names what the status is about: `pipectl/review`. */
  readonly context: string;
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  /** One line; cut at MAX_STATUS_DESCRIPTION by the adapter. */
  readonly description: string;
  readonly url?: string;
}

/** Annotations of one commit with a result. */
export interface CheckReport {
  readonly name: string;
  readonly commit: string;
  readonly conclusion: 'success' | 'neutral' | 'failure';
  readonly title: string;
  /** Markdown. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly url?: string;
}

/** A finding at lines of a file. */
export interface Annotation {
  readonly level: FindingLevel;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly endLine: number;
  readonly title: string;
  readonly message: string;
}
