import { instantMs } from '../../../src/base/index.ts';
import { nextTick, spreadOffsetMs, type TickRule, tickRuleOf, ticksBetween } from '../../../src/calendar/index.ts';
import { ANNOTATION, type Execution, type Schedule, type SchedulerState } from '../../../src/cluster/index.ts';
import { recoveryMs } from '../world/processes.ts';
import type { Commit } from '../world/store.ts';
import { type Facts, type Invariant, isOver } from './facts.ts';

/** A version of a schedule, and when it came. */
interface Version {
  readonly spec: Schedule['spec'];
  readonly rule: TickRule | undefined;
  readonly offsetMs: number;
  /** Ticks after this are its own. */
  readonly since: number;
  /** When it was written. */
  readonly at: number;
}

/** A schedule object from its creation to its deletion. */
interface ScheduleFacts {
  readonly key: string;
  /** The newest last. */
  readonly versions: Version[];
  /** As its status says: it has a watermark of its own. */
  owedSince: number | undefined;
  /** When that last began or ended: before, it may have had nothing to start. */
  asideAt: number;
}

/** How far the scheduler says that it is, with spans of the past that it still works on. */
interface Progress {
  readonly settledUntil: number;
  readonly open: readonly { readonly after: number; readonly until: number }[];
}

interface Memory {
  readonly byKey: Map<string, ScheduleFacts>;
  readonly known: ScheduleFacts[];
  /** `namespace/schedule@tick` → the execution that ran it. */
  readonly ticks: Map<string, string>;
  readonly doubts: Doubt[];
  progress: Progress | undefined;
}

/** A tick that was passed over by somebody who may not have heard of its schedule yet: whoever hears of it looks again. */
interface Doubt {
  readonly schedule: ScheduleFacts;
  readonly tick: number;
  readonly passedAt: number;
}

/**
 * So long after the last fault a schedule may still be unheard of: of one that changed before it, news may have been held up for
 * as long as something was wrong. And once nothing has been wrong for so long, what was passed over has run.
 */
const UNHEARD_MS = 60_000;
const HEARD_MS = 2 * 60_000;

const memories = new WeakMap<Facts, Memory>();

function memoryOf(facts: Facts): Memory {
  const known = memories.get(facts) ?? {
    byKey: new Map(),
    known: [],
    ticks: new Map(),
    doubts: [],
    progress: undefined,
  };
  memories.set(facts, known);
  return known;
}

/** 1 and 2: each tick yields one execution and nothing else does; the watermark moves with it and never back. */
export const ticksAreSingle: Invariant = {
  of: ['Schedule', 'SchedulerState', 'Execution'],
  before(facts, commit) {
    const memory = memoryOf(facts);
    if (commit.kind === 'put' && commit.object.kind === 'Schedule') see(facts, memory, commit.object as Schedule);
    if (commit.kind === 'put' && commit.object.kind === 'Execution' && commit.before === undefined) {
      born(facts, memory, commit.object as Execution);
    }
    if (commit.kind === 'delete' && commit.key.kind === 'Schedule') scheduleErased(facts, memory, keyOf(commit));
    if (commit.kind === 'delete' && commit.key.kind === 'Execution' && commit.by === undefined) {
      erased(facts, memory, commit.object as Execution);
    }
    if (commit.kind === 'status' && commit.key.kind === 'Schedule') {
      const schedule = memory.byKey.get(keyOf(commit));
      const { owedSince } = commit.patch as { readonly owedSince?: string | null };
      if (schedule !== undefined && owedSince !== undefined) {
        schedule.owedSince = instantMs(owedSince ?? undefined);
        schedule.asideAt = facts.world.timeline.now;
      }
    }
    if (commit.kind === 'status' && commit.key.kind === 'SchedulerState') {
      moved(facts, memory, commit.patch as SchedulerState['status'] & object);
    }
  },
};

function keyOf({ key }: Exclude<Commit, { kind: 'put' }>): string {
  return `${key.namespace}/${key.name}`;
}

function see(facts: Facts, memory: Memory, schedule: Schedule): void {
  const key = `${schedule.metadata.namespace}/${schedule.metadata.name}`;
  let found = memory.byKey.get(key);
  if (found === undefined) {
    found = { key, versions: [], owedSince: undefined, asideAt: 0 };
    memory.byKey.set(key, found);
    memory.known.push(found);
  }
  const { spec, metadata } = schedule;
  const at = facts.world.timeline.now;
  const result = tickRuleOf(spec);
  found.versions.push({
    spec,
    rule: spec.active && result.kind === 'ok' ? result.rule : undefined,
    offsetMs: spreadOffsetMs(metadata.namespace ?? '', metadata.name, spec.spreadMs),
    since: instantMs(metadata.annotations?.[ANNOTATION.activeSince]) ?? at,
    at,
  });
}

