import { spawn } from 'node:child_process';
import type { CommandContext } from '../context.ts';
import { FailedError } from '../errors.ts';
import { paint, printable, type Terminal } from '../terminal.ts';

/** Where the demo shows what it does: numbered steps, the commands as a person would type them, and their output. */
export interface Stage {
  step(title: string): void;
  say(text: string): void;
  /** Runs git for real, showing the command and what it printed. Resolves to its exit code. */
  git(args: readonly string[]): Promise<number>;
  /** Like `git`, without showing anything; throws FailedError with git's words when it fails. */
  quietly(args: readonly string[]): Promise<string>;
}

const STEPS = 7;
/** One git command of the demo; a push waits for registration and reconciliation. */
const GIT_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

export function createStage({ stdout, env, signal }: CommandContext, repository: string): Stage {
  let steps = 0;
  const gitEnv = {
    PATH: env.PATH ?? '',
    HOME: env.HOME ?? repository,
    LC_ALL: 'C',
    // The person's own settings (hooks, signing, templates) must not change what the demo shows.
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada Demo',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada Demo',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  };

  function run(args: readonly string[], show: (text: string) => void): Promise<{ code: number; output: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn('git', args, {
        cwd: repository,
        env: gitEnv,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: GIT_TIMEOUT_MS,
        signal,
      });
      let output = '';
      const take = (chunk: Buffer): void => {
        if (output.length > MAX_OUTPUT_BYTES) return;
        output += chunk.toString('utf8');
        show(chunk.toString('utf8'));
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.on('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'ENOENT' ? new FailedError('git is not on the PATH', 'install it and try again') : error);
      });
      child.on('close', (code) => resolve({ code: code ?? 1, output }));
    });
  }

  return {
    step(title) {
      steps += 1;
      stdout.write(`\n${paint(stdout, 'cyan', `${steps}/${STEPS}`)}  ${paint(stdout, 'bold', title)}\n`);
    },
    say(text) {
      stdout.write(`${text.replace(/^(?=.)/gm, '     ')}\n`);
    },
    async git(args) {
      stdout.write(`     ${paint(stdout, 'dim', '$')} git ${args.join(' ')}\n`);
      const print = indented((line) => stdout.write(`     ${highlighted(stdout, printable(line))}\n`));
      const { code } = await run(args, print.write);
      print.end();
      return code;
    },
    async quietly(args) {
      const { code, output } = await run(args, () => {});
      if (code !== 0) throw new FailedError(`git ${args[0]} failed: ${output.trim()}`);
      return output.trim();
    },
  };
}

/** As git itself highlights at a terminal: the word that says how bad it is, and what is marked. */
function highlighted(stdout: Terminal, line: string): string {
  const found = /^(remote: (?: *\| +)?)(error\[[^\]]+\]|\^+)(.*)$/.exec(line);
  if (found === null) return line;
  return `${found[1]}${paint(stdout, 'red', found[2] ?? '')}${found[3]}`;
}

/** Cuts a stream into lines; git pads `remote:` lines with spaces to overwrite what stood there before. */
function indented(line: (text: string) => void): { write: (text: string) => void; end: () => void } {
  let rest = '';
  return {
    write(text) {
      const lines = (rest + text).split(/\r?\n|\r/);
      rest = lines.pop() ?? '';
      for (const one of lines) line(one.trimEnd());
    },
    end() {
      if (rest.trim() !== '') line(rest.trimEnd());
      rest = '';
    },
  };
}
