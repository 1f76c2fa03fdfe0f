import type { OpenedRevision } from '../revision.ts';

/** Opens two commits side by side for as long as `use` takes. Rejects with what is wrong with the first, then the second. */
export async function withRevisions<T>(
  open: (rev: string) => Promise<OpenedRevision>,
  [from, to]: readonly [string, string],
  use: (base: OpenedRevision, head: OpenedRevision) => Promise<T>,
): Promise<T> {
  const opening = [open(from), open(to)] as const;
  const opened = await Promise.allSettled(opening);
  try {
    return await use(await opening[0], await opening[1]);
  } finally {
    for (const one of opened) if (one.status === 'fulfilled') one.value.close();
  }
}