function born(facts: Facts, memory: Memory, { metadata, spec }: Execution): void {
  const name = `${metadata.namespace}/${metadata.name}`;
  const { trigger } = spec;
  if (trigger.kind !== 'schedule') {
    const isChild = trigger.kind === 'execution';
    if (!isChild && !facts.users.requested.has(name)) facts.violate(1, `nobody asked for ${name}`);
    return;
  }
  const schedule = `${metadata.namespace}/${trigger.schedule}`;
  const id = `${schedule}@${trigger.tick}`;
  const other = memory.ticks.get(id);
  if (other !== undefined) facts.violate(1, `tick ${id} has ${name} and had ${other}`);
  memory.ticks.set(id, name);
  const tick = instantMs(trigger.tick) as number;
  const isTick = memory.known.some(
    (known) =>
      known.key === schedule &&
      known.versions.some(({ rule }) => rule !== undefined && nextTick(rule, tick - 1) === tick),
  );
  if (!isTick) facts.violate(1, `${name} is of ${id}, when nothing ticks`);
}

/**
 * Somebody deletes an execution while no watermark has passed its tick: nothing tells any more that it was there, so whoever
 * takes over from a scheduler that died just then owes it again. Once a watermark is past it, deleting it changes nothing.
 */
function erased(facts: Facts, memory: Memory, { metadata, spec: { trigger } }: Execution): void {
  if (trigger.kind !== 'schedule') return;
  const key = `${metadata.namespace}/${trigger.schedule}`;
  const tick = instantMs(trigger.tick) as number;
  const isPassed = memory.known.some((schedule) => schedule.key === key && hasPassed(memory, schedule, tick));
  if (isPassed) return;
  memory.ticks.delete(idOf(key, tick));
  facts.erased.add(`${metadata.namespace}/${metadata.name}`);
}

/**
 * Who comes after it by the name is another one. What a clock that was ahead ran too early comes again in its time, if it was
 * deleted: nothing tells of it.
 */
function scheduleErased({ world, erased }: Facts, { byKey, ticks }: Memory, key: string): void {
  byKey.delete(key);
  for (const [id, execution] of ticks) {
    if (!id.startsWith(`${key}@`) || (instantMs(id.slice(key.length + 1)) as number) <= world.timeline.now) continue;
    const [namespace = '', name = ''] = execution.split('/');
    if (world.store.find({ kind: 'Execution', namespace, name }) !== undefined) continue;
    ticks.delete(id);
    erased.add(execution);
  }
}

function hasPassed({ progress }: Memory, { versions, owedSince }: ScheduleFacts, tick: number): boolean {
  if (progress === undefined) return false;
  const { settledUntil, open } = progress;
  return versions.some(({ offsetMs }) => {
    const due = tick + offsetMs;
    if (due > Math.min(settledUntil, owedSince ?? Number.POSITIVE_INFINITY)) return false;
    return !open.some((span) => due > span.after && due <= span.until);
  });
}

function moved(facts: Facts, memory: Memory, patch: SchedulerState['status'] & object): void {
  const settledUntil = instantMs(patch.settledUntil);
  if (settledUntil === undefined) return;
  const before = memory.progress;
  const { catchUp } = patch;
  const open = (catchUp === null || catchUp === undefined ? [] : [catchUp, ...(catchUp.later ?? [])]).map((span) => ({
    after: instantMs(span === catchUp ? catchUp.settledUntil : span.from) ?? 0,
    until: instantMs(span.until) ?? 0,
  }));
  memory.progress = { settledUntil, open };
  if (before === undefined) return;
  if (settledUntil < before.settledUntil) {
    facts.violate(2, `the scheduler goes back from ${before.settledUntil} to ${settledUntil}`);
  }
  const passed = [{ after: before.settledUntil, until: settledUntil }, ...before.open];
  for (const schedule of memory.byKey.values()) {
    for (const { after, until } of passed) allRun(facts, memory, schedule, { after, until });
  }
  settleDoubts(facts, memory);
}

