import type { ChangeLevel } from './contract.ts';

const ORDER: readonly ChangeLevel[] = ['breaking', 'behaviour', 'cosmetic'];

/** The gravest of these; undefined of none. */
export function gravest(levels: readonly ChangeLevel[]): ChangeLevel | undefined {
  return ORDER.find((level) => levels.includes(level));
}
