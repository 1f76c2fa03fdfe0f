import type { Clock, Log, Random } from '../base/index.ts';
import type { Connected, Connector, Planner, RevisionOpener } from '../client/index.ts';
import type { FirstVerdict } from './answer-shortly.ts';
import type { Terminal } from './terminal.ts';

/** What surrounds the process; given by `main` and by tests. */
export interface CliWorld {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** The project of this folder, when it was validated before the command line was parsed. */
  readonly checked?: FirstVerdict;
}

export interface DaemonOptions {
  readonly dataFolder: string;
  /** 0: any free port. */
  readonly port: number;
  /** Schemes of remotes to follow besides https and ssh. */
  readonly localSchemes?: readonly ('http' | 'file')[];
  /** Do without git though it is there. */
  readonly withoutGit?: boolean;
  readonly log: Log;
}

/** A running control plane. */
export interface DaemonHandle {
  /** For example `http://127.0.0.1:7411`. */
  readonly url: string;
  readonly kubeconfigPath: string;
  readonly token: string;
  /** Where `<name>.git` is pushed to, for example `http://127.0.0.1:7411/git/`. */
  readonly gitUrl: string;
  /** Whether there is git to serve repositories with. */
  readonly servesGit: boolean;
  /** Ends when the control plane does; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Stops taking work, lets running writes end, and resolves when the folder is free. Tasks stop with it. */
  stop(): Promise<void>;
}

/** A part of an installation in a cluster. */
export interface ComponentOptions {
  /** `HOST:PORT` of health and metrics. */
  readonly listen: string;
  readonly connection: { readonly kubeconfigPath?: string; readonly context?: string };
  readonly log: Log;
}

export interface ControllerOptions extends ComponentOptions {
  readonly dataFolder: string;
  readonly localSchemes?: readonly ('http' | 'file')[];
  readonly withoutGit?: boolean;
}

export interface PropellerOptions extends ComponentOptions {
  /** Its name; absent: the one that has no process. */
  readonly shard?: string;
}

export interface ComponentHandle {
  readonly port: number;
  readonly ended: Promise<void>;
  /** Hands over what it works on, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** What only `main` can make, each loaded when it is first used. */
export interface CliPorts {
  readonly connect: Connector;
  readonly openRevision: RevisionOpener;
  readonly planRevision: Planner;
  /** Rejects with StalledError when the folder is taken, the port is in use, the disk is full. */
  startDaemon(options: DaemonOptions): Promise<DaemonHandle>;
  /** Rejects with StalledError for an unusable kubeconfig or a port that is in use. */
  startController(options: ControllerOptions): Promise<ComponentHandle>;
  startPropeller(options: PropellerOptions): Promise<ComponentHandle>;
}

export interface GlobalOptions {
  readonly dataFolder: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly verbose: boolean;
}

/** What a command's body gets. */
export interface CommandContext extends CliWorld {
  readonly ports: CliPorts;
  readonly global: GlobalOptions;
  /** A session with the control plane; the same one each time. */
  session(): Promise<Connected>;
}
