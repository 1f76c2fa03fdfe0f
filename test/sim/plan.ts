import { MAX_SHARDS, ROLES, type Role, timingOf } from './world/processes.ts';
import { type Chance, chanceOf } from './world/random.ts';

/**
 * Something that goes wrong at `atMs` from the start. Durations in milliseconds. `awaits`: it happens as soon as an attempt
 * lives, or the next push is accepted.
 */
export type Fault = { readonly atMs: number; readonly awaits?: 'work' | 'push' } & (
  | { readonly kind: 'crash' | 'crashAtCommit' | 'cutAtCommit'; readonly role: Role; readonly forMs: number }
  | { readonly kind: 'power'; readonly forMs: number }
  | { readonly kind: 'partition' | 'stale' | 'slow'; readonly role: Role; readonly forMs: number }
  | { readonly kind: 'flaky'; readonly role: Role; readonly forMs: number; readonly rates: readonly number[] }
  | { readonly kind: 'cut'; readonly role: Role }
  | { readonly kind: 'forget' }
  /** One process hears of it later than the others. */
  | { readonly kind: 'reshard'; readonly shards: number; readonly late: Role; readonly lateMs: number }
  /** Another process takes the place of a propeller that lives on, cut off from its cluster for `cutMs`. */
  | { readonly kind: 'double'; readonly role: Role; readonly cutMs: number; readonly forMs: number }
  | { readonly kind: 'clock'; readonly role: Role; readonly byMs: number }
  | { readonly kind: 'slowDisk' | 'fullDisk' | 'stopMachine'; readonly forMs: number }
  | { readonly kind: 'evict' | 'lose' | 'vanish'; readonly choice: number }
);

/** Something that a user does. `choice` picks among what there is then. */
export type Action = {
  readonly atMs: number;
} /** `unless`: nobody runs anything when there have been as many executions by then. `isLight`: the smallest that there is. */ & (
  | {
      readonly kind: 'run';
      readonly choice: number;
      readonly a: number;
      readonly unless?: number;
      readonly isLight?: boolean;
    }
  | { readonly kind: 'abort' | 'remove' | 'answer' | 'brief' | 'relaunch' | 'recover'; readonly choice: number }
  | { readonly kind: 'pause'; readonly choice: number; readonly forMs: number }
  | {
      readonly kind: 'push' | 'pushBroken' | 'pushForced' | 'pushEmptied';
      readonly choice: number;
      readonly branch: string;
    }
  | { readonly kind: 'suspend'; readonly choice: number; readonly forMs: number }
  | { readonly kind: 'confirm'; readonly choice: number }
  | { readonly kind: 'edit' | 'deleteDefinition'; readonly choice: number }
  | { readonly kind: 'setSecrets' | 'deleteSecret'; readonly choice: number }
  | { readonly kind: 'poison'; readonly what: 'closureMissing' | 'closureGarbage' | 'inputs' | 'status' }
);

/** All that happens to one world, made from its seed; a failing one is made smaller by leaving things out. */
export interface SimPlan {
  readonly seed: number;
  readonly hours: number;
  readonly mode: 'embedded' | 'kubernetes';
  readonly repositories: number;
  /** Propellers at the start. */
  readonly shards: number;
  readonly faults: readonly Fault[];
  readonly actions: readonly Action[];
}

const PROPELLERS = ROLES.filter((role) => role.startsWith('propeller'));
const HOUR = 3_600_000;
/** So many that worlds of two days have 200 at least. */
const EXECUTIONS_PER_HOUR = 4.22;
/** How often somebody starts some, and how many at the same moment: they share what a machine does for any. */
const RUNS_PER_HOUR = 2.2;
const TOGETHER = [1, 3, 6, 10] as const;
const MINUTE = 60_000;

export function planOf(seed: number, hours: number): SimPlan {
  const chance = chanceOf(seed, 'plan');
  const mode = chance.chance(0.4) ? 'embedded' : 'kubernetes';
  const storms = times(chanceOf(seed, 'storms'), hours, 1 / 10);
  const usurped = usurpationOf(seed, hours, mode);
  const faults = chance.chance(0.05)
    ? []
    : [
        ...faultsOf(chanceOf(seed, 'faults'), { hours, mode, storms }),
        ...pushFaultsOf(seed, hours, mode),
        ...usurped.faults,
      ];
  const actions = [
    ...actionsOf(chanceOf(seed, 'actions'), hours, storms),
    ...secretActions(seed, hours),
    ...careActions(seed, hours),
    ...usurped.actions,
  ].sort(byTime);
  const shards = chance.pick([3, 3, MAX_SHARDS]);
  const repositories = chance.chance(0.2) ? 2 : 1;
  return { seed, hours, mode, repositories, shards, faults: faults.sort(byTime), actions };
}

