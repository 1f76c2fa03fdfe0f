import type { ExecutionError } from '../cluster/index.ts';
import { parseQuantity } from '../language/index.ts';
import { frameOf, nodeAt } from './frame.ts';
import type { PlannedTask } from './plan.ts';
import type { EngineState, Settings } from './state.ts';

/** What attempts take while they are live. CPU in cores, memory in bytes. */
export interface Usage {
  readonly tasks: number;
  readonly cpu: number;
  readonly memoryBytes: number;
}

/**
 * What an execution may still start by the quota of its project and domain, and how the quota says it, for whoever waits.
 * The step takes from it what it starts.
 */
export interface Room {
  left: { tasks: number; cpu: number; memoryBytes: number };
  /** What there is when nothing runs. */
  readonly whole: { readonly cpu: number; readonly memoryBytes: number };
  /** For example "quota of shop-production". */
  readonly of: string;
  readonly limits: { readonly tasks?: string; readonly cpu?: string; readonly memory?: string };
  /** Nothing may start now, for this reason. */
  readonly closed?: string;
}

/**
 * Whether one more attempt of the task may start; if not, the round knows why. Without a quota it always may. One that asks
 * for more than the whole quota would wait for ever and hold up others: it may, and is refused: see `quotaError`.
 */
export function hasRoom(round: { readonly settings: Settings; lack: string | undefined }, task: PlannedTask): boolean {
  const { room } = round.settings;
  if (room === undefined || quotaError(room, task) !== undefined) return true;
  const lack = lackOf(room, task);
  round.lack ??= lack;
  return lack === undefined;
}

/** Takes the room of an attempt that starts. */
export function takeRoom({ settings: { room } }: { readonly settings: Settings }, task: PlannedTask): void {
  if (room === undefined) return;
  const { cpu, memoryBytes } = sizeOf(task);
  room.left.tasks--;
  room.left.cpu -= cpu;
  room.left.memoryBytes -= memoryBytes;
}

/** Why an attempt of the task can never start; undefined: it can. */
export function quotaError({ of, limits, whole }: Room, task: PlannedTask): ExecutionError | undefined {
  const { cpu, memoryBytes } = sizeOf(task);
  const asked =
    cpu > whole.cpu
      ? `${cpu} CPU, and the ${of} allows ${limits.cpu}`
      : memoryBytes > whole.memoryBytes
        ? `${memoryText(task)} of memory, and the ${of} allows ${limits.memory}`
        : undefined;
  if (asked === undefined) return undefined;
  return { reason: 'QuotaTooSmall', message: `it asks for ${asked} in all: ask for less, or raise the quota` };
}

/** Why there is no room, in words; undefined: there is. */
function lackOf({ left, limits, of, closed }: Room, task: PlannedTask): string | undefined {
  if (closed !== undefined) return closed;
  const wanted = sizeOf(task);
  if (left.tasks < 1)
    return `the ${of} allows ${limits.tasks} task ${limits.tasks === '1' ? 'attempt' : 'attempts'} at a time`;
  if (left.cpu < wanted.cpu) {
    return `the ${of} allows ${limits.cpu} CPU at a time, of which ${wanted.cpu} are asked for`;
  }
  if (left.memoryBytes < wanted.memoryBytes) {
    return `the ${of} allows ${limits.memory} of memory at a time, of which ${memoryText(task)} are asked for`;
  }
  return undefined;
}

/** What all live attempts of an execution take together. Costs its live tasks and maps. */
export function usageOf(state: EngineState): Usage {
  let tasks = 0;
  let cpu = 0;
  let memoryBytes = 0;
  const add = (number: number, count: number): void => {
    const node = nodeAt(state, frameOf(state, number), number);
    if (count === 0 || !('task' in node)) return;
    const size = sizeOf(node.task);
    tasks += count;
    cpu += count * size.cpu;
    memoryBytes += count * size.memoryBytes;
  };
  for (const [number, task] of state.tasks) if (task.live) add(number, 1);
  for (const [number, map] of state.maps) add(number, map.live.size);
  return { tasks, cpu, memoryBytes };
}

const SIZES = new WeakMap<PlannedTask, Omit<Usage, 'tasks'>>();

/** Requests count, as Kubernetes' ResourceQuota counts them; where there is none, the limit is the request. */
function sizeOf(task: PlannedTask): Omit<Usage, 'tasks'> {
  const known = SIZES.get(task);
  if (known !== undefined) return known;
  const { requests, limits } = task.closure.resources;
  const amount = (name: string): number => parseQuantity(requests?.[name] ?? limits?.[name] ?? '0') ?? 0;
  const size = { cpu: amount('cpu'), memoryBytes: amount('memory') };
  SIZES.set(task, size);
  return size;
}

function memoryText({ closure: { resources } }: PlannedTask): string {
  return resources.requests?.memory ?? resources.limits?.memory ?? '0';
}
