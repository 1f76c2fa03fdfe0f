import type { Json } from '../base/index.ts';
import { recordOf } from './cel-text.ts';
import type { Cursor } from './cursor.ts';
import type { ImportedDefinition } from './import-result.ts';

/** A definition with its head. */
export function document(
  kind: ImportedDefinition['kind'],
  name: string,
  spec: Json,
  from: Cursor,
  more: { readonly description?: string | undefined; readonly labels?: Json | undefined } = {},
): ImportedDefinition {
  const metadata = recordOf([
    ['name', name],
    ['description', more.description],
    ['labels', more.labels],
  ]);
  const text = recordOf([
    ['apiVersion', 'pipectl.dev/v1'],
    ['kind', kind],
    ['metadata', metadata],
    ['spec', spec],
  ]);
  return { kind, name, document: text, from: from.reading.document.file };
}