/**
 * In some worlds a process comes back while another has its lease, and people run things: it was cut off for longer than the
 * lease, or, as the clock of the other was set ahead, for less, so that both believe that they hold it.
 */
function usurpationOf(
  seed: number,
  hours: number,
  mode: SimPlan['mode'],
): { readonly faults: readonly Fault[]; readonly actions: readonly Action[] } {
  const chance = chanceOf(seed, 'usurped');
  if (mode === 'embedded' || chance.chance(0.7)) return { faults: [], actions: [] };
  const { durationMs, renewDeadlineMs, retryMs } = timingOf(seed).timing;
  const last = hours * HOUR;
  const atMs = Math.round(chance.between(0.2, 0.9) * last);
  const role = chance.pick(PROPELLERS.slice(0, 3));
  const isEarly = chance.chance(0.6);
  const cutMs = Math.round(
    isEarly ? chance.between(retryMs, renewDeadlineMs) : durationMs + chance.between(1, 2.5) * retryMs,
  );
  const faults: Fault[] = [{ kind: 'double', atMs, role, cutMs, forMs: cutMs + 15 * MINUTE }];
  if (isEarly) {
    faults.push({ kind: 'clock', atMs: atMs + MINUTE, role, byMs: 3 * HOUR });
    faults.push({ kind: 'clock', atMs: Math.min(last, atMs + HOUR), role, byMs: -3 * HOUR });
  }
  const actions = Array.from({ length: 8 }, (): Action => {
    const runMs = Math.min(last, atMs + cutMs + Math.round(chance.between(-1, 6) * MINUTE));
    return { kind: 'run', atMs: runMs, choice: chance.int(1_000), a: chance.int(30) };
  });
  return { faults, actions };
}

function byTime(a: { readonly atMs: number }, b: { readonly atMs: number }): number {
  return a.atMs - b.atMs;
}

/** Somebody sets values when all has begun, changes them now and then, and forgets one for a while. */
function secretActions(seed: number, hours: number): Action[] {
  const chance = chanceOf(seed, 'secrets');
  const actions: Action[] = [{ kind: 'setSecrets', atMs: Math.min(hours * HOUR, 45 * MINUTE), choice: 0 }];
  for (const atMs of times(chance, hours, 1 / 12)) {
    const choice = chance.int(1_000);
    if (chance.chance(0.4)) actions.push({ kind: 'deleteSecret', atMs, choice });
    const againMs = Math.min(hours * HOUR, atMs + Math.round(chance.between(1, 70) * MINUTE));
    actions.push({ kind: 'setSecrets', atMs: againMs, choice });
  }
  return actions;
}

/** Somebody holds a repository still for a while, and commits by mistake that nearly nothing is left; and confirms removals. */
function careActions(seed: number, hours: number): Action[] {
  const chance = chanceOf(seed, 'care');
  const actions: Action[] = [];
  const last = hours * HOUR;
  for (const atMs of times(chance, hours, 1 / 10)) {
    const forMs = Math.min(last - atMs, Math.round(chance.between(5 * MINUTE, 3 * HOUR)));
    actions.push({ kind: 'suspend', atMs, choice: chance.int(1_000), forMs });
  }
  for (const atMs of times(chance, hours, 1 / 48)) {
    const choice = chance.int(1_000);
    const branch = chance.pick(['main', 'release']);
    actions.push({ kind: 'pushEmptied', atMs, choice, branch });
    const at = (minutes: number): number => Math.min(last, atMs + Math.round(chance.between(1, minutes) * MINUTE));
    if (chance.chance(0.4)) actions.push({ kind: 'confirm', atMs: at(10), choice: chance.int(1_000) });
    actions.push({ kind: 'push', atMs: at(chance.chance(0.8) ? 40 : 240), choice, branch });
    // It may have been turned away.
    actions.push({ kind: 'push', atMs: Math.min(last, atMs + 5 * HOUR), choice, branch });
  }
  for (const atMs of times(chance, hours, 1 / 6)) {
    actions.push({ kind: 'confirm', atMs, choice: chance.int(1_000) });
  }
  return actions;
}

/** Faults that find something together, more often than any others would. */
const THEMES: readonly (readonly Fault['kind'][])[] = [
  ['crash', 'crashAtCommit', 'vanish', 'lose', 'evict', 'stopMachine'],
  ['partition', 'stale', 'slow', 'flaky', 'cut', 'forget', 'cutAtCommit'],
  ['reshard', 'clock', 'crash', 'slow'],
  ['double', 'reshard', 'partition', 'double'],
  ['power', 'slowDisk', 'fullDisk'],
];

