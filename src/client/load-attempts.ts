import {
  ANNOTATION,
  type Cluster,
  type Execution,
  isTerminalPhase,
  LABEL,
  labelValue,
  type Pod,
} from '../cluster/index.ts';
import { listAll } from './follow.ts';
import { isWithin } from './log-sources.ts';

/** The pods of an execution's attempts, of one node, and what that runs, when it is named: live ones, and archived ones when it is over. */
export async function loadAttempts(
  cluster: Cluster,
  { metadata, status }: Execution,
  node?: string,
): Promise<readonly Pod[]> {
  const inNamespace = { ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) };
  const labelSelector = `${LABEL.execution}=${labelValue(metadata.name)}`;
  const isMeant = ({ metadata: { labels, annotations } }: Pod) =>
    node === undefined || isWithin(annotations?.[ANNOTATION.node] ?? labels?.[LABEL.node] ?? '', node);
  const { items } = await listAll<Pod>(cluster, 'Pod', { ...inNamespace, labelSelector });
  if (status === undefined || !isTerminalPhase(status.phase)) return items.filter(isMeant);
  const archived = await cluster.list<Pod>('Pod', {
    ...inNamespace,
    labelSelector,
    archived: { execution: metadata.name },
  });
  const known = new Set(items.map(({ metadata: { uid, name } }) => uid ?? name));
  const others = archived.items.filter(({ metadata: { uid, name } }) => !known.has(uid ?? name));
  return [...items, ...others].filter(isMeant);
}
