import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_TUI_CONFIG_BYTES, SCREEN_IDLE_MEMORY } from '../../base/index.ts';
import { chooseNamespace, findCheckout } from '../../client/index.ts';
import { NO_CONFIG, openTui, PLACES, readConfig, type TuiConfig, type TuiConnection } from '../../tui/index.ts';
import { caughtCommands } from '../caught-command.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';

/** `pipectl tui`: everything at one full-screen terminal, until a person quits. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  if (!context.stdout.isTerminal || !process.stdin.isTTY) {
    throw new UsageError(
      'the full-screen terminal needs a terminal to draw on and one to read keys from',
      '`pipectl watch executions` prints changes line by line, `pipectl run --follow` one execution',
    );
  }
  const view = input.text('view') ?? 'executions';
  const place = PLACES.find(({ name }) => name === view);
  if (place === undefined) {
    throw new UsageError(`there is no view "${view}"`, `one of ${PLACES.map(({ name }) => name).join(', ')}`);
  }
  const config = await configOf(context);
  // A first list of a hundred thousand leaves twice its size behind.
  let stopReleasing = (): void => {};
  const connect = async (): Promise<TuiConnection> => {
    const session = await context.session();
    const namespace = context.global.namespace ?? (await checkoutNamespace(context));
    const { releaseIdleMemory } = await import('../../main/idle-memory.ts');
    const memory = releaseIdleMemory(SCREEN_IDLE_MEMORY);
    stopReleasing = memory.stop;
    const runCommand = caughtCommands(context, session);
    return { ...session, runCommand, listed: memory.afterBurst, ...(namespace !== undefined && { namespace }) };
  };
  await openTui({
    connection: afterFrame(connect),
    clock: context.clock,
    random: context.random,
    log: { write: () => {} },
    env: context.env,
    isColorful: context.stdout.color,
    // Ink's own word for it, which some have set for all programs that are made with it.
    isSpoken: input.flag('screenReader') || config.isSpoken || context.env.INK_SCREEN_READER === 'true',
    config,
    start: { target: place.target, filter: input.text('filter') ?? '' },
    stdin: process.stdin,
    stdout: process.stdout,
    signal: context.signal,
  }).finally(() => stopReleasing());
  const code = context.signal.aborted ? EXIT.interrupted : EXIT.ok;
  // Requests that are open would keep the process; nobody waits for their answers any more.
  setImmediate(() => process.exit(code));
  return code;
}

/** What connects is loaded when the first frame is out. */
function afterFrame<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => void setImmediate(() => resolve(work())));
}

/** The namespace of the checkout around this folder: it costs no request, so that the first frame waits for none. */
async function checkoutNamespace(context: CommandContext): Promise<string | undefined> {
  const checkout = await findCheckout(context.cwd);
  if (checkout === undefined) return undefined;
  const { cluster } = await context.session();
  const choice = await chooseNamespace(cluster, checkout, undefined);
  return choice.kind === 'found' ? choice.namespace : undefined;
}

/** `$PIPECTL_TUI_CONFIG`, else `pipectl/tui.yaml` where programs keep what people chose. */
async function configOf({ env }: CommandContext): Promise<TuiConfig> {
  const folder = env.XDG_CONFIG_HOME || join(env.HOME ?? '', '.config');
  const path = env.PIPECTL_TUI_CONFIG || join(folder, 'pipectl', 'tui.yaml');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isAbsent ? NO_CONFIG : { ...NO_CONFIG, problems: [`${path}: ${(error as Error).message}`] };
  }
  if (text.length > MAX_TUI_CONFIG_BYTES) return { ...NO_CONFIG, problems: [`${path} is too large`] };
  const { parse } = await import('yaml');
  try {
    return readConfig(parse(text, { maxAliasCount: 0 }));
  } catch (error) {
    return { ...NO_CONFIG, problems: [`${path}: ${(error as Error).message.split('\n')[0]}`] };
  }
}
