import { createHeap, type Heap, PRIORITY_AGE_MS, peekHeap, popHeap, pushHeap, type UnixMs } from '../../base/index.ts';
import type { Execution, Platform } from '../../cluster/index.ts';
import { parseQuantity } from '../../language/index.ts';
import type { Room, Usage } from '../../propeller/index.ts';
import { isSelected } from '../shards/index.ts';

export type Quota = NonNullable<Platform['spec']['quotas']>[number];

/** What an execution waits with: since when it counts as waiting, what its priority is, and what gives it a turn. */
export interface QuotaWait {
  readonly since: UnixMs;
  readonly priority: number;
  readonly wake: () => void;
}

/**
 * What the executions of each namespace take together, against its quota; shared by all shards of a process. Room goes
 * round: who lacks some joins a line, the first of which gets its share when some becomes free and then goes to the end
 * of it; so a wide execution does not starve small ones. Priority counts as time spent in the line. Namespaces without a
 * quota cost nothing here.
 */
export interface Quotas {
  /** Takes other quotas from now on, and wakes who waits: their turn may have come. */
  set(quotas: readonly Quota[]): void;
  quotaOf(namespace: string): Quota | undefined;
  /** Whether there is any. */
  exist(): boolean;
  /** This engine lists what runs: until it has `counted`, nothing is granted to anybody. */
  counting(engine: object): void;
  counted(engine: object): void;
  /** Forgets all that was counted and who waits: whoever counts lists it anew. */
  reset(): void;
  /**
   * It runs already, and what it takes is told by its next `note`: until then nothing is granted in its namespace. A child
   * is a part of the execution that runs it, and counts as none of its own: else parents that fill a quota would wait for
   * children that wait for their places.
   */
  expect(namespace: string, key: string, isChild: boolean): void;
  /** It runs already, and takes nothing. */
  hold(namespace: string, key: string, isChild: boolean): void;
  /** Whether the execution may begin; if not, it is woken when it may. `Unknown`: it is not known yet. */
  admit(namespace: string, key: string, wait: QuotaWait): Admission;
  /** What the execution may start now; undefined: as much as it likes. */
  roomFor(namespace: string, key: string): Room | undefined;
  /**
   * What it is about to take: counts from now on, while the round that starts it is on its way to the disk, and ends its
   * turn in the line. What ends with that round is free when `note` says so.
   */
  take(namespace: string, key: string, usage: Usage): void;
  /** What it takes after a round, and whether it lacked room. Wakes who is next, when there is room. */
  note(namespace: string, key: string, usage: Usage, wait: QuotaWait | undefined): void;
  /** It cannot go on for now, and must not hold up the lines in which it stands. */
  leave(namespace: string, key: string): void;
  /** It is over, or gone, or does not want to begin any more. Wakes who is next. */
  forget(namespace: string, key: string): void;
  /** Keys of all that count as running or take something. */
  holders(): readonly string[];
  /** How the namespaces that have a quota stand, for metrics. */
  report(): readonly QuotaReport[];
}

export type Admission =
  | { readonly kind: 'Admit' }
  | { readonly kind: 'Hold'; readonly message: string }
  | { readonly kind: 'Unknown' };

export interface QuotaReport {
  readonly namespace: string;
  /** Executions that run and count, live attempts, cores, bytes. */
  readonly used: Readonly<Record<QuotaResource, number>>;
  /** Those that the quota bounds. */
  readonly limits: Readonly<Partial<Record<QuotaResource, number>>>;
  /** Executions that wait to begin, and executions that lack room to go on. */
  readonly waiting: { readonly toBegin: number; readonly toStart: number };
}

export type QuotaResource = 'executions' | 'tasks' | 'cpu' | 'memory';

interface Holder {
  readonly running: Set<string>;
  readonly expected: Set<string>;
  readonly used: Map<string, Usage>;
  readonly total: { tasks: number; cpu: number; memoryBytes: number };
  readonly toBegin: Line;
  readonly toStart: Line;
  /** Counts when room became free. */
  freed: number;
  /** The first in line whom room was told of last, and the count of `freed` then: it is told once. */
  told: { readonly waiter: Waiter; readonly freed: number } | undefined;
  /** Who was last shown all the room there is, and the count of `freed` then: for its next `note` alone. */
  offer: { readonly key: string; readonly freed: number } | undefined;
}

