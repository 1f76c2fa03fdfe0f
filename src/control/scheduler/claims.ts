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
import { createdExecution, createdName } from './launcher.ts';
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
  readonly claim: (creation: Creation) => Claim;
  /** It was there already, as it is now. */
  readonly adopted: (entry: ScheduleEntry, execution: Execution) => void;
  /** It was not created after all. */
  readonly withdraw: (entry: ScheduleEntry, execution: string) => void;
  /**
   * What the schedule's status does not say of them yet, by name: null for those that do not count any more. Of others it says
   * nothing, so a scheduler that has been replaced, and does not know it yet, forgets none that its successor started.
   */
  readonly news: (entry: ScheduleEntry) => { readonly [execution: string]: string | null };
  /**
   * Writes that end executions which a newer one of the schedule replaces: whoever created that one may have been cut off before
   * it ended them. Rejects when the cluster does not answer.
   */
  readonly unfinished: (entry: ScheduleEntry) => Promise<readonly Write[]>;
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
  /** It is asked to end, or will be by the batch at hand: of a thousand ticks that replace each other none asks for all before. */
  isEnding: boolean;
}

const START: Claim = { kind: 'start', ends: [] };
const SKIP: Claim = { kind: 'skip' };
const TAKEN: Claim = { kind: 'taken' };

interface Ledger {
  readonly cluster: Cluster;
  /** By uid of the schedule: one that comes again by the same name is another one. Names are those of its status at first. */
  readonly live: Map<string, Map<string, Living>>;
  /** The same: names that its status has when all that was decided is written. */
  readonly noted: Map<string, ReadonlySet<string>>;
  /** What has the names of the ticks at hand and does not count: their own executions, or something else. */
  readonly found: Map<string, 'past' | 'taken'>;
}

export function createClaims(cluster: Cluster): Claims {
  const ledger: Ledger = { cluster, live: new Map(), noted: new Map(), found: new Map() };
  const { live, found } = ledger;
  return {
    async refresh(creations) {
      found.clear();
      const asked = new Map<Map<string, Living>, ScheduleEntry>();
      for (const { due } of creations) asked.set(livingIn(ledger, due.entry), due.entry);
      for (const [names, entry] of asked) hearOf(ledger, entry, names);
      for (const [names, entry] of asked) await lookAtLiving(ledger, entry, names);
      await lookAtNames(ledger, creations);
    },
    claim: (creation) => claim(ledger, creation),
    adopted(entry, execution) {
      if (!isClaim(execution, entry.name)) live.get(entry.uid)?.delete(execution.metadata.name);
    },
    withdraw(entry, execution) {
      live.get(entry.uid)?.delete(execution);
    },
    news(entry) {
      const names = livingIn(ledger, entry);
      const noted = ledger.noted.get(entry.uid) ?? new Set<string>();
      const news: Record<string, string | null> = Object.create(null);
      for (const name of noted) if (!names.has(name)) news[name] = null;
      for (const [name, { tick }] of names) if (!noted.has(name)) news[name] = instantText(tick);
      ledger.noted.set(entry.uid, new Set(names.keys()));
      return news;
    },
    unfinished: (entry) => unfinished(ledger, entry),
    forget({ uid }) {
      live.delete(uid);
      ledger.noted.delete(uid);
    },
  };
}

function claim(ledger: Ledger, { due: { entry, tick }, write }: Creation): Claim {
  const { overlap, namespace, maxQueued = DEFAULT_MAX_QUEUED } = entry.launch;
  // The write itself finds what has the name of one that need not be looked for.
  if (overlap === 'allow') return START;
  const name = createdName(write);
  const there = ledger.found.get(idOf(entry, name));
  if (there === 'taken') return TAKEN;
  if (there === 'past') return START;
  const names = livingIn(ledger, entry);
  const others = [...names].filter(([other]) => other !== name);
  if (overlap === 'forbid' && others.length > 0) return SKIP;
  // One of them runs, or is about to.
  if (overlap === 'queue' && others.length > maxQueued) return SKIP;
  // A later tick has taken its place already.
  if (overlap === 'replace' && others.some(([, other]) => other.tick > tick)) return SKIP;
  const ends: Write[] = [];
  for (const [other, its] of others) {
    if (overlap !== 'replace' || its.isEnding) continue;
    its.isEnding = true;
    ends.push(endOf(namespace, other, name, tick));
  }
  const living = livingOf(createdExecution(write));
  if (others.some(([, { shardKey }]) => shardKey !== living.shardKey)) return { kind: 'wait', ends };
  names.set(name, living);
  return { kind: 'start', ends };
}

async function unfinished(ledger: Ledger, entry: ScheduleEntry): Promise<readonly Write[]> {
  // Not those that are counted: ticks may be decided meanwhile.
  const names = namedBy(entry);
  await lookAtLiving(ledger, entry, names);
  const [newest, ...others] = [...names].sort(([, a], [, b]) => b.tick - a.tick);
  if (newest === undefined) return [];
  const [by, { tick }] = newest;
  return others.filter(([, { isEnding }]) => !isEnding).map(([name]) => endOf(entry.launch.namespace, name, by, tick));
}

function livingIn({ live, noted }: Ledger, entry: ScheduleEntry): Map<string, Living> {
  const known = live.get(entry.uid);
  if (known !== undefined) return known;
  const names = namedBy(entry);
  live.set(entry.uid, names);
  noted.set(entry.uid, new Set(entry.claims));
  return names;
}

/** A scheduler that was replaced may have said what it had begun to start. */
function hearOf({ noted }: Ledger, { uid, claims }: ScheduleEntry, names: Map<string, Living>): void {
  for (const name of claims) if (!names.has(name) && noted.get(uid)?.has(name) === false) names.set(name, unread());
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
    const others = await Promise.all(some.map((creation) => findLike(ledger.cluster, creation)));
    for (const [place, creation] of some.entries()) {
      const other = others[place];
      if (other === undefined) continue;
      const { due, write } = creation;
      const name = createdName(write);
      if (isClaim(other, due.entry.name)) livingIn(ledger, due.entry).set(name, livingOf(other));
      else ledger.found.set(idOf(due.entry, name), isOfSameTick(other, creation) ? 'past' : 'taken');
    }
  }
}

/** As its status has them. */
function namedBy({ claims }: ScheduleEntry): Map<string, Living> {
  return new Map(claims.map((name) => [name, unread()]));
}

/** Of which only the name is known. */
function unread(): Living {
  return { tick: Number.NEGATIVE_INFINITY, shardKey: undefined, isEnding: false };
}

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
  return { tick, shardKey: metadata.labels?.[LABEL.shardKey], isEnding: spec.desired === 'Aborted' };
}

function endOf(namespace: string, ended: string, by: string, tick: UnixMs): Write {
  const reason = `replaced by ${by}, of tick ${instantText(tick)}`;
  return {
    op: 'patch',
    key: { kind: 'Execution', namespace, name: ended },
    patch: { spec: { desired: 'Aborted' }, metadata: { annotations: { [ANNOTATION.abort]: reason } } },
  };
}
