import {
  instantText,
  type Json,
  MAX_NAMED_REJECTIONS,
  MAX_SOURCE_MESSAGE_LENGTH,
  type UnixMs,
} from '../../base/index.ts';
import type { Condition, MergePatch, Repository, SourceStatus } from '../../cluster/index.ts';
import { shortOid } from '../../git/index.ts';
import { redactText } from '../../observe/index.ts';

/** A ref that shows something that was rejected, and why, in the words that a pusher would read. */
export interface Rejection {
  readonly ref: string;
  readonly oid: string;
  readonly lines: readonly string[];
}

/** How asking a remote ended. */
export type PollOutcome =
  | {
      readonly kind: 'observed';
      /** Digest of what was seen and dealt with. */
      readonly observed: string;
      /** Refs that are followed. */
      readonly count: number;
      readonly rejections: readonly Rejection[];
      /** What the remote cannot do; see Fetched. */
      readonly notes: readonly string[];
    }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly message: string;
      /** In a row, with this one. */
      readonly failures: number;
      /** Absent: tries are as far apart as they get. */
      readonly nextAttemptAt?: UnixMs;
    };

export const SOURCE_READY = 'SourceReady';

/**
 * What of a repository's status changes with the outcome; undefined when nothing does. `syncRequest` is the wish that
 * this poll fulfils, if there was one.
 */
export function sourcePatch(
  { status }: Repository,
  outcome: PollOutcome,
  syncRequest: string | undefined,
  now: UnixMs,
): MergePatch | undefined {
  const before = status?.source ?? {};
  const after = nextSource(before, outcome, syncRequest, now);
  const source: Record<string, Json> = {};
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof SourceStatus>) {
    if (before[field] !== after[field]) source[field] = after[field] ?? null;
  }
  const conditions = withSourceReady(status, outcome, now);
  if (Object.keys(source).length === 0 && conditions === undefined) return undefined;
  return {
    ...(Object.keys(source).length > 0 && { source }),
    ...(conditions !== undefined && { conditions: conditions as unknown as Json }),
  };
}

function nextSource(
  before: SourceStatus,
  outcome: PollOutcome,
  syncRequest: string | undefined,
  now: UnixMs,
): SourceStatus {
  const { message: _, failures: __, nextAttemptAt: ___, ...kept } = before;
  const asked = syncRequest === undefined ? {} : { lastSyncRequest: syncRequest };
  if (outcome.kind === 'failed') {
    const { failures, nextAttemptAt } = outcome;
    const message = shortened(outcome.message);
    // Once tries are as far apart as they get, only another reason is news.
    const isOld = nextAttemptAt === undefined && before.nextAttemptAt === undefined && before.message === message;
    const counted = isOld && before.failures !== undefined ? before.failures : failures;
    const next = nextAttemptAt === undefined ? {} : { nextAttemptAt: instantText(nextAttemptAt) };
    return { ...kept, ...asked, failures: counted, message, ...next };
  }
  const { observed, rejections } = outcome;
  return {
    ...kept,
    ...asked,
    observed,
    ...(before.observed !== observed && { lastChangedAt: instantText(now) }),
    ...(rejections.length > 0 && { message: rejectionText(rejections) }),
  };
}

/** The conditions with ours among them, or undefined when it says already what it is to say. */
function withSourceReady(
  status: Repository['status'],
  outcome: PollOutcome,
  now: UnixMs,
): readonly Condition[] | undefined {
  const wanted = wantedCondition(status, outcome);
  const before = status?.conditions ?? [];
  const old = before.find(({ type }) => type === SOURCE_READY);
  if (old?.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message) return undefined;
  const lastTransitionTime = old?.status === wanted.status ? old.lastTransitionTime : instantText(now);
  const condition: Condition = { type: SOURCE_READY, ...wanted, lastTransitionTime };
  return [...before.filter(({ type }) => type !== SOURCE_READY), condition];
}

/** A rejected feature branch is the business of its author; one of a tracked branch is everybody's. */
function wantedCondition(
  status: Repository['status'],
  outcome: PollOutcome,
): Pick<Condition, 'status' | 'reason' | 'message'> {
  if (outcome.kind === 'failed')
    return { status: 'False', reason: outcome.reason, message: shortened(outcome.message) };
  const domains = Object.values(status?.domains ?? {});
  const tracked = new Set(domains.map(({ ref }) => `refs/heads/${ref}`));
  const serious = outcome.rejections.filter(({ ref }) => domains.length === 0 || tracked.has(ref));
  if (serious.length > 0) return { status: 'False', reason: 'CommitRejected', message: rejectionText(serious) };
  const { count, notes } = outcome;
  const refs = [`${count} ${count === 1 ? 'ref is' : 'refs are'} as at the remote`, ...notes].join('; ');
  if (outcome.rejections.length === 0) return { status: 'True', reason: 'Fetched', message: shortened(refs) };
  const names = outcome.rejections.slice(0, MAX_NAMED_REJECTIONS).map(({ ref }) => ref);
  return {
    status: 'True',
    reason: 'Fetched',
    message: shortened(`${refs}, but for what was rejected: ${names.join(', ')}`),
  };
}

function rejectionText(rejections: readonly Rejection[]): string {
  const named = rejections
    .slice(0, MAX_NAMED_REJECTIONS)
    .map(({ ref, oid, lines }) => `${ref} at ${shortOid(oid)} is rejected: ${reasonOf(lines, shortOid(oid))}`);
  const more = rejections.length - named.length;
  return shortened(`${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
}

/** The first finding with its place, and where the others are; or the words of git, which has no findings. */
function reasonOf(lines: readonly string[], commit: string): string {
  const why = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('pipectl:'));
  const findings = why.filter((line) => line.startsWith('error['));
  const [first] = findings;
  if (first === undefined) return (why.length > 0 ? why : lines).slice(0, 3).join(' ');
  const next = why[why.indexOf(first) + 1] ?? '';
  const place = next.startsWith('--> ') ? ` (${next.slice('--> '.length)})` : '';
  const rest = findings.length > 1 ? `, and ${findings.length - 1} more` : '';
  return `${first}${place}${rest}: \`pipectl describe revision ${commit}\``;
}

function shortened(message: string): string {
  const clean = redactText(message.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' '));
  return clean.length > MAX_SOURCE_MESSAGE_LENGTH ? `${clean.slice(0, MAX_SOURCE_MESSAGE_LENGTH - 1)}…` : clean;
}
