import {
  type Connected,
  type ExecutionEvent,
  executionEvents,
  loadAttempts,
  loadWorkflowClosure,
  loadWrittenWorkflows,
  resolveRevision,
  revisionsOf,
  viewExecution,
} from '../../client/index.ts';
import type { Backfill, Execution, KubeObject, ObjectKey, Repository } from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { describeBackfill } from '../describe-backfill.ts';
import { describeDefinition, isDefinition } from '../describe-definition.ts';
import { describeExecution } from '../describe-execution.ts';
import { describeRepository, namedCommits } from '../describe-repository.ts';
import { describeRevision } from '../describe-revision.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { eventLines } from '../event-lines.ts';
import { notFoundHint } from '../not-found.ts';
import { shownObject, yamlText } from '../object-text.ts';
import { kindOf, namespaceFor } from '../scope.ts';
import type { Terminal } from '../terminal.ts';

/** `pipectl describe KIND NAME`: what a person asks about it, in the words of the field. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { kind, name } = target(input.arguments);
  const session = await context.session();
  const namespace = await namespaceFor(context, session, kind);
  const key = { kind, name, ...(namespace !== undefined && { namespace }) };
  context.stdout.write(await describe(context, session, key));
  return EXIT.ok;
}

/** KIND and NAME, or kubectl's KIND/NAME. */
function target([word = '', given]: readonly string[]): { kind: string; name: string } {
  const slash = given === undefined ? word.indexOf('/') : -1;
  const name = given ?? word.slice(slash + 1);
  if (given === undefined && (slash <= 0 || name === '')) {
    throw new UsageError(`which ${kindOf(word).kind}`, `\`pipectl get ${word}\` lists them`);
  }
  return { kind: kindOf(slash > 0 ? word.slice(0, slash) : word).kind, name };
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
    const events = executionEvents(execution, await loadAttempts(cluster, execution), closure);
    const view = viewExecution(execution, closure, clock.now(), await loadWrittenWorkflows(cluster, execution));
    return describeExecution(view, stdout) + lastEvents(events, key.name, stdout);
  }
  if (object.kind === 'Repository') {
    const repository = object as Repository;
    const revisions = await revisionsOf(cluster, key.name, namedCommits(repository));
    return describeRepository({ repository, revisions, now: clock.now() }, stdout);
  }
  if (object.kind === 'Backfill') return describeBackfill(object as Backfill, stdout);
  if (isDefinition(object)) return describeDefinition(object, stdout, clock.now());
  return yamlText(shownObject(object));
}

/** The end of an execution's history, newest last. */
function lastEvents(events: readonly ExecutionEvent[], name: string, terminal: Terminal): string {
  const shown = events.slice(-MAX_EVENTS);
  const all = events.length > shown.length ? `; \`pipectl events ${name}\` tells all ${events.length}` : '';
  const narrow = { ...terminal, columns: terminal.columns === undefined ? undefined : terminal.columns - 2 };
  const lines = eventLines(shown, narrow, true).map((line) => `  ${line}`);
  return `\nEvents${all}:\n${lines.join('\n')}\n`;
}

const MAX_EVENTS = 8;
