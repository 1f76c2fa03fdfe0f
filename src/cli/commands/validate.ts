import { resolve } from 'node:path';
import { defaultCacheFolder, findProjectRoot, PROJECT_FILE, validateFolder } from '../../client/index.ts';
import type { Checked } from '../check-project.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { type ExitCode, UsageError } from '../errors.ts';

/** `pipectl validate [PATH…]`: compiles the project of this folder as a push of it would. Exit 1 when it has errors. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  checkOptions(input);
  const rev = input.text('rev');
  const isStdin = input.arguments[0] === '-';
  const root = isStdin ? undefined : rootOf(context, input);
  if (root === undefined && rev === undefined && !isStdin) {
    throw new UsageError(`there is no ${PROJECT_FILE} in ${context.cwd} or above`, '`pipectl init` writes a project');
  }
  const reporting = import('../validate-reporter.ts');
  const openReporter = async () =>
    (await reporting).reporterOf(context, input, isStdin ? undefined : (root ?? context.cwd));
  if (isStdin) return (await openReporter()).report((await import('../check-project.ts')).checkStdin());
  if (rev !== undefined) {
    const { checkRevision } = await import('../check-project.ts');
    return (await openReporter()).report(await checkRevision(context, rev));
  }
  if (input.flag('fix')) {
    const { fixProject } = await import('../fix-project.ts');
    return fixProject(context, root as string, await openReporter(), input.flag('dryRun'));
  }
  if (input.flag('watch')) {
    const { watchProject } = await import('../watch-project.ts');
    return watchProject(context, root as string, await openReporter());
  }
  // What prints is loaded while git looks at the folder.
  const [checked, reporter] = await Promise.all([check(context, root as string, input), openReporter()]);
  return reporter.report(checked, { offersFix: true });
}

/** An unchanged folder is answered from what is kept of it, without the compiler; some formats want more than is kept. */
async function check({ env, checked }: CommandContext, root: string, input: CommandInput): Promise<Checked> {
  const namesFiles = FORMATS_WITH_FILES.has(input.text('output') ?? '');
  if (!namesFiles && checked?.root === root) return checked.verdict;
  if (!namesFiles) return validateFolder(root, { cacheFolder: defaultCacheFolder(env) });
  const { checkFolder } = await import('../check-project.ts');
  return checkFolder(root);
}

/** Formats that tell of files without findings, too. */
const FORMATS_WITH_FILES: ReadonlySet<string> = new Set(['sarif', 'junit']);

/** What cannot go together. */
function checkOptions(input: CommandInput): void {
  const modes = [
    ...['fix', 'watch'].filter((option) => input.flag(option)),
    ...(input.text('rev') === undefined ? [] : ['rev']),
  ];
  if (modes.length > 1) throw new UsageError(`--${modes[0]} and --${modes[1]} cannot go together`, 'give one of them');
  if (input.flag('dryRun') && !input.flag('fix')) throw new UsageError('--dry-run belongs to --fix', 'add --fix');
  if (!input.arguments.includes('-')) return;
  if (modes.length > 0) throw new UsageError(`--${modes[0]} cannot go together with stdin`, 'leave "-" away');
  if (input.arguments.length > 1) throw new UsageError('stdin is checked by itself', 'leave the other paths away');
}

function rootOf({ cwd }: CommandContext, input: CommandInput): string | undefined {
  const [first] = input.arguments;
  return findProjectRoot(cwd) ?? (first === undefined ? undefined : findProjectRoot(resolve(cwd, first)));
}
