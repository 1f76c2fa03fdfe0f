import { relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../../base/index.ts';
import { defaultCacheFolder, findProjectRoot, PROJECT_FILE, validateFolder } from '../../client/index.ts';
import { type DiagnosticFormat, formatDiagnostics, withFixes } from '../../language/index.ts';
import { VERSION } from '../../main/version.ts';
import type { Checked } from '../check-project.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { countWords } from '../kind-words.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl validate [PATH…]`: compiles the project of this folder as a push of it would. Exit 1 when it has errors. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  checkOptions(input);
  const rev = input.text('rev');
  const isStdin = input.arguments[0] === '-';
  const root = isStdin ? undefined : rootOf(context, input);
  if (root === undefined && rev === undefined && !isStdin) {
    throw new UsageError(`there is no ${PROJECT_FILE} in ${context.cwd} or above`, '`pipectl init` writes a project');
  }
  const reporter = reporterOf(context, input, isStdin ? undefined : (root ?? context.cwd));
  if (isStdin) return reporter.report((await import('../check-project.ts')).checkStdin());
  if (rev !== undefined) {
    const { checkRevision } = await import('../check-project.ts');
    return reporter.report(await checkRevision(context, rev));
  }
  if (input.flag('fix')) {
    const { fixProject } = await import('../fix-project.ts');
    return fixProject(context, root as string, reporter, input.flag('dryRun'));
  }
  if (input.flag('watch')) {
    const { watchProject } = await import('../watch-project.ts');
    return watchProject(context, root as string, reporter);
  }
  return reporter.report(await check(context, root as string, reporter), { offersFix: true });
}

/** An unchanged folder is answered from what is kept of it, without the compiler; some formats want more than is kept. */
async function check({ env }: CommandContext, root: string, { namesFiles }: Reporter): Promise<Checked> {
  if (!namesFiles) return validateFolder(root, { cacheFolder: defaultCacheFolder(env) });
  const { checkFolder } = await import('../check-project.ts');
  return checkFolder(root);
}

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

/** Prints what was found, as the command line asks for it. */
export interface Reporter {
  /** Whether a finding is in the files and folders that were asked for. */
  isWanted(diagnostic: Diagnostic): boolean;
  readonly isPretty: boolean;
  /** Whether the format tells of files without findings. */
  readonly namesFiles: boolean;
  report(checked: Checked, options?: { readonly offersFix?: boolean }): ExitCode;
}

function reporterOf({ cwd, stdout, stderr }: CommandContext, input: CommandInput, root: string | undefined): Reporter {
  const paths = root === undefined ? [] : input.arguments;
  const wanted = paths.map((path) =>
    relative(root as string, resolve(cwd, path))
      .split(sep)
      .join('/'),
  );
  const format = (input.text('output') ?? 'pretty') as DiagnosticFormat;
  const isPretty = format === 'pretty';
  const isWanted = ({ span }: Diagnostic): boolean => span === undefined || isAmong(span.file, wanted);
  return {
    isWanted,
    isPretty,
    namesFiles: format === 'sarif' || format === 'junit',
    report(checked, { offersFix = false } = {}) {
      const shown = withFixes(checked.diagnostics.filter(isWanted));
      const files = (checked.files ?? []).filter((path) => isAmong(path, wanted));
      const { color, columns } = stdout;
      stdout.write(formatDiagnostics(shown, format, { color, columns, files, version: VERSION }));
      if (!isPretty) return checked.isValid ? EXIT.ok : EXIT.failed;
      if (checked.untracked.length > 0) {
        stderr.write(`not in git yet, a push would not carry: ${namesText(checked.untracked)}\n`);
      }
      const fixable = shown.filter(({ fix }) => fix !== undefined).length;
      if (offersFix && fixable > 0) {
        stderr.write(`${fixable} of them ${fixable === 1 ? 'seems' : 'seem'} fixable: pipectl validate --fix\n`);
      }
      if (!checked.isValid) return EXIT.failed;
      stderr.write(`${paint(stderr, 'green', 'valid')}: ${countsText(checked)}\n`);
      return EXIT.ok;
    },
  };
}

function isAmong(file: string, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.some((path) => path === '' || file === path || file.startsWith(`${path}/`));
}

function namesText(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).map(printable).join(', ')}${more}`;
}

/** `2 workflows, 5 tasks, 1 schedule in 3 files`. */
function countsText({ counts, fileCount }: Checked): string {
  const found = Object.entries(counts);
  const what = found.length === 0 ? 'no definitions' : countWords(found);
  return `${what} in ${fileCount} ${fileCount === 1 ? 'file' : 'files'}`;
}

const MAX_NAMED = 5;
