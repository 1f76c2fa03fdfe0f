import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json } from '../../src/base/index.ts';
import { MACROS } from '../../src/calendar/cron-grammar.ts';
import { parseCron, ticksBetween } from '../../src/calendar/index.ts';
import { SPECIAL_NAMES } from '../../src/language/expression/call.ts';
import { FUNCTIONS } from '../../src/language/expression/functions.ts';
import { MACRO_NAMES } from '../../src/language/expression/macros.ts';
import { SCALAR_KINDS } from '../../src/language/index.ts';
import { REASON } from '../../src/runtime/index.ts';
import { pageText, ROOT } from './blocks.ts';

const LANGUAGE = pageText('docs/language.md');

/** Names of all fields that a schema closes objects over. */
function fieldsOf(schema: Json, found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(schema)) for (const item of schema) fieldsOf(item, found);
  if (!isJsonObject(schema)) return found;
  if (isJsonObject(schema.properties)) for (const name of Object.keys(schema.properties)) found.add(name);
  for (const [keyword, inner] of Object.entries(schema)) if (keyword !== 'examples') fieldsOf(inner, found);
  return found;
}

function missingOf(names: Iterable<string>, text: string): readonly string[] {
  return [...names].filter((name) => !new RegExp(`(?<![\\w-])${name.replace('$', '\\$')}(?![\\w-])`).test(text));
}

describe('docs/language.md', () => {
  it.each(readdirSync(join(ROOT, 'schemas')))('names every field of %s', (file) => {
    const schema = JSON.parse(readFileSync(join(ROOT, 'schemas', file), 'utf8')) as Json;
    expect(missingOf(fieldsOf(schema), LANGUAGE)).toEqual([]);
  });

  it('names every function, macro and scalar type', () => {
    const names = [...FUNCTIONS.keys(), ...MACRO_NAMES, ...SPECIAL_NAMES, ...SCALAR_KINDS];
    expect(missingOf(names, LANGUAGE)).toEqual([]);
  });

  it('names every nickname of cron', () => {
    expect(missingOf(MACROS.keys(), LANGUAGE)).toEqual([]);
  });
});

describe('what docs/language.md tells of clocks that change in Berlin', () => {
  /** UTC times of the ticks in five hours from midnight in UTC+1. */
  function ticks(cron: string, day: string): readonly string[] {
    const parsed = parseCron(cron);
    if (parsed.kind === 'error') throw new Error(parsed.message);
    const start = Date.parse(`${day}T00:00:00+01:00`);
    const rule = { kind: 'cron', pattern: parsed.pattern, timeZone: 'Europe/Berlin' } as const;
    const found = ticksBetween(rule, start - 1, start + 5 * 3_600_000 - 1, 100);
    return found.map((tick) => new Date(tick).toISOString().slice(11, 16));
  }

  const TENS = ['00', '10', '20', '30', '40', '50'];
  const EACH_HOUR = ['23:30', '00:30', '01:30', '02:30', '03:30'];
  it.each([
    { cron: '30 2 * * *', spring: ['01:00'], autumn: ['00:30'] },
    { cron: '0 1,2 * * *', spring: ['00:00', '01:00'], autumn: ['23:00', '00:00'] },
    { cron: '30 * * * *', spring: EACH_HOUR, autumn: EACH_HOUR },
    { cron: '*/10 2 * * *', spring: [], autumn: ['00', '01'].flatMap((hour) => TENS.map((ten) => `${hour}:${ten}`)) },
  ])('$cron', ({ cron, spring, autumn }) => {
    expect(LANGUAGE).toContain(`\`${cron}\``);
    expect(ticks(cron, '2026-03-29')).toEqual(spring);
    expect(ticks(cron, '2026-10-25')).toEqual(autumn);
  });
});

describe('docs/runtime.md', () => {
  it('tells about every reason that the process runtime gives', () => {
    const ofTheEngine: Readonly<Record<string, string>> = {
      [REASON.completed]: 'success',
      [REASON.error]: 'NonZeroExit',
      [REASON.oomKilled]: 'OutOfMemory',
    };
    const words = Object.values(REASON).map((reason) => ofTheEngine[reason] ?? reason);
    expect(missingOf(words, pageText('docs/runtime.md'))).toEqual([]);
  });
});
