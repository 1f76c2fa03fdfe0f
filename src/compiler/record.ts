import { bareObject } from '../base/index.ts';

/** A plain object that inherits nothing, so that `__proto__` and `constructor` are names like any other. */
export function recordOf<V>(entries: Iterable<readonly [string, V]>): Readonly<Record<string, V>> {
  const record: Record<string, V> = bareObject();
  for (const [name, value] of entries) record[name] = value;
  return record;
}

/** An object that is being made. */
export type Open<T> = { -readonly [K in keyof T]: T[K] };

/** The same for names that nothing else has, as digests: V8 keeps the form of every other object. */
export function tableOf<V>(entries: Iterable<readonly [string, V]>): Record<string, V> {
  const table = Object.create(null) as Record<string, V>;
  for (const [name, value] of entries) table[name] = value;
  return table;
}

/** A copy without the members that are undefined. */
export function present<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {};
  for (const name in object) {
    const value: unknown = object[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept as never;
}
