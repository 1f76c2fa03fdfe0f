import { type FixedFile, type FixedWorkTree, fixWorkTree, writeFixedFile } from '../client/index.ts';
import { checkedWorkTree } from './check-project.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode, FailedError } from './errors.ts';
import { paint, printable } from './terminal.ts';
import { unifiedDiff } from './unified-diff.ts';
import type { Reporter } from './validate-reporter.ts';

/** `validate --fix`: writes the fixes, tells each, and reports what is left. With `isDryRun` shows a diff and writes nothing. */
export async function fixProject(
  { stdout, stderr }: CommandContext,
  root: string,
  reporter: Reporter,
  isDryRun: boolean,
): Promise<ExitCode> {
  const fixed = await fixWorkTree(root, reporter.isWanted);
  if (isDryRun) return showFixes({ stdout, stderr }, fixed);
  const stale: string[] = [];
  for (const file of fixed.files) {
    if (!writeFixedFile(root, file)) stale.push(file.path);
    else stderr.write(fixLines(file, 'fixed', stderr));
  }
  if (stale.length > 0) {
    throw new FailedError(`${stale.join(', ')} changed meanwhile and was left alone`, 'run it again');
  }
  if (fixed.files.length === 0) stderr.write('nothing to fix\n');
  return reporter.report(checkedWorkTree(fixed.compiled));
}

/** Exit 1 when there is something to fix, so that a CI job can ask. */
function showFixes({ stdout, stderr }: Pick<CommandContext, 'stdout' | 'stderr'>, { files }: FixedWorkTree): ExitCode {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (const file of files) {
    const lines = unifiedDiff(file.path, decoder.decode(file.before), decoder.decode(file.after));
    for (const line of lines) {
      const style = line.startsWith('+')
        ? 'green'
        : line.startsWith('-')
          ? 'red'
          : line.startsWith('@')
            ? 'cyan'
            : undefined;
      const text = printable(line);
      stdout.write(`${style === undefined ? text : paint(stdout, style, text)}\n`);
    }
    stderr.write(fixLines(file, 'would fix', stderr));
  }
  if (files.length === 0) stderr.write('nothing to fix\n');
  return files.length === 0 ? EXIT.ok : EXIT.failed;
}

/** `fixed pipelines/etl.yaml:12:13: replace "crad" by "card" [PIPE-REF-001]`. */
function fixLines({ path, fixes }: FixedFile, word: string, terminal: CommandContext['stderr']): string {
  return fixes
    .map(({ diagnostic: { code, span }, fix }) => {
      const place = `${path}:${span?.line ?? 1}:${span?.column ?? 1}`;
      return `${paint(terminal, 'green', word)} ${printable(`${place}: ${fix.title}`)} [${code}]\n`;
    })
    .join('');
}
