import {
  type Connected,
  type ExecutionEvent,
  eventId,
  executionEvents,
  follow,
  loadAttempts,
  loadNotifications,
  loadWorkflowClosure,
  notificationEvents,
} from '../../client/index.ts';
import { type Execution, isTerminalPhase, LABEL, labelValue, type ObjectKey, type Pod } from '../../cluster/index.ts';
import type { WorkflowClosure } from '../../compiler/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { eventJson, eventLines } from '../event-lines.ts';
import { notFoundHint } from '../not-found.ts';
import { jsonText, yamlText } from '../object-text.ts';
import { namespaceFor } from '../scope.ts';

/** `pipectl events EXECUTION[/NODE]`: its history, or what happens to it until it ends. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const target = input.arguments[0] ?? '';
  const slash = target.indexOf('/');
  const name = slash < 0 ? target : target.slice(0, slash);
  const node = slash < 0 ? undefined : target.slice(slash + 1);
  const session = await context.session();
  const { cluster } = session;
  const namespace = await namespaceFor(context, session, 'Execution');
  const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
  const execution = await cluster.get<Execution>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
  const closure = await loadWorkflowClosure(cluster, execution.spec.closure);
  const isMeant = ({ node: path = '' }: ExecutionEvent) =>
    node === undefined || path === node || path.startsWith(`${node}/`);
  const isOver = execution.status !== undefined && isTerminalPhase(execution.status.phase);
  if (input.flag('follow') && !isOver) return followEvents(context, input, session, key, execution, closure, isMeant);
  const history = executionEvents(execution, await loadAttempts(cluster, execution), closure);
  const told = notificationEvents(await loadNotifications(cluster, execution));
  const events = [...history, ...told].sort((a, b) => a.at - b.at).filter(isMeant);
  context.stdout.write(await textOf(context, input, events));
  return EXIT.ok;
}

async function textOf(
  { stdout }: CommandContext,
  input: CommandInput,
  events: readonly ExecutionEvent[],
): Promise<string> {
  switch (input.text('output')) {
    case 'json':
      return jsonText(events.map(eventJson));
    case 'yaml':
      return yamlText(events.map(eventJson));
    default:
      return `${eventLines(events, stdout, true).join('\n')}\n`;
  }
}

/** Tells each event once, as the execution and its pods show it, until the execution is over. */
async function followEvents(
  context: CommandContext,
  input: CommandInput,
  { cluster }: Connected,
  key: ObjectKey,
  first: Execution,
  closure: WorkflowClosure | undefined,
  isMeant: (event: ExecutionEvent) => boolean,
): Promise<ExitCode> {
  const told = new Set<string>();
  const tell = async (execution: Execution, pods: readonly Pod[]): Promise<void> => {
    const news = executionEvents(execution, pods, closure).filter(
      (event) => isMeant(event) && !told.has(eventId(event)),
    );
    if (news.length === 0) return;
    const isFirst = told.size === 0;
    for (const event of news) told.add(eventId(event));
    const format = input.text('output');
    if (format === 'json') for (const event of news) context.stdout.write(`${JSON.stringify(eventJson(event))}\n`);
    else if (format === 'yaml')
      for (const event of news) context.stdout.write(`---\n${await yamlText(eventJson(event))}`);
    else context.stdout.write(`${eventLines(news, context.stdout, isFirst).join('\n')}\n`);
  };
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const inNamespace = { ...(key.namespace !== undefined && { namespace: key.namespace }), signal };
  const pods = new Map<string, Pod>();
  let execution = first;
  const watchPods = async (): Promise<void> => {
    const labelSelector = `${LABEL.execution}=${labelValue(key.name)}`;
    for await (const batch of follow<Pod>(cluster, 'Pod', { ...inNamespace, labelSelector })) {
      for (const event of batch) if ('object' in event) pods.set(event.object.metadata.name, event.object);
      await tell(execution, [...pods.values()]);
    }
  };
  const watchExecution = async (): Promise<void> => {
    const fieldSelector = `metadata.name=${key.name}`;
    for await (const batch of follow<Execution>(cluster, 'Execution', { ...inNamespace, fieldSelector })) {
      for (const event of batch) if ('object' in event && event.type !== 'DELETED') execution = event.object;
      if (execution.status !== undefined && isTerminalPhase(execution.status.phase)) return;
      await tell(execution, [...pods.values()]);
    }
  };
  const watching = watchPods();
  await Promise.race([watchExecution(), watching]);
  ended.abort();
  await watching;
  if (context.signal.aborted) return EXIT.interrupted;
  // What the watches have not shown: the execution's end may overtake that of its last pods.
  await tell(execution, await loadAttempts(cluster, execution));
  return EXIT.ok;
}
