import { type Diagnostic, MAX_SARIF_RESULTS, type Severity } from '../../base/index.ts';
import { formatDiagnostics } from '../../language/index.ts';
import type { FindingLevel, Report } from '../report.ts';
import { jsonWithoutCommands } from './escape.ts';

const SEVERITIES: Readonly<Record<FindingLevel, Severity>> = { error: 'error', warning: 'warning', notice: 'info' };

/** The findings as SARIF 2.1.0 for code scanning: the gravest, as many as GitHub shows. */
export function toSarif({ findings }: Report, version: string): string {
  const told = findings.slice(0, MAX_SARIF_RESULTS).map(
    ({ rule, level, message, help, file, line = 1, endLine = line }): Diagnostic => ({
      code: rule,
      severity: SEVERITIES[level],
      message,
      ...(help !== undefined && { help }),
      ...(file !== undefined && { span: { file, line, column: 1, endLine, endColumn: 1 } }),
    }),
  );
  const files = [...new Set(told.flatMap(({ span }) => span?.file ?? []))];
  return jsonWithoutCommands(formatDiagnostics(told, 'sarif', { color: false, files, version }));
}
