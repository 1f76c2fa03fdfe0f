import { instantText, type Json, StalledError, type UnixMs } from '../../base/index.ts';
import {
  type Cluster,
  type Execution,
  findObject,
  type LaunchPlan,
  launchSettings,
  newExecution,
  type Repository,
  type Schedule,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { resolveInputs } from '../../compiler/index.ts';
import { tickExecutionName } from '../scheduler/index.ts';

/**
 * Makes the executions of ticks by the active versions of the schedule and its launch plan, as the scheduler does; their
 * trigger names the backfill. A StalledError says why none can start.
 */
export async function starterOf(
  cluster: Cluster,
  schedule: Schedule,
  backfill: string,
): Promise<((tick: UnixMs) => Execution) | StalledError> {
  const { namespace = '' } = schedule.metadata;
  const { spec } = schedule;
  const plan = await findObject<LaunchPlan>(cluster, { kind: 'LaunchPlan', namespace, name: spec.launchPlan });
  if (plan === undefined) {
    return new StalledError('LaunchPlanMissing', `launch plan "${spec.launchPlan}" is not active in ${namespace}`);
  }
  // At another tick only `kickoffTime` differs, which takes every instant or none.
  const inputs = inputsAt(schedule, plan, 0);
  if (inputs instanceof StalledError) return inputs;
  const commit = (await activeCommit(cluster, spec.repository, namespace)) ?? plan.spec.commit;
  return (tick) =>
    newExecution({
      namespace,
      name: tickExecutionName(schedule, tick),
      repository: spec.repository,
      commit,
      workflow: plan.spec.workflow,
      closure: plan.spec.workflowClosure,
      launchPlan: spec.launchPlan,
      inputs: spec.kickoffTime === undefined ? inputs : { ...inputs, [spec.kickoffTime]: instantText(tick) },
      trigger: { kind: 'schedule', schedule: schedule.metadata.name, tick: instantText(tick), backfill },
      ...launchSettings(plan.spec),
      ...(spec.priority !== undefined && { priority: spec.priority }),
    });
}

function inputsAt({ spec }: Schedule, plan: LaunchPlan, tick: UnixMs): Readonly<Record<string, Json>> | StalledError {
  const given: Record<string, Json> = { ...spec.inputs };
  if (spec.kickoffTime !== undefined) given[spec.kickoffTime] = instantText(tick);
  const resolved = resolveInputs({ parameters: plan.spec.interface.inputs, fixed: plan.spec.fixedInputs, given });
  if (resolved.kind === 'ok') return resolved.inputs;
  const problems = resolved.problems.map(({ message }) => message).join('; ');
  return new StalledError('InvalidInputs', `launch plan "${spec.launchPlan}": ${problems}`);
}

/** The commit that the namespace shows now; undefined when its repository is gone. */
async function activeCommit(cluster: Cluster, repository: string, namespace: string): Promise<string | undefined> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: repository };
  const status = (await findObject<Repository>(cluster, key))?.status;
  return status?.domains?.[namespace.slice(`${status.project ?? repository}-`.length)]?.lastApplied;
}
