import { readFile, writeFile } from 'node:fs/promises';
import { type Json, MAX_STORED_OUTPUTS_BYTES, MAX_VALUE_BYTES } from '../../../base/index.ts';
import { exactText, parseOutputsText, parseType, type Type, taskInputsText } from '../../../language/index.ts';

/** An outputs file, the printed types of what should be in it, and where files may be made, by this beginning of their names. */
export interface SplitRequest {
  readonly path: string;
  readonly types: Readonly<Record<string, string>>;
  readonly filePrefix: string;
}

export type SplitAnswer =
  /** `text`: JSON of the outputs that stay. `files`: the JSON text of each of the others. */
  | { readonly kind: 'split'; readonly text: string; readonly files: Readonly<Record<string, string>> }
  | { readonly kind: 'problem'; readonly message: string };

/**
 * Checks an outputs file that is too large for an object, and takes its largest values out until the rest has room. Rejects
 * with what the file system says.
 */
export async function splitOutputs({ path, types: printed, filePrefix }: SplitRequest): Promise<SplitAnswer> {
  const types = new Map<string, Type>();
  for (const [name, text] of Object.entries(printed)) {
    const parsed = parseType(text);
    if (parsed.kind === 'error') return { kind: 'problem', message: `"${text}" is no type` };
    types.set(name, parsed.type);
  }
  const given = parseOutputsText(await readFile(path, 'utf8'), types, MAX_STORED_OUTPUTS_BYTES);
  if (given.kind === 'problems') {
    return { kind: 'problem', message: given.problems.map(problemText).join('; ') };
  }
  const kept = new Map(Object.entries(given.values));
  const texts = new Map([...kept].map(([name, value]) => [name, exactText(value, types.get(name) as Type)]));
  const files: Record<string, string> = Object.create(null);
  let left = [...texts.values()].reduce((sum, text) => sum + text.length, 0);
  for (const name of [...kept.keys()].sort((a, b) => (texts.get(b)?.length ?? 0) - (texts.get(a)?.length ?? 0))) {
    // Large values are not written once more to see that they have none.
    if (left <= MAX_VALUE_BYTES && hasRoom(kept, types)) break;
    const file = `${filePrefix}${Object.keys(files).length}`;
    await writeFile(file, texts.get(name) ?? '', { mode: 0o600 });
    files[name] = file;
    kept.delete(name);
    left -= texts.get(name)?.length ?? 0;
    texts.delete(name);
  }
  return { kind: 'split', text: taskInputsText(Object.fromEntries(kept), types), files };
}

/** Integers past 2^53 are longer in a status than in the text. */
function hasRoom(kept: ReadonlyMap<string, Json>, types: ReadonlyMap<string, Type>): boolean {
  const values = Object.fromEntries(kept);
  const text = taskInputsText(values, types);
  return (
    text.length <= MAX_VALUE_BYTES &&
    Buffer.byteLength(text) <= MAX_VALUE_BYTES &&
    Buffer.byteLength(JSON.stringify(values)) <= MAX_VALUE_BYTES
  );
}

function problemText({ path, message }: { readonly path: readonly (string | number)[]; readonly message: string }) {
  const place = path.join('.');
  return place === '' || message.includes(`"${place}"`) ? message : `${place}: ${message}`;
}
