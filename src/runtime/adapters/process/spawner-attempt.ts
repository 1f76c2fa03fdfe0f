import { closeSync, readSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { REASON } from '../../reasons.ts';
import { createRedactor, type Redactor, redactText } from '../../redactor.ts';
import { attemptMark } from './attempt-mark.ts';
import { type Capture, openCapture } from './capture.ts';
import { resolveCommand } from './command-path.ts';
import type { SlotPaths } from './folders.ts';
import type { ExitStatus, Launcher, Output } from './launcher.ts';
import { isGroupGone, signalGroup, signalProcess, straysWithEnvironment } from './process-table.ts';
import type { EndedEvent, StartCommand } from './protocol.ts';
import { keepLargeOutputs, readOutputs, type Slots } from './slots.ts';

/** One attempt that has been started here. */
export interface LiveAttempt {
  readonly id: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly memoryBytes: number | undefined;
  isAnnounced: boolean;
  /** Set when the leader has ended and the rest of its group is being ended. */
  isEnding: boolean;
  /** Set when it went over its memory limit. */
  isOverMemory: boolean;
  /** Set when its end was asked for. */
  cancelKill: (() => void) | undefined;
  /** Reads output as it comes instead of only at the end. */
  stream(): void;
}

/** Bytes read at once from an attempt's pipe; the pipe holds as many. */
const READ_BYTES = 64 * 1024;
/** How often a group that was killed is looked for, and for how long until it is called gone anyway. */
const GONE_POLL_MS = 5;
const GONE_DEADLINE_MS = 10_000;
/** Output that a stream still delivers after the end of its process is waited for so long. */
const STREAM_END_MS = 200;

const readBuffer = Buffer.allocUnsafe(READ_BYTES);
const knownCommands = new Map<string, string>();

/** What every attempt of a spawner shares. */
export interface AttemptHost {
  readonly slots: Slots;
  readonly launcher: Launcher;
  /** Where the attempt's output goes. */
  logPath(id: string): string;
  /** Where an outputs file goes that has no room in its pod. */
  largeOutputsPath(id: string): string;
  /** Whether this is the leader of a live attempt. */
  isLeader(pid: number): boolean;
}

/**
 * Starts an attempt. `onEnd` is called once, when no process of its group lives and its output is on disk;
 * at once when it cannot be started, and then the result is undefined.
 */
export function startAttempt(
  host: AttemptHost,
  command: StartCommand,
  onEnd: (event: EndedEvent) => void,
): LiveAttempt | undefined {
  const startedAtMs = Date.now();
  let slot: SlotPaths | undefined;
  const fail = (failure: StartFailure): undefined => {
    if (slot !== undefined) host.slots.release(slot);
    onEnd({ event: 'ended', id: command.id, ...failure, startedAtMs, finishedAtMs: Date.now() });
  };
  try {
    slot = host.slots.take(command.inputs, command.inputsFile);
  } catch (error) {
    return fail(exhausted((error as NodeJS.ErrnoException).code ?? 'unknown error'));
  }
  const paths = slot;
  const name = command.argv[0] ?? '';
  const cwd = command.cwd ?? paths.work;
  const { secretEnv = [] } = command;
  const redactor = createRedactor(secretEnv.map((entry) => entry.slice(entry.indexOf('=') + 1)));
  const env = [...command.env, ...secretEnv, ...slotEnvironment(paths)];
  const file = resolveCommand(name, searchPathOf(env), knownCommands);
  if (file === undefined) {
    return fail(notStarted(127, `command ${JSON.stringify(name)} not found in PATH; install it or commit it`));
  }
  if (hasNul(command.argv) || hasNul(env)) {
    return fail(notStarted(126, 'the command or its environment holds a NUL character; remove it'));
  }
  let exited: ((status: ExitStatus) => void) | undefined;
  const launched = host.launcher.launch({ file, argv: command.argv, env, cwd }, (status) => exited?.(status));
  if (launched.kind === 'failed') return fail(startFailure(launched.code, name, cwd));

  const capture = redacting(openCapture(host.logPath(command.id), Date.now), redactor);
  const output = openOutput(launched.output, capture);
  const attempt: LiveAttempt = {
    id: command.id,
    pid: launched.pid,
    startedAtMs,
    memoryBytes: command.memoryBytes,
    isAnnounced: false,
    isEnding: false,
    isOverMemory: false,
    cancelKill: undefined,
    stream: output.stream,
  };
  exited = (status) => {
    attempt.isEnding = true;
    const strays = (): boolean => endStrays(host, attempt.id);
    afterAll(attempt.pid, strays, () => {
      attempt.cancelKill?.();
      output.finish(() => {
        capture.finish();
        const large = command.keepsLargeOutputs === true ? host.largeOutputsPath(command.id) : undefined;
        const end = endOf(attempt, status, { paths, large }, redactor);
        host.slots.release(paths);
        onEnd(end);
      });
    });
  };
  return attempt;
}

/** The part of the environment that only the slot knows. */
function slotEnvironment(slot: SlotPaths): readonly string[] {
  return [
    `HOME=${slot.scratch}`,
    `TMPDIR=${slot.scratch}`,
    `PIPECTL_INPUTS=${slot.inputs}`,
    `PIPECTL_OUTPUTS=${slot.outputs}`,
  ];
}

/** Nothing of the attempt's secrets gets into the log, whatever the command prints. */
function redacting(capture: Capture, redactor: Redactor | undefined): Capture {
  if (redactor === undefined) return capture;
  return {
    write: (chunk) => capture.write(redactor.write(chunk)),
    finish: () => {
      capture.write(redactor.end());
      capture.finish();
    },
  };
}

function endOf(
  attempt: LiveAttempt,
  status: ExitStatus,
  { paths, large }: { readonly paths: SlotPaths; readonly large: string | undefined },
  redactor: Redactor | undefined,
): EndedEvent {
  const times = { startedAtMs: attempt.startedAtMs, finishedAtMs: Date.now() };
  const base = { event: 'ended' as const, id: attempt.id, ...status, ...times };
  const outputs = readOutputs(paths.outputs, large !== undefined);
  // Whatever ended it: subtasks that share an attempt have told of themselves by then.
  const written = outputs.kind === 'text' && outputs.text !== '' ? { outputs: redactText(redactor, outputs.text) } : {};
  if (attempt.isOverMemory) {
    const note = `its processes held more than the memory limit of ${attempt.memoryBytes} bytes; raise resources.limits.memory`;
    return { ...base, ...written, reason: REASON.oomKilled, note };
  }
  if (attempt.cancelKill !== undefined) return { ...base, ...written, reason: REASON.aborted };
  if (status.exitCode !== 0) return { ...base, ...written, reason: REASON.error };
  if (outputs.kind === 'refused') return { ...base, reason: outputs.reason, note: outputs.note };
  if (outputs.kind === 'text')
    return { ...base, reason: REASON.completed, outputs: redactText(redactor, outputs.text) };
  try {
    keepLargeOutputs(paths.outputs, large ?? '', redactor);
    return { ...base, reason: REASON.completed, outputsFile: large ?? '' };
  } catch (error) {
    const note = `its outputs could not be kept: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`;
    return { ...base, reason: REASON.outputsNotStored, note };
  }
}

type StartFailure = Pick<EndedEvent, 'exitCode' | 'reason' | 'note'>;

function startFailure(code: string, name: string, cwd: string): StartFailure {
  if (code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE' || code === 'ENFILE') return exhausted(code);
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return { exitCode: 128, reason: REASON.sourceError, note: 'the working directory is gone; try again' };
  }
  const command = `command ${JSON.stringify(name)}`;
  switch (code) {
    case 'E2BIG':
      return notStarted(126, `${command}: arguments and environment are too long for this host`);
    case 'ENOEXEC':
      return notStarted(126, `${command} is no program; begin the script with a line like #!/bin/sh`);
    case 'EACCES':
      return notStarted(126, `${command} is not executable; set its executable bit in git`);
    default:
      return notStarted(127, `${command} not found (${code}); check its path and the interpreter in its first line`);
  }
}

function notStarted(exitCode: number, note: string): StartFailure {
  return { exitCode, reason: REASON.startError, note };
}

function exhausted(code: string): StartFailure {
  const isDisk = code === 'ENOSPC' || code === 'EDQUOT';
  const note = isDisk
    ? `no disk space left for the attempt's files (${code}); free some`
    : `the host could not start another process (${code}); lower the capacity or raise the host's limits`;
  return { exitCode: 128, reason: REASON.hostExhausted, note };
}

function hasNul(texts: readonly string[]): boolean {
  return texts.some((text) => text.includes('\0'));
}

function searchPathOf(env: readonly string[]): string {
  return env.findLast((entry) => entry.startsWith('PATH='))?.slice(5) ?? '/usr/bin:/bin';
}

/** Ends what is left of the attempt, in its group and out of it, and calls `then` when none of it lives. */
function afterAll(group: number, endStrays: () => boolean, then: () => void): void {
  if (!signalGroup(group, 'SIGKILL') && !endStrays()) {
    then();
    return;
  }
  const deadline = Date.now() + GONE_DEADLINE_MS;
  const look = (): void => {
    const isGone = isGroupGone(group) && !endStrays();
    if (isGone || Date.now() > deadline) then();
    else setTimeout(look, GONE_POLL_MS);
  };
  look();
}

/** Kills the attempt's processes that left its group; whether there were any. */
function endStrays(host: AttemptHost, id: string): boolean {
  const strays = straysWithEnvironment(attemptMark(id), host.isLeader);
  for (const pid of strays) signalProcess(pid, 'SIGKILL');
  return strays.length > 0;
}

/** Brings output into the capture: with one read at the end for the short-lived, by events once `stream` was called. */
function openOutput(output: Output, capture: Capture): { stream(): void; finish(then: () => void): void } {
  if (output.kind === 'stream') {
    const { stream } = output;
    stream.on('data', (chunk: Uint8Array) => capture.write(chunk));
    stream.on('error', () => {});
    return {
      stream() {},
      finish(then) {
        if (stream.closed) {
          then();
          return;
        }
        const timer = setTimeout(() => stream.destroy(), STREAM_END_MS);
        stream.once('close', () => {
          clearTimeout(timer);
          then();
        });
      },
    };
  }
  const { fd } = output;
  let socket: Socket | undefined;
  return {
    stream() {
      if (socket !== undefined) return;
      socket = new Socket({ fd, readable: true, writable: false });
      socket.on('data', (chunk: Uint8Array) => capture.write(chunk));
      socket.on('error', () => {});
    },
    finish(then) {
      socket?.pause();
      // A socket that saw the end of its output has closed the descriptor, whose number may be another's by now.
      if (socket?.destroyed !== true) readRest(fd, capture);
      if (socket === undefined) closeSync(fd);
      else socket.destroy();
      then();
    },
  };
}

/** What the pipe still holds. A process that left the group may keep the pipe open: its later output is not waited for. */
function readRest(fd: number, capture: Capture): void {
  for (;;) {
    let count = 0;
    try {
      count = readSync(fd, readBuffer, 0, READ_BYTES, null);
    } catch {
      return;
    }
    if (count === 0) return;
    capture.write(readBuffer.subarray(0, count));
  }
}