/** Those of which it must be known by now whether they run. */
function settleDoubts(facts: Facts, { doubts, byKey, ticks }: Memory): void {
  const { world } = facts;
  let kept = 0;
  for (const doubt of doubts) {
    const { schedule, tick, passedAt } = doubt;
    const { rule, spec, offsetMs } = schedule.versions.at(-1) as Version;
    // Withdrawn, or to be told of the rule that came in its place.
    if (byKey.get(schedule.key) !== schedule || rule === undefined || nextTick(rule, tick - 1) !== tick) continue;
    const isOwed = tick + offsetMs > (schedule.owedSince ?? Number.POSITIVE_INFINITY);
    if (isOwed || !makesUpForAll(spec) || ticks.has(idOf(schedule.key, tick))) continue;
    if (world.timeline.now <= Math.max(passedAt, world.troubledUntil) + HEARD_MS) doubts[kept++] = doubt;
    else facts.violate(1, `${schedule.key} was passed over with its tick ${new Date(tick).toISOString()}`);
  }
  doubts.length = kept;
}

function makesUpForAll({ catchUp: { policy, limit, windowMs } }: Schedule['spec']): boolean {
  return policy === 'all' && limit === undefined && windowMs === undefined;
}

function idOf(schedule: string, tick: number): string {
  return `${schedule}@${new Date(tick).toISOString()}`;
}

/** Of a schedule that makes up for all that it missed: what is settled in this span of due times has its execution. */
function allRun(
  facts: Facts,
  { progress, ticks, doubts }: Memory,
  schedule: ScheduleFacts,
  { after, until }: { readonly after: number; readonly until: number },
): void {
  const { rule, spec, offsetMs, since, at } = schedule.versions.at(-1) as Version;
  if (rule === undefined || !makesUpForAll(spec)) return;
  // Before it was written nobody could know of it, by whatever clock.
  const from = Math.max(after - offsetMs, since, at + facts.world.worstSkewMs);
  for (const tick of ticksBetween(rule, from, until - offsetMs, 1_000)) {
    const due = tick + offsetMs;
    if (due > (schedule.owedSince ?? Number.POSITIVE_INFINITY)) return;
    if (progress?.open.some((span) => due > span.after && due <= span.until)) continue;
    if (ticks.has(idOf(schedule.key, tick))) continue;
    const { now } = facts.world.timeline;
    const { troubledUntil } = facts.world;
    if (troubledUntil >= at && due <= troubledUntil + UNHEARD_MS) doubts.push({ schedule, tick, passedAt: now });
    else facts.violate(1, `${schedule.key} was passed over with its tick ${new Date(tick).toISOString()}`);
  }
}

/** 1: when nothing has gone wrong for a while, at most what is due just now is missing. */
export const ticksAreTimely: Invariant = { end: nothingIsOwed };

function nothingIsOwed(facts: Facts): void {
  const memory = memoryOf(facts);
  const { byKey, progress, ticks } = memory;
  settleDoubts(facts, memory);
  const { now } = facts.world.timeline;
  const recoveredAt = facts.world.troubledUntil + recoveryMs(facts.world.plan.seed);
  if (recoveredAt > now) return;
  for (const schedule of byKey.values()) {
    const { rule, offsetMs, since, at, spec } = schedule.versions.at(-1) as Version;
    if (rule === undefined || now - at < 3_600_000) continue;
    // Whose launch plan somebody deleted, and nobody restores while its repository is suspended, owes what it cannot start.
    if (schedule.owedSince !== undefined && !hasPlan(facts, schedule.key, spec.launchPlan)) continue;
    // By the clock of the scheduler it may be as early as that.
    const until = now - offsetMs - 120_000 - facts.world.worstSkewMs;
    const settled = Math.min(progress?.settledUntil ?? 0, schedule.owedSince ?? Number.POSITIVE_INFINITY);
    const from = Math.max(settled - offsetMs, until - 3_000_000, since, at + facts.world.worstSkewMs);
    const [owed] = ticksBetween(rule, from, until, 1);
    if (owed !== undefined) facts.violate(1, `${schedule.key} owes its tick ${new Date(owed).toISOString()}`);
    // Of what came while all was calm, none was missed, whatever the policy. A clock that was ahead may have dropped some.
    const calm = Math.max(until - 3_000_000, since, at, recoveredAt, schedule.asideAt) + facts.world.worstSkewMs;
    for (const tick of ticksBetween(rule, calm, until, 1_000)) {
      const text = new Date(tick).toISOString();
      if (!ticks.has(`${schedule.key}@${text}`)) facts.violate(1, `${schedule.key} lacks its tick ${text}`);
    }
  }
}

function hasPlan({ world }: Facts, schedule: string, name: string): boolean {
  const namespace = schedule.slice(0, schedule.indexOf('/'));
  return world.store.find({ kind: 'LaunchPlan', namespace, name }) !== undefined;
}

export function livingExecutions(facts: Facts): number {
  let living = 0;
  for (const execution of facts.executions.values()) if (!isOver(execution)) living++;
  return living;
}
