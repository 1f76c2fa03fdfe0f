import { BugError, type Digest, MAX_CACHED_PLANS } from '../../base/index.ts';
import type { Cluster } from '../../cluster/index.ts';
import type { LaunchPlanClosure, WorkflowClosure } from '../../compiler/index.ts';
import { buildPlan, launchPlansOf, type Plan } from '../../propeller/index.ts';
import { loadClosure } from '../closures/index.ts';

/** Plans by closure digest: built once, shared by all executions, the longest unused dropped first. */
export interface Plans {
  /** At once, when it is ready. */
  ready(digest: Digest): Plan | undefined;
  /** Errors: NotFoundError when the closure was never registered, BugError when it cannot be run. */
  load(digest: Digest): Promise<Plan>;
}

export function createPlans(cluster: Cluster): Plans {
  const plans = new Map<Digest, Plan>();
  const loading = new Map<Digest, Promise<Plan>>();

  async function build(digest: Digest): Promise<Plan> {
    try {
      const closure = await loadClosure(cluster, digest);
      if (closure.kind !== 'Workflow') throw new BugError(`closure ${digest} is a ${closure.kind}, not a Workflow`);
      const plan = buildPlan(digest, closure, await loadLaunchPlans(cluster, closure));
      plans.set(digest, plan);
      for (const oldest of plans.keys()) {
        if (plans.size <= MAX_CACHED_PLANS) break;
        plans.delete(oldest);
      }
      return plan;
    } finally {
      loading.delete(digest);
    }
  }

  return {
    ready(digest) {
      const plan = plans.get(digest);
      if (plan !== undefined && plans.size > MAX_CACHED_PLANS / 2) {
        plans.delete(digest);
        plans.set(digest, plan);
      }
      return plan;
    },
    load(digest) {
      const plan = plans.get(digest);
      if (plan !== undefined) return Promise.resolve(plan);
      const known = loading.get(digest) ?? build(digest);
      loading.set(digest, known);
      return known;
    },
  };
}

/** The launch plans that nodes run as child executions; of most workflows there are none. */
async function loadLaunchPlans(cluster: Cluster, closure: WorkflowClosure): Promise<Map<Digest, LaunchPlanClosure>> {
  const plans = new Map<Digest, LaunchPlanClosure>();
  for (const digest of launchPlansOf(closure)) {
    const plan = await loadClosure(cluster, digest);
    if (plan.kind !== 'LaunchPlan') throw new BugError(`closure ${digest} is a ${plan.kind}, not a LaunchPlan`);
    plans.set(digest, plan);
  }
  return plans;
}
