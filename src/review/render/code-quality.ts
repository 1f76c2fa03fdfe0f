import { MAX_SARIF_RESULTS, sha256 } from '../../base/index.ts';
import { plainText } from '../../language/index.ts';
import type { FindingLevel, Report } from '../report.ts';
import { jsonWithoutCommands } from './escape.ts';

const SEVERITIES: Readonly<Record<FindingLevel, string>> = { error: 'critical', warning: 'major', notice: 'info' };

/** Findings as GitLab's report of code quality: docs.gitlab.com/ci/testing/code_quality. One must have a place. */
export function toCodeQuality({ findings }: Report): string {
  const seen = new Map<string, number>();
  const issues = findings.slice(0, MAX_SARIF_RESULTS).flatMap(({ rule, level, message, file, line = 1, endLine }) => {
    if (file === undefined) return [];
    // The same finding has the same one in the next pipeline, wherever it stands by then; no two of a report share one.
    const about = JSON.stringify([rule, file, message]);
    const count = seen.get(about) ?? 0;
    seen.set(about, count + 1);
    return [
      {
        description: plainText(message),
        check_name: rule,
        fingerprint: sha256(`${about}${count}`),
        severity: SEVERITIES[level],
        location: { path: file, lines: { begin: line, ...(endLine !== undefined && { end: endLine }) } },
      },
    ];
  });
  return jsonWithoutCommands(`${JSON.stringify(issues, null, 2)}\n`);
}
