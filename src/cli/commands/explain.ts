import { DIAGNOSTIC_CODES, type DiagnosticCode, diagnosticCode, suggest } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { renderTable } from '../table.ts';
import { paint, type Terminal } from '../terminal.ts';

/** `pipectl explain [CODE]`: what a finding means, with an example of it and the same put right. */
export async function run({ stdout }: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [code] = input.arguments;
  if (code === undefined) {
    const rows = DIAGNOSTIC_CODES.map((row) => [row.code, row.severity, row.title]);
    const columns = [
      { title: 'CODE', priority: 9, minWidth: 16 },
      { title: 'SEVERITY' },
      { title: 'TITLE', priority: 5 },
    ];
    stdout.write(`${renderTable(columns, rows, { columns: stdout.columns, header: false }).join('\n')}\n`);
    return EXIT.ok;
  }
  const row = diagnosticCode(code);
  if (row === undefined) {
    const meant = suggest(
      code.toUpperCase(),
      DIAGNOSTIC_CODES.map((each) => each.code),
    );
    throw new UsageError(
      `there is no code "${code}"`,
      meant === undefined ? '`pipectl explain` lists all' : `did you mean "${meant}"?`,
    );
  }
  stdout.write(explanation(row, stdout));
  return EXIT.ok;
}

function explanation(
  { code, severity, title, explanation: text, wrong, right }: DiagnosticCode,
  terminal: Terminal,
): string {
  const style = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'blue';
  return [
    `${paint(terminal, style, `${severity} ${code}`)}: ${paint(terminal, 'bold', title)}`,
    '',
    text,
    '',
    paint(terminal, 'red', 'Wrong:'),
    indented(wrong),
    paint(terminal, 'green', 'Right:'),
    indented(right),
    '',
  ].join('\n');
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}
