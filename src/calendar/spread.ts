import { sha256 } from '../base/index.ts';

/** How long after a tick its execution begins, where a schedule has a `spread`: by its name, the same for every tick. */
export function spreadOffsetMs(namespace: string, name: string, spreadMs = 0): number {
  return spreadMs <= 0 ? 0 : Number.parseInt(sha256(`${namespace}/${name}`).slice(0, 8), 16) % spreadMs;
}
