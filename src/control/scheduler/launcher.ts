import { instantText, type Json, MAX_SHARED_RULES, StalledError, sha256, type UnixMs } from '../../base/index.ts';
import {
  type Cluster,
  type Execution,
  findObject,
  LABEL,
  type LaunchPlan,
  launchSettings,
  newExecution,
  type Repository,
  type Schedule,
  type Stencil,
  type Stenciled,
  SYSTEM_NAMESPACE,
  shardKey,
  stencilOf,
} from '../../cluster/index.ts';
import { resolveInputs } from '../../compiler/index.ts';
import type { Launch } from './schedule-entry.ts';

/** Makes the executions of ticks of schedules that start the same. */
export type Start = (schedule: string, tick: UnixMs) => Started;

/** An execution, and the same as one of those that start the same. */
export interface Started {
  readonly execution: Execution;
  readonly like: Stenciled | undefined;
}

/** Finds out how to start, once for all ticks of a batch and again only when the plan or the active commit changes. */
export interface Launcher {
  /** A StalledError says why it cannot start. Rejects when the cluster does not answer. */
  readonly starts: (launches: ReadonlySet<Launch>) => Promise<ReadonlyMap<Launch, Start | StalledError>>;
}

interface Known {
  readonly version: string;
  readonly commit: string;
  readonly start: Start | StalledError;
}

export function createLauncher(cluster: Cluster): Launcher {
  const known = new Map<Launch, Known>();
  return {
    async starts(launches) {
      const plans = new Map<string, Promise<LaunchPlan | undefined>>();
      const commits = new Map<string, Promise<string | undefined>>();
      const found = await Promise.all(
        [...launches].map(async (launch): Promise<[Launch, Start | StalledError]> => {
          const { namespace, launchPlan, repository } = launch;
          const plan = await once(plans, `${namespace}/${launchPlan}`, () =>
            findObject<LaunchPlan>(cluster, { kind: 'LaunchPlan', namespace, name: launchPlan }),
          );
          if (plan === undefined) return [launch, missing(launch)];
          const active = await once(commits, `${repository}/${namespace}`, () =>
            activeCommit(cluster, repository, namespace),
          );
          return [launch, startOf(known, launch, plan, active ?? plan.spec.commit)];
        }),
      );
      return new Map(found);
    },
  };
}

/**
 * The name of a tick's execution: a hash of repository, schedule and tick in UTC, and of nothing else. No restart,
 * failover or new version of the definitions can therefore start a tick twice.
 */
export function tickExecutionName(schedule: Pick<Schedule, 'metadata' | 'spec'>, tick: UnixMs): string {
  const { namespace = '', name } = schedule.metadata;
  return nameOfTick(schedule.spec.repository, namespace, name, tick);
}

function nameOfTick(repository: string, namespace: string, schedule: string, tick: UnixMs): string {
  const hash = sha256(`${repository}\n${namespace}\n${schedule}\n${tick}`).slice(0, HASH_DIGITS);
  return `${schedule.slice(0, MAX_PREFIX).replace(/[-.]+$/, '')}-${hash}`;
}

/** Label values end at 63 characters. 16 hexadecimal digits are 64 bits: the stored tick is compared on a clash. */
const HASH_DIGITS = 16;
const MAX_PREFIX = 63 - 1 - HASH_DIGITS;

function once<T>(of: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const known = of.get(key) ?? read();
  of.set(key, known);
  return known;
}

function missing({ launchPlan, namespace }: Launch): StalledError {
  return new StalledError(
    'LaunchPlanMissing',
    `launch plan "${launchPlan}" is not active in ${namespace}; push it, or remove the schedule`,
  );
}

/** The commit that the namespace shows now; undefined when its repository is gone. */
async function activeCommit(cluster: Cluster, repository: string, namespace: string): Promise<string | undefined> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: repository };
  const status = (await findObject<Repository>(cluster, key))?.status;
  return status?.domains?.[namespace.slice(`${status.project ?? repository}-`.length)]?.lastApplied;
}

