import { rm } from 'node:fs/promises';
import { REASON } from '../../reasons.ts';
import { type Agent, forget, neverStarted, removeLog, tidy } from './agent-state.ts';
import type { Attempt } from './attempt.ts';
import { type FoundSecrets, findSecrets } from './attempt-secrets.ts';
import { clearAttempt } from './clear-attempt.ts';
import { endedStatus, runningStatus, waitingStatus } from './pod-status.ts';
import { isAlive, signalGroup } from './process-table.ts';
import type { EndedEvent, StartedEvent } from './protocol.ts';
import { layOutInputs } from './stored-inputs.ts';
import { storeOutputs } from './stored-outputs.ts';
import { writeStatus } from './write-status.ts';

/** Attempts handed to the spawner ahead of its capacity, so that it never waits for the agent. */
const PREFETCH = 8;
/** A spawner that cannot even be started is not started again in a tight loop. */
const RESTART_MS = 500;
/** A host that has no room is asked again after this. */
const HOST_RETRY_MS = 1_000;
/** Secrets that could not be read are looked for again after this. */
const SECRET_RETRY_MS = 1_000;

/** Does what the past of an attempt asks for: start it, follow it, report it, or clear what is left of it. */
export function settle(agent: Agent, attempt: Attempt): void {
  const fate = agent.past.fate(attempt.uid);
  switch (fate.kind) {
    case 'unknown':
      void prepare(agent, attempt);
      return;
    case 'running':
      if (attempt.stage !== 'adopted') void adopt(agent, attempt);
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

/** Takes over from an agent that is gone; holds the source, which the attempt works in. */
export async function adopt(agent: Agent, attempt: Attempt): Promise<void> {
  attempt.stage = 'adopted';
  agent.counts.adopted += 1;
  const { source } = attempt.command;
  if (source === undefined) return;
  // What cannot be laid out again is no reason to disturb an attempt that runs.
  const lease = await agent.options.sources.ensure(source.repository, source.tree).catch(() => undefined);
  if (isHeld(attempt)) attempt.source = lease;
  else lease?.release();
}

export function isHeld({ stage }: Attempt): boolean {
  return stage === 'adopted' || stage === 'clearing';
}

/** Lays out the source and queues the attempt. */
export async function prepare(agent: Agent, attempt: Attempt): Promise<void> {
  attempt.stage = 'preparing';
  const { source } = attempt.command;
  while (source !== undefined && attempt.source === undefined && !attempt.isUnwanted) {
    try {
      attempt.source = await agent.options.sources.ensure(source.repository, source.tree);
    } catch (error) {
      if (isExhaustion(error) && !agent.isStopping) {
        await holdBack(agent, String(error));
        continue;
      }
      const note = error instanceof Error ? error.message : String(error);
      finish(agent, attempt, neverStarted(agent, attempt.uid, REASON.sourceError, note));
      return;
    }
  }
  const { secrets } = attempt.command;
  if (secrets.length > 0 && !(await takeSecrets(agent, attempt))) return;
  if (attempt.command.storedInputs !== undefined && !(await takeInputs(agent, attempt))) return;
  if (attempt.isUnwanted) {
    finish(agent, attempt, neverStarted(agent, attempt.uid, REASON.aborted, 'ended before it started'));
    return;
  }
  attempt.stage = 'queued';
  agent.queued.add(attempt.execution, attempt.uid, attempt);
  if (source !== undefined || secrets.length > 0 || attempt.inputsFile !== undefined) pump(agent);
}

/** Brings the inputs that are in the object store. False: as of takeSecrets. */
async function takeInputs(agent: Agent, attempt: Attempt): Promise<boolean> {
  const laidOut = await layOutInputs(agent, attempt, async (why) => {
    report(agent, attempt, waitingStatus(attempt.pod, why));
    await attempt.writing;
  });
  if (laidOut.kind === 'ready') attempt.inputsFile = laidOut.path;
  else if (laidOut.kind === 'failed') finish(agent, attempt, laidOut.end);
  return laidOut.kind === 'ready' || (laidOut.kind === 'unwanted' && attempt.isUnwanted);
}

/**
 * Looks the secrets up, and waits for those that are missing: the pod says which. False: the attempt is over, or the agent
 * stops and leaves the pod to the next one.
 */
async function takeSecrets(agent: Agent, attempt: Attempt): Promise<boolean> {
  const { namespace = '' } = attempt.key;
  const next = (): Promise<void> => agent.secretChanges.next(namespace, attempt.uid);
  let told: string | undefined;
  let changed: Promise<void> | undefined;
  for (; !attempt.isUnwanted; changed = next()) {
    if (agent.isStopping) return false;
    const found = await lookUp(agent, attempt);
    if (found.kind !== 'missing') {
      agent.secretChanges.wake(attempt.uid);
      if (found.kind === 'found') attempt.secretEnv = found.env;
      else finish(agent, attempt, neverStarted(agent, attempt.uid, REASON.startError, found.message));
      return found.kind === 'found';
    }
    if (found.message !== told) {
      told = found.message;
      report(agent, attempt, waitingStatus(attempt.pod, told));
      await attempt.writing;
    }
    // The first time nobody has listened yet, so it is looked again for what came in between.
    await changed;
  }
  return true;
}

async function lookUp(agent: Agent, attempt: Attempt): Promise<FoundSecrets> {
  const { secrets, clock } = agent.options;
  try {
    return await findSecrets(secrets, attempt.key.namespace ?? '', attempt.command.secrets);
  } catch (error) {
    clock.at(clock.now() + SECRET_RETRY_MS, () => agent.secretChanges.wake(attempt.uid));
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'missing', message: `its secrets cannot be read now: ${why}` };
  }
}

export function pump(agent: Agent): void {
  if (agent.isStopping || agent.holding !== undefined) return;
  while (agent.client.outstanding() < agent.capacity + PREFETCH) {
    const attempt = agent.queued.take();
    if (attempt === undefined) return;
    attempt.stage = 'sent';
    agent.counts.started += 1;
    agent.heartbeats.watch();
    const { argv, env, inputs, memoryBytes, keepsLargeOutputs } = attempt.command;
    const { secretEnv, inputsFile } = attempt;
    const cwd = attempt.source?.path;
    agent.client.start({
      op: 'start',
      id: attempt.uid,
      argv,
      env,
      inputs,
      ...(inputsFile !== undefined && { inputsFile }),
      ...(keepsLargeOutputs && { keepsLargeOutputs }),
      ...(secretEnv.length > 0 && { secretEnv }),
      ...(cwd !== undefined && { cwd }),
      ...(memoryBytes !== undefined && { memoryBytes }),
    });
  }
}

/** Starts nothing for a while, and says so once until something starts again. Resolves when the while is over. */
function holdBack(agent: Agent, error: string): Promise<void> {
  const { clock, log } = agent.options;
  if (!agent.isShort) log.write('warn', 'tasks wait: the host has no room to start them', { error });
  agent.isShort = true;
  agent.holding ??= new Promise<void>((resolve) => {
    clock.at(clock.now() + HOST_RETRY_MS, () => {
      agent.holding = undefined;
      resolve();
      pump(agent);
    });
  });
  return agent.holding;
}

/** Whether the operating system lacks what a person can give it: disk space, file handles, memory. */
function isExhaustion(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  return ['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'].includes(code);
}

export function onStarted(agent: Agent, event: StartedEvent): void {
  const attempt = agent.attempts.get(event.id);
  agent.isShort = false;
  if (attempt === undefined || attempt.stage !== 'sent' || attempt.isDeleted) return;
  attempt.started = event;
  report(agent, attempt, runningStatus(attempt.pod, event.startedAtMs));
}

export function onEnded(agent: Agent, event: EndedEvent): void {
  const attempt = agent.attempts.get(event.id);
  const isHeldBack = event.reason === REASON.hostExhausted && attempt !== undefined && isWanted(agent, attempt);
  agent.isShort &&= isHeldBack;
  if (isHeldBack) {
    // It never began, so it only waits longer: what the host lacks is no failure of the task, nor of this attempt.
    const held = holdBack(agent, event.note ?? event.reason);
    if (attempt.inputsFile === undefined) {
      attempt.stage = 'queued';
      agent.queued.add(attempt.execution, attempt.uid, attempt);
    } else {
      // The spawner may have taken the file.
      attempt.stage = 'preparing';
      void held.then(() => prepare(agent, attempt));
    }
  } else if (attempt !== undefined) finish(agent, attempt, event);
  pump(agent);
}

function isWanted(agent: Agent, { isUnwanted, isDeleted }: Attempt): boolean {
  return !isUnwanted && !isDeleted && !agent.isStopping;
}

/** The spawner broke down. What it had not claimed starts again with the next one; the rest has a fate. */
export function onBroken(agent: Agent, ids: readonly string[], folder: string | undefined): void {
  if (folder !== undefined) agent.past.add(folder);
  for (const id of ids) {
    const attempt = agent.attempts.get(id);
    if (attempt === undefined) continue;
    attempt.source?.release();
    attempt.source = undefined;
    settle(agent, attempt);
  }
  agent.options.clock.at(agent.options.clock.now() + RESTART_MS, () => pump(agent));
}

/** A spawner has left after its work. Its journal is needed only while an end it tells of is not in the cluster. */
export function onRetired(agent: Agent, folder: string): void {
  const isReporting = [...agent.attempts.values()].some(({ stage }) => stage === 'reporting');
  if (isReporting) agent.past.add(folder);
  else rm(folder, { recursive: true, force: true }).catch(() => {});
}

/** Ends what is left of a lost attempt, and reports it only then. */
export async function lose(agent: Agent, attempt: Attempt): Promise<void> {
  attempt.stage = 'clearing';
  agent.counts.lost += 1;
  await clearAttempt(attempt.uid, attempt.started, agent.options.clock);
  const note = 'the process that ran it was ended from outside, or the host restarted; nobody knows how it ended';
  const startedAtMs = attempt.started?.startedAtMs ?? agent.options.clock.now();
  const lost = neverStarted(agent, attempt.uid, REASON.lost, note);
  finish(agent, attempt, { ...lost, exitCode: 137, startedAtMs });
}

/** No process of the attempt lives: tell the cluster. */
export function finish(agent: Agent, attempt: Attempt, event: EndedEvent): void {
  agent.counts.ended += 1;
  attempt.cancelKill?.();
  attempt.source?.release();
  attempt.source = undefined;
  if (attempt.isDeleted) {
    attempt.stage = 'reported';
    forget(agent, attempt);
    removeLog(agent, attempt.uid);
    tidy(agent);
    return;
  }
  attempt.stage = 'reporting';
  if (attempt.inputsFile !== undefined) rm(attempt.inputsFile, { force: true }).catch(() => {});
  const { outputsFile } = event;
  if (outputsFile === undefined) reportEnd(agent, attempt, event);
  else {
    // An agent that stops waits for what is being written.
    attempt.writing = storeOutputs(agent, attempt, { ...event, outputsFile }).then((end) => {
      if (end !== undefined) reportEnd(agent, attempt, end);
    });
  }
}

function reportEnd(agent: Agent, attempt: Attempt, event: EndedEvent): void {
  report(agent, attempt, endedStatus(attempt.pod, { ...event, ...endReason(attempt, event) }), () => {
    attempt.stage = 'reported';
    // Until the watch has shown the end, an older event must find it here, or it would be started again.
    if (attempt.isSeenEnded) forget(agent, attempt);
    else if (attempt.isDeleted) {
      forget(agent, attempt);
      removeLog(agent, attempt.uid);
    }
    tidy(agent);
  });
}

/** What the cluster is told instead of what the spawner saw: it knows that a process was ended, not for whom. */
function endReason(attempt: Attempt, { reason }: EndedEvent): Pick<EndedEvent, 'reason' | 'note'> {
  const isAborted = reason === REASON.aborted || (attempt.isSignalled && reason === REASON.error);
  if (!isAborted) return { reason };
  if (!attempt.isShutDown) return { reason: REASON.aborted };
  return { reason: REASON.shutdown, note: 'the control plane was stopped while it ran' };
}

/** Writes after what is being written, so that an end never stands before its start. */
export function report(agent: Agent, attempt: Attempt, patch: ReturnType<typeof endedStatus>, then?: () => void): void {
  const { cluster, clock, log } = agent.options;
  const to = { cluster, clock, log, isStopped: () => agent.isStopped };
  const write = async (): Promise<void> => {
    const isWritten = await writeStatus(to, attempt.key, attempt.uid, patch);
    if (!isWritten) attempt.isDeleted = true;
    then?.();
  };
  attempt.writing = attempt.started === undefined ? write() : attempt.writing.then(write);
}

/** Its spawner has no ear any more, so the agent signals the group itself while the leader is the one that was started. */
export function signalAdopted(agent: Agent, attempt: Attempt): void {
  const { started } = attempt;
  if (started === undefined || attempt.isSignalled || !isAlive(started)) return;
  attempt.isSignalled = true;
  signalGroup(started.pid, 'SIGTERM');
  const { clock } = agent.options;
  attempt.cancelKill = clock.at(clock.now() + attempt.command.graceMs, () => {
    if (isAlive(started)) signalGroup(started.pid, 'SIGKILL');
  });
}
