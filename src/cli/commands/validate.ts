import { relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../../base/index.ts';
import { compileWorkTree, type FinishedOutcome, findProjectRoot, PROJECT_FILE } from '../../client/index.ts';
import { formatDiagnostics } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { countWords } from '../kind-words.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl validate [PATH…]`: compiles the project of this folder as a push of it would. Exit 1 when it has errors. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, stdout, stderr } = context;
  const first = input.arguments[0];
  const root = findProjectRoot(cwd) ?? (first === undefined ? undefined : findProjectRoot(resolve(cwd, first)));
  if (root === undefined) {
    throw new UsageError(`there is no ${PROJECT_FILE} in ${cwd} or above`, '`pipectl init` writes a project');
  }
  const { tree, files, outcome } = await compileWorkTree(root);
  const wanted = input.arguments.map((path) => relative(root, resolve(cwd, path)).split(sep).join('/'));
  const shown = outcome.diagnostics.filter((diagnostic) => isWanted(diagnostic, wanted));
  const format = (input.text('output') ?? 'pretty') as 'pretty' | 'json' | 'github';
  stdout.write(formatDiagnostics(shown, format, { color: stdout.color }));
  const untracked = files.filter((path) => tree.untracked.has(path));
  if (untracked.length > 0 && format === 'pretty') {
    const more = untracked.length > MAX_NAMED ? ` and ${untracked.length - MAX_NAMED} more` : '';
    const names = untracked.slice(0, MAX_NAMED).map(printable).join(', ');
    stderr.write(`not in git yet, a push would not carry: ${names}${more}\n`);
  }
  if (outcome.kind === 'rejected') return EXIT.failed;
  if (format === 'pretty')
    stderr.write(
      `${paint(stderr, 'green', 'valid')}: ${countsText(outcome)} in ${files.length} ${files.length === 1 ? 'file' : 'files'}\n`,
    );
  return EXIT.ok;
}

function isWanted({ span }: Diagnostic, wanted: readonly string[]): boolean {
  if (wanted.length === 0 || span === undefined) return true;
  return wanted.some((path) => path === '' || span.file === path || span.file.startsWith(`${path}/`));
}

/** `2 workflows, 5 tasks, 1 schedule`. */
function countsText(outcome: FinishedOutcome): string {
  if (outcome.kind === 'rejected') return '';
  const counts = new Map<string, number>();
  for (const { kind } of outcome.changed) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts.size === 0 ? 'no definitions' : countWords(counts);
}

const MAX_NAMED = 5;
