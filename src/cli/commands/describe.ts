import { type Connected, loadWorkflowClosure, resolveRevision, viewExecution } from '../../client/index.ts';
import type { Execution, KubeObject, ObjectKey } from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { describeDefinition, isDefinition } from '../describe-definition.ts';
import { describeExecution } from '../describe-execution.ts';
import { describeRevision } from '../describe-revision.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { notFoundHint } from '../not-found.ts';
import { yamlText } from '../object-text.ts';
import { kindOf, namespaceFor } from '../scope.ts';

/** `pipectl describe KIND NAME`: what a person asks about it, in the words of the field. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [word = '', name = ''] = input.arguments;
  const { kind } = kindOf(word);
  const session = await context.session();
  const namespace = await namespaceFor(context, session, kind);
  const key = { kind, name, ...(namespace !== undefined && { namespace }) };
  context.stdout.write(await describe(context, session, key));
  return EXIT.ok;
}

async function describe(context: CommandContext, { cluster }: Connected, key: ObjectKey): Promise<string> {
  const { stdout, clock } = context;
  if (key.kind === 'Revision') {
    const found = await resolveRevision(cluster, key.name);
    if (found !== undefined) return describeRevision(found, stdout);
  }
  const object = await cluster.get<KubeObject>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
  if (object.kind === 'Execution') {
    const execution = object as Execution;
    const closure = await loadWorkflowClosure(cluster, execution.spec.closure);
    return describeExecution(viewExecution(execution, closure, clock.now()), stdout);
  }
  if (isDefinition(object)) return describeDefinition(object, stdout, clock.now());
  // Bookkeeping of the API tells a person nothing.
  const { managedFields: _, ...metadata } = object.metadata as unknown as Record<string, unknown>;
  return yamlText({ ...object, metadata });
}
