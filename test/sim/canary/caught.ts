import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** By which seed a planted bug was caught, and which invariant told. */
export interface Caught {
  readonly name: string;
  readonly seed: number;
  readonly hours: number;
  readonly invariant: number;
}

/** Of worlds of the whole control plane; of those of schedules alone. */
export const CAUGHT = join(import.meta.dirname, 'caught.txt');
export const TICKS_CAUGHT = join(import.meta.dirname, '..', 'ticks', 'caught.txt');
const HEAD =
  '# Which seed catches each planted bug, written by `npm run sim -- --canaries`.\n# name, seed, hours, invariant\n';

export function readCaught(path = CAUGHT): readonly Caught[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const [name = '', seed, hours, invariant] = line.split(/\s+/);
    return [{ name, seed: Number(seed), hours: Number(hours), invariant: Number(invariant) }];
  });
}

export function writeCaught(all: readonly Caught[], path = CAUGHT): void {
  const lines = all.map(({ name, seed, hours, invariant }) => {
    return `${name.padEnd(36)} ${String(seed).padStart(4)} ${String(hours).padStart(3)} ${String(invariant).padStart(3)}`;
  });
  writeFileSync(path, `${HEAD}${lines.join('\n')}\n`);
}
