import { isJsonObject, WaitError } from '../base/index.ts';

/** What stands at a path of an answer; undefined also for null. */
export function at(data: unknown, ...path: readonly string[]): unknown {
  let value: unknown = data;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value ?? undefined;
}

/** Text at a path. Errors: WaitError when there is none: a host that is being updated, or something in front of it. */
export function textAt(host: string, data: unknown, ...path: readonly string[]): string {
  const found = at(data, ...path);
  if (typeof found !== 'string') throw strangeAnswer(host, `nothing at ${path.join('.')}`);
  return found;
}

/** A whole number at a path. Errors: as of `textAt`. */
export function numberAt(host: string, data: unknown, ...path: readonly string[]): number {
  const found = at(data, ...path);
  if (!Number.isSafeInteger(found)) throw strangeAnswer(host, `no number at ${path.join('.')}`);
  return found as number;
}

/** The members of a list that an answer should be. Errors: as of `textAt`. */
export function listOf(host: string, data: unknown): readonly unknown[] {
  if (!Array.isArray(data)) throw strangeAnswer(host, 'no list');
  return data;
}

function strangeAnswer(host: string, what: string): WaitError {
  return new WaitError(`${host} answered with ${what}`, 10_000);
}

/** A text of that many characters at most. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}

/** Asks once; asks again when that failed. */
export function askedOnce<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask().catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}
