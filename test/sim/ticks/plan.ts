import type { CatchUp, ExcludeRule, Schedule, SchedulerSettings, ScheduleTicks } from '../../../src/cluster/index.ts';
import type { ClusterMode } from '../world/link.ts';
import { type Chance, chanceOf } from '../world/random.ts';

/** What a schedule of these worlds says, but for where it comes from. */
export type TickSpec = ScheduleTicks &
  Pick<Schedule['spec'], 'launchPlan' | 'catchUp' | 'overlap' | 'maxQueued' | 'rateLimit' | 'priority' | 'active'>;

/** Something that goes wrong at `atMs` from the start, with the scheduler `who` of several. Durations in milliseconds. */
export type TickFault = { readonly atMs: number } & (
  | { readonly kind: 'crash' | 'freeze' | 'partition' | 'slow' | 'stale'; readonly who: number; readonly forMs: number }
  | { readonly kind: 'flaky'; readonly who: number; readonly forMs: number; readonly rates: readonly number[] }
  /** Dies at one of its next writes: before it, or when it is done and nobody has been told. */
  | {
      readonly kind: 'crashAtWrite';
      readonly who: number;
      readonly skip: number;
      readonly isDone: boolean;
      readonly forMs: number;
    }
  | { readonly kind: 'cut'; readonly who: number }
  | { readonly kind: 'forget' }
  | { readonly kind: 'slowDisk' | 'fullDisk' | 'outage'; readonly forMs: number }
  /** `who` -1: the clock by which changes are dated. */
  | { readonly kind: 'clock'; readonly who: number; readonly byMs: number }
);

/** Something that people do. */
export type TickAction = { readonly atMs: number } & (
  | { readonly kind: 'put'; readonly name: string; readonly spec: TickSpec }
  | { readonly kind: 'remove' | 'turn' | 'suspend' | 'resume' | 'squat'; readonly name: string }
  | { readonly kind: 'break'; readonly name: string; readonly how: 'cron' | 'zone' }
  | { readonly kind: 'plan'; readonly name: string; readonly state: 'good' | 'changed' | 'missing' | 'needy' }
  | { readonly kind: 'platform'; readonly settings: SchedulerSettings }
);

