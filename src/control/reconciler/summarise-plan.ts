import type { PlanSummary } from '../../cluster/index.ts';
import { definitionOf, type Plan } from './plan.ts';

/** A plan as clients see it. */
export function summarisePlan(namespace: string, { waves, unchanged, waiting, held }: Plan): PlanSummary {
  const changes = waves.flat().map((change) => {
    const { kind, name, file } = definitionOf(change);
    return { action: change.action === 'prune' ? ('remove' as const) : change.action, kind, name, file };
  });
  return { namespace, changes, unchanged, waiting, ...(held !== undefined && { held }) };
}
