import type { Oid } from './oid.ts';
import type { ObjectReader } from './reader.ts';

/** Who sends a request, as authentication knows them. */
export interface Requester {
  readonly name: string;
}

/** Where a request comes from. */
export interface Origin {
  /** Address of the client. */
  readonly from: string;
  /** What the client calls itself. */
  readonly agent?: string;
}

/** What requesters may do with repositories. */
export interface GitAccess<W extends Requester> {
  /** Why they may not fetch or push, as one line; undefined when they may. */
  refusal(who: W, repository: string, action: 'fetch' | 'push', origin: Origin): Promise<string | undefined>;
  /** What decides on their pushes. */
  handlerFor(who: W, origin: Origin): PushHandler;
  /**
   * Told of what git did not take: refs that were accepted and did not move, or those of a push that was over before it
   * could be decided, for example because git's own checks refused it.
   */
  untaken(who: W, origin: Origin, push: UntakenPush): void;
}

/** One ref that a push wants to move. ZERO_OID stands for absence on either side. */
export interface RefUpdate {
  /** Full name, for example `refs/heads/main`. */
  readonly ref: string;
  readonly before: Oid;
  readonly after: Oid;
}

/** A push that waits for its decision: no ref has moved and its objects are still in quarantine. */
export interface Push {
  /** Name of the repository: an RFC 1123 label. */
  readonly repository: string;
  /** Who pushes, as authentication named them. */
  readonly pusher: string;
  readonly updates: readonly RefUpdate[];
  /** Reads the quarantined objects and those of the repository; useless once the decision is made. */
  readonly objects: ObjectReader;
}

/** What the pusher is told, one line each without line ends, and whether every ref may move. */
export interface PushVerdict {
  readonly accepted: boolean;
  readonly lines: readonly string[];
}

/** The refs of an accepted push that did move; git may still refuse some after the decision. */
export interface LandedPush {
  readonly repository: string;
  readonly updates: readonly RefUpdate[];
}

/** Refs that a push wanted to move, and git did not. */
export interface UntakenPush extends LandedPush {
  /** Reads what the repository has: what was pushed is gone. */
  readonly objects: ObjectReader;
  /** Why it was refused before it could be decided, as lines for people; absent: it was not, or nobody said so. */
  readonly problem?: string;
}

/** A push that was turned away before it came to what decides on pushes. */
export interface RefusedPush extends LandedPush {
  /** Reads what is there of it. */
  readonly objects: ObjectReader;
  /** Why, one line each, for people. */
  readonly problems: readonly string[];
}

/** What decides on pushes. Calls for one repository never overlap: a decision ends when its refs have moved or not. */
export interface PushHandler {
  decide(push: Push): Promise<PushVerdict>;
  /** Called after refs moved. Returns lines for the pusher; an error only costs them. */
  landed(push: LandedPush): Promise<readonly string[]>;
  /** Told of pushes that others refused, to keep the reason for later reading. Does not fail. */
  refused?(push: RefusedPush): Promise<void>;
}
