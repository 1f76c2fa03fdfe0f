import { isJsonObject, type Json } from '../../base/index.ts';
import { plainJson, recordOf } from '../cel-text.ts';
import { type Cursor, textIn, textOf, whole } from '../cursor.ts';
import type { ImportedDefinition } from '../import-result.ts';
import type { NameBook } from '../names.ts';
import type { Notes } from '../notes.ts';
import { referencesOf, tektonParts } from '../text-parts.ts';
import type { TektonParameter, TektonTask, TektonType } from './model.ts';

/** One import of Tekton files, as it is being made. */
export interface TektonImport {
  readonly notes: Notes;
  readonly tasks: Map<string, TektonTask>;
  readonly taskNames: NameBook;
  readonly workflowNames: NameBook;
  readonly planNames: NameBook;
  readonly definitions: ImportedDefinition[];
  readonly scripts: Map<string, string>;
  readonly scriptsFolder: string;
  /** What may still be written out: rows of matrices. */
  readonly budget: { items: number };
}

const TYPES: Readonly<Record<TektonType, string>> = { string: 'string', array: 'list<string>', object: 'map<string>' };

/** Parameters → inputs. */
export function inputsOf(
  notes: Notes,
  parameters: readonly TektonParameter[],
  nameOf: TektonTask['inputName'],
): readonly (readonly [string, Json])[] {
  return parameters.flatMap((parameter): readonly (readonly [string, Json])[] => {
    const { name, at, type, keys, value } = parameter;
    const description = textIn(at, 'description');
    if (keys.length === 0)
      return [[nameOf(name), parameterJson(TYPES[type], defaultOf(notes, value, type), description)]];
    const given = isJsonObject(value?.value) ? value.value : undefined;
    if (value !== undefined) whole(value);
    return keys.map((key) => {
      const own = given !== undefined && Object.hasOwn(given, key) ? given[key] : undefined;
      return [
        nameOf(name, key),
        parameterJson('string', own === undefined ? undefined : plainJson(String(own)), description),
      ];
    });
  });
}

export function resultType({ type, keys }: TektonParameter): string {
  const isRecord = type === 'object' && keys.length > 0 && keys.every((key) => /^[A-Za-z_]\w*$/.test(key));
  return isRecord ? `{ ${keys.map((key) => `${key}: string`).join(', ')} }` : TYPES[type];
}

function defaultOf(notes: Notes, value: Cursor | undefined, type: TektonType): Json | undefined {
  if (value === undefined) return undefined;
  const json = whole(value)!;
  if (referencesOf(tektonParts(JSON.stringify(json))).length > 0) {
    notes.lost(value, {
      construct: 'default',
      message: 'a default is a plain value here',
      instead: 'give the value where it is called',
    });
    return undefined;
  }
  if (type === 'array')
    return Array.isArray(json) ? (json as readonly Json[]).map((item) => plainJson(String(item))) : undefined;
  return plainJson(textOf(value) ?? JSON.stringify(json));
}

function parameterJson(type: string, value: Json | undefined, description: string | undefined): Json {
  if (value === undefined && description === undefined) return type;
  return recordOf([
    ['type', type],
    ['default', value],
    ['description', description],
  ]);
}
