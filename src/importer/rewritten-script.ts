import type { Cursor } from './cursor.ts';
import type { Notes } from './notes.ts';
import { type ProgramPart, programText, tongueOf } from './script-text.ts';
import type { TextPart } from './text-parts.ts';

/**
 * A script of another system that takes its values from the environment, where that can be said in its language.
 * One place that does not fit leaves the whole script as it is, so each paste in it is told: undefined then.
 * `program` has a part for each of `parts`.
 */
export function rewrittenScript(
  notes: Notes,
  at: Cursor,
  interpreter: string,
  parts: readonly TextPart[],
  program: readonly ProgramPart[],
): string | undefined {
  const tongue = tongueOf(interpreter);
  const written = tongue === undefined ? undefined : programText(tongue, program);
  if (written?.kind === 'text') return written.text;
  for (const [index, reference] of parts.entries()) {
    const part = program[index];
    if (reference.kind !== 'reference' || typeof part !== 'object') continue;
    notes.lost(at, {
      construct: reference.written,
      message:
        'values are not pasted into scripts, and this script has a place with no way to its environment that is known here',
      instead: `read the environment variable ${part.variable} there`,
      range: reference,
    });
  }
  return undefined;
}
