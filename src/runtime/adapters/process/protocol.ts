import type { BlobRefs } from '../../../base/index.ts';

/**
 * What the node agent and its spawner say to each other: one JSON text per line. Commands go down the spawner's stdin.
 * Events come up its stdout and into its journal, which outlives both.
 */

/** Runs one attempt. A closed stdin drops what has not been claimed yet. */
export interface StartCommand {
  readonly op: 'start';
  /** The pod's uid. */
  readonly id: string;
  readonly argv: readonly string[];
  /** `NAME=value`; the spawner adds what only it knows: HOME, TMPDIR, PIPECTL_INPUTS and PIPECTL_OUTPUTS. */
  readonly env: readonly string[];
  /** `NAME=value` of variables that are secrets: what they hold is taken out of output before it is kept. */
  readonly secretEnv?: readonly string[];
  /** Absent: an empty private folder. */
  readonly cwd?: string;
  /** Text of the inputs file. */
  readonly inputs: string;
  /** The inputs file itself instead, on the spawner's file system: it is taken away. */
  readonly inputsFile?: string;
  /** Outputs that have no room in the pod are kept as a file. */
  readonly keepsLargeOutputs?: true;
  /** Ends the attempt as OOMKilled when its processes together hold more. */
  readonly memoryBytes?: number;
}

/** SIGTERM to the process group, SIGKILL after `graceMs`. An attempt that has not started yet is dropped. */
export interface EndCommand {
  readonly op: 'end';
  readonly id: string;
  readonly graceMs: number;
}

export type Command = StartCommand | EndCommand;

/** The first line to the daemon: the spawner's folder. Not in the journal. */
export interface ReadyEvent {
  readonly event: 'ready';
  readonly folder: string;
}

/** Written down before the process is made: from here on nobody else may start it. */
export interface ClaimedEvent {
  readonly event: 'claimed';
  readonly id: string;
}

/** Said of attempts that live longer than a blink; short ones only end. */
export interface StartedEvent {
  readonly event: 'started';
  readonly id: string;
  /** Leader of the attempt's process group and session. */
  readonly pid: number;
  /** As `startTimeOf` reads it; with the pid it names one process for ever. */
  readonly startTime: string;
  readonly startedAtMs: number;
}

/** No process of the attempt's group lives any more. */
export interface EndedEvent {
  readonly event: 'ended';
  readonly id: string;
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  /** Why, when it did not end by itself. */
  readonly note?: string;
  /** Text of the outputs file; what is left of it when the rest is in the object store. */
  readonly outputs?: string;
  /** The outputs file itself, which is too large for the pod. */
  readonly outputsFile?: string;
  readonly storedOutputs?: BlobRefs;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** Every live attempt has been announced, and this spawner starts nothing any more. */
export interface DrainedEvent {
  readonly event: 'drained';
}

export type JournalEvent = ClaimedEvent | StartedEvent | EndedEvent | DrainedEvent;
export type SpawnerEvent = ReadyEvent | JournalEvent;

/** Splits chunks of UTF-8 into lines; throws RangeError when one is longer than `maxBytes`. The unfinished rest is kept. */
export function lineSplitter(maxBytes: number, onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = [];
  let restBytes = 0;
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, at);
      from = at + 1;
      const line = restBytes === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      restBytes = 0;
      onLine(line.toString('utf8'));
    }
    if (from === chunk.length) return;
    rest.push(Buffer.from(chunk.subarray(from)));
    restBytes += chunk.length - from;
    if (restBytes > maxBytes) throw new RangeError(`a line is longer than ${maxBytes} bytes`);
  };
}
