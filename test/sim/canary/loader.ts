import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Canary } from './canary.ts';

/** Where the modules are that canaries change. */
export const SOURCES = join(import.meta.dirname, '..', '..', '..', 'src');

/**
 * Plants a bug: from here on this thread loads the named module with one piece of its text replaced. So a canary is in
 * no file that ships, and what ships has no place for one.
 */
export function plant(canary: Canary): void {
  const path = join(SOURCES, canary.file);
  registerHooks({
    load(url, context, next) {
      const result = next(url, context);
      if (!url.startsWith('file:') || fileURLToPath(url) !== path) return result;
      return { ...result, source: planted(String(result.source), canary) };
    },
  });
}

/** The module's text with the bug in it. Throws when the place is not there exactly once: the code has moved on. */
export function planted(source: string, { name, file, find, replace }: Canary): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`canary ${name}: its text is ${places} times in src/${file}; adapt the canary`);
  return source.replace(find, () => replace);
}
