import type { KeptResults, MergePatch, Write } from '../../cluster/index.ts';
import {
  type Cluster,
  type Execution,
  keepsResults,
  mapResultsName,
  newMapResults,
  readMapResults,
} from '../../cluster/index.ts';
import type { KeepResults } from '../../propeller/index.ts';

const NONE: KeptResults = new Map();

/** What an execution's maps keep beside its status; read only where the status says that there is something. */
export async function loadResults(cluster: Cluster, execution: Execution): Promise<KeptResults> {
  const { nodes } = execution.status ?? {};
  for (const path in nodes) {
    const node = nodes[path];
    if (node !== undefined && keepsResults(node)) return readMapResults(cluster, execution);
  }
  return NONE;
}

/** The object of a chunk, when it may not be there yet, and the outputs that are new in it. Can be repeated. */
export function resultsWrites(execution: Execution, { path, chunk, isFirst, results }: KeepResults): readonly Write[] {
  const name = mapResultsName(execution, path, chunk);
  const key = { kind: 'MapResults', namespace: execution.metadata.namespace ?? '', name };
  const patch: Write = { op: 'patchStatus', key, patch: { results } as unknown as MergePatch };
  if (!isFirst) return [patch];
  return [
    { op: 'apply', object: newMapResults(execution, path, chunk), fieldManager: 'propeller', force: true },
    patch,
  ];
}
