import { StalledError } from '../base/index.ts';
import type { PlanOptions } from '../client/index.ts';
import {
  ANNOTATION,
  domainOf,
  findObject,
  listEntities,
  type PlanSummary,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../cluster/index.ts';
import { planCommit, summarisePlan } from '../control/reconciler/index.ts';

/** The reconciler's own plan, made by a client: it only reads. */
export async function planRevision({ cluster, repository, namespace, commit }: PlanOptions): Promise<PlanSummary> {
  const { name, annotations } = repository.metadata;
  const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: `${name}-${commit}` };
  const index = (await findObject<Revision>(cluster, key))?.spec.index;
  if (index === undefined) throw new StalledError('RevisionMissing', `commit ${commit} of ${name} is not registered`);
  const confirmed = annotations?.[ANNOTATION.pruneConfirmed];
  const domain = domainOf(namespace, repository.status?.project);
  const request = { cluster, repository: name, namespace, domain, ...(confirmed !== undefined && { confirmed }) };
  return summarisePlan(namespace, await planCommit(request, commit, await listEntities(cluster, index)));
}
