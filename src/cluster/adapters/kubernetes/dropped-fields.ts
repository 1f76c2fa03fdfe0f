import { MAX_DROPPED_FIELDS } from '../../../base/index.ts';

/** Told once of each field that the server drops from what is written, since its version of the kind has none of that name. */
export type OnDroppedField = (kind: string, field: string) => void;

/**
 * Reads the warnings of answers to writes. A server whose kinds are older than this program takes a write and leaves out what it
 * does not know (https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation): without a word it would be lost.
 */
export function droppedFields(tell: OnDroppedField): (kind: string, warning: string | undefined) => void {
  const told = new Set<string>();
  return (kind, warning) => {
    if (warning === undefined) return;
    for (const [, field = ''] of warning.matchAll(/\bunknown field \\"([^"\\]{1,512})\\"/g)) {
      const name = `${kind} ${field}`;
      if (told.has(name) || told.size >= MAX_DROPPED_FIELDS) continue;
      told.add(name);
      tell(kind, field);
    }
  };
}
