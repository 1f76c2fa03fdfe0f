import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { ANNOTATION, type Change, type LogOptions, type ObjectKey, type Pod, reflect } from '../../../cluster/index.ts';
import { type Agent, forget, idOf, type NodeAgentOptions } from './agent-state.ts';
import { newAttempt, type Stage } from './attempt.ts';
import { endAll, endAttempt, endOrphans } from './attempt-end.ts';
import { onBroken, onEnded, onRetired, onStarted, pump, settle } from './attempt-run.ts';
import { logPath, runtimeFolders } from './folders.ts';
import { openHeartbeats } from './heartbeat.ts';
import { openPast } from './past.ts';
import { podCommand } from './pod-command.ts';
import { type LogHost, readPodLog } from './pod-log.ts';
import { isTerminal } from './pod-status.ts';
import { followSecrets } from './secret-changes.ts';
import { openSpawnerClient } from './spawner-client.ts';
import { type LogLimits, sweepLogs } from './sweep-logs.ts';
import { createTurns } from './turns.ts';

/** A kubelet for one machine: makes the pods of the cluster come true as local processes. */
export interface NodeAgent {
  /** The output of a pod's attempt, while it runs and after. Errors: NotFoundError, InvalidError when it has not started. */
  podLogs(key: ObjectKey, options?: LogOptions): AsyncIterable<Uint8Array>;
  stats(): NodeAgentStats;
  /** Removes logs of ended attempts past the limits; until then a log outlives its pod. Resolves with how many. */
  sweepLogs(limits: LogLimits): Promise<number>;
  /**
   * Lets go. `leave`: what runs goes on, and the next agent on this folder adopts it.
   * `end`: everything is ended and reported first, as aborted by nobody, so that the engine runs it again later.
   */
  stop(running: 'leave' | 'end'): Promise<void>;
}

export interface NodeAgentStats {
  readonly capacity: number;
  readonly running: number;
  readonly queued: number;
  readonly started: number;
  readonly ended: number;
  readonly lost: number;
  readonly adopted: number;
}

const MIN_CAPACITY = 4;
/** Thousands of ended pods are kept for their logs; none of them is to be run. */
const NOT_ENDED = 'status.phase!=Succeeded,status.phase!=Failed';

/** Starts the agent; resolves when it knows the cluster's pods and what became of those that ran before. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  // Of attempts that never started: they are written anew.
  await rm(runtimeFolders(options.folder).inputs, { recursive: true, force: true });
  const agent = newAgent(options);
  agent.heartbeats.watch();
  await agent.past.drained();
  const watching = new AbortController();
  const synced = Promise.withResolvers<void>();
  const handlers = { changed: (changes: readonly Change<Pod>[]) => changed(agent, changes), synced: synced.resolve };
  const reflector = reflect<Pod>(
    options.cluster,
    'Pod',
    { ...options, listOnly: NOT_ENDED },
    handlers,
    watching.signal,
  );
  await Promise.race([synced.promise, reflector.done]);
  const orphans = endOrphans(agent);
  return {
    podLogs: (key, logOptions = {}) => readPodLog(logHost(agent), key, logOptions),
    stats: () => statsOf(agent),
    sweepLogs: (limits) =>
      sweepLogs(runtimeFolders(options.folder).logs, limits, options.clock.now(), (uid) => agent.attempts.has(uid)),
    async stop(running) {
      if (agent.isStopping) return;
      agent.isStopping = true;
      if (running === 'end') await endAll(agent);
      agent.isStopped = true;
      watching.abort();
      await Promise.all([reflector.done, agent.secretChanges.close()]);
      agent.past.close();
      agent.heartbeats.close();
      agent.client.close();
      await orphans;
      await Promise.all([...agent.attempts.values()].map((attempt) => attempt.writing));
    },
  };
}

function newAgent(options: NodeAgentOptions): Agent {
  const capacity = options.capacity ?? Math.max(MIN_CAPACITY, 2 * availableParallelism());
  const past = openPast(options.folder, options.clock, options.log);
  const heartbeats = openHeartbeats(options, () => [...past.beating(), ...agent.client.beating()]);
  const agent: Agent = {
    options,
    capacity,
    attempts: new Map(),
    uids: new Map(),
    queued: createTurns(),
    past,
    heartbeats,
    secretChanges: followSecrets(options),
    client: openSpawnerClient({
      ...options,
      capacity,
      onStarted: (event) => onStarted(agent, event),
      onEnded: (event) => onEnded(agent, event),
      onBroken: (ids, folder) => onBroken(agent, ids, folder),
      onRetired: (folder) => onRetired(agent, folder),
    }),
    counts: { started: 0, ended: 0, lost: 0, adopted: 0 },
    splitting: Promise.resolve(),
    holding: undefined,
    isShort: false,
    isStopping: false,
    isStopped: false,
  };
  return agent;
}

function changed(agent: Agent, changes: readonly Change<Pod>[]): void {
  for (const change of changes) {
    if (change.type === 'set') seen(agent, change.object);
    else gone(agent, change.key, change.last?.metadata.uid);
  }
  pump(agent);
}

function seen(agent: Agent, pod: Pod): void {
  const uid = pod.metadata.uid ?? '';
  const id = idOf(pod.metadata);
  const before = agent.uids.get(id);
  // Deleted and made again between two lists.
  if (before !== undefined && before !== uid) gone(agent, { kind: 'Pod', ...pod.metadata }, before);
  let attempt = agent.attempts.get(uid);
  if (isTerminal(pod)) {
    if (attempt?.stage === 'reported') forget(agent, attempt);
    else if (attempt !== undefined) attempt.isSeenEnded = true;
    return;
  }
  if (attempt === undefined) {
    if (agent.isStopping) return;
    attempt = newAttempt(pod, uid, podCommand(pod, uid));
    agent.attempts.set(uid, attempt);
    agent.uids.set(id, uid);
    settle(agent, attempt);
  }
  const isUnwanted = pod.metadata.annotations?.[ANNOTATION.abort] !== undefined;
  if (isUnwanted || pod.metadata.deletionTimestamp !== undefined) endAttempt(agent, attempt);
}

function gone(agent: Agent, key: ObjectKey, lastUid: string | undefined): void {
  const uid = lastUid ?? agent.uids.get(idOf(key));
  if (uid === undefined) return;
  const attempt = agent.attempts.get(uid);
  if (attempt === undefined || attempt.stage === 'reported') {
    if (attempt !== undefined) forget(agent, attempt);
    return;
  }
  attempt.isDeleted = true;
  endAttempt(agent, attempt);
}

function logHost(agent: Agent): LogHost {
  const { cluster, clock, folder } = agent.options;
  const folders = runtimeFolders(folder);
  return {
    cluster,
    clock,
    logPath: (uid) => logPath(folders, uid),
    isLive: (uid) => LIVE.has(agent.attempts.get(uid)?.stage ?? 'reported'),
  };
}

const LIVE: ReadonlySet<Stage> = new Set(['preparing', 'queued', 'sent', 'adopted', 'clearing']);

function statsOf(agent: Agent): NodeAgentStats {
  return {
    capacity: agent.capacity,
    running: agent.client.outstanding() + agent.past.unfinished().length,
    queued: agent.queued.size,
    ...agent.counts,
  };
}