interface FaultOptions {
  readonly hours: number;
  readonly mode: SimPlan['mode'];
  readonly storms: readonly number[];
}

/**
 * Each world has its own mixture of few faults: those that never meet find nothing together, and a crash heals what
 * another fault has shown.
 */
function faultsOf(chance: Chance, { hours, mode, storms }: FaultOptions): Fault[] {
  const kinds = chance.chance(0.5) ? THEMES.flat() : chance.pick(THEMES);
  const chosen = Array.from({ length: 1 + chance.int(5) }, () => chance.pick(kinds));
  const perHour = chance.between(0.2, 2);
  const last = hours * HOUR;
  const faults = times(chance, hours, perHour).flatMap((atMs) => {
    const together = [faultOf(chance.pick(chosen), atMs, chance, mode)];
    // What goes wrong while something else is wrong is what nobody thinks of.
    for (let at = atMs; chance.chance(0.35); ) {
      at = Math.min(last, at + Math.round(chance.pick([50, 5_000, 60_000]) * chance.unit()));
      together.push(faultOf(chance.pick(chosen), at, chance, mode));
    }
    // Most hours are quiet: what goes wrong then is seen by nobody.
    return chance.chance(0.6) ? together.map((fault): Fault => ({ ...fault, awaits: 'work' })) : together;
  });
  // Work that comes while nobody is there is taken up all at once.
  if (mode === 'embedded' && chance.chance(0.5)) {
    // As most installations are: one engine that owns everything, and needs no lease.
    const isSteady = (fault: Fault): boolean => fault.kind !== 'reshard';
    faults.splice(0, faults.length, ...faults.filter(isSteady));
    const atMs = Math.round(chance.between(0.05, 0.3) * last);
    faults.push({ kind: 'reshard', atMs, shards: 1, late: 'propeller-0', lateMs: 0 });
  }
  for (const atMs of storms) {
    const role = chance.pick(PROPELLERS);
    const forMs = Math.round(chance.between(20_000, 90_000));
    if (chance.chance(0.5)) faults.push({ kind: 'crash', atMs, role, forMs });
    const kind = chance.pick(['vanish', 'evict', 'evict', 'lose'] as const);
    if (chance.chance(0.7)) faults.push({ kind, atMs: atMs + 20_000, choice: 2 * chance.int(500) });
  }
  return faults.sort(byTime);
}

/**
 * Now and then what takes pushes is met between its word to the pusher and its note of it, by what it cannot do that with;
 * or another process does not hear of what comes of it.
 */
function pushFaultsOf(seed: number, hours: number, mode: SimPlan['mode']): Fault[] {
  const chance = chanceOf(seed, 'push faults');
  const isEmbedded = mode === 'embedded';
  const kinds = isEmbedded ? (['fullDisk', 'fullDisk', 'power'] as const) : (['partition', 'flaky', 'crash'] as const);
  return times(chance, hours, 1 / 8).map((atMs): Fault => {
    const fault = faultOf(isEmbedded || chance.chance(0.5) ? chance.pick(kinds) : 'partition', atMs, chance, mode);
    const role = fault.kind === 'partition' && chance.chance(0.6) ? chance.pick(HEARING) : 'reconciler';
    return { ...fault, ...('role' in fault && { role }), awaits: 'push' } as Fault;
  });
}

/** Those whom pushes tell something. */
const HEARING: readonly Role[] = ['scheduler', 'scheduler', 'propeller-0'];

const NETWORK: ReadonlySet<Fault['kind']> = new Set(['partition', 'cutAtCommit', 'flaky', 'slow', 'stale']);