function startOf(known: Map<Launch, Known>, launch: Launch, plan: LaunchPlan, commit: string): Start | StalledError {
  const version = `${plan.metadata.uid}/${plan.metadata.resourceVersion}`;
  const before = known.get(launch);
  if (before?.version === version && before.commit === commit) return before.start;
  const start = makeStart(launch, plan, commit);
  if (known.size >= MAX_SHARED_RULES) known.clear();
  known.set(launch, { version, commit, start });
  return start;
}

function makeStart(launch: Launch, plan: LaunchPlan, commit: string): Start | StalledError {
  const { namespace, repository, launchPlan, kickoffTime, overlap, priority } = launch;
  const sample = inputsAt(launch, plan, 0);
  if (sample instanceof StalledError) return sample;
  const settings = launchSettings(plan.spec);
  const make: Make = (name, schedule, tick) =>
    newExecution({
      namespace,
      name,
      repository,
      commit,
      workflow: plan.spec.workflow,
      closure: plan.spec.workflowClosure,
      launchPlan,
      inputs: kickoffTime === undefined ? sample : { ...sample, [kickoffTime]: tick },
      trigger: { kind: 'schedule', schedule, tick },
      ...settings,
      ...(priority !== undefined && { priority }),
      ...(overlap !== 'allow' && { overlap }),
    });
  let uses = 0;
  let stencil: Stencil | undefined;
  const again = overlap === 'allow' && settings.concurrency === undefined ? copier(make, kickoffTime) : make;
  return (schedule, tick) => {
    const at = instantText(tick);
    const execution = again(nameOfTick(repository, namespace, schedule, tick), schedule, at);
    // Many starts are of one schedule alone.
    if (uses++ === 1) stencil = cut(make);
    const { name, labels } = execution.metadata;
    const like = stencil && { stencil, slots: [name, schedule, at, labels?.[LABEL.shardKey] as string] };
    return { execution, like };
  };
}

/** Makes what `make` does, from the one that it made first: of thousands in a second this is the larger part of the work. */
function copier(make: Make, kickoffTime: string | undefined): Make {
  const { metadata, spec, ...rest } = make('first', 'first', '');
  const { namespace = '', labels = {} } = metadata;
  return (name, schedule, tick) => ({
    ...rest,
    metadata: {
      ...metadata,
      name,
      labels: { ...labels, [LABEL.schedule]: schedule, [LABEL.shardKey]: String(shardKey(namespace, name)) },
    },
    spec: {
      ...spec,
      inputs: kickoffTime === undefined ? spec.inputs : { ...spec.inputs, [kickoffTime]: tick },
      trigger: { kind: 'schedule', schedule, tick },
    },
  });
}

type Make = (name: string, schedule: string, tick: string) => Execution;

/** Executions of one start differ in nothing but their name, schedule, tick and shard. */
function cut(make: Make): Stencil | undefined {
  return stencilOf(([name = '', schedule = '', tick = '', shard = '']) => {
    const { metadata, ...rest } = make(name, schedule, tick);
    return { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, [LABEL.shardKey]: shard } } };
  }, 4);
}

/** Complete inputs at some tick: at another one only `kickoffTime` differs, which takes every instant or none. */
function inputsAt(
  { inputs, kickoffTime, launchPlan }: Launch,
  { spec }: LaunchPlan,
  tick: UnixMs,
): Readonly<Record<string, Json>> | StalledError {
  const given: Record<string, Json> = { ...inputs };
  if (kickoffTime !== undefined) given[kickoffTime] = instantText(tick);
  const resolved = resolveInputs({ parameters: spec.interface.inputs, fixed: spec.fixedInputs, given });
  if (resolved.kind === 'ok') return resolved.inputs;
  const problems = resolved.problems.map(({ message }) => message).join('; ');
  return new StalledError('InvalidInputs', `launch plan "${launchPlan}": ${problems}`);
}
