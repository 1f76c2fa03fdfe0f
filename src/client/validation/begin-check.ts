import { askGit } from './ask-git.ts';
import { type BegunLook, countEntries } from './begin-look.ts';
import type { CheckWorker } from './check-workers.ts';
import { guessChange } from './quick-look.ts';
import { INDEX } from './snapshot.ts';

/** What a check of a whole folder needs, begun while git still looks at it. */
export interface BegunCheck {
  /** What `INDEX` asks for. */
  readonly listing: Promise<string | undefined>;
  readonly workers: Promise<readonly CheckWorker[]>;
}

/**
 * Begins a check of a folder that is new to what is kept, and loads what checks it where it is likely that it will be
 * checked: in that time git looks at the files.
 */
export function beginCheck({ place, index }: BegunLook, cacheFolder: string): BegunCheck | undefined {
  const change = guessChange(cacheFolder, place);
  if (change === undefined) return undefined;
  const begun = change === 'new' && index !== undefined ? beginWhole(place, index.file) : undefined;
  void import('./check-and-keep.ts');
  void (change === 'edited' ? import('./check-edited.ts') : import('./check-folder.ts'));
  return begun;
}

function beginWhole(place: string, index: string): BegunCheck {
  const workers = import('./check-workers.ts').then(({ startCheckWorkers }) => startCheckWorkers(countEntries(index)));
  // Who waits for them is told; that nobody does is no failure.
  workers.catch(() => {});
  return { listing: askGit(place, INDEX), workers };
}