function faultOf(kind: Fault['kind'], atMs: number, chance: Chance, mode: SimPlan['mode']): Fault {
  const role = chance.pick(ROLES);
  // Who is cut off for long asks again and again, and learns nothing from it after half a lease more.
  const longestMs = NETWORK.has(kind) ? 45 * MINUTE : 2 * HOUR;
  const forMs = Math.round(chance.chance(0.2) ? chance.between(10 * MINUTE, longestMs) : chance.between(100, 90_000));
  const choice = chance.int(1_000);
  const byMs = Math.round(chance.pick([-2 * HOUR, -90_000, -900, 700, 60_000, 3 * HOUR]) * chance.between(0.5, 1));
  const rates = [chance.between(0, 0.3), chance.between(0, 0.3), chance.between(0, 0.3)];
  switch (kind) {
    case 'crash':
    case 'crashAtCommit':
    case 'cutAtCommit':
    case 'partition':
    case 'stale':
    case 'slow':
      return { kind, atMs, role, forMs };
    case 'flaky':
      return { kind, atMs, role, forMs, rates };
    case 'cut':
      return { kind, atMs, role };
    case 'clock':
      return { kind, atMs, role, byMs };
    case 'forget':
      return { kind, atMs };
    case 'reshard': {
      const lateMs = chance.chance(0.5) ? 0 : Math.round(chance.between(1_000, 8 * MINUTE));
      return { kind, atMs, shards: 1 + chance.int(MAX_SHARDS), late: chance.pick(PROPELLERS), lateMs };
    }
    case 'double': {
      const cutMs = Math.round(chance.pick([0, 1, 20]) * MINUTE * chance.unit());
      return {
        kind,
        atMs,
        role: chance.pick(PROPELLERS),
        cutMs,
        forMs: cutMs + Math.round(chance.between(1, 25) * MINUTE),
      };
    }
    case 'evict':
    case 'lose':
    case 'vanish':
      return { kind, atMs, choice };
    case 'power':
    case 'slowDisk':
    case 'fullDisk':
    case 'stopMachine':
      return { kind, atMs, forMs: mode === 'embedded' ? forMs : Math.min(forMs, 20 * MINUTE) };
  }
}

function actionsOf(chance: Chance, hours: number, storms: readonly number[]): Action[] {
  const actions: Action[] = [];
  // A first commit, and time to make it active, before anybody runs something.
  actions.push({ kind: 'push', atMs: 1_000, choice: 0, branch: 'main' });
  // Schedules start more in one world than in another: users make up for it.
  const instants = times(chance, hours, RUNS_PER_HOUR);
  for (const [place, atMs] of instants.entries()) {
    const unless = Math.ceil(((instants[place + 1] ?? hours * HOUR) / HOUR) * EXECUTIONS_PER_HOUR);
    for (let left = chance.pick(TOGETHER); left > 0; left--) {
      const isLight = chance.chance(0.9);
      actions.push({ kind: 'run', atMs, choice: chance.int(1_000), a: chance.int(30), unless, isLight });
    }
  }
  for (const atMs of times(chance, hours, 0.22)) {
    actions.push({ kind: chance.pick(['relaunch', 'recover', 'recover']), atMs, choice: chance.int(1_000) });
  }
  for (const stormMs of storms) {
    for (let left = 3 + chance.int(6); left > 0; left--) {
      const atMs = Math.min(hours * HOUR, stormMs + Math.round(chance.between(0, 20_000)));
      const choice = chance.int(1_000);
      const kind = chance.pick(['run', 'run', 'run', 'brief', 'poison'] as const);
      if (kind === 'run') actions.push({ kind, atMs, choice, a: chance.int(30) });
      else if (kind === 'brief') actions.push({ kind, atMs, choice });
      else actions.push({ kind, atMs, what: chance.pick(['closureMissing', 'closureGarbage', 'inputs']) });
    }
  }
  for (const atMs of times(chance, hours, 0.85)) {
    const choice = chance.int(1_000);
    const branch = chance.pick(['main', 'main', 'release', 'feature']);
    const forMs = Math.round(chance.between(MINUTE, 3 * HOUR));
    const kind = chance.pick(['abort', 'abort', 'pause', 'remove', 'brief', 'answer', 'answer'] as const);
    if (chance.chance(0.63)) {
      actions.push(kind === 'pause' ? { kind, atMs, choice, forMs } : { kind, atMs, choice });
    } else if (chance.chance(0.4)) {
      // What a commit changes costs as much as ten executions do.
      actions.push({ kind: chance.pick(['push', 'push', 'pushBroken', 'pushForced']), atMs, choice, branch });
    } else if (chance.chance(0.5)) actions.push({ kind: chance.pick(['edit', 'deleteDefinition']), atMs, choice });
    else {
      const what = chance.pick(['closureMissing', 'closureGarbage', 'inputs', 'status'] as const);
      actions.push({ kind: 'poison', atMs, what });
    }
  }
  return actions;
}

/** Instants of a world, so many an hour, after its first ten minutes. */
function times(chance: Chance, hours: number, perHour: number): number[] {
  const count = Math.max(1, Math.round(hours * perHour));
  const from = Math.min(10 * MINUTE, (hours * HOUR) / 4);
  return Array.from({ length: count }, () => Math.round(chance.between(from, hours * HOUR))).sort((a, b) => a - b);
}
