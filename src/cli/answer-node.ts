import { instantText, type Json } from '../base/index.ts';
import { type Connected, type FoundNode, findNode, nodeStatusOf } from '../client/index.ts';
import {
  type Execution,
  InvalidError,
  isTerminalPhase,
  type NodeSignal,
  type NodeStatus,
  type NodeWait,
  type ObjectKey,
} from '../cluster/index.ts';
import { suggest } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from './errors.ts';
import { notFoundHint } from './not-found.ts';
import { personOf } from './person.ts';
import { namespaceFor } from './scope.ts';
import { printable } from './terminal.ts';

/** A node that may be answered. */
export interface Answer {
  readonly session: Connected;
  readonly key: ObjectKey;
  readonly execution: Execution;
  readonly path: string;
  /** Printed types of the value that a signal may have: one, unless a switch is yet to choose. */
  readonly types: readonly string[];
}

const KIND = { approval: 'approve', signal: 'signal' } as const;

/** The node that the command line means. Throws FailedError with what to do when it cannot be answered. */
export async function openAnswer(context: CommandContext, input: CommandInput, what: NodeWait['for']): Promise<Answer> {
  const [name = '', given, ...rest] = input.arguments;
  if (rest.length > 0) throw new UsageError('one node at a time', `the first is ${given}`);
  const session = await context.session();
  const { cluster } = session;
  const namespace = await namespaceFor(context, session, 'Execution');
  const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
  const execution = await cluster.get<Execution>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
  const { status } = execution;
  if (status !== undefined && isTerminalPhase(status.phase)) {
    throw new FailedError(`${name} has ended already: ${status.phase}`);
  }
  const path = given ?? onlyWaiting(execution, what);
  const known = nodeStatusOf(execution, path);
  if (known !== undefined && isTerminalPhase(known.phase)) throw new FailedError(endedText(path, known));
  const types = typesOf(name, path, what, known, await findNode(cluster, execution, path));
  return { session, key, execution, path, types };
}

/** Writes the answer. Exit 0: it is the first one, and durable. */
export async function answerNode(
  { env, clock, stdout }: CommandContext,
  input: CommandInput,
  { session, key, execution, path }: Answer,
  said: Pick<NodeSignal, 'decision' | 'value' | 'valueText'>,
): Promise<ExitCode> {
  const reason = input.text('reason');
  const signal: NodeSignal = {
    ...said,
    ...(reason !== undefined && { reason }),
    ...personOf({ env }),
    at: instantText(clock.now()),
  };
  const status = nodeStatusOf(execution, path);
  const patchOf = (value: Json) => ({ op: 'patch', key, patch: { spec: { signals: { [path]: value } } } }) as const;
  try {
    // One that the engine could not use stands in the way of the next.
    if (status?.wait?.refused !== undefined) await session.cluster.write([patchOf(null)]);
    await session.cluster.write([patchOf(signal as unknown as Json)]);
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    throw new FailedError(
      `${path} was not answered: ${error.causes.map(({ message }) => message).join('; ') || error.message}`,
    );
  }
  const done =
    said.decision === undefined ? 'has its value' : said.decision === 'approve' ? 'is approved' : 'is rejected';
  const when = status?.wait === undefined ? '; it has not come to its turn, and keeps the answer' : '';
  stdout.write(`${printable(path)} ${done}${when}\n`);
  return EXIT.ok;
}

function onlyWaiting(execution: Execution, what: NodeWait['for']): string {
  const { name } = execution.metadata;
  const waiting = Object.entries(execution.status?.nodes ?? {})
    .filter(([, { phase, wait }]) => wait?.for === what && !isTerminalPhase(phase))
    .map(([path]) => path);
  const [only, ...others] = waiting;
  if (only === undefined) {
    throw new FailedError(
      `no node of ${name} waits for ${what === 'signal' ? 'a signal' : 'an approval'} now`,
      `name one to answer ahead; \`pipectl describe execution ${name}\` shows all`,
    );
  }
  if (others.length > 0) throw new UsageError(`which node?`, `these wait: ${waiting.map(printable).join(', ')}`);
  return only;
}

function endedText(path: string, { phase, decision }: NodeStatus): string {
  if (decision === undefined) return `${path} has ended already: ${phase}`;
  const what =
    decision.decision === undefined
      ? 'got its value'
      : decision.decision === 'approve'
        ? 'was approved'
        : 'was rejected';
  const who = decision.isDefault === true ? ' by default' : decision.by === undefined ? '' : ` by ${decision.by}`;
  return `${path} ${what} already${who} at ${decision.at}`;
}

function typesOf(
  name: string,
  path: string,
  what: NodeWait['for'],
  status: NodeStatus | undefined,
  found: FoundNode,
): readonly string[] {
  if (status?.wait?.for === what) return status.wait.type === undefined ? [] : [status.wait.type];
  if (found.kind === 'missing') {
    const id = path.slice(path.lastIndexOf('/') + 1);
    const meant = suggest(id, found.ids);
    const help = meant === undefined ? `it has ${found.ids.join(', ') || 'none there'}` : `did you mean "${meant}"?`;
    throw new FailedError(`${name} has no node "${path}"`, help);
  }
  if (found.kind === 'unknown') {
    throw new FailedError(`what ${path} of ${name} is cannot be read, and it does not wait`, 'answer it when it does');
  }
  const fitting = found.actions.filter(({ kind }) => kind === KIND[what]);
  if (fitting.length === 0) {
    const kind = found.actions[0]?.kind ?? 'node';
    throw new FailedError(
      `${path} of ${name} is ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind} node, which takes no ${what}`,
    );
  }
  return [...new Set(fitting.flatMap((action) => (action.kind === 'signal' ? [action.outputs.value ?? 'json'] : [])))];
}
