import { MAX_CACHED_PARSES } from '../../base/index.ts';
import type { ParseCache } from '../../compiler/index.ts';
import { type Definition, parseDatesFile, parseDefinitions } from '../../language/index.ts';
import type { ChangesAround, NamedThings } from '../commit-side.ts';

/** A definition of a file that both commits have alike, and the days of the files that it names. */
export interface RestDefinition {
  readonly definition: Definition;
  /** File of dates → its days. */
  readonly dates: ReadonlyMap<string, readonly string[]>;
}

/** The schedules and the platform of files that are not compiled. */
export async function restOf(
  { around, cache }: { readonly around: ChangesAround; readonly cache: ParseCache },
  { fileBytes }: Pick<NamedThings, 'fileBytes'>,
): Promise<readonly RestDefinition[]> {
  const found: RestDefinition[] = [];
  const dates = new Map<string, readonly string[]>();
  const kept = KEPT.get(cache) ?? new Map<string, readonly Definition[]>();
  if (kept.size > MAX_CACHED_PARSES) kept.clear();
  KEPT.set(cache, kept);
  for (const [path, blob] of around.rest) {
    const key = `${blob}:${path}`;
    const definitions = kept.get(key) ?? scheduledIn(path, around.texts.get(blob));
    kept.set(key, definitions);
    for (const definition of definitions) {
      const named = definition.kind === 'Schedule' ? (definition.spec.exclude ?? []) : [];
      for (const { calendar } of named) {
        if (calendar !== undefined && !dates.has(calendar)) dates.set(calendar, await daysOf(calendar, fileBytes));
      }
      found.push({ definition, dates });
    }
  }
  return found;
}

const KEPT = new WeakMap<ParseCache, Map<string, readonly Definition[]>>();

async function daysOf(calendar: string, fileBytes: NamedThings['fileBytes']): Promise<readonly string[]> {
  const bytes = await fileBytes(calendar.replace(/^(\.\/)+/, ''));
  const parsed = bytes === undefined ? undefined : parseDatesFile(calendar, bytes);
  return parsed?.kind === 'dates' ? parsed.dates : [];
}

const WORDS = [Buffer.from('Schedule'), Buffer.from('Platform')];

/** Only those documents are parsed that may be what is looked for: most of a file is workflows and tasks. */
function scheduledIn(path: string, bytes: Uint8Array | undefined): readonly Definition[] {
  if (bytes === undefined) return [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!WORDS.some((word) => buffer.includes(word))) return [];
  // A line that begins with `---` begins a document, wherever it stands.
  return buffer
    .toString('utf8')
    .split(/^---(?=[ \t\r\n]|$)/m)
    .filter((text) => text.includes('Schedule') || text.includes('Platform'))
    .flatMap((text) => {
      // The first document of a file says the version for all.
      const whole = /^apiVersion:/m.test(text) ? text : `apiVersion: pipectl.dev/v1\n${text}`;
      return parseDefinitions({ path, bytes: Buffer.from(whole) }).documents;
    })
    .filter(({ kind }) => kind === 'Schedule' || kind === 'Platform');
}
