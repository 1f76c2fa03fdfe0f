import { type Clock, type UnixMs, WaitError } from '../../base/index.ts';
import type { Cluster } from '../../cluster/index.ts';

/** How far what is shown can be trusted. */
export type Freshness =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** The server is slow to answer: what is shown may be so old. */
  | { readonly kind: 'lagging'; readonly ms: number }
  | { readonly kind: 'reconnecting'; readonly ms: number; readonly message: string };

export interface Heartbeat {
  freshness(now: UnixMs): Freshness;
  /** A watch broke, or goes on. */
  interrupted(error: Error | undefined): void;
  close(): void;
}

const BEAT_MS = 2_000;
/** An answer that takes longer is told of. */
const LAG_MS = 1_500;

/** Asks the cluster for next to nothing from time to time: a watch that is silent may be quiet, or dead. */
export function heartbeat(cluster: Cluster, clock: Clock, changed: () => void): Heartbeat {
  let lastAnswer: UnixMs | undefined;
  let askedAt: UnixMs | undefined;
  let lost: { readonly since: UnixMs; readonly message: string } | undefined;
  let isClosed = false;
  let cancel: () => void = () => {};
  const fail = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    lost = { since: lost?.since ?? clock.now(), message };
  };
  const state = (): string => (lost === undefined ? String(lastAnswer !== undefined) : lost.message);
  let told = state();
  const beat = async (): Promise<void> => {
    askedAt = clock.now();
    try {
      await cluster.list('Namespace', { limit: 1 });
      lastAnswer = clock.now();
      lost = undefined;
    } catch (error) {
      // Who says no answers.
      if (error instanceof WaitError) fail(error);
      else lastAnswer = clock.now();
    }
    askedAt = undefined;
    if (isClosed) return;
    // An answer like the one before changes nothing that is shown.
    const now = state();
    if (now !== told) changed();
    told = now;
    cancel = clock.at(clock.now() + BEAT_MS, () => void beat());
  };
  void beat();
  return {
    freshness(now) {
      if (lost !== undefined) return { kind: 'reconnecting', ms: now - lost.since, message: lost.message };
      if (lastAnswer === undefined) return { kind: 'connecting' };
      if (askedAt !== undefined && now - askedAt > LAG_MS) return { kind: 'lagging', ms: now - lastAnswer };
      return { kind: 'connected' };
    },
    interrupted(error) {
      if (error === undefined) lost = undefined;
      else fail(error);
      changed();
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}
