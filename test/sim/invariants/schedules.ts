import { instantMs } from '../../../src/base/index.ts';
import { nextTick, tickRuleOf, ticksBetween } from '../../../src/calendar/index.ts';
import type { Execution, Schedule } from '../../../src/cluster/index.ts';
import { type Facts, type Invariant, isOver } from './facts.ts';

/** A schedule object from its creation to its deletion. */
interface ScheduleFacts {
  readonly key: string;
  /** Each spec that it had, the newest last. */
  readonly specs: { readonly spec: Schedule['spec']; readonly since: number }[];
  lastTick: number;
  activeSince: number;
}

interface Memory {
  readonly byKey: Map<string, ScheduleFacts>;
  readonly known: ScheduleFacts[];
  /** `namespace/schedule@tick` → the execution that ran it. */
  readonly ticks: Map<string, string>;
}

const memories = new WeakMap<Facts, Memory>();

function memoryOf(facts: Facts): Memory {
  const known = memories.get(facts) ?? { byKey: new Map(), known: [], ticks: new Map() };
  memories.set(facts, known);
  return known;
}

/** 1 and 2: each tick yields one execution and nothing else does; the watermark moves with it and never back. */
export const ticksAreSingle: Invariant = {
  before(facts, commit) {
    const memory = memoryOf(facts);
    if (commit.kind === 'put' && commit.object.kind === 'Schedule') see(facts, memory, commit.object as Schedule);
    if (commit.kind === 'put' && commit.object.kind === 'Execution' && commit.before === undefined) {
      born(facts, memory, commit.object as Execution);
    }
    if (commit.kind === 'delete' && commit.key.kind === 'Schedule') {
      memory.byKey.delete(`${commit.key.namespace}/${commit.key.name}`);
    }
    if (commit.kind === 'status' && commit.key.kind === 'Schedule') {
      moved(facts, memory, `${commit.key.namespace}/${commit.key.name}`, commit.patch as Schedule['status'] & object);
    }
  },
  end: nothingIsOwed,
};

function see(facts: Facts, memory: Memory, schedule: Schedule): void {
  const key = `${schedule.metadata.namespace}/${schedule.metadata.name}`;
  let found = memory.byKey.get(key);
  if (found === undefined) {
    found = { key, specs: [], lastTick: Number.NEGATIVE_INFINITY, activeSince: Number.NEGATIVE_INFINITY };
    memory.byKey.set(key, found);
    memory.known.push(found);
  }
  found.specs.push({ spec: schedule.spec, since: facts.world.timeline.now });
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
      known.specs.some((version) => {
        const result = tickRuleOf(version.spec);
        return result.kind !== 'error' && version.spec.active && nextTick(result.rule, tick - 1) === tick;
      }),
  );
  if (!isTick) facts.violate(1, `${name} is of ${id}, when nothing ticks`);
}

function moved(facts: Facts, memory: Memory, key: string, patch: NonNullable<Schedule['status']>): void {
  const schedule = memory.byKey.get(key);
  if (schedule === undefined) return;
  const since = instantMs(patch.activeSince);
  if (since !== undefined) schedule.activeSince = since;
  const tick = instantMs(patch.lastTick);
  if (tick === undefined) return;
  if (tick < schedule.lastTick) facts.violate(2, `${key} goes back from ${schedule.lastTick} to ${patch.lastTick}`);
  if (!memory.ticks.has(`${key}@${patch.lastTick}`))
    facts.violate(1, `${key} settled ${patch.lastTick} without an execution`);
  const { spec } = schedule.specs.at(-1) as ScheduleFacts['specs'][number];
  const result = tickRuleOf(spec);
  if (spec.catchUp.policy === 'all' && spec.catchUp.limit === undefined && result.kind !== 'error') {
    const from = Math.max(schedule.lastTick, schedule.activeSince, schedule.specs.at(-1)?.since ?? 0);
    for (const owed of ticksBetween(result.rule, from, tick - 1, 1_000)) {
      const text = new Date(owed).toISOString();
      if (!memory.ticks.has(`${key}@${text}`)) facts.violate(1, `${key} passed over its tick ${text}`);
    }
  }
  schedule.lastTick = tick;
}

/** After an hour of calm, at most what is due just now is missing. */
function nothingIsOwed(facts: Facts): void {
  const memory = memoryOf(facts);
  for (const schedule of memory.byKey.values()) {
    const version = schedule.specs.at(-1);
    if (version === undefined || !version.spec.active || facts.world.timeline.now - version.since < 3_600_000) continue;
    const result = tickRuleOf(version.spec);
    if (result.kind === 'error') continue;
    const until = facts.world.timeline.now - (version.spec.spreadMs ?? 0) - 120_000;
    const from = Math.max(schedule.lastTick, until - 3_000_000, schedule.activeSince, version.since);
    const [owed] = ticksBetween(result.rule, from, until, 1);
    if (owed !== undefined) facts.violate(1, `${schedule.key} owes its tick ${new Date(owed).toISOString()}`);
  }
}

export function livingExecutions(facts: Facts): number {
  let living = 0;
  for (const execution of facts.executions.values()) if (!isOver(execution)) living++;
  return living;
}
