import { type HttpProxy, type RemoteUrl, WaitError } from '../base/index.ts';
import { isOid, type Oid } from './oid.ts';
import type { RefUpdate } from './push.ts';
import type { ObjectReader } from './reader.ts';
import { refNameProblem } from './ref-name.ts';

/** How to log in at a remote. Its texts reach no file but ones that hold what is public, no log and no message. */
export interface RemoteCredentials {
  readonly username?: string;
  /** Password or token. */
  readonly password?: string;
  /** Certificates, as PEM, to trust instead of those of the system. */
  readonly authorities?: string;
  /** A private key without a passphrase, as OpenSSH or PEM has it. */
  readonly identity?: string;
  /** As ssh(1) has it: SSH_KNOWN_HOSTS FILE FORMAT. */
  readonly knownHosts?: string;
}

/** Which blobs a fetch leaves out, to be asked for when they are read: all, or those of so many bytes and more. */
export type BlobFilter = 'blob:none' | `blob:limit=${string}`;

/** A repository that somebody else serves. */
export interface Remote {
  readonly url: RemoteUrl;
  /** For an answer, and for a fetch to make some progress. */
  readonly timeoutMs: number;
  readonly credentials: RemoteCredentials;
  /** Commits of each ref's history to fetch; absent: all. */
  readonly depth?: number;
  /** Absent: all blobs. */
  readonly filter?: BlobFilter;
  /** Absent: none. */
  readonly proxy?: HttpProxy;
}

/** Branches and tags of a remote. */
export interface RemoteRefs {
  /** By full name. A tag that is an object shows that object. */
  readonly refs: ReadonlyMap<string, Oid>;
  /** The branch that HEAD names, as `refs/heads/main`; absent in an empty repository, or when it is none that exists. */
  readonly head?: string;
}

/** Asks a remote what it has. Errors: RemoteError. */
export type ListRefs = (remote: Remote, signal: AbortSignal) => Promise<RemoteRefs>;

/** What was fetched and stands in a quarantine: no ref of the repository has moved. */
export interface Fetched {
  /** What the refs that were asked for showed when they were fetched: later, perhaps, than when they were listed. */
  readonly refs: ReadonlyMap<string, Oid>;
  /** Refs that could not be fetched though others could, and why. */
  readonly failed: ReadonlyMap<string, RemoteError>;
  /** What the remote cannot do and was therefore done at more cost, each as one clause. */
  readonly notes: readonly string[];
  /** Reads what was fetched and what the repository has, and fetches blobs that a filter left out. */
  readonly objects: ObjectReader;
  /** Takes the objects in and moves the refs; all or, of those created and changed, none. */
  land(updates: readonly RefUpdate[]): Promise<void>;
  /** Forgets what did not land. */
  close(): Promise<void>;
}

/** Fetches refs of a remote for the repository of this control plane with that name. Errors: RemoteError. */
export type FetchRefs = (
  repository: string,
  remote: Remote,
  refs: readonly string[],
  signal: AbortSignal,
) => Promise<Fetched>;

/**
 * Fetches blobs by id into the repository of that name: those that a filter had left out. What the remote does not have
 * stays missing. Errors: RemoteError.
 */
export type FetchBlobs = (
  repository: string,
  remote: Remote,
  blobs: readonly Oid[],
  signal: AbortSignal,
) => Promise<void>;

/** What a pack is to hold (gitprotocol-v2, fetch). */
export interface PackRequest {
  /** Objects to get, with all that they need. */
  readonly wants: readonly Oid[];
  /** Commits that are there, with all that they need. */
  readonly haves: readonly Oid[];
  /** Commits that are there without their parents. */
  readonly shallow: readonly Oid[];
  readonly depth?: number;
  readonly filter?: BlobFilter;
}

/** What came beside the pack. */
export interface PackAnswer {
  readonly sizeBytes: number;
  /** Commits that came without their parents, and those whose parents came now. */
  readonly shallow: readonly Oid[];
  readonly unshallow: readonly Oid[];
  /** See Fetched. */
  readonly notes: readonly string[];
}

/** Downloads a pack into a new file, as it comes: nothing of it is looked at. Errors: RemoteError. */
export type DownloadPack = (
  remote: Remote,
  request: PackRequest,
  file: string,
  signal: AbortSignal,
) => Promise<PackAnswer>;

/** Why a remote could not be asked. The message holds no credentials and is fit for a status. */
export class RemoteError extends WaitError {
  /** One CamelCase word for conditions. */
  readonly reason: RemoteReason;
  constructor(reason: RemoteReason, message: string, retryAfterMs = 0, options?: ErrorOptions) {
    super(message, retryAfterMs, options);
    this.reason = reason;
  }
}

export type RemoteReason =
  | 'AuthenticationFailed'
  | 'CertificateRefused'
  | 'FetchFailed'
  | 'HostKeyRefused'
  | 'NotFound'
  | 'ObjectsRefused'
  | 'ProtocolRefused'
  | 'ProxyRefused'
  | 'RateLimited'
  | 'Redirected'
  | 'SecretMissing'
  | 'TimedOut'
  | 'TooLarge'
  | 'TooManyRefs'
  | 'Unreachable';

/** A branch or tag whose name git would take (git-check-ref-format), and we of a push. */
export function isFollowedRef(ref: string): boolean {
  if (!/^refs\/(?:heads|tags)\/[^/]/.test(ref) || refNameProblem(ref) !== undefined) return false;
  return !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(ref);
}

/** A line of an answer that lists refs: a branch or tag that can be followed, or undefined for anything else. */
export function followedRef(oid: string, ref: string): readonly [ref: string, oid: Oid] | undefined {
  return isOid(oid) && isFollowedRef(ref) ? [ref, oid] : undefined;
}

/** The error for a URL of a scheme that this control plane does not follow. */
export function notAllowed(scheme: string): RemoteError {
  return new RemoteError(
    'ProtocolRefused',
    `${scheme} remotes are not followed here: use https or ssh, or start the control plane with --allow-remotes ${scheme}`,
  );
}
