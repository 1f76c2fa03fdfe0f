import { domainsOfKey, plainKey } from '../../base/index.ts';
import { type TickFields, tickFieldsOf } from '../../calendar/index.ts';
import type { DiffEntry, DiffSide } from '../../compiler/index.ts';
import type { DefinitionOf, PlatformSpec } from '../../language/index.ts';
import type { ScheduleFacts } from '../../review/index.ts';
import type { RestDefinition } from './open-sides.ts';

/** The schedules of a commit that are active in a domain or switched off there, by name. */
export function schedulesIn(side: DiffSide, rest: readonly RestDefinition[], domain: string): readonly ScheduleFacts[] {
  const found = new Map<string, ScheduleFacts>();
  for (const { definition, dates } of rest) {
    if (definition.kind !== 'Schedule' || definition.domains?.includes(domain) === false) continue;
    if (definition.domains === undefined && found.has(definition.name)) continue;
    found.set(definition.name, factsOf(definition, dates));
  }
  for (const entry of entriesIn(side, 'Schedule', domain)) {
    const facts = factsOfEntry(side, entry);
    if (facts !== undefined) found.set(facts.name, facts);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The platform's settings of a commit. */
export function platformIn(
  side: DiffSide,
  rest: readonly RestDefinition[],
  domain: string | undefined,
): PlatformSpec | undefined {
  for (const entry of entriesIn(side, 'Platform', domain ?? '')) {
    const definition = side.definition(keyOf(entry));
    if (definition?.kind === 'Platform') return definition.spec;
  }
  for (const { definition } of rest) if (definition.kind === 'Platform') return definition.spec;
  return undefined;
}

/** The entries of a kind that are active in a domain: one for that domain takes the place of the one for all. */
export function entriesIn({ entries }: DiffSide, kind: DiffEntry['kind'], domain: string): readonly DiffEntry[] {
  const found = new Map<string, DiffEntry>();
  for (const entry of entries.values()) {
    if (entry.kind !== kind) continue;
    const domains = domainsOfKey(entry.name);
    const name = plainKey(entry.name);
    if (domains === undefined ? !found.has(name) : domains.includes(domain)) found.set(name, entry);
  }
  return [...found.values()];
}

function keyOf({ kind, name }: DiffEntry): string {
  return `${kind}/${name}`;
}

function factsOfEntry(side: DiffSide, entry: DiffEntry): ScheduleFacts | undefined {
  const closure = side.closure(keyOf(entry));
  if (closure?.kind === 'Schedule') return { ...startsOf(closure), fields: tickFieldsOf(closure), file: entry.file };
  // What does not compile may tick all the same, as far as it says when.
  const definition = side.definition(keyOf(entry));
  return definition?.kind === 'Schedule' ? factsOf(definition, new Map()) : undefined;
}

function factsOf({ name, file, spec }: DefinitionOf<'Schedule'>, dates: RestDefinition['dates']): ScheduleFacts {
  const { cron, everyMs, timeZone, start, end } = spec;
  const exclude = (spec.exclude ?? []).flatMap((item): NonNullable<TickFields['exclude']>[number][] => {
    if (item.calendar !== undefined) return [{ dates: dates.get(item.calendar) ?? [] }];
    if (item.dates !== undefined) return [{ dates: item.dates }];
    return item.from === undefined || item.to === undefined ? [] : [{ from: item.from, to: item.to }];
  });
  const given = {
    ...(cron !== undefined && { cron }),
    ...(everyMs !== undefined && { everyMs }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(exclude.length > 0 && { exclude }),
  };
  return { ...startsOf({ ...spec, name }), fields: { ...given, timeZone }, file };
}

interface Starts extends Pick<ScheduleFacts, 'name' | 'launchPlan' | 'spreadMs' | 'overlap' | 'maxQueued'> {
  readonly active: boolean;
}

function startsOf({
  name,
  launchPlan,
  active,
  spreadMs,
  overlap,
  maxQueued,
}: Starts): Omit<ScheduleFacts, 'fields' | 'file'> {
  return {
    name,
    launchPlan,
    isActive: active,
    ...(spreadMs !== undefined && { spreadMs }),
    ...(overlap !== undefined && { overlap }),
    ...(maxQueued !== undefined && { maxQueued }),
  };
}
