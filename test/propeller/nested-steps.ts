import { end, livePods, settle, statusOf, type World, type WorldPod } from './world.ts';

/** What tests of nested nodes do with a world, by the paths of nodes. */

/** A worker that lives on, and one that is replaced at every step. */
export const WORKERS = [
  ['one worker', false],
  ['a new worker at every step', true],
] as const;

/** The live pod of a node. */
export function podOf(world: World, path: string): WorldPod {
  const pod = livePods(world).find((live) => live.path === path);
  if (pod === undefined) throw new Error(`${path} is not live: ${livePods(world).map((live) => live.path)}`);
  return pod;
}

export function fail(world: World, path: string): void {
  end(world, podOf(world, path), { exitCode: 1 });
  settle(world);
}

export function succeed(world: World, path: string, text = 'x=1'): void {
  end(world, podOf(world, path), { text });
  settle(world);
}

/** Ends all pods whose end was asked for. */
export function endAborted(world: World): void {
  for (const pod of livePods(world)) if (pod.ending) end(world, pod, { exitCode: 143, reason: 'Aborted' });
  settle(world);
}

/** Phases by path. */
export function phasesOf(world: World): Record<string, string> {
  return Object.fromEntries(Object.entries(statusOf(world).nodes ?? {}).map(([path, { phase }]) => [path, phase]));
}
