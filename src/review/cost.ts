import type { EntityClosure, NodeClosure, TaskClosure, WorkflowClosure } from '../compiler/index.ts';
import { parseQuantity } from '../language/index.ts';
import type { PlanDurations, ReviewInput, ReviewSide, ScheduleFacts } from './input.ts';
import type { CostReview, CostSide, ScheduleSide } from './report.ts';

const HOUR_MS = 3_600_000;
const GIB = 2 ** 30;
const NOTHING: CostSide = { hoursP50: 0, hoursP95: 0 };

/** What a week of a schedule takes before and after; undefined without a history of its launch plans. */
export function costOf(
  { history, base, head }: ReviewInput,
  { before, after }: { readonly before?: ScheduleFacts; readonly after?: ScheduleFacts },
  sides: { readonly before: ScheduleSide | undefined; readonly after: ScheduleSide | undefined },
): CostReview | undefined {
  const known = (schedule: ScheduleFacts | undefined): PlanDurations | undefined =>
    schedule === undefined ? undefined : history?.get(schedule.launchPlan);
  const [old, fresh] = [known(before), known(after)];
  // Of a plan that is new nobody knows anything, and half a comparison is none.
  if ((before !== undefined && old === undefined) || (after !== undefined && fresh === undefined)) return undefined;
  return {
    runs: Math.min(old?.runs ?? Infinity, fresh?.runs ?? Infinity),
    before: sideCost(base, before, old, sides.before),
    after: sideCost(head, after, fresh, sides.after),
  };
}

function sideCost(
  side: ReviewSide,
  schedule: ScheduleFacts | undefined,
  durations: PlanDurations | undefined,
  told: ScheduleSide | undefined,
): CostSide {
  if (schedule === undefined || durations === undefined || told === undefined) return NOTHING;
  const hoursP50 = (told.runsPerWeek * durations.p50Ms) / HOUR_MS;
  const hoursP95 = (told.runsPerWeek * durations.p95Ms) / HOUR_MS;
  const { cores, bytes } = requestsOf(side, schedule.launchPlan);
  return {
    hoursP50,
    hoursP95,
    ...(cores > 0 && { coreHours: hoursP50 * cores }),
    ...(bytes > 0 && { gibHours: (hoursP50 * bytes) / GIB }),
  };
}

/** What the tasks of a launch plan's workflow ask for together, as many of them as may run at once, the largest first. */
function requestsOf(
  { side, platform }: ReviewSide,
  launchPlan: string,
): { readonly cores: number; readonly bytes: number } {
  const plan = closureOf(side, `LaunchPlan/${launchPlan}`);
  if (plan?.kind !== 'LaunchPlan') return { cores: 0, bytes: 0 };
  const workflow = closureOf(side, `Workflow/${plan.workflow.name}`);
  if (workflow?.kind !== 'Workflow') return { cores: 0, bytes: 0 };
  const atOnce = plan.maxParallelism ?? platform?.propeller.maxParallelism ?? Infinity;
  const tasks = workflow.nodes.flatMap((node) => taskOf(workflow, node));
  const sum = (resource: string): number =>
    tasks
      .map((task) => parseQuantity(task.resources.requests?.[resource] ?? '') ?? 0)
      .sort((a, b) => b - a)
      .slice(0, atOnce)
      .reduce((total, asked) => total + asked, 0);
  return { cores: sum('cpu'), bytes: sum('memory') };
}

function taskOf({ tasks }: WorkflowClosure, node: NodeClosure): readonly TaskClosure[] {
  if (node.kind !== 'task' && node.kind !== 'map' && node.kind !== 'dynamic') return [];
  const task = Object.hasOwn(tasks, node.task) ? tasks[node.task] : undefined;
  return task === undefined ? [] : [task];
}

function closureOf(side: ReviewSide['side'], key: string): EntityClosure | undefined {
  return (
    side.closure(key) ?? [...(side.variants?.get(key) ?? [])].map((variant) => side.closure(variant)).find(Boolean)
  );
}
