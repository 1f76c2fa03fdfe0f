import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StalledError } from '../../base/index.ts';
import { type Checkout, findCheckout } from '../../client/index.ts';
import { createLog } from '../../observe/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext, DaemonHandle } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { factLines } from '../facts.ts';
import { credentialHelper, REMOTE, setRemote } from '../git-remote.ts';
import { paint, printable } from '../terminal.ts';

/** Unassigned at IANA, and easy to remember: a remote and a kubeconfig should stay valid over restarts. */
const DEFAULT_PORT = 7411;

/** `pipectl up`: runs the control plane in the foreground until it is interrupted. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, stdout, stderr, clock, signal } = context;
  const dataFolder = resolve(cwd, context.global.dataFolder);
  const port = input.integer('port', { min: 0, max: 65_535 }) ?? DEFAULT_PORT;
  const localSchemes = (['http', 'file'] as const).filter((scheme) => input.list('allowRemotes').includes(scheme));
  const withoutGit = input.flag('withoutGit');
  const log = createLog({
    level: context.global.verbose ? 'debug' : 'info',
    format: stderr.isTerminal ? 'human' : 'json',
    write: (line) => stderr.write(line),
    clock,
    color: stderr.color,
  });
  const daemon = await context.ports
    .startDaemon({ dataFolder, port, localSchemes, withoutGit, log })
    .catch((error: unknown) => joinRunning(context, input, dataFolder, error));
  const lines = [
    ...factLines(stdout, [
      ['pipectl is up', paint(stdout, 'bold', daemon.url)],
      ['data', dataFolder],
      ['kubeconfig', daemon.kubeconfigPath],
    ]),
    ...(await gitLines(context, input, daemon, dataFolder)),
    '',
    'Ctrl-C ends it.',
  ];
  stdout.write(`${lines.join('\n')}\n`);
  const interrupted = new Promise<void>((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
  // A control plane that broke rejects `ended`, which is told like any error.
  await Promise.race([interrupted, daemon.ended]);
  stderr.write('ending: running writes finish first\n');
  await daemon.stop();
  return EXIT.ok;
}

/**
 * Rethrows why no control plane could be started. Where one runs on this data folder already, the checkout's remote is
 * set to it all the same: that is how the repository of a second project joins.
 */
async function joinRunning(
  context: CommandContext,
  input: CommandInput,
  dataFolder: string,
  error: unknown,
): Promise<never> {
  if (!(error instanceof StalledError) || error.reason !== 'DataFolderInUse') throw error;
  const checkout = await findCheckout(context.cwd);
  if (checkout === undefined || !existsSync(join(checkout.root, '.git')) || !input.flag('remote')) throw error;
  const { server } = await context.ports.connect({ kubeconfigPath: join(dataFolder, 'kubeconfig') });
  const url = `http://${new URL(server).host}/git/${checkout.project.name}.git`;
  const outcome = await setRemote(checkout.root, url, dataFolder);
  if (outcome.kind !== 'set') throw error;
  const how = `to register: git push ${REMOTE} ${trackedBranch(checkout)}`;
  throw new UsageError(
    `pipectl is up already on the data folder ${dataFolder}`,
    `the git remote "${REMOTE}" of ${checkout.root} points there now; ${how}`,
  );
}

async function gitLines(
  context: CommandContext,
  input: CommandInput,
  daemon: DaemonHandle,
  dataFolder: string,
): Promise<string[]> {
  if (!daemon.servesGit) {
    return [
      '',
      'There is no git here, so nothing can be pushed. To follow a repository:',
      '  pipectl repo add NAME https://host/path.git',
    ];
  }
  const checkout = await findCheckout(context.cwd);
  const url = `${daemon.gitUrl}${checkout?.project.name ?? 'NAME'}.git`;
  if (checkout === undefined || !existsSync(join(checkout.root, '.git')) || !input.flag('remote')) {
    return [
      '',
      'To register a repository, in its checkout:',
      `  git remote add ${REMOTE} ${url}`,
      `  git config credential.${new URL(url).origin}.helper ${quoted(credentialHelper(dataFolder))}`,
      `  git push ${REMOTE} main`,
      'or run `pipectl up` there, which does the first two.',
    ];
  }
  const outcome = await setRemote(checkout.root, url, dataFolder);
  switch (outcome.kind) {
    case 'set':
      return [
        '',
        `The git remote "${REMOTE}" of ${checkout.root} points here;`,
        'its credential helper reads the token from the data folder.',
        `To register:  git push ${REMOTE} ${trackedBranch(checkout)}`,
      ];
    case 'foreign':
      return [
        '',
        `The git remote "${REMOTE}" is ${printable(outcome.url)} and was left alone. To register:`,
        `  git push ${url}`,
      ];
    case 'failed':
      return ['', `The git remote could not be set: ${printable(outcome.message)}`];
  }
}

function trackedBranch({ project, branch }: Checkout): string {
  const refs = project.domains.map(({ ref }) => ref).filter((ref) => !ref.includes('*'));
  return (branch !== undefined && refs.includes(branch) ? branch : refs[0]) ?? branch ?? 'main';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
