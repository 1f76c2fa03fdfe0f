import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Clock, Log, Random } from '../../../base/index.ts';
import {
  ANNOTATION,
  type Change,
  type Cluster,
  type LogOptions,
  type ObjectKey,
  type Pod,
  reflect,
} from '../../../cluster/index.ts';
import { REASON } from '../../reasons.ts';
import type { Sources } from '../../sources.ts';
import { type Attempt, newAttempt, type Stage } from './attempt.ts';
import { logPath, runtimeFolders } from './folders.ts';
import { clearAttempt, openPast, type Past } from './past.ts';
import { podCommand } from './pod-command.ts';
import { type LogHost, readPodLog } from './pod-log.ts';
import { endedStatus, isTerminal, runningStatus } from './pod-status.ts';
import { isAlive, signalGroup } from './process-table.ts';
import type { EndedEvent, StartedEvent } from './protocol.ts';
import { openSpawnerClient, type SpawnerClient } from './spawner-client.ts';
import { writeStatus } from './write-status.ts';

export interface NodeAgentOptions {
  readonly cluster: Cluster;
  /** Of this agent alone; created when missing. */
  readonly folder: string;
  readonly sources: Sources;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  /** Attempts that run at a time; absent: twice the processors, at least four. */
  readonly capacity?: number;
  /** `node`: do without posix_spawn, as on hosts that lack it. */
  readonly launcher?: 'auto' | 'node';
}

