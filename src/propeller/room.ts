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
  /** For example "quota of shop-production". */
  readonly of: string;
  readonly limits: { readonly tasks?: string; readonly cpu?: string; readonly memory?: string };
}

/** Takes the room of one attempt; false when there is none, and then the round knows why. Without a quota there always is. */
export function hasRoom(round: { readonly settings: Settings; lack: string | undefined }, task: PlannedTask): boolean {
  const { room } = round.settings;
  if (room === undefined) return true;
  const lack = takeRoom(room, task);
  round.lack ??= lack;
  return lack === undefined;
}

/** Why there is no room, in words; undefined: taken. */
function takeRoom(room: Room, task: PlannedTask): string | undefined {
  const wanted = sizeOf(task);
  const { left, limits } = room;
  if (left.tasks < 1) return `the ${room.of} allows ${limits.tasks} task attempts at a time`;
  if (left.cpu < wanted.cpu)
    return `the ${room.of} allows ${limits.cpu} CPU at a time, of which ${wanted.cpu} are asked for`;
  if (left.memoryBytes < wanted.memoryBytes) {
    return `the ${room.of} allows ${limits.memory} of memory at a time, of which ${memoryText(task)} are asked for`;
  }
  left.tasks--;
  left.cpu -= wanted.cpu;
  left.memoryBytes -= wanted.memoryBytes;
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