/** All that happens to one world of schedules, made from its seed; a failing one is made smaller by leaving things out. */
export interface TickPlan {
  readonly seed: number;
  readonly hours: number;
  readonly mode: ClusterMode;
  readonly schedulers: number;
  readonly startMs: number;
  readonly hasQuickLeases: boolean;
  readonly faults: readonly TickFault[];
  readonly actions: readonly TickAction[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const LAUNCH_PLANS = ['daily', 'hourly'] as const;

/** When clocks change in these zones. */
const CHANGES: readonly (readonly [zone: string, at: number])[] = [
  ['Europe/Berlin', Date.UTC(2026, 2, 29, 1)],
  ['Europe/Berlin', Date.UTC(2026, 9, 25, 1)],
  ['America/New_York', Date.UTC(2026, 2, 8, 7)],
  ['America/New_York', Date.UTC(2026, 10, 1, 6)],
  ['Australia/Lord_Howe', Date.UTC(2026, 3, 4, 15)],
  ['Australia/Lord_Howe', Date.UTC(2026, 9, 3, 15, 30)],
  ['Pacific/Chatham', Date.UTC(2026, 3, 4, 14)],
];
const ZONES = ['UTC', 'Asia/Kolkata', 'America/Sao_Paulo', 'Africa/Casablanca'];
const CRONS = [
  '* * * * *',
  '*/3 * * * *',
  '*/5 * * * *',
  '2/7 * * * *',
  '0,13,26,39 * * * *',
  '*/40 * * * * *',
  '20,50 */4 * * * *',
  '15 */10 * * * *',
  '*/10 1-3 * * *',
  '30 1,2,3 * * *',
  '15,45 0-4 * * *',
  '0 * * * *',
  '0 2 * * *',
  '5-20 * * * *',
];
const RATES_MS = [20, 30, 45, 60, 90, 120, 180, 300, 420, 600, 1_200].map((seconds) => seconds * SECOND);

export function tickPlanOf(seed: number, hours: number): TickPlan {
  const chance = chanceOf(seed, 'ticks');
  const isNearChange = chance.chance(0.5);
  const [zone, changeAt] = chance.pick(CHANGES);
  const startMs = isNearChange
    ? changeAt - Math.floor(chance.between(3, 40) * MINUTE)
    : Date.UTC(2026, 4, 1) + Math.floor(chance.between(0, 20 * 24) * HOUR);
  const mode = chance.chance(0.35) ? 'embedded' : 'kubernetes';
  const schedulers = mode === 'embedded' ? 1 : 1 + chance.int(3);
  const near = { startMs, zone: isNearChange ? zone : 'UTC' };
  const actions = actionsOf(chanceOf(seed, 'tick-actions'), hours * HOUR, near);
  const faults = chance.chance(0.06) ? [] : faultsOf(chanceOf(seed, 'tick-faults'), hours * HOUR, mode, schedulers);
  const hasQuickLeases = chance.chance(0.1);
  const met = actions.map((action) => inBadWeather(chance, action, faults)).sort((a, b) => a.atMs - b.atMs);
  const plan: TickPlan = { seed, hours, mode, schedulers, startMs, hasQuickLeases, faults, actions: met };
  return mode === 'kubernetes' && seed % LATE_NEWS_EVERY === 5 ? withLateNews(chanceOf(seed, 'tick-news'), plan) : plan;
}

/** In one world of so many, schedules that tick often change while nobody hears of it for a while. */
const LATE_NEWS_EVERY = 8;

function withLateNews(chance: Chance, plan: TickPlan): TickPlan {
  const forMs = Math.floor(chance.between(2, 8) * MINUTE);
  const atMs = chance.int(Math.max(1, plan.hours * HOUR - forMs));
  const late = Array.from({ length: plan.schedulers }, (_, who): TickFault => ({ kind: 'stale', atMs, who, forMs }));
  const quick = (): TickAction => ({
    kind: 'put',
    atMs: atMs + chance.int(forMs),
    name: `s${chance.int(5)}`,
    spec: {
      everyMs: chance.pick([15, 20, 30, 45]) * SECOND,
      timeZone: 'UTC',
      launchPlan: chance.pick(LAUNCH_PLANS),
      catchUp: catchUpOf(chance),
      active: true,
    },
  });
  const byTime = (a: { readonly atMs: number }, b: { readonly atMs: number }): number => a.atMs - b.atMs;
  const faults = [...plan.faults, ...late].sort(byTime);
  const changes = Array.from({ length: 3 + chance.int(8) }, quick);
  return { ...plan, faults, actions: [...plan.actions, ...changes].sort(byTime) };
}

/** Some of what changes does so while news of it come late. */
function inBadWeather(chance: Chance, action: TickAction, faults: readonly TickFault[]): TickAction {
  const late = faults.find(({ kind }) => kind === 'stale' || kind === 'partition');
  if (late === undefined || action.kind !== 'put' || !chance.chance(0.6)) return action;
  return { ...action, atMs: late.atMs + chance.int(60 * SECOND) };
}

interface Near {
  readonly startMs: number;
  readonly zone: string;
}

function actionsOf(chance: Chance, lastMs: number, near: Near): TickAction[] {
  const count = 2 + chance.int(4);
  const names = Array.from({ length: count }, (_, at) => `s${at}`);
  const actions: TickAction[] = [];
  if (chance.chance(0.3)) actions.push({ kind: 'platform', atMs: 0, settings: settingsOf(chance) });
  for (const name of names) {
    const atMs = chance.chance(0.7) ? 0 : chance.int(lastMs);
    actions.push({ kind: 'put', atMs, name, spec: specOf(chance, near) });
  }
  const more = chance.chance(0.15) ? 0 : 1 + chance.int(7);
  for (let left = more; left > 0; left--) actions.push(...someAction(chance, names, lastMs, near));
  return actions.sort((a, b) => a.atMs - b.atMs);
}

/** One thing that people do, and what undoes it later, in most cases. */
function someAction(chance: Chance, names: readonly string[], lastMs: number, near: Near): TickAction[] {
  const atMs = chance.int(lastMs);
  const laterMs = Math.min(lastMs, atMs + Math.floor(chance.between(0.2, 20) * MINUTE));
  const name = chance.pick(names);
  const again: TickAction = { kind: 'put', atMs: laterMs, name, spec: specOf(chance, near) };
  const plan = chance.pick(LAUNCH_PLANS);
  switch (chance.int(12)) {
    case 0:
      return [{ kind: 'remove', atMs, name }, ...(chance.chance(0.6) ? [again] : [])];
    case 1:
      return [
        { kind: 'turn', atMs, name },
        { kind: 'turn', atMs: laterMs, name },
      ];
    case 2:
    case 3:
      return [
        { kind: 'suspend', atMs, name },
        { kind: 'resume', atMs: laterMs, name },
      ];
    case 4:
      return [{ kind: 'break', atMs, name, how: chance.pick(['cron', 'zone']) }, again];
    case 5:
    case 6: {
      const state = chance.pick(['changed', 'missing', 'missing', 'needy'] as const);
      const last: TickAction[] = chance.chance(0.85)
        ? [{ kind: 'plan', atMs: laterMs, name: plan, state: 'good' }]
        : [];
      return [{ kind: 'plan', atMs, name: plan, state }, ...last];
    }
    case 7:
      return [{ kind: 'squat', atMs, name }];
    case 8:
      return [
        { kind: 'platform', atMs, settings: { suspended: true } },
        { kind: 'platform', atMs: laterMs, settings: settingsOf(chance) },
      ];
    default:
      return [{ ...again, atMs }];
  }
}

function settingsOf(chance: Chance): SchedulerSettings {
  return {
    ...(chance.chance(0.5) && { catchUpPerSecond: chance.pick([1, 2, 10]) }),
    ...(chance.chance(0.2) && { ticksPerSecond: chance.pick([2, 20]) }),
  };
}

function specOf(chance: Chance, near: Near): TickSpec {
  const overlap = chance.pick(['allow', 'allow', 'forbid', 'replace', 'queue'] as const);
  return {
    ...rhythmOf(chance, near),
    launchPlan: chance.pick(LAUNCH_PLANS),
    catchUp: catchUpOf(chance),
    active: chance.chance(0.95),
    ...(overlap !== 'allow' && { overlap }),
    ...(overlap === 'queue' && chance.chance(0.7) && { maxQueued: chance.int(4) }),
    ...(chance.chance(0.1) && { rateLimit: { ticks: 1 + chance.int(4), perMs: chance.pick([MINUTE, 5 * MINUTE]) } }),
    ...(chance.chance(0.1) && { priority: chance.int(10) }),
  };
}

function rhythmOf(chance: Chance, { startMs, zone }: Near): ScheduleTicks {
  const timeZone = chance.chance(0.6) ? zone : chance.pick(ZONES);
  const at = (minutes: number): string =>
    new Date(startMs + Math.floor(chance.between(0, minutes) * MINUTE)).toISOString();
  const isRate = chance.chance(0.5);
  const wall = (minutes: number): string => localTime(timeZone, startMs + minutes * MINUTE);
  const from = chance.int(60);
  // Where clocks go back, what is later may show an earlier time.
  const [first = '', last = ''] = [wall(from), wall(from + 1 + chance.int(20))].sort();
  const exclude: ExcludeRule[] = first === last ? [] : [{ from: first, to: last }];
  if (chance.chance(0.1)) exclude.push({ dates: [wall(60).slice(0, 10)] });
  return {
    ...(isRate ? { everyMs: chance.pick(RATES_MS) } : { cron: chance.pick(CRONS) }),
    timeZone,
    ...(chance.chance(0.15) && { start: at(40) }),
    ...(chance.chance(0.1) && { end: at(90) }),
    ...(chance.chance(0.25) && { spreadMs: chance.pick([10, 60, 300]) * SECOND }),
    ...(chance.chance(0.15) && { exclude }),
  };
}

function catchUpOf(chance: Chance): CatchUp {
  if (chance.chance(0.15)) return { policy: 'none' };
  if (chance.chance(0.2)) return { policy: 'latest' };
  return {
    policy: 'all',
    ...(chance.chance(0.25) && { limit: chance.int(9) }),
    ...(chance.chance(0.25) && { windowMs: Math.floor(chance.between(1, 6) * MINUTE) }),
  };
}

/** As the clock on the wall shows it, in whole seconds. */
function localTime(timeZone: string, at: number): string {
  const known =
    walls.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  walls.set(timeZone, known);
  return known.format(at).replace(' ', 'T');
}

const walls = new Map<string, Intl.DateTimeFormat>();

/** Faults that find something together. */
const THEMES: readonly (readonly TickFault['kind'][])[] = [
  ['crash', 'crashAtWrite', 'crashAtWrite', 'crashAtWrite'],
  ['freeze', 'freeze', 'partition', 'crashAtWrite'],
  ['partition', 'slow', 'stale', 'flaky', 'cut', 'forget'],
  ['outage', 'crash', 'crashAtWrite'],
  ['slowDisk', 'fullDisk', 'outage', 'crashAtWrite'],
  ['clock', 'crash', 'freeze'],
];

function faultsOf(chance: Chance, lastMs: number, mode: ClusterMode, schedulers: number): TickFault[] {
  const theme = chance.pick(THEMES);
  const faults: TickFault[] = [];
  for (let left = 1 + chance.int(8); left > 0; left--) {
    const kind = chance.chance(0.75) ? chance.pick(theme) : chance.pick(chance.pick(THEMES));
    faults.push(...faultOf(chance, kind, chance.int(lastMs), mode === 'embedded' ? 0 : chance.int(schedulers)));
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function faultOf(chance: Chance, kind: TickFault['kind'], atMs: number, who: number): TickFault[] {
  const forMs = Math.floor(chance.between(1, 10) * (chance.chance(0.6) ? 10 * SECOND : MINUTE));
  switch (kind) {
    case 'crashAtWrite':
      return [{ kind, atMs, who, skip: chance.int(12), isDone: chance.chance(0.5), forMs }];
    case 'flaky':
      return [
        { kind, atMs, who, forMs, rates: [chance.between(0, 0.3), chance.between(0, 0.3), chance.between(0, 0.3)] },
      ];
    case 'cut':
      return [{ kind, atMs, who }];
    case 'forget':
      return [{ kind, atMs }];
    case 'slowDisk':
    case 'fullDisk':
      return [{ kind, atMs, forMs }];
    case 'outage':
      return [{ kind, atMs, forMs: chance.chance(0.1) ? Math.floor(chance.between(1, 8) * HOUR) : 2 * forMs }];
    case 'clock': {
      const byMs = clockStep(chance);
      const isUndone = chance.chance(0.7);
      const from = chance.chance(0.2) && Math.abs(byMs) < 5 * SECOND ? -1 : who;
      return [
        { kind, atMs, who: from, byMs },
        ...(isUndone ? [{ kind, atMs: atMs + forMs, who: from, byMs: -byMs } as const] : []),
      ];
    }
    default:
      return [{ kind, atMs, who, forMs }];
  }
}

function clockStep(chance: Chance): number {
  const sign = chance.chance(0.5) ? 1 : -1;
  if (chance.chance(0.5)) return sign * Math.floor(chance.between(1, 5_000));
  if (chance.chance(0.7)) return sign * Math.floor(chance.between(1, 30) * MINUTE);
  return sign * Math.floor(chance.between(1, 12) * HOUR);
}
