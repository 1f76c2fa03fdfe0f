import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** By which seed a planted bug was caught, and which invariant told. */
export interface Caught {
  readonly name: string;
  readonly seed: number;
  readonly hours: number;
  readonly invariant: number;
}

const PATH = join(import.meta.dirname, 'caught.txt');
const HEAD =
  '# Which seed catches each planted bug, written by `npm run sim -- --canaries`.\n# name, seed, hours, invariant\n';

export function readCaught(): readonly Caught[] {
  if (!existsSync(PATH)) return [];
  const lines = readFileSync(PATH, 'utf8').split('\n');
  return lines.flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const [name = '', seed, hours, invariant] = line.split(/\s+/);
    return [{ name, seed: Number(seed), hours: Number(hours), invariant: Number(invariant) }];
  });
}

export function writeCaught(all: readonly Caught[]): void {
  const lines = all.map(({ name, seed, hours, invariant }) => {
    return `${name.padEnd(36)} ${String(seed).padStart(4)} ${String(hours).padStart(3)} ${String(invariant).padStart(3)}`;
  });
  writeFileSync(PATH, `${HEAD}${lines.join('\n')}\n`);
}
