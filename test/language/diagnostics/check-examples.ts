import { expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/index.ts';
import { type DiagnosticCode, parseDefinitions } from '../../../src/language/index.ts';

/** Finds what is wrong with an example; the compiler's codes are checked with a runner of their own. */
export type ExampleRunner = (bytes: Uint8Array) => readonly Diagnostic[];

export const runLanguage: ExampleRunner = (bytes) => parseDefinitions({ path: 'example.yaml', bytes }).diagnostics;

/** One test per code: the wrong example has it, with its severity and a place; the right one has no finding at all. */
export function checkExamples(codes: readonly DiagnosticCode[], run: ExampleRunner): void {
  it.each(codes.map((row) => [row.code, row.title, row] as const))('%s: %s', (code, _title, row) => {
    const bytes = row.wrongBytes?.() ?? new TextEncoder().encode(row.wrong);
    const found = run(bytes).find((diagnostic) => diagnostic.code === code);
    expect(found).toMatchObject({ code, severity: row.severity });
    expect(run(new TextEncoder().encode(row.right))).toEqual([]);
  });
}
