import { domainsOfKey, plainKey } from '../../base/index.ts';
import { type TickFields, tickFieldsOf } from '../../calendar/index.ts';
import type { DiffEntry, DiffSide } from '../../compiler/index.ts';
import type { DefinitionOf, PlatformSpec } from '../../language/index.ts';
import type { ScheduleFacts } from '../../review/index.ts';
import type { RestDefinition } from './rest-of.ts';

/** What files that both commits have alike bring to both, made once: so what is the same is the same object. */
export interface RestFacts {
  readonly schedules: readonly ScheduleFacts[];
  readonly platform?: PlatformSpec;
}

export const NO_REST: RestFacts = { schedules: [] };

/** The schedules and the platform among these definitions that are active in a domain. */
export function factsOfRest(rest: readonly RestDefinition[], domain: string | undefined): RestFacts {
  const found = new Map<string, ScheduleFacts>();
  let platform: PlatformSpec | undefined;
  // Those for certain domains come last, in the place of those for all.
  for (const { definition, dates } of rest.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    if (definition.domains !== undefined && !definition.domains.includes(domain ?? '')) continue;
    if (definition.kind === 'Platform') platform = definition.spec;
    else if (definition.kind === 'Schedule') found.set(definition.name, factsOf(definition, dates));
  }
  return { schedules: [...found.values()], ...(platform !== undefined && { platform }) };
}

function rankOf({ definition }: RestDefinition): number {
  return definition.domains === undefined ? 0 : 1;
}

/** The schedules of a commit that are active in a domain or switched off there, by name. */
export function schedulesIn(side: DiffSide, rest: RestFacts, domain: string): readonly ScheduleFacts[] {
  const found = new Map(rest.schedules.map((schedule) => [schedule.name, schedule]));
  for (const entry of entriesIn(side, 'Schedule', domain)) {
    const facts = factsOfEntry(side, entry);
    if (facts !== undefined) found.set(facts.name, facts);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The platform's settings of a commit. */
export function platformIn(side: DiffSide, rest: RestFacts, domain: string | undefined): PlatformSpec | undefined {
  for (const entry of entriesIn(side, 'Platform', domain ?? '')) {
    const definition = side.definition(keyOf(entry));
    if (definition?.kind === 'Platform') return definition.spec;
  }
  return rest.platform;
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
