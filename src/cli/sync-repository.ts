import { instantText } from '../base/index.ts';
import { type Connected, conditionOf, followOne, isSettled, trackedDomains } from '../client/index.ts';
import { ANNOTATION, patchObject, type Repository, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { shortOid } from '../git/index.ts';
import type { CommandContext } from './context.ts';

/** How waiting for a repository ended. */
export type SyncEnd =
  | { readonly kind: 'done'; readonly repository: Repository }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'timedOut'; readonly message: string }
  | { readonly kind: 'interrupted' };

/** Asks to poll and reconcile a repository now; returns the instant that `status.lastSyncRequest` will echo. */
export async function requestSync(
  { clock }: CommandContext,
  { cluster }: Connected,
  { metadata }: Repository,
): Promise<string> {
  const at = instantText(clock.now());
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: metadata.name };
  await patchObject(cluster, key, { metadata: { annotations: { [ANNOTATION.syncRequestedAt]: at } } });
  return at;
}

/** Waits until the request of `at` has been tried and every tracked domain shows the commit of its branch. */
export async function awaitSync(
  { clock, signal }: CommandContext,
  { cluster }: Connected,
  name: string,
  { at, timeoutMs }: { readonly at: string; readonly timeoutMs: number },
): Promise<SyncEnd> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  const overdue = new AbortController();
  const cancel = clock.at(clock.now() + timeoutMs, () => overdue.abort());
  let message = 'nothing was heard of it';
  try {
    for await (const repository of followOne<Repository>(cluster, key, AbortSignal.any([signal, overdue.signal]))) {
      const hasAnswered = answered(repository, at);
      const stalled = conditionOf(repository, 'Stalled');
      message = progressOf(repository, hasAnswered);
      if (!hasAnswered) continue;
      if (stalled?.status === 'True') return { kind: 'failed', message: stalled.message };
      const source = conditionOf(repository, 'SourceReady');
      if (source?.status === 'False') return { kind: 'failed', message: source.message };
      if (isSettled(repository)) return { kind: 'done', repository };
    }
    if (signal.aborted) return { kind: 'interrupted' };
    if (overdue.signal.aborted) return { kind: 'timedOut', message };
    return { kind: 'failed', message: 'the repository was removed' };
  } finally {
    cancel();
  }
}

/** Waits until the source has been asked after `at`, whatever came of it, but no longer than `timeoutMs`. */
export async function awaitPoll(
  { clock, signal }: CommandContext,
  { cluster }: Connected,
  name: string,
  { at, timeoutMs }: { readonly at: string; readonly timeoutMs: number },
): Promise<void> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  const overdue = new AbortController();
  const cancel = clock.at(clock.now() + timeoutMs, () => overdue.abort());
  try {
    for await (const { status } of followOne<Repository>(cluster, key, AbortSignal.any([signal, overdue.signal]))) {
      if ((status?.source?.lastSyncRequest ?? '') >= at) return;
    }
  } finally {
    cancel();
  }
}

/** A repository that is polled answers twice: its source was asked, and its domains were looked at. */
function answered({ spec, status }: Repository, at: string): boolean {
  const isPolled = spec.source.kind === 'push' || (status?.source?.lastSyncRequest ?? '') >= at;
  // Without a first commit there is nothing to look at.
  return isPolled && (status?.project === undefined || (status.lastSyncRequest ?? '') >= at);
}

function progressOf(repository: Repository, hasAnswered: boolean): string {
  if (!hasAnswered) return 'the control plane has not looked at it yet';
  const waiting = trackedDomains(repository).filter(({ status }) => status.desired !== status.lastApplied);
  const said = waiting.map(
    ({ name, status }) => `${name}: ${status.message ?? `not yet at ${shortOid(status.desired ?? '')}`}`,
  );
  return said.join('; ');
}
