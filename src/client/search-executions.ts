import type { UnixMs } from '../base/index.ts';
import {
  type Cluster,
  compareHistory,
  type Execution,
  type HistoryQuery,
  isTerminalPhase,
  type ListOptions,
  matchesHistory,
} from '../cluster/index.ts';
import { listAll } from './follow.ts';

export interface ExecutionSearch {
  readonly query: HistoryQuery;
  /** Namespace and selectors. */
  readonly selection: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  /** At most so many are found. */
  readonly limit: number;
}

export interface FoundExecutions {
  readonly items: readonly Execution[];
  /** Whether there are more. */
  readonly isCut: boolean;
}

/** Executions that `search` asks for, live and archived ones as one list, in the order that it asks for. */
export async function searchExecutions(
  cluster: Pick<Cluster, 'list'>,
  { query, selection, limit }: ExecutionSearch,
  now: UnixMs,
): Promise<FoundExecutions> {
  // Live ones first: what is archived in between is in the second list, and told apart by its uid if in both.
  const { items: live } = await listAll<Execution>(cluster, 'Execution', selection);
  const found = new Map(live.map((execution) => [idOf(execution), execution]));
  for (const execution of await archived(cluster, query, selection, limit)) {
    if (!found.has(idOf(execution))) found.set(idOf(execution), execution);
  }
  const matching = [...found.values()].filter((execution) => matchesHistory(execution, query, now));
  const items = matching.sort(compareHistory(query.sort ?? '-finished'));
  return { items: items.slice(0, limit), isCut: items.length > limit };
}

/** The first of the archive, one more than the limit to know whether there are more. */
async function archived(
  cluster: Pick<Cluster, 'list'>,
  query: HistoryQuery,
  selection: ExecutionSearch['selection'],
  limit: number,
): Promise<readonly Execution[]> {
  if (query.phases?.every((phase) => !isTerminalPhase(phase)) === true) return [];
  const items: Execution[] = [];
  for (let continueToken: string | undefined; ; ) {
    const page = await cluster.list<Execution>('Execution', {
      ...selection,
      archived: query,
      limit: Math.min(PAGE_SIZE, limit + 1 - items.length),
      ...(continueToken !== undefined && { continueToken }),
    });
    items.push(...page.items);
    continueToken = page.continueToken;
    if (continueToken === undefined || continueToken === '' || items.length > limit) return items;
  }
}

const PAGE_SIZE = 500;

function idOf({ metadata }: Execution): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`;
}
