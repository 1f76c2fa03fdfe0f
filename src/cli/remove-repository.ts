import { type Connected, followOne, listAll } from '../client/index.ts';
import {
  type Cluster,
  deleteObject,
  type Execution,
  isTerminalPhase,
  LABEL,
  NotFoundError,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../cluster/index.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode, FailedError } from './errors.ts';
import { countWords } from './kind-words.ts';

const DEFINITION_KINDS = ['Workflow', 'Task', 'LaunchPlan', 'Schedule', 'Platform', 'Policy'];
const TIMEOUT_MS = 60_000;

/** Removes a repository with all that it made active; executions that run keep what they need, so they must be over. */
export async function removeRepository(
  context: CommandContext,
  { cluster }: Connected,
  repository: Repository,
  isPruned: boolean,
): Promise<ExitCode> {
  const { name } = repository.metadata;
  if (repository.spec.suspended === true) {
    throw new FailedError(
      `repository ${name} is suspended: nothing of it is removed`,
      `\`pipectl resume repository/${name}\` first`,
    );
  }
  await refuseWhileRunning(cluster, repository);
  const active = await activeCounts(cluster, repository);
  if (active.size > 0 && !isPruned) {
    throw new FailedError(`repository ${name} has ${countWords(active)} active`, 'they go with it: say --prune');
  }
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  await deleteObject(cluster, key);
  const isGone = await untilGone(context, cluster, repository);
  if (!isGone) {
    throw new FailedError(
      `repository ${name} is still being removed`,
      `\`pipectl status ${name}\` tells how far it is`,
    );
  }
  context.stdout.write(`repository ${name} is removed${active.size === 0 ? '' : `, with ${countWords(active)}`}\n`);
  return EXIT.ok;
}

/** An attempt that starts later reads the code of its task from the repository. */
async function refuseWhileRunning(cluster: Cluster, { metadata, status }: Repository): Promise<void> {
  const running: string[] = [];
  for (const domain of Object.keys(status?.domains ?? {})) {
    const { items } = await listAll<Execution>(cluster, 'Execution', { namespace: `${status?.project}-${domain}` });
    const live = items.filter(
      ({ spec, status: now }) => spec.repository === metadata.name && !isTerminalPhase(now?.phase ?? 'Pending'),
    );
    running.push(...live.map((execution) => execution.metadata.name));
  }
  if (running.length === 0) return;
  const named =
    running.length === 1 ? `execution ${running[0]} runs` : `${running.length} executions run, such as ${running[0]}`;
  throw new FailedError(`repository ${metadata.name} is in use: ${named}`, '`pipectl abort` ends them');
}

async function activeCounts(cluster: Cluster, { metadata, status }: Repository): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const domain of Object.keys(status?.domains ?? {})) {
    for (const kind of DEFINITION_KINDS) {
      const selection = {
        namespace: `${status?.project}-${domain}`,
        labelSelector: `${LABEL.repository}=${metadata.name}`,
      };
      const { items } = await listAll(cluster, kind, selection);
      if (items.length > 0) counts.set(kind, (counts.get(kind) ?? 0) + items.length);
    }
  }
  return counts;
}

/** Whether it went in time: the control plane empties its domains and deletes what it holds of git first. */
async function untilGone(
  { clock, signal }: CommandContext,
  cluster: Cluster,
  { metadata }: Repository,
): Promise<boolean> {
  const overdue = new AbortController();
  const cancel = clock.at(clock.now() + TIMEOUT_MS, () => overdue.abort());
  const stop = AbortSignal.any([signal, overdue.signal]);
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: metadata.name };
  try {
    for await (const _version of followOne<Repository>(cluster, key, stop)) if (stop.aborted) return false;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  } finally {
    cancel();
  }
  return !stop.aborted;
}
