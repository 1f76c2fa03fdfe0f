import type { KubeObject } from '../cluster/index.ts';

/** An object as kubectl shows it: who owns which field is bookkeeping of the API, and tells a person nothing. */
export function shownObject(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** JSON as scripts read it; control codes are escaped by JSON itself. */
export function jsonText(value: unknown): string {
  // JSON leaves DEL, C1 and bidirectional controls as they are; a terminal should not see them.
  return `${escapeControls(JSON.stringify(value, null, 2))}\n`;
}

/**
 * YAML as `kubectl get -o yaml` prints it: keys in the object's order, no aliases, no folding. What YAML 1.1 readers
 * would take for a time or a boolean is quoted.
 */
export async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return escapeControls(stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 }));
}

function escapeControls(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