/** A kubelet for one machine: makes the pods of the cluster come true as local processes. */
export interface NodeAgent {
  /** The output of a pod's attempt, while it runs and after. Errors: NotFoundError, InvalidError when it has not started. */
  podLogs(key: ObjectKey, options?: LogOptions): AsyncIterable<Uint8Array>;
  stats(): NodeAgentStats;
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

interface Agent {
  readonly options: NodeAgentOptions;
  readonly capacity: number;
  /** By uid: every pod of this host that has not ended, and those whose end has not come back through the watch. */
  readonly attempts: Map<string, Attempt>;
  /** `namespace/name` → uid. */
  readonly uids: Map<string, string>;
  /** Waiting for the spawner, first come first served. As many as there are pods in the cluster. */
  readonly queued: Map<string, Attempt>;
  readonly past: Past;
  readonly client: SpawnerClient;
  readonly counts: { started: number; ended: number; lost: number; adopted: number };
  isStopping: boolean;
  isStopped: boolean;
}

/** Attempts handed to the spawner ahead of its capacity, so that it never waits for the agent. */
const PREFETCH = 8;
const MIN_CAPACITY = 4;

/** Starts the agent; resolves when it knows the cluster's pods and what became of those that ran before. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const capacity = options.capacity ?? Math.max(MIN_CAPACITY, 2 * availableParallelism());
  const past = openPast(options.folder, options.clock, options.log);
  const agent: Agent = {
    options,
    capacity,
    attempts: new Map(),
    uids: new Map(),
    queued: new Map(),
    past,
    client: openSpawnerClient({
      ...options,
      capacity,
      onStarted: (event) => onStarted(agent, event),
      onEnded: (event) => onEnded(agent, event),
      onBroken: (ids, folder) => onBroken(agent, ids, folder),
      onRetired: (folder) => {
        past.add(folder);
        tidy(agent);
      },
    }),
    counts: { started: 0, ended: 0, lost: 0, adopted: 0 },
    isStopping: false,
    isStopped: false,
  };
  await past.drained();
  const watching = new AbortController();
  const synced = Promise.withResolvers<void>();
  const reflector = reflect<Pod>(
    options.cluster,
    'Pod',
    options,
    { changed: (changes) => changed(agent, changes), synced: synced.resolve },
    watching.signal,
  );
  await Promise.race([synced.promise, reflector.done]);
  const orphans = endOrphans(agent);
  return {
    podLogs: (key, logOptions = {}) => readPodLog(logHost(agent), key, logOptions),
    stats: () => statsOf(agent),
    async stop(running) {
      agent.isStopping = true;
      if (running === 'end') await endAll(agent);
      agent.isStopped = true;
      watching.abort();
      await reflector.done;
      past.close();
      agent.client.close();
      await orphans;
      await Promise.all([...agent.attempts.values()].map((attempt) => attempt.writing));
    },
  };
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
    removeLog(agent, uid);
    return;
  }
  attempt.isDeleted = true;
  endAttempt(agent, attempt);
}

/** Does what the past of an attempt asks for: start it, follow it, report it, or clear what is left of it. */
function settle(agent: Agent, attempt: Attempt): void {
  const fate = agent.past.fate(attempt.uid);
  switch (fate.kind) {
    case 'unknown':
      void prepare(agent, attempt);
      return;
    case 'running':
      if (attempt.stage !== 'adopted') agent.counts.adopted += 1;
      attempt.stage = 'adopted';
      attempt.started = fate.started;
      if (attempt.isUnwanted) signalAdopted(agent, attempt);
      agent.past.follow(attempt.uid, () => settle(agent, attempt));
      return;
    case 'ended':
      finish(agent, attempt, fate.event);
      return;
    case 'lost':
      attempt.started = fate.started;
      void lose(agent, attempt);
      return;
  }
}

/** Lays out the source and queues the attempt. */
async function prepare(agent: Agent, attempt: Attempt): Promise<void> {
  attempt.stage = 'preparing';
  const { source } = attempt.command;
  if (source !== undefined) {
    try {
      attempt.source = await agent.options.sources.ensure(source.repository, source.tree);
    } catch (error) {
      const note = error instanceof Error ? error.message : String(error);
      finish(agent, attempt, neverStarted(agent, attempt.uid, REASON.sourceError, note));
      return;
    }
  }
  if (attempt.isUnwanted) {
    finish(agent, attempt, neverStarted(agent, attempt.uid, REASON.aborted, 'ended before it started'));
    return;
  }
  attempt.stage = 'queued';
  agent.queued.set(attempt.uid, attempt);
  if (source !== undefined) pump(agent);
}

function pump(agent: Agent): void {
  if (agent.isStopping) return;
  for (const [uid, attempt] of agent.queued) {
    if (agent.client.outstanding() >= agent.capacity + PREFETCH) return;
    agent.queued.delete(uid);
    attempt.stage = 'sent';
    agent.counts.started += 1;
    const { argv, env, inputs, memoryBytes } = attempt.command;
    const cwd = attempt.source?.path;
    agent.client.start({
      op: 'start',
      id: uid,
      argv,
      env,
      inputs,
      ...(cwd !== undefined && { cwd }),
      ...(memoryBytes !== undefined && { memoryBytes }),
    });
  }
}

function onStarted(agent: Agent, event: StartedEvent): void {
  const attempt = agent.attempts.get(event.id);
  if (attempt === undefined || attempt.stage !== 'sent' || attempt.isDeleted) return;
  attempt.started = event;
  report(agent, attempt, runningStatus(attempt.pod, event.startedAtMs));
}

function onEnded(agent: Agent, event: EndedEvent): void {
  const attempt = agent.attempts.get(event.id);
  if (attempt !== undefined) finish(agent, attempt, event);
  pump(agent);
}

/** The spawner broke down. What it had not claimed starts again with the next one; the rest has a fate. */
function onBroken(agent: Agent, ids: readonly string[], folder: string | undefined): void {
  if (folder !== undefined) agent.past.add(folder);
  for (const id of ids) {
    const attempt = agent.attempts.get(id);
    if (attempt === undefined) continue;
    attempt.source?.release();
    attempt.source = undefined;
    settle(agent, attempt);
  }
  // A spawner that cannot even be started would be started in a tight loop.
  agent.options.clock.at(agent.options.clock.now() + RESTART_MS, () => pump(agent));
}

const RESTART_MS = 500;

/** Ends what is left of a lost attempt, and reports it only then. */
async function lose(agent: Agent, attempt: Attempt): Promise<void> {
  attempt.stage = 'clearing';
  agent.counts.lost += 1;
  await clearAttempt(attempt.uid, attempt.started, agent.options.clock);
  const note = 'the process that ran it was ended from outside, or the host restarted; nobody knows how it ended';
  const startedAtMs = attempt.started?.startedAtMs ?? agent.options.clock.now();
  const lost = neverStarted(agent, attempt.uid, REASON.lost, note);
  finish(agent, attempt, { ...lost, exitCode: 137, startedAtMs });
}

/** No process of the attempt lives: tell the cluster. */
function finish(agent: Agent, attempt: Attempt, event: EndedEvent): void {
  agent.counts.ended += 1;
  attempt.cancelKill?.();
  attempt.source?.release();
  attempt.source = undefined;
  if (attempt.isDeleted) {
    forget(agent, attempt);
    removeLog(agent, attempt.uid);
    tidy(agent);
    return;
  }
  attempt.stage = 'reporting';
  const reason = attempt.isSignalled && event.reason === REASON.error ? REASON.aborted : event.reason;
  report(agent, attempt, endedStatus(attempt.pod, { ...event, reason }), () => {
    attempt.stage = 'reported';
    // Until the watch has shown the end, an older event must find it here, or it would be started again.
    if (attempt.isSeenEnded) forget(agent, attempt);
    else if (attempt.isDeleted) gone(agent, attempt.key, attempt.uid);
    tidy(agent);
  });
}

/** Writes after what is being written, so that an end never stands before its start. */
function report(agent: Agent, attempt: Attempt, patch: ReturnType<typeof endedStatus>, then?: () => void): void {
  const { cluster, clock, log } = agent.options;
  const to = { cluster, clock, log, isStopped: () => agent.isStopped };
  const write = async (): Promise<void> => {
    const isWritten = await writeStatus(to, attempt.key, attempt.uid, patch);
    if (!isWritten) attempt.isDeleted = true;
    then?.();
  };
  attempt.writing = attempt.started === undefined ? write() : attempt.writing.then(write);
}

/** Ends a pod's attempt, wherever it stands. Its end is reported when it is gone. */
function endAttempt(agent: Agent, attempt: Attempt): void {
  if (attempt.isUnwanted) return;
  attempt.isUnwanted = true;
  switch (attempt.stage) {
    case 'queued':
      agent.queued.delete(attempt.uid);
      finish(agent, attempt, neverStarted(agent, attempt.uid, REASON.aborted, 'ended before it started'));
      return;
    case 'sent':
      agent.client.end(attempt.uid, attempt.command.graceMs);
      return;
    case 'adopted':
      signalAdopted(agent, attempt);
      return;
    case 'preparing':
    case 'clearing':
    case 'reporting':
    case 'reported':
      return;
  }
}

/** Its spawner has no ear any more, so the agent signals the group itself while the leader is the one that was started. */
function signalAdopted(agent: Agent, attempt: Attempt): void {
  const { started } = attempt;
  if (started === undefined || attempt.isSignalled || !isAlive(started)) return;
  attempt.isSignalled = true;
  signalGroup(started.pid, 'SIGTERM');
  const { clock } = agent.options;
  attempt.cancelKill = clock.at(clock.now() + attempt.command.graceMs, () => {
    if (isAlive(started)) signalGroup(started.pid, 'SIGKILL');
  });
}

/** Attempts of earlier spawners whose pods were deleted meanwhile. */
async function endOrphans(agent: Agent): Promise<void> {
  const ids = agent.past.unfinished().filter((id) => !agent.attempts.has(id));
  for (const id of ids) {
    const fate = agent.past.fate(id);
    if (fate.kind === 'running' || fate.kind === 'lost') await clearAttempt(id, fate.started, agent.options.clock);
    removeLog(agent, id);
  }
  tidy(agent);
}

async function endAll(agent: Agent): Promise<void> {
  agent.queued.clear();
  const live = [...agent.attempts.values()].filter(({ stage }) => stage === 'sent' || stage === 'adopted');
  for (const attempt of live) endAttempt(agent, attempt);
  while (live.some(({ stage }) => stage === 'sent' || stage === 'adopted' || stage === 'clearing')) {
    await new Promise<void>((resolve) => agent.options.clock.at(agent.options.clock.now() + 10, resolve));
  }
  await Promise.all(live.map((attempt) => attempt.writing));
}

function neverStarted(agent: Agent, id: string, reason: string, note: string): EndedEvent {
  const now = agent.options.clock.now();
  return { event: 'ended', id, exitCode: 128, reason, note, startedAtMs: now, finishedAtMs: now };
}

function forget(agent: Agent, attempt: Attempt): void {
  agent.attempts.delete(attempt.uid);
  const id = idOf(attempt.key);
  if (agent.uids.get(id) === attempt.uid) agent.uids.delete(id);
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

function tidy(agent: Agent): void {
  agent.past.tidy((id) => {
    const stage = agent.attempts.get(id)?.stage;
    return stage !== undefined && stage !== 'reported';
  });
}

function removeLog(agent: Agent, uid: string): void {
  rm(logPath(runtimeFolders(agent.options.folder), uid), { force: true }).catch(() => {});
}

function idOf({ namespace, name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace ?? ''}/${name}`;
}
