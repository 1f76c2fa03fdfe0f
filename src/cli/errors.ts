/** What a process tells its caller. Documented in `pipectl --help` and docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** The thing itself failed: an execution, a validation, a name that does not exist. */
  failed: 1,
  /** The command line or the machine is not fit for it. */
  usage: 2,
  /** The control plane does not answer. */
  unreachable: 3,
  /** Ctrl-C, as shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line asks for something that is not there or makes no sense: exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** One sentence about what to do. */
  readonly help: string | undefined;
  constructor(message: string, help?: string) {
    super(message);
    this.help = help;
  }
}

/** The command did its work and the answer is no: exit 1, or another code that the command documents. */
export class FailedError extends Error {
  override readonly name = 'FailedError';
  readonly help: string | undefined;
  constructor(message: string, help?: string) {
    super(message);
    this.help = help;
  }
}
