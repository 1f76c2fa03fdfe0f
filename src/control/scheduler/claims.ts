import { DEFAULT_MAX_QUEUED, instantMs, instantText, TAKEN_NAMES_AT_A_TIME, type UnixMs } from '../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  type Execution,
  findObject,
  isTerminalPhase,
  LABEL,
  type Write,
} from '../../cluster/index.ts';
import type { DueTick } from './collect.ts';
import type { ScheduleEntry } from './schedule-entry.ts';
import { type Creation, findLike, isOfSameTick } from './write-ticks.ts';

/**
 * Executions that are not over of schedules whose ticks must not just overlap. One counts from the write that creates it,
 * in which its schedule's status names it, until it is seen to be over when a tick asks: so none is overlooked after a
 * failover, and nobody follows executions for it.
 */
export interface Claims {
  /**
   * Looks which of those of these schedules are over, and what has their names already: a tick may be decided again after a
   * failover, or when its schedule was behind. Rejects when the cluster does not answer.
   */
  readonly refresh: (creations: readonly Creation[]) => Promise<void>;
  /** Whether the tick may start its execution now. Counts it if so. */
  readonly claim: (due: DueTick, execution: Execution) => Claim;
  /** It was there already, as it is now. */
  readonly adopted: (entry: ScheduleEntry, execution: Execution) => void;
  /** It was not created after all. */
  readonly withdraw: (entry: ScheduleEntry, execution: Execution) => void;
  /** What the schedule's status is to say of them. */
  readonly named: (entry: ScheduleEntry) => readonly string[];
  /** The schedule is gone. */
  readonly forget: (entry: ScheduleEntry) => void;
}

/** `ends`: writes that end executions which this one replaces. */
export type Claim =
  | { readonly kind: 'start'; readonly ends: readonly Write[] }
  | { readonly kind: 'skip' }
  /** Something else has its name. */
  | { readonly kind: 'taken' }
  /** Those before it are counted by another shard, which could not keep it from running beside them. */
  | { readonly kind: 'wait'; readonly ends: readonly Write[] };

interface Living {
  readonly tick: UnixMs;
  readonly shardKey: string | undefined;
}

const START: Claim = { kind: 'start', ends: [] };
const SKIP: Claim = { kind: 'skip' };
const TAKEN: Claim = { kind: 'taken' };

interface Ledger {
  readonly cluster: Cluster;
  /** By uid of the schedule: one that comes again by the same name is another one. Names are those of its status at first. */
  readonly live: Map<string, Map<string, Living>>;
  /** What has the names of the ticks at hand and does not count: their own executions, or something else. */
  readonly found: Map<string, 'past' | 'taken'>;
}

export function createClaims(cluster: Cluster): Claims {
  const ledger: Ledger = { cluster, live: new Map(), found: new Map() };
  const { live, found } = ledger;
  return {
    async refresh(creations) {
      found.clear();
      const asked = new Map<Map<string, Living>, ScheduleEntry>();
      for (const { due } of creations) asked.set(livingIn(ledger, due.entry), due.entry);
      for (const [names, entry] of asked) await lookAtLiving(ledger, entry, names);
      await lookAtNames(ledger, creations);
    },
    claim: ({ entry, tick }, execution) => claim(ledger, entry, tick, execution),
    adopted(entry, execution) {
      if (!isClaim(execution, entry.name)) live.get(entry.uid)?.delete(execution.metadata.name);
    },
    withdraw(entry, { metadata }) {
      live.get(entry.uid)?.delete(metadata.name);
    },
    named: (entry) => (entry.launch.overlap === 'allow' ? NOBODY : [...livingIn(ledger, entry).keys()]),
    forget: ({ uid }) => live.delete(uid),
  };
}

