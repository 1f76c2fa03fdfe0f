import { relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../base/index.ts';
import { type DiagnosticFormat, formatDiagnostics, withFixes } from '../language/index.ts';
import { VERSION } from '../main/version.ts';
import type { Checked } from './check-project.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './errors.ts';
import { untrackedLine, validLine } from './verdict-lines.ts';

/** Prints what was found, as the command line asks for it. */
export interface Reporter {
  /** Whether a finding is in the files and folders that were asked for. */
  isWanted(diagnostic: Diagnostic): boolean;
  readonly isPretty: boolean;
  report(checked: Checked, options?: { readonly offersFix?: boolean }): ExitCode;
}

/** The reporter of a validation of the project at `root`; without one of a text alone. */
export function reporterOf(
  { cwd, stdout, stderr }: CommandContext,
  input: CommandInput,
  root: string | undefined,
): Reporter {
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
    report(checked, { offersFix = false } = {}) {
      const shown = withFixes(checked.diagnostics.filter(isWanted));
      const files = (checked.files ?? []).filter((path) => isAmong(path, wanted));
      const { color, columns } = stdout;
      stdout.write(formatDiagnostics(shown, format, { color, columns, files, version: VERSION }));
      if (!isPretty) return checked.isValid ? EXIT.ok : EXIT.failed;
      stderr.write(untrackedLine(checked));
      const fixable = shown.filter(({ fix }) => fix !== undefined).length;
      if (offersFix && fixable > 0) {
        stderr.write(`${fixable} of them ${fixable === 1 ? 'seems' : 'seem'} fixable: pipectl validate --fix\n`);
      }
      if (!checked.isValid) return EXIT.failed;
      stderr.write(validLine(stderr, checked));
      return EXIT.ok;
    },
  };
}

function isAmong(file: string, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.some((path) => path === '' || file === path || file.startsWith(`${path}/`));
}
