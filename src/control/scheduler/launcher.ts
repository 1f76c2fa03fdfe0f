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
  SYSTEM_NAMESPACE,
  shardKey,
  stenciled,
  stencilOf,
  type Write,
  wholeObject,
} from '../../cluster/index.ts';
import { resolveInputs } from '../../compiler/index.ts';
import type { Launch } from './schedule-entry.ts';

/** Makes the writes that create the executions of ticks, of schedules that start the same. */
export type Start = (schedule: string, tick: UnixMs) => CreateWrite;

export type CreateWrite = Extract<Write, { readonly op: 'create' | 'createAlike' }>;

export function createdName(write: CreateWrite): string {
  return write.op === 'create' ? write.object.metadata.name : write.like.name;
}

export function createdExecution(write: CreateWrite): Execution {
  return (write.op === 'create' ? write.object : wholeObject(write.like)) as Execution;
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
  // A name ends in a letter or digit, but where it is cut.
  const prefix = schedule.length <= MAX_PREFIX ? schedule : schedule.slice(0, MAX_PREFIX).replace(/[-.]+$/, '');
  return `${prefix}-${hash}`;
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
  const isAlone = settings.concurrency === undefined;
  const limitShard = shardLabel(make('any', 'any', ''));
  const shardOf = (name: string): string => (isAlone ? String(shardKey(namespace, name)) : limitShard);
  let uses = 0;
  let stencil: Stencil | undefined;
  let last: { readonly tick: UnixMs; readonly text: string } | undefined;
  return (schedule, tick) => {
    if (last?.tick !== tick) last = { tick, text: instantText(tick) };
    const name = nameOfTick(repository, namespace, schedule, tick);
    // Many starts are of one schedule alone. Of those that must not overlap somebody will look at the whole execution.
    if (uses++ === 1 && overlap === 'allow') stencil = cut(make);
    const like = stencil && stenciled(stencil, [name, schedule, last.text, shardOf(name)]);
    if (like !== undefined) return { op: 'createAlike', key: { kind: 'Execution', namespace, name }, like };
    return { op: 'create', object: make(name, schedule, last.text) };
  };
}

type Make = (name: string, schedule: string, tick: string) => Execution;

/** Executions of one start differ in nothing but their name, schedule, tick and shard. */
function cut(make: Make): Stencil | undefined {
  return stencilOf(([name = '', schedule = '', tick = '', shard = '']) => {
    const { metadata, ...rest } = make(name, schedule, tick);
    return { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, [LABEL.shardKey]: shard } } };
  }, 4);
}

function shardLabel({ metadata }: Execution): string {
  return metadata.labels?.[LABEL.shardKey] ?? '';
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