function claim(ledger: Ledger, entry: ScheduleEntry, tick: UnixMs, execution: Execution): Claim {
  const { overlap, namespace, maxQueued = DEFAULT_MAX_QUEUED } = entry.launch;
  const { name } = execution.metadata;
  const there = ledger.found.get(idOf(entry, name));
  if (there === 'taken') return TAKEN;
  if (overlap === 'allow' || there === 'past') return START;
  const names = livingIn(ledger, entry);
  const others = [...names].filter(([other]) => other !== name);
  if (overlap === 'forbid' && others.length > 0) return SKIP;
  // One of them runs, or is about to.
  if (overlap === 'queue' && others.length > maxQueued) return SKIP;
  // A later tick has taken its place already.
  if (overlap === 'replace' && others.some(([, other]) => other.tick > tick)) return SKIP;
  const ends = overlap === 'replace' ? others.map(([other]) => endOf(namespace, other, name, tick)) : [];
  const living = livingOf(execution);
  if (others.some(([, { shardKey }]) => shardKey !== living.shardKey)) return { kind: 'wait', ends };
  names.set(name, living);
  return { kind: 'start', ends };
}

function livingIn({ live }: Ledger, entry: ScheduleEntry): Map<string, Living> {
  const names = live.get(entry.uid) ?? new Map(entry.claims.map((name) => [name, UNREAD]));
  live.set(entry.uid, names);
  return names;
}

async function lookAtLiving({ cluster }: Ledger, entry: ScheduleEntry, names: Map<string, Living>): Promise<void> {
  const { namespace } = entry.launch;
  const all = [...names.keys()];
  for (let at = 0; at < all.length; at += TAKEN_NAMES_AT_A_TIME) {
    const looks = all.slice(at, at + TAKEN_NAMES_AT_A_TIME).map(async (name) => {
      const living = await findObject<Execution>(cluster, { kind: 'Execution', namespace, name });
      if (living !== undefined && isClaim(living, entry.name)) names.set(name, livingOf(living));
      else names.delete(name);
    });
    await Promise.all(looks);
  }
}

async function lookAtNames(ledger: Ledger, creations: readonly Creation[]): Promise<void> {
  for (let at = 0; at < creations.length; at += TAKEN_NAMES_AT_A_TIME) {
    const some = creations.slice(at, at + TAKEN_NAMES_AT_A_TIME);
    const others = await Promise.all(some.map(({ execution }) => findLike(ledger.cluster, execution)));
    for (const [place, { due, execution }] of some.entries()) {
      const other = others[place];
      if (other === undefined) continue;
      const { name } = execution.metadata;
      if (isClaim(other, due.entry.name)) livingIn(ledger, due.entry).set(name, livingOf(other));
      else ledger.found.set(idOf(due.entry, name), isOfSameTick(other, execution) ? 'past' : 'taken');
    }
  }
}

const NOBODY: readonly string[] = [];
/** Of which only the name is known. */
const UNREAD: Living = { tick: Number.NEGATIVE_INFINITY, shardKey: undefined };

function idOf({ uid }: ScheduleEntry, name: string): string {
  return `${uid}/${name}`;
}

/** One that was started while its schedule let ticks overlap is none, nor what only has the name of one. */
function isClaim({ metadata, spec: { trigger }, status }: Execution, schedule: string): boolean {
  const isOfIt = trigger.kind === 'schedule' && trigger.schedule === schedule;
  return isOfIt && metadata.labels?.[LABEL.overlap] !== undefined && !isTerminalPhase(status?.phase ?? 'Pending');
}

function livingOf({ metadata, spec }: Execution): Living {
  const tick = spec.trigger.kind === 'schedule' ? (instantMs(spec.trigger.tick) ?? 0) : 0;
  return { tick, shardKey: metadata.labels?.[LABEL.shardKey] };
}

function endOf(namespace: string, ended: string, by: string, tick: UnixMs): Write {
  const reason = `replaced by ${by}, of tick ${instantText(tick)}`;
  return {
    op: 'patch',
    key: { kind: 'Execution', namespace, name: ended },
    patch: { spec: { desired: 'Aborted' }, metadata: { annotations: { [ANNOTATION.abort]: reason } } },
  };
}
