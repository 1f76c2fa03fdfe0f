/**
 * contract: what every adapter of the Cluster port must do, as executable cases without a test framework.
 * Run each of `contractCases` with a namespace of its own. Tests import it; the product does not.
 */
import { batchCases } from './batch-cases.ts';
import type { ContractCase } from './context.ts';
import { listCases } from './list-cases.ts';
import { objectCases } from './object-cases.ts';
import { ownershipCases } from './ownership-cases.ts';
import { watchCases } from './watch-cases.ts';

export type { ContractCase, ContractContext } from './context.ts';

/** All promises of the port. */
export const contractCases: readonly ContractCase[] = [
  ...objectCases,
  ...ownershipCases,
  ...listCases,
  ...watchCases,
  ...batchCases,
];
