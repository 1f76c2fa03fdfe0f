import { BugError, StalledError, WaitError } from '../base/index.ts';
import { AmbiguousRevisionError } from '../client/index.ts';
import { ForbiddenError, InvalidError, NotFoundError } from '../cluster/index.ts';
import type { CliWorld } from './context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from './errors.ts';
import { paint, printable } from './terminal.ts';

/** Tells on stderr what went wrong, in one line and a hint, and returns the exit code that says the same. */
export function report(
  error: unknown,
  { stderr, argv, signal }: Pick<CliWorld, 'stderr' | 'argv' | 'signal'>,
): ExitCode {
  // Whatever an interrupted command stumbled over is the interruption's doing.
  if (signal.aborted) return EXIT.interrupted;
  const { code, message, help } = classify(error);
  const isVerbose = argv.includes('-v') || argv.includes('--verbose');
  const isOurs = code === undefined;
  if ((isVerbose || isOurs) && error instanceof Error && error.stack !== undefined) {
    stderr.write(`${error.stack.split('\n').map(printable).join('\n')}\n`);
  }
  if (help !== undefined) {
    stderr.write(`${paint(stderr, 'red', 'pipectl:')} ${printable(message)}: ${printable(help)}\n`);
  } else {
    stderr.write(`${paint(stderr, 'red', 'pipectl:')} ${printable(message)}\n`);
  }
  return code ?? EXIT.failed;
}

interface Classified {
  /** Undefined: a bug of ours. */
  readonly code: ExitCode | undefined;
  readonly message: string;
  readonly help?: string;
}

function classify(error: unknown): Classified {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) return withHelp(EXIT.usage, message, error.help);
  if (error instanceof FailedError) return withHelp(EXIT.failed, message, error.help);
  if (error instanceof AmbiguousRevisionError) return withHelp(EXIT.usage, message, 'give more digits');
  if (error instanceof StalledError) return { code: EXIT.usage, message };
  if (error instanceof WaitError) return { code: EXIT.unreachable, message };
  if (error instanceof NotFoundError || error instanceof InvalidError || error instanceof ForbiddenError) {
    return { code: EXIT.failed, message };
  }
  if (!(error instanceof BugError) && isSystemError(error)) return { code: EXIT.usage, message };
  if (error instanceof Error && error.name === 'ConflictError') return { code: EXIT.failed, message };
  return { code: undefined, message: `this is a bug in pipectl: ${message}` };
}

function withHelp(code: ExitCode, message: string, help: string | undefined): Classified {
  return help === undefined ? { code, message } : { code, message, help };
}

/** What the operating system refused: a file that is not there, a folder that is read-only, a full disk. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
