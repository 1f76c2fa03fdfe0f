import { spawnSync } from 'node:child_process';

export interface ProgramOptions {
  readonly cwd?: string;
  /** Absent: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** The exit code that it ends with. Absent: 0. */
  readonly status?: number;
}

/** How long a program takes, from spawn to exit, in milliseconds. Throws when it ends otherwise. */
export function programMs(program: string, args: readonly string[], options: ProgramOptions = {}): number {
  const { status: wanted = 0, ...where } = options;
  const started = performance.now();
  const { status, stderr } = spawnSync(program, args, { ...where, stdio: ['ignore', 'ignore', 'pipe'] });
  const ms = performance.now() - started;
  if (status !== wanted)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr.toString('utf8')}`);
  return ms;
}
