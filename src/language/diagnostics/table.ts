import type { Severity } from '../../base/index.ts';
import type { DiagnosticCode } from './code.ts';
import { COMPILER_CODES } from './compiler-codes.ts';
import { DOMAIN_CODES } from './domain-codes.ts';
import { IMAGE_CODES, LOCK_CODES } from './image-codes.ts';
import { LEVEL_CODES, LINT_CODES } from './lint-codes.ts';
import { NODE_CODES } from './node-codes.ts';
import { NOTIFICATION_CODES } from './notification-codes.ts';
import { POD_CODES } from './pod-codes.ts';
import { POLICY_CODES } from './policy-codes.ts';
import { SCHEDULE_CODES } from './schedule-codes.ts';
import { SCHEMA_CODES } from './schema-codes.ts';
import { TREE_CODES } from './tree-codes.ts';
import { VALUE_CODES } from './value-codes.ts';
import { YAML_CODES } from './yaml-codes.ts';

/** Every code that any part reports, in order of its family. Append a list of your own here. */
export const DIAGNOSTIC_CODES: readonly DiagnosticCode[] = [
  ...YAML_CODES,
  ...SCHEMA_CODES,
  ...VALUE_CODES,
  ...COMPILER_CODES,
  ...DOMAIN_CODES,
  ...SCHEDULE_CODES,
  ...NODE_CODES,
  ...NOTIFICATION_CODES,
  ...IMAGE_CODES,
  ...POD_CODES,
  ...LOCK_CODES,
  ...LEVEL_CODES,
  ...POLICY_CODES,
  ...LINT_CODES,
  ...TREE_CODES,
];

const BY_CODE: ReadonlyMap<string, DiagnosticCode> = new Map(DIAGNOSTIC_CODES.map((row) => [row.code, row]));

/** The row of a code; upper and lower case are alike. Undefined for a code that there is not. */
export function diagnosticCode(code: string): DiagnosticCode | undefined {
  return BY_CODE.get(code.toUpperCase());
}

/** The severity of a code by the table. */
export function severityOf(code: string): Severity {
  return BY_CODE.get(code)?.severity ?? 'error';
}
