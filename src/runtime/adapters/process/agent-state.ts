import { rm } from 'node:fs/promises';
import { type Clock, type Log, type Random, StalledError } from '../../../base/index.ts';
import type { BlobStore } from '../../../blobs/index.ts';
import type { Cluster, Secrets } from '../../../cluster/index.ts';
import type { Sources } from '../../sources.ts';
import type { Attempt } from './attempt.ts';
import { logPath, runtimeFolders } from './folders.ts';
import type { Heartbeats } from './heartbeat.ts';
import type { Past } from './past.ts';
import type { EndedEvent } from './protocol.ts';
import type { SecretChanges } from './secret-changes.ts';
import type { SpawnerClient } from './spawner-client.ts';
import type { Turns } from './turns.ts';

export interface NodeAgentOptions {
  readonly cluster: Cluster;
  /** Of this agent alone; created when missing. */
  readonly folder: string;
  readonly sources: Sources;
  /** Gives the values of secrets that pods name. */
  readonly secrets: Secrets;
  /** Where values are that are too large for objects. Absent: nowhere. */
  readonly objectStore?: Pick<BlobStore, 'put' | 'get'>;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  /** Attempts that run at a time; absent: twice the processors, at least four. */
  readonly capacity?: number;
  /** `node`: do without posix_spawn, as on hosts that lack it. */
  readonly launcher?: 'auto' | 'node';
}

/** What the agent knows. */
export interface Agent {
  readonly options: NodeAgentOptions;
  readonly capacity: number;
  /** By uid: every pod of this host that has not ended, and those whose end has not come back through the watch. */
  readonly attempts: Map<string, Attempt>;
  /** `namespace/name` → uid. */
  readonly uids: Map<string, string>;
  /** Waiting for the spawner; executions take turns. As many as there are pods in the cluster. */
  readonly queued: Turns<Attempt>;
  readonly past: Past;
  readonly client: SpawnerClient;
  readonly heartbeats: Heartbeats;
  readonly secretChanges: SecretChanges;
  readonly counts: { started: number; ended: number; lost: number; adopted: number };
  /** Settles when the outputs file that is being split is. */
  splitting: Promise<unknown>;
  /** Settles when starts may go on, while the host has no room for them. */
  holding: Promise<void> | undefined;
  /** Whether a person has been told that the host has no room, and nothing started since. */
  isShort: boolean;
  isStopping: boolean;
  isStopped: boolean;
}

/** Throws StalledError(NoObjectStore). */
export function objectStoreOf({ options: { objectStore } }: Agent): Pick<BlobStore, 'put' | 'get'> {
  if (objectStore !== undefined) return objectStore;
  throw new StalledError('NoObjectStore', 'there is no object store here');
}

export function neverStarted(agent: Agent, id: string, reason: string, note: string): EndedEvent {
  const now = agent.options.clock.now();
  return { event: 'ended', id, exitCode: 128, reason, note, startedAtMs: now, finishedAtMs: now };
}

export function forget(agent: Agent, attempt: Attempt): void {
  agent.attempts.delete(attempt.uid);
  const id = idOf(attempt.key);
  if (agent.uids.get(id) === attempt.uid) agent.uids.delete(id);
}

export function tidy(agent: Agent): void {
  agent.past.tidy((id) => {
    const stage = agent.attempts.get(id)?.stage;
    return stage !== undefined && stage !== 'reported';
  });
}

export function removeLog(agent: Agent, uid: string): void {
  rm(logPath(runtimeFolders(agent.options.folder), uid), { force: true }).catch(() => {});
}

export function idOf({ namespace, name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace ?? ''}/${name}`;
}
