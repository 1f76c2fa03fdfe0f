import { bareObject, isJsonObject, type Json } from '../../base/index.ts';

/** The members that are text, in an object that inherits nothing. */
export function texts(value: Json | undefined): Readonly<Record<string, string>> {
  const found = bareObject<string>();
  if (!isJsonObject(value)) return found;
  for (const name in value) {
    const text = value[name];
    if (typeof text === 'string') found[name] = text;
  }
  return found;
}
