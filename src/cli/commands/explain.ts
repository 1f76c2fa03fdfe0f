import {
  DIAGNOSTIC_CODES,
  type DiagnosticCode,
  diagnosticCode,
  familyOf,
  familyTitle,
  suggest,
  wrapWords,
} from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { renderTable } from '../table.ts';
import { paint, type Terminal } from '../terminal.ts';

/**
 * `pipectl explain [CODE]`: what a finding means, with an example of it and the same put right. A family (`REF`) lists its
 * codes; `PIPE-` may be left out.
 */
export async function run({ stdout }: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [word] = input.arguments;
  if (word === undefined) {
    stdout.write(stdout.isTerminal ? families(DIAGNOSTIC_CODES, stdout) : table(DIAGNOSTIC_CODES, stdout));
    return EXIT.ok;
  }
  const name = word.toUpperCase().replace(/^PIPE-/, '');
  const row = diagnosticCode(`PIPE-${name}`);
  if (row !== undefined) {
    stdout.write(explanation(row, stdout));
    return EXIT.ok;
  }
  const family = DIAGNOSTIC_CODES.filter(({ code }) => familyOf(code) === name);
  if (family.length === 0) throw unknown(word, name);
  stdout.write(stdout.isTerminal ? families(family, stdout) : table(family, stdout));
  return EXIT.ok;
}

function unknown(word: string, name: string): UsageError {
  const codes = DIAGNOSTIC_CODES.map(({ code }) => code);
  const meant = suggest(`PIPE-${name}`, codes) ?? suggest(name, new Set(codes.map(familyOf)));
  const help = meant === undefined ? '`pipectl explain` lists all' : `did you mean "${meant}"?`;
  return new UsageError(`there is no code "${word}"`, help);
}

function table(codes: readonly DiagnosticCode[], { columns }: Terminal): string {
  const rows = codes.map((row) => [row.code, row.severity, row.title]);
  const layout = [
    { title: 'CODE', priority: 9, minWidth: 16 },
    { title: 'SEVERITY', minWidth: 8 },
    { title: 'TITLE', priority: 5 },
  ];
  return `${renderTable(layout, rows, { columns, header: false }).join('\n')}\n`;
}

/** The codes below headings of their families. */
function families(codes: readonly DiagnosticCode[], terminal: Terminal): string {
  const byFamily = new Map<string, DiagnosticCode[]>();
  for (const row of codes) {
    const family = familyOf(row.code);
    byFamily.set(family, [...(byFamily.get(family) ?? []), row]);
  }
  return [...byFamily]
    .map(([family, rows]) => {
      const title = familyTitle(family);
      const heading = `${paint(terminal, 'bold', family)}${title === undefined ? '' : `: ${title}`}`;
      return `${heading}\n${table(rows, terminal)}`;
    })
    .join('\n');
}

function explanation(
  { code, severity, title, explanation: text, wrong, right }: DiagnosticCode,
  terminal: Terminal,
): string {
  const style = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'blue';
  return [
    `${paint(terminal, style, `${severity} ${code}`)}: ${paint(terminal, 'bold', title)}`,
    '',
    ...(terminal.columns === undefined ? [text] : wrapWords(text, Math.min(terminal.columns, MAX_COLUMNS))),
    '',
    paint(terminal, 'red', 'Wrong:'),
    indented(wrong),
    paint(terminal, 'green', 'Right:'),
    indented(right),
    '',
  ].join('\n');
}

/** Longer lines of prose are hard to read. */
const MAX_COLUMNS = 100;

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}