interface Line {
  readonly waiting: Map<string, Waiter>;
  readonly heap: Heap<Waiter>;
}

interface Waiter {
  readonly key: string;
  readonly rank: UnixMs;
  readonly turn: number;
  /** That of the engine that asked last: executions move between shards while they wait. */
  wake: () => void;
  /** The count of `freed` at which it found too little room; -1: it was not its turn. */
  sawFreed: number;
}

const NOTHING: Usage = { tasks: 0, cpu: 0, memoryBytes: 0 };

/** All that is known of the quotas of a process. */
interface Ledger {
  quotas: readonly Quota[];
  readonly holders: Map<string, Holder>;
  /** Engines that have not counted yet what runs. */
  readonly counters: Set<object>;
  turns: number;
}

export function createQuotas(): Quotas {
  const ledger: Ledger = { quotas: [], holders: new Map(), counters: new Set(), turns: 0 };
  const { holders, counters } = ledger;
  return {
    set: (next) => set(ledger, next),
    quotaOf: (namespace) => quotaOf(ledger, namespace),
    exist: () => ledger.quotas.length > 0,
    counting: (engine) => void counters.add(engine),
    counted(engine) {
      if (!counters.delete(engine) || counters.size > 0) return;
      for (const holder of holders.values()) {
        holder.freed++;
        wakeAll(holder);
      }
    },
    reset: () => holders.clear(),
    expect(namespace, key, isChild) {
      const holder = holderOf(ledger, namespace);
      if (!isChild) holder.running.add(key);
      if (!holder.used.has(key)) holder.expected.add(key);
    },
    hold(namespace, key, isChild) {
      if (!isChild) holderOf(ledger, namespace).running.add(key);
    },
    admit: (namespace, key, wait) => admit(ledger, namespace, key, wait),
    roomFor(namespace, key) {
      const quota = quotaOf(ledger, namespace);
      if (quota === undefined || !bindsTasks(quota)) return undefined;
      return roomOf(namespace, quota, holderOf(ledger, namespace), key, counters.size > 0);
    },
    take(namespace, key, usage) {
      const holder = holders.get(namespace);
      if (holder !== undefined) take(holder, key, usage);
    },
    note(namespace, key, usage, wait) {
      const holder = holders.get(namespace);
      if (holder !== undefined) note(ledger, holder, key, usage, wait);
    },
    leave(namespace, key) {
      const holder = holders.get(namespace);
      if (holder !== undefined) leave(ledger, holder, key);
    },
    forget(namespace, key) {
      const holder = holders.get(namespace);
      if (holder === undefined) return;
      account(holder, key, NOTHING);
      if (holder.running.delete(key)) firstWaiter(holder.toBegin)?.wake();
      leave(ledger, holder, key);
    },
    holders: () =>
      [...holders.values()].flatMap(({ running, used, expected }) => [...running, ...used.keys(), ...expected]),
    report: () =>
      [...holders].flatMap(([namespace, holder]) => {
        const quota = quotaOf(ledger, namespace);
        return quota === undefined ? [] : [reportOf(namespace, quota, holder)];
      }),
  };
}

function set(ledger: Ledger, quotas: readonly Quota[]): void {
  ledger.quotas = quotas;
  for (const [namespace, holder] of ledger.holders) {
    holder.freed++;
    if (quotaOf(ledger, namespace) === undefined) ledger.holders.delete(namespace);
    wakeAll(holder);
  }
}

function quotaOf({ quotas }: Ledger, namespace: string): Quota | undefined {
  return quotas.find((quota) => isSelected(namespace, quota));
}

function holderOf({ holders }: Ledger, namespace: string): Holder {
  const holder = holders.get(namespace) ?? newHolder();
  holders.set(namespace, holder);
  return holder;
}

