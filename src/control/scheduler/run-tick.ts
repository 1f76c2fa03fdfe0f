import {
  ConflictError,
  instantMs,
  instantText,
  type Json,
  MAX_TICK_TRIES,
  StalledError,
  type UnixMs,
} from '../../base/index.ts';
import {
  AlreadyExistsError,
  type Cluster,
  type Condition,
  type Execution,
  type LaunchPlan,
  launchSettings,
  NotFoundError,
  newExecution,
  type ObjectKey,
  patchStatus,
  type Repository,
  type Schedule,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import { resolveInputs } from '../../compiler/index.ts';
import { tickExecutionName } from './rule.ts';

/**
 * Turns one tick into its execution and moves the schedule's lastTick, in one write. An execution that is there already
 * counts as started when it is of this tick, and a tick that lastTick has passed needs none. Throws ConflictError when
 * the schedule changes again and again meanwhile: who comes late must not move lastTick back. Throws StalledError, after noting it in
 * the schedule's status, when the launch plan is missing or does not take the inputs.
 */
export async function runTick(cluster: Cluster, key: ObjectKey, tick: UnixMs, now: UnixMs): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await tryTick(cluster, key, tick, now);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MAX_TICK_TRIES) throw error;
    }
  }
}

async function tryTick(cluster: Cluster, key: ObjectKey, tick: UnixMs, now: UnixMs): Promise<void> {
  const schedule = await cluster.get<Schedule>(key);
  if ((instantMs(schedule.status?.lastTick) ?? Number.NEGATIVE_INFINITY) >= tick) return;
  let execution: Execution;
  try {
    execution = await executionOf(cluster, schedule, tick);
  } catch (error) {
    if (error instanceof StalledError) await noteCondition(cluster, key, schedule, error, now);
    throw error;
  }
  const { uid = '', resourceVersion = '' } = schedule.metadata;
  const patch = {
    lastTick: instantText(tick),
    lastExecution: execution.metadata.name,
    ...(schedule.status?.conditions !== undefined && { conditions: null }),
  };
  const settled: Write = { op: 'patchStatus', key, patch, if: { uid, resourceVersion } };
  try {
    await cluster.write([{ op: 'create', object: execution }, settled]);
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
    await adopt(cluster, execution, tick);
    await cluster.write([settled]);
  }
}

/** A name is 64 bits of a hash: the stored tick tells whether it is ours. */
async function adopt(cluster: Cluster, execution: Execution, tick: UnixMs): Promise<void> {
  const { namespace, name } = execution.metadata;
  const found = await cluster.get<Execution>({ kind: 'Execution', namespace: namespace as string, name });
  const { trigger } = found.spec;
  if (trigger.kind === 'schedule' && trigger.tick === instantText(tick)) return;
  throw new ConflictError(
    `execution "${name}" exists but is not of tick ${instantText(tick)}; delete or keep it, the tick waits`,
  );
}

async function executionOf(cluster: Cluster, schedule: Schedule, tick: UnixMs): Promise<Execution> {
  const namespace = schedule.metadata.namespace as string;
  const { spec } = schedule;
  const plan = await launchPlanOf(cluster, namespace, spec.launchPlan);
  const given: Record<string, Json> = { ...spec.inputs };
  if (spec.kickoffTime !== undefined) given[spec.kickoffTime] = instantText(tick);
  const resolved = resolveInputs({ parameters: plan.spec.interface.inputs, fixed: plan.spec.fixedInputs, given });
  if (resolved.kind === 'problems') {
    throw new StalledError(
      'InvalidInputs',
      `launch plan "${spec.launchPlan}": ${resolved.problems.map((p) => p.message).join('; ')}`,
    );
  }
  return newExecution({
    namespace,
    name: tickExecutionName(schedule, tick),
    repository: spec.repository,
    commit: await activeCommit(cluster, spec.repository, namespace, plan.spec.commit),
    workflow: plan.spec.workflow,
    closure: plan.spec.workflowClosure,
    launchPlan: spec.launchPlan,
    inputs: resolved.inputs,
    trigger: { kind: 'schedule', schedule: schedule.metadata.name, tick: instantText(tick) },
    ...launchSettings(plan.spec),
  });
}

async function launchPlanOf(cluster: Cluster, namespace: string, name: string): Promise<LaunchPlan> {
  try {
    return await cluster.get<LaunchPlan>({ kind: 'LaunchPlan', namespace, name });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new StalledError(
      'LaunchPlanMissing',
      `launch plan "${name}" is not active in ${namespace}; push it, or remove the schedule`,
    );
  }
}

/** The commit that the namespace shows now; `fallback` when its repository is gone. */
async function activeCommit(
  cluster: Cluster,
  repository: string,
  namespace: string,
  fallback: string,
): Promise<string> {
  try {
    const found = await cluster.get<Repository>({ kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: repository });
    const prefix = `${found.status?.project ?? repository}-`;
    return found.status?.domains?.[namespace.slice(prefix.length)]?.lastApplied ?? fallback;
  } catch (error) {
    if (error instanceof NotFoundError) return fallback;
    throw error;
  }
}

/** Writes only what is news: a schedule that stays broken is not rewritten each time it is tried. */
async function noteCondition(cluster: Cluster, key: ObjectKey, schedule: Schedule, error: StalledError, now: UnixMs) {
  const known = schedule.status?.conditions?.[0];
  if (known?.reason === error.reason && known.message === error.message) return;
  const condition: Condition = {
    type: 'Ready',
    status: 'False',
    reason: error.reason,
    message: error.message,
    lastTransitionTime: known?.lastTransitionTime ?? instantText(now),
  };
  await patchStatus(cluster, key, { conditions: [{ ...condition }] });
}
