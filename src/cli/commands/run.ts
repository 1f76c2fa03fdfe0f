import { MAX_PRIORITY, MIN_PRIORITY } from '../../base/index.ts';
import { type Connected, type Runnable, type RunTarget, resolveRunnable, runTarget } from '../../client/index.ts';
import { resolveInputs } from '../../compiler/index.ts';
import { suggest } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { followExecution } from '../follow-execution.ts';
import { personOf } from '../person.ts';
import { namespaceFor } from '../scope.ts';
import {
  givenInputs,
  printCreated,
  startExecution,
  usableInputs,
  wantedCache,
  wantedName,
} from '../start-execution.ts';

/** `pipectl run NAME`: creates an execution pinned to one commit, and with --follow watches it to its end. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [name = ''] = input.arguments;
  const maxParallelism = input.integer('maxParallelism', { min: 1, max: 1_000_000 });
  const priority = input.integer('priority', { min: MIN_PRIORITY, max: MAX_PRIORITY });
  const ownName = wantedName(input);
  const session = await context.session();
  const target = await findTarget(context, session, input.text('rev'));
  const { parameters, fixedInputs, ...runnable } = await findRunnable(session, target, name);
  const given = await givenInputs(context, input, parameters);
  const inputs = usableInputs(context, resolveInputs({ parameters, fixed: fixedInputs, given }), { ...runnable, name });
  const execution = await startExecution(context, session, ownName, {
    ...runnable,
    namespace: target.namespace,
    inputs,
    trigger: { kind: 'manual', ...personOf(context) },
    ...(maxParallelism !== undefined && { maxParallelism }),
    ...(priority !== undefined && { priority }),
    ...wantedCache(input),
  });
  const isFollowed = input.flag('follow');
  await printCreated(context, input, execution, isFollowed);
  if (target.namespace !== target.usualNamespace && input.text('output') === undefined) {
    context.stderr.write(`it runs in ${target.namespace}: ask about it with -n ${target.namespace}\n`);
  }
  return isFollowed ? followExecution(context, session, execution) : EXIT.ok;
}

async function findTarget(
  context: CommandContext,
  session: Connected,
  rev: string | undefined,
): Promise<RunTarget & { readonly usualNamespace: string }> {
  const namespace = (await namespaceFor(context, session, 'Execution')) ?? 'default';
  const target = await runTarget(session.cluster, namespace, rev, context.global.namespace !== undefined);
  if (target !== undefined) return { ...target, usualNamespace: namespace };
  if (rev !== undefined)
    throw new FailedError(`nothing registered is called "${rev}"`, '`pipectl get revisions` lists all');
  throw new FailedError(
    `no commit is active in ${namespace}`,
    'push one with `git push pipectl main`, or choose with -n',
  );
}

async function findRunnable({ cluster }: Connected, target: RunTarget, name: string): Promise<Runnable> {
  const resolution = await resolveRunnable(cluster, target, name);
  if (resolution.kind === 'found') return resolution.runnable;
  const meant = suggest(name, resolution.names);
  throw new FailedError(
    `commit ${resolution.commit.slice(0, 7)} has no launch plan or workflow "${name}"`,
    meant === undefined ? `it has ${resolution.names.join(', ') || 'none'}` : `did you mean "${meant}"?`,
  );
}
