import { join } from 'node:path';
import type { Plugin } from 'rolldown';
import { FAILPOINTS, type Failpoint } from './points.ts';

/** A piece of text of a file below `src/` and what stands there in an instrumented build. */
export interface Replacement {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const SOURCES = join(import.meta.dirname, '..', '..', '..', 'src');
const HIT = join(import.meta.dirname, 'hit.ts');

/** The clock that can be set. */
const CLOCK: readonly Replacement[] = [
  { file: 'main/host.ts', find: '  now: () => Date.now(),', replace: '  now: () => steppedNow(),' },
  { file: 'main/host.ts', find: 'at - Date.now();', replace: 'at - steppedNow();' },
];

/** What happens after seconds, hours or megabytes in life happens between two kills here. */
const HASTE: readonly Replacement[] = [
  { file: 'base/limits/cluster.ts', find: 'PROJECTION_IDLE_MS = 3_000', replace: 'PROJECTION_IDLE_MS = 120' },
  { file: 'base/limits/cluster.ts', find: 'LOG_SEGMENT_BYTES = 16 * MiB', replace: 'LOG_SEGMENT_BYTES = MiB / 4' },
  { file: 'base/limits/cluster.ts', find: 'COLD_AFTER_MS = 10_000', replace: 'COLD_AFTER_MS = 300' },
  {
    file: 'base/limits/history.ts',
    find: 'live: { maxAgeMs: HOUR_MS, maxCount: 1_000 }',
    replace: 'live: { maxAgeMs: HOUR_MS, maxCount: 20 }',
  },
  { file: 'base/limits/history.ts', find: 'RETENTION_MIN_AGE_MS = 60_000', replace: 'RETENTION_MIN_AGE_MS = 1_000' },
  { file: 'base/limits/history.ts', find: 'RETENTION_PASS_MS = 5_000', replace: 'RETENTION_PASS_MS = 200' },
  { file: 'base/limits/history.ts', find: 'RETENTION_START_MS = 30_000', replace: 'RETENTION_START_MS = 300' },
];

/** Makes a build whose failpoints can be set. What ships is built without it and has no place for one. */
export function instrument(more: readonly Replacement[] = []): Plugin {
  const replacements = [...CLOCK, ...HASTE, ...more];
  return {
    name: 'failpoints',
    transform(code, id) {
      if (!id.startsWith(`${SOURCES}/`)) return null;
      return instrumented(code, id.slice(SOURCES.length + 1), replacements);
    },
  };
}

/** The file's text with all that belongs into it; null when nothing does. Throws when a place is not there once. */
export function instrumented(code: string, file: string, replacements: readonly Replacement[] = CLOCK): string | null {
  const mine = [...replacements, ...FAILPOINTS.map(asReplacement)].filter((each) => each.file === file);
  if (mine.length === 0) return null;
  const text = mine.reduce(replaceOnce, code);
  return `import { failpoint, steppedNow } from ${JSON.stringify(HIT)};\n${text}`;
}

function asReplacement({ name, file, at, side }: Failpoint): Replacement {
  const call = `failpoint(${JSON.stringify(name)});`;
  return { file, find: at, replace: side === 'before' ? `${call}\n${at}` : `${at}\n${call}` };
}

function replaceOnce(code: string, { file, find, replace }: Replacement): string {
  const places = code.split(find).length - 1;
  if (places !== 1) throw new Error(`"${find.trim()}" is ${places} times in src/${file}: adapt the failpoints`);
  return code.replace(find, () => replace);
}
