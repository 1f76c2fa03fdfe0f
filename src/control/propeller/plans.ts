import { BugError, type Digest, MAX_CACHED_PLANS } from '../../base/index.ts';
import type { Cluster } from '../../cluster/index.ts';
import { closureIn, type LaunchPlanClosure, type WorkflowClosure } from '../../compiler/index.ts';
import { buildPlan, launchPlansOf, type Plan } from '../../propeller/index.ts';
import { loadClosure } from '../closures/index.ts';

/**
 * Plans by closure digest: built once, shared by all executions, the longest unused dropped first. One that runs launch plans
 * which differ by domain is built for each namespace.
 */
export interface Plans {
  /** At once, when it is ready. */
  ready(digest: Digest, namespace: string): Plan | undefined;
  /** Errors: NotFoundError when the closure was never registered, BugError when it cannot be run. */
  load(digest: Digest, namespace: string): Promise<Plan>;
}

/** Of a closure whose plans differ: the key of each is `keyIn`. */
const DIFFERS = 'differs';

function keyIn(digest: Digest, namespace: string): string {
  return `${digest} ${namespace}`;
}

export function createPlans(cluster: Cluster): Plans {
  const plans = new Map<string, Plan | typeof DIFFERS>();
  const loading = new Map<string, Promise<Plan>>();

  function find(digest: Digest, namespace: string): Plan | undefined {
    const plan = plans.get(digest);
    if (plan !== DIFFERS) return used(digest, plan);
    const own = plans.get(keyIn(digest, namespace));
    return own === DIFFERS ? undefined : used(keyIn(digest, namespace), own);
  }

  function used(key: string, plan: Plan | undefined): Plan | undefined {
    if (plan !== undefined && plans.size > MAX_CACHED_PLANS / 2) {
      plans.delete(key);
      plans.set(key, plan);
    }
    return plan;
  }

  async function build(digest: Digest, namespace: string): Promise<Plan> {
    try {
      const closure = await loadClosure(cluster, digest);
      if (closure.kind !== 'Workflow') throw new BugError(`closure ${digest} is a ${closure.kind}, not a Workflow`);
      const { launchPlans, differ } = await loadLaunchPlans(cluster, closure, namespace);
      const plan = buildPlan(digest, closure, launchPlans, namespace);
      if (differ) plans.set(digest, DIFFERS);
      plans.set(differ ? keyIn(digest, namespace) : digest, plan);
      for (const oldest of plans.keys()) {
        if (plans.size <= MAX_CACHED_PLANS) break;
        plans.delete(oldest);
      }
      return plan;
    } finally {
      loading.delete(keyIn(digest, namespace));
    }
  }

  return {
    ready: find,
    load(digest, namespace) {
      const plan = find(digest, namespace);
      if (plan !== undefined) return Promise.resolve(plan);
      const key = keyIn(digest, namespace);
      const known = loading.get(key) ?? build(digest, namespace);
      loading.set(key, known);
      return known;
    },
  };
}

interface LaunchPlans {
  /** As they are in the namespace. */
  readonly launchPlans: ReadonlyMap<Digest, LaunchPlanClosure>;
  /** They are others in another namespace. */
  readonly differ: boolean;
}

/** The launch plans that nodes run as child executions; of most workflows there are none. */
async function loadLaunchPlans(cluster: Cluster, closure: WorkflowClosure, namespace: string): Promise<LaunchPlans> {
  const launchPlans = new Map<Digest, LaunchPlanClosure>();
  const { digests, differ: areOthers } = launchPlansOf(closure, namespace);
  let differ = areOthers;
  for (const digest of digests) {
    const plan = await loadClosure(cluster, digest);
    if (plan.kind !== 'LaunchPlan') throw new BugError(`closure ${digest} is a ${plan.kind}, not a LaunchPlan`);
    if (plan.byNamespace !== undefined) differ = true;
    launchPlans.set(digest, closureIn(plan, namespace));
  }
  return { launchPlans, differ };
}