function admit(ledger: Ledger, namespace: string, key: string, wait: QuotaWait): Admission {
  const limit = quotaOf(ledger, namespace)?.maxExecutions ?? Number.POSITIVE_INFINITY;
  const { running, toBegin } = holderOf(ledger, namespace);
  const waiter = toBegin.waiting.get(key);
  if (waiter !== undefined) waiter.wake = wait.wake;
  // Also who was admitted before, and could not begin: it is to be woken when all is counted.
  else if (!running.has(key) || ledger.counters.size > 0) join(ledger, toBegin, key, wait, -1);
  if (ledger.counters.size > 0) return { kind: 'Unknown' };
  if (!running.has(key) && (running.size >= limit || firstOf(toBegin) !== key)) {
    return {
      kind: 'Hold',
      message: `queued: the quota of ${namespace} allows ${limit} ${limit === 1 ? 'execution' : 'executions'} at a time`,
    };
  }
  toBegin.waiting.delete(key);
  running.add(key);
  if (running.size < limit) firstWaiter(toBegin)?.wake();
  return { kind: 'Admit' };
}

function take(holder: Holder, key: string, usage: Usage): void {
  // It has had its turn.
  holder.toStart.waiting.delete(key);
  const before = holder.used.get(key) ?? NOTHING;
  account(holder, key, {
    tasks: Math.max(usage.tasks, before.tasks),
    cpu: Math.max(usage.cpu, before.cpu),
    memoryBytes: Math.max(usage.memoryBytes, before.memoryBytes),
  });
}

function note(ledger: Ledger, holder: Holder, key: string, usage: Usage, wait: QuotaWait | undefined): void {
  // The room it was shown was that before its own news: what it gives back itself it has not seen free.
  const sawFreed = holder.offer?.key === key ? holder.offer.freed : -1;
  const { toStart, freed } = holder;
  account(holder, key, usage);
  const waiter = toStart.waiting.get(key);
  if (wait !== undefined && waiter !== undefined && (sawFreed < 0 || holder.freed === freed)) {
    // It took nothing and gave nothing back: it keeps its place, or who has much news, or asks for much, would never get there.
    waiter.wake = wait.wake;
    waiter.sawFreed = sawFreed;
  } else {
    toStart.waiting.delete(key);
    if (wait !== undefined) join(ledger, toStart, key, wait, sawFreed);
  }
  if (sawFreed >= 0) holder.offer = undefined;
  if (ledger.counters.size === 0) wakeNext(holder);
}

function leave({ counters }: Ledger, holder: Holder, key: string): void {
  const wasFirst = firstOf(holder.toBegin) === key;
  holder.toBegin.waiting.delete(key);
  holder.toStart.waiting.delete(key);
  if (wasFirst) firstWaiter(holder.toBegin)?.wake();
  if (counters.size === 0) wakeNext(holder);
}

function join(
  ledger: Ledger,
  line: Line,
  key: string,
  { since, priority, wake }: QuotaWait,
  sawFreed: Waiter['sawFreed'],
): void {
  const waiter = { key, rank: since - priority * PRIORITY_AGE_MS, turn: ledger.turns++, wake, sawFreed };
  line.waiting.set(key, waiter);
  pushHeap(line.heap, waiter);
}

function wakeAll({ toBegin, toStart }: Holder): void {
  for (const { waiting } of [toBegin, toStart]) for (const { wake } of [...waiting.values()]) wake();
}

function reportOf(namespace: string, quota: Quota, { running, total, toBegin, toStart }: Holder): QuotaReport {
  const { maxExecutions, maxTasks } = quota;
  const { cpu, memoryBytes } = wholeOf(quota);
  return {
    namespace,
    used: { executions: running.size, tasks: total.tasks, cpu: total.cpu, memory: total.memoryBytes },
    limits: {
      ...(maxExecutions !== undefined && { executions: maxExecutions }),
      ...(maxTasks !== undefined && { tasks: maxTasks }),
      ...(Number.isFinite(cpu) && { cpu }),
      ...(Number.isFinite(memoryBytes) && { memory: memoryBytes }),
    },
    waiting: { toBegin: toBegin.waiting.size, toStart: toStart.waiting.size },
  };
}

