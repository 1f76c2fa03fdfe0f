import type { Clock, Log, Random, UnixMs } from '../../base/index.ts';
import type { Heartbeat, LiveExecutions, LiveObjects } from '../../client/index.ts';
import type { Cluster } from '../../cluster/index.ts';
import type { Content } from '../content.ts';
import type { Place } from '../state.ts';

/** What feeds one place. Opened when a person goes there, closed when nobody can go back there. */
export interface Source {
  /** What the place shows now. Called for each frame. */
  content(place: Place, now: UnixMs, columns: number): Content;
  /** Asks the cluster again. */
  refresh?(): void;
  close(): void;
}

/** The answer of a command of `pipectl`. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of `pipectl` in this process and catches what it prints, with colours. `columns` is what it may fill. */
export type CommandRunner = (argv: readonly string[], columns: number) => Promise<Answer>;

/** What sources are made from. */
export interface SourcePorts {
  readonly cluster: Cluster;
  readonly server: string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  readonly runCommand: CommandRunner;
  /** Executions of the namespace that is looked at; one for all places. */
  executions(): LiveExecutions;
  /** Objects of a kind in that namespace, or where that kind lives. */
  objects(kind: string): LiveObjects;
  readonly heartbeat: Heartbeat;
  /** Something that is shown may have changed. */
  changed(): void;
}
