import { createHeap, type Heap, PRIORITY_AGE_MS, peekHeap, popHeap, pushHeap, type UnixMs } from '../../base/index.ts';
import type { Platform } from '../../cluster/index.ts';
import { parseQuantity } from '../../language/index.ts';
import type { Room, Usage } from '../../propeller/index.ts';

export type Quota = NonNullable<Platform['spec']['quotas']>[number];

/** What an execution waits with: when it came, what its priority is, and what gives it a turn. */
export interface QuotaWait {
  readonly now: UnixMs;
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
  /** It runs already, and what it takes is told by its next `note`: until then nothing is granted in its namespace. */
  expect(namespace: string, key: string): void;
  /** Whether the execution may begin; if not, why, and it is woken when it may. */
  admit(namespace: string, key: string, wait: QuotaWait): string | undefined;
  /** What the execution may start now; undefined: as much as it likes. */
  roomFor(namespace: string, key: string): Room | undefined;
  /** What it takes after a round, and whether it lacked room. Wakes who is next, when there is room. */
  note(namespace: string, key: string, usage: Usage, wait: QuotaWait | undefined): void;
  /** It is over, or gone. Wakes who is next. */
  forget(namespace: string, key: string): void;
}

interface Holder {
  readonly running: Set<string>;
  readonly expected: Set<string>;
  readonly used: Map<string, Usage>;
  readonly total: { tasks: number; cpu: number; memoryBytes: number };
  readonly toBegin: Line;
  readonly toStart: Line;
  /** Counts when room became free. */
  freed: number;
  /** Who was last shown all the room there is. */
  offeredTo: string | undefined;
}

interface Line {
  readonly waiting: Map<string, Waiter>;
  readonly heap: Heap<Waiter>;
}

interface Waiter {
  readonly key: string;
  readonly rank: UnixMs;
  readonly turn: number;
  readonly wake: () => void;
  /** The count of `freed` at which it found too little room; -1: it was not its turn. */
  readonly sawFreed: number;
}

const NOTHING: Usage = { tasks: 0, cpu: 0, memoryBytes: 0 };

export function createQuotas(): Quotas {
  let quotas: readonly Quota[] = [];
  const holders = new Map<string, Holder>();
  let turns = 0;
  const quotaOf = (namespace: string): Quota | undefined => quotas.find((quota) => isOf(namespace, quota));
  const holderOf = (namespace: string): Holder => {
    const holder = holders.get(namespace) ?? newHolder();
    holders.set(namespace, holder);
    return holder;
  };
  const join = (line: Line, key: string, { now, priority, wake }: QuotaWait, sawFreed: number): void => {
    const waiter = { key, rank: now - priority * PRIORITY_AGE_MS, turn: turns++, wake, sawFreed };
    line.waiting.set(key, waiter);
    pushHeap(line.heap, waiter);
  };

  return {
    set(next) {
      quotas = next;
      for (const [namespace, holder] of holders) {
        holder.freed++;
        if (quotaOf(namespace) === undefined) holders.delete(namespace);
        for (const { waiting } of [holder.toBegin, holder.toStart]) for (const { wake } of waiting.values()) wake();
      }
    },
    quotaOf,
    expect(namespace, key) {
      const holder = holderOf(namespace);
      holder.running.add(key);
      if (!holder.used.has(key)) holder.expected.add(key);
    },
    admit(namespace, key, wait) {
      const limit = quotaOf(namespace)?.maxExecutions;
      const holder = holderOf(namespace);
      const first = firstOf(holder.toBegin);
      const isNext = first === undefined || first === key;
      if (limit === undefined || holder.running.has(key) || (holder.running.size < limit && isNext)) {
        holder.toBegin.waiting.delete(key);
        holder.running.add(key);
        return undefined;
      }
      if (!holder.toBegin.waiting.has(key)) join(holder.toBegin, key, wait, -1);
      return `the quota of ${namespace} allows ${limit} executions at a time`;
    },
    roomFor(namespace, key) {
      const quota = quotaOf(namespace);
      return quota === undefined || !bindsTasks(quota) ? undefined : roomOf(namespace, quota, holderOf(namespace), key);
    },
    note(namespace, key, usage, wait) {
      const holder = holders.get(namespace);
      if (holder === undefined) return;
      // The room it was shown was that before its own news: what it gives back itself it has not seen free.
      const sawFreed = holder.offeredTo === key ? holder.freed : -1;
      account(holder, key, usage);
      holder.toStart.waiting.delete(key);
      if (wait !== undefined) join(holder.toStart, key, wait, sawFreed);
      wakeNext(holder);
    },
    forget(namespace, key) {
      const holder = holders.get(namespace);
      if (holder === undefined) return;
      account(holder, key, NOTHING);
      holder.toStart.waiting.delete(key);
      holder.toBegin.waiting.delete(key);
      if (holder.running.delete(key)) firstWaiter(holder.toBegin)?.wake();
      wakeNext(holder);
    },
  };
}

/** As `<project>-<domain>`; what a quota does not name it does not ask for. */
function isOf(namespace: string, { project, domain }: Quota): boolean {
  if (project !== undefined && domain !== undefined) return namespace === `${project}-${domain}`;
  if (project !== undefined) return namespace.startsWith(`${project}-`);
  return domain === undefined || namespace.endsWith(`-${domain}`);
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
    offeredTo: undefined,
  };
}

function newLine(): Line {
  return {
    waiting: new Map(),
    heap: createHeap<Waiter>((a, b) => a.rank < b.rank || (a.rank === b.rank && a.turn < b.turn)),
  };
}

function roomOf(namespace: string, { maxTasks, cpu, memory }: Quota, holder: Holder, key: string): Room {
  const { total, toStart, expected } = holder;
  const none = Number.POSITIVE_INFINITY;
  const free = {
    tasks: (maxTasks ?? none) - total.tasks,
    cpu: (cpu === undefined ? none : (parseQuantity(cpu) ?? none)) - total.cpu,
    memoryBytes: (memory === undefined ? none : (parseQuantity(memory) ?? none)) - total.memoryBytes,
  };
  const room = {
    of: `quota of ${namespace}`,
    limits: {
      tasks: maxTasks === undefined ? 'no more' : String(maxTasks),
      ...(cpu !== undefined && { cpu }),
      ...(memory !== undefined && { memory }),
    },
  };
  const first = firstOf(toStart);
  // Others were there before, and what is free is theirs; or it is not known yet what is free.
  if (expected.size > 0 || (first !== undefined && first !== key)) return { ...room, left: { ...free, tasks: 0 } };
  holder.offeredTo = key;
  const share = Math.max(1, Math.floor(free.tasks / Math.max(1, toStart.waiting.size)));
  return { ...room, left: { ...free, tasks: Math.min(free.tasks, share) } };
}

/** Wakes the first in line, unless it has seen that there is too little room: it looks again when some has become free. */
function wakeNext(holder: Holder): void {
  const first = firstWaiter(holder.toStart);
  if (first !== undefined && first.sawFreed !== holder.freed && holder.expected.size === 0) first.wake();
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
