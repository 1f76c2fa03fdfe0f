import { type Connected, carriedInputs, requestOf, resolveAgain, type SameRequest } from '../client/index.ts';
import type { Execution, Trigger } from '../cluster/index.ts';
import { resolveInputs } from '../compiler/index.ts';
import { suggest } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode, FailedError } from './errors.ts';
import { followExecution } from './follow-execution.ts';
import { notFoundHint } from './not-found.ts';
import { namespaceFor } from './scope.ts';
import { givenInputs, printCreated, startExecution, usableInputs, wantedCache, wantedName } from './start-execution.ts';
import { printable } from './terminal.ts';

/** The execution that the command line names. FailedError when it is not there, with `ifGone` as help. */
export async function readExecution(
  context: CommandContext,
  session: Connected,
  name: string,
  ifGone?: string,
): Promise<Execution> {
  const { cluster } = session;
  const namespace = await namespaceFor(context, session, 'Execution');
  const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
  try {
    return await cluster.get<Execution>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
  } catch (error) {
    if (error instanceof FailedError && error.help === undefined) throw new FailedError(error.message, ifGone);
    throw error;
  }
}

/** Starts an execution like `old`, with what --rev, --input, --cache and --name change, and follows it with --follow. */
export async function runAgain(
  context: CommandContext,
  input: CommandInput,
  session: Connected,
  old: Execution,
  trigger: Trigger,
): Promise<ExitCode> {
  const name = wantedName(input);
  const request = await changedRequest(context, input, session, old);
  const execution = await startExecution(context, session, name, { ...request, trigger, ...wantedCache(input) });
  const isFollowed = input.flag('follow');
  await printCreated(context, input, execution, isFollowed);
  return isFollowed ? followExecution(context, session, execution) : EXIT.ok;
}

async function changedRequest(
  context: CommandContext,
  input: CommandInput,
  { cluster }: Connected,
  old: Execution,
): Promise<SameRequest> {
  const rev = input.text('rev');
  const hasInputs = input.list('input').length > 0 || input.text('inputsFile') !== undefined;
  const same = requestOf(old);
  // Needs no revision: the closure is all that it runs.
  if (rev === undefined && !hasInputs) return same;
  const found = await resolveAgain(cluster, old, rev);
  const entity = old.spec.launchPlan ?? old.spec.workflow;
  if (found.kind === 'noRevision') {
    throw new FailedError(
      `nothing registered is called "${printable(found.rev)}"`,
      '`pipectl get revisions` lists all',
    );
  }
  if (found.kind === 'noEntity') {
    const meant = suggest(entity, found.names);
    const kind = old.spec.launchPlan === undefined ? 'workflow' : 'launch plan';
    throw new FailedError(
      `commit ${found.commit.slice(0, 7)} has no ${kind} "${entity}"`,
      meant === undefined ? 'start one of its own with `pipectl run`' : `did you mean "${meant}"?`,
    );
  }
  const { parameters, fixedInputs, ...runnable } = found.runnable;
  const { inputs: carried, dropped } = carriedInputs(old, found.runnable);
  for (const name of dropped) {
    context.stderr.write(
      `commit ${runnable.commit.slice(0, 7)} has no input "${printable(name)}" any more: left out\n`,
    );
  }
  const given = Object.assign(Object.create(null), carried, await givenInputs(context, input, parameters));
  const resolved = resolveInputs({ parameters, fixed: fixedInputs, given });
  const inputs = usableInputs(context, resolved, { ...runnable, name: entity });
  return rev === undefined ? { ...same, inputs } : { ...runnable, namespace: same.namespace, inputs };
}