/** Whether it is a part of another execution. */
export function isChild({ spec }: Execution): boolean {
  return spec.trigger.kind === 'execution';
}

function bindsTasks({ maxTasks, cpu, memory }: Quota): boolean {
  return maxTasks !== undefined || cpu !== undefined || memory !== undefined;
}

function account(holder: Holder, key: string, usage: Usage): void {
  const { used, total, expected } = holder;
  const before = used.get(key) ?? NOTHING;
  total.tasks += usage.tasks - before.tasks;
  total.cpu += usage.cpu - before.cpu;
  total.memoryBytes += usage.memoryBytes - before.memoryBytes;
  if (usage.tasks === 0) used.delete(key);
  else used.set(key, usage);
  // What is left of sums and differences of fractions.
  if (used.size === 0) Object.assign(total, NOTHING);
  const isCounted = expected.delete(key) && expected.size === 0;
  const isLess = usage.tasks < before.tasks || usage.cpu < before.cpu || usage.memoryBytes < before.memoryBytes;
  if (isCounted || isLess) holder.freed++;
}

function newHolder(): Holder {
  return {
    running: new Set(),
    expected: new Set(),
    used: new Map(),
    total: { ...NOTHING },
    toBegin: newLine(),
    toStart: newLine(),
    freed: 0,
    told: undefined,
    offer: undefined,
  };
}

function newLine(): Line {
  return {
    waiting: new Map(),
    heap: createHeap<Waiter>((a, b) => a.rank < b.rank || (a.rank === b.rank && a.turn < b.turn)),
  };
}

/** Cores and bytes; without a bound there is no end of them. */
function wholeOf({ cpu, memory }: Quota): Room['whole'] {
  const amount = (text: string | undefined): number =>
    (text === undefined ? undefined : parseQuantity(text)) ?? Number.POSITIVE_INFINITY;
  return { cpu: amount(cpu), memoryBytes: amount(memory) };
}

function roomOf(namespace: string, quota: Quota, holder: Holder, key: string, isUnknown: boolean): Room {
  const { maxTasks, cpu, memory } = quota;
  const { total, toStart, expected } = holder;
  const whole = wholeOf(quota);
  const free = {
    tasks: (maxTasks ?? Number.POSITIVE_INFINITY) - total.tasks,
    cpu: whole.cpu - total.cpu,
    memoryBytes: whole.memoryBytes - total.memoryBytes,
  };
  const room = {
    whole,
    of: `quota of ${namespace}`,
    limits: {
      tasks: maxTasks === undefined ? 'no more' : String(maxTasks),
      ...(cpu !== undefined && { cpu }),
      ...(memory !== undefined && { memory }),
    },
  };
  const first = firstOf(toStart);
  // Others were there before, and what is free is theirs; or it is not known yet what is free.
  if (isUnknown || expected.size > 0 || (first !== undefined && first !== key)) {
    if (holder.offer?.key === key) holder.offer = undefined;
    return { ...room, left: { ...free, tasks: 0 } };
  }
  holder.offer = { key, freed: holder.freed };
  const share = Math.max(1, Math.floor(free.tasks / Math.max(1, toStart.waiting.size)));
  return { ...room, left: { ...free, tasks: Math.min(free.tasks, share) } };
}

/**
 * Wakes the first in line, unless it has seen that there is too little room: it looks again when some has become free.
 * Once: two who look twice would wake each other twice, for ever.
 */
function wakeNext(holder: Holder): void {
  const { freed, told, expected } = holder;
  const first = firstWaiter(holder.toStart);
  if (first === undefined || first.sawFreed === freed || expected.size > 0) return;
  if (told?.waiter === first && told.freed === freed) return;
  holder.told = { waiter: first, freed };
  first.wake();
}

function firstOf(line: Line): string | undefined {
  return firstWaiter(line)?.key;
}

function firstWaiter({ waiting, heap }: Line): Waiter | undefined {
  for (let first = peekHeap(heap); first !== undefined; first = peekHeap(heap)) {
    if (waiting.get(first.key) === first) return first;
    popHeap(heap);
  }
  return undefined;
}
