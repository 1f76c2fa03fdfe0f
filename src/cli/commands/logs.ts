import { MAX_FOLLOWED_LOGS } from '../../base/index.ts';
import {
  type Connected,
  follow,
  followOne,
  HANDLER_ID,
  isWithin,
  type LogSelection,
  type LogSource,
  listAll,
  loadAttempts,
  loadWorkflowClosure,
  logSourceOf,
  selectLogSources,
  throughChildren,
} from '../../client/index.ts';
import {
  type Execution,
  isTerminalPhase,
  LABEL,
  type LogOptions,
  type ObjectKey,
  type Pod,
} from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { createLogPrinter, type LogPrinter } from '../log-printer.ts';
import { notFoundHint } from '../not-found.ts';
import { namespaceFor } from '../scope.ts';
import { printable } from '../terminal.ts';

/**
 * `pipectl logs EXECUTION[/NODE[/INDEX]]`: what the attempts wrote, each line with its node when there are several. Of a node
 * that runs another execution, what that wrote.
 */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { name, selection: named } = parseTarget(input.arguments[0] ?? '', input);
  const session = await context.session();
  const namespace = await namespaceFor(context, session, 'Execution');
  const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
  const found = await session.cluster
    .get<Execution>(key)
    .catch((error: unknown) => notFoundHint(session.cluster, key, error));
  const { execution, path } = await throughChildren(session.cluster, found, named.node);
  const { node: _, ...rest } = named;
  const selection: LogSelection = { ...rest, ...(path !== undefined && { node: path }) };
  const tail = input.integer('tail', { min: 0, max: 1_000_000 });
  const options: LogOptions = {
    timestamps: input.flag('timestamps'),
    ...(tail !== undefined && { tailLines: tail }),
    signal: context.signal,
  };
  if (!input.flag('follow')) return printLogs(context, session, execution, selection, options);
  // One that is over may be archived, where nothing is watched, and nothing more comes.
  const isOver = execution.status !== undefined && isTerminalPhase(execution.status.phase);
  const follow = isOver ? printAttempts : followLogs;
  return follow(context, session, execution, selection, options);
}

function parseTarget(target: string, input: CommandInput): { name: string; selection: LogSelection } {
  const [name = '', ...path] = target.split('/');
  // Behind a node, a number is the index of a subtask.
  const index = path.length > 1 && /^\d{1,7}$/.test(path.at(-1) ?? '') ? path.pop() : undefined;
  const node = path.length === 0 ? undefined : path.join('/');
  if (name === '' || path.includes('')) {
    throw new UsageError(`"${target}" is not EXECUTION[/NODE[/INDEX]]`, 'for example nightly-x7k2pq/forecast/3');
  }
  const attempt = input.integer('attempt', { min: 1, max: 1_000_000 });
  return {
    name,
    selection: {
      ...(node !== undefined && { node }),
      ...(index !== undefined && { index: Number(index) }),
      ...(attempt !== undefined && { attempt }),
    },
  };
}

async function printLogs(
  context: CommandContext,
  { cluster }: Connected,
  execution: Execution,
  selection: LogSelection,
  options: LogOptions,
): Promise<ExitCode> {
  const closure = await loadWorkflowClosure(cluster, execution.spec.closure);
  const items = await loadAttempts(cluster, execution, selection.node);
  const order = closure?.nodes.map(({ id }) => id);
  const sources = selectLogSources(items.flatMap(toSource), selection, order).filter(({ hasStarted }) => hasStarted);
  if (sources.length === 0) {
    throw noLog(execution.metadata.name, selection, closure?.nodes);
  }
  const printer = createLogPrinter(context.stdout, sources.length > 1);
  for (const source of sources) await printLog(context, cluster.podLogs(source.key, options), printer, source);
  return EXIT.ok;
}

/** All that following an execution would have shown that is over. */
async function printAttempts(
  context: CommandContext,
  { cluster }: Connected,
  execution: Execution,
  selection: LogSelection,
  options: LogOptions,
): Promise<ExitCode> {
  const isOne = selection.index !== undefined || selection.attempt !== undefined;
  const printer = createLogPrinter(context.stdout, !isOne);
  const attempts = await loadAttempts(cluster, execution, selection.node);
  for (const source of attempts.flatMap(toSource)) {
    if (!source.hasStarted || !matches(source, selection)) continue;
    await printLog(context, cluster.podLogs(source.key, options), printer, source);
  }
  context.stderr.write(`${execution.metadata.name}: ${execution.status?.phase}\n`);
  return EXIT.ok;
}

/** Why there is nothing to print, as far as the graph tells. */
function noLog(
  name: string,
  { node, index, attempt }: LogSelection,
  nodes: readonly { readonly id: string; readonly kind: string }[] | undefined,
): FailedError {
  const [first = ''] = node?.split('/') ?? [];
  const isKnown = first === HANDLER_ID || nodes?.some(({ id }) => id === first) === true;
  const found = nodes?.find(({ id }) => id === node);
  if (node !== undefined && nodes !== undefined && !isKnown) {
    const ids = nodes.map(({ id }) => id).join(', ');
    return new FailedError(`${name} has no node "${node}"`, `its nodes are ${ids}`);
  }
  const target = [name, node, index].filter((part) => part !== undefined).join('/');
  const which = attempt === undefined ? target : `${target}, attempt ${attempt}`;
  const help =
    found?.kind === 'compute'
      ? 'a compute node runs no process'
      : `it has not run, or its pods are past retention; \`pipectl describe execution ${name}\` shows what ran`;
  return new FailedError(`there is no log of ${which}`, help);
}

/** Streams of all attempts as they appear, until the execution has ended and every stream with it. */
async function followLogs(
  context: CommandContext,
  { cluster }: Connected,
  execution: Execution,
  selection: LogSelection,
  options: LogOptions,
): Promise<ExitCode> {
  const isOne = selection.index !== undefined || selection.attempt !== undefined;
  const printer = createLogPrinter(context.stdout, !isOne);
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const seen = new Set<string>();
  const waiting: LogSource[] = [];
  const live = new Set<Promise<void>>();
  const start = () => {
    while (live.size < MAX_FOLLOWED_LOGS && waiting.length > 0) {
      const source = waiting.shift()!;
      const stream = cluster.podLogs(source.key, { ...options, follow: true });
      const done = printLog(context, stream, printer, source)
        // One log that cannot be read, because its pod was deleted for example, does not end the others.
        .catch((error: unknown) => {
          context.stderr.write(
            `${source.key.name}: ${printable(error instanceof Error ? error.message : String(error))}\n`,
          );
        })
        .finally(() => {
          live.delete(done);
          start();
        });
      live.add(done);
    }
  };
  const watching = (async () => {
    for await (const batch of follow<Pod>(cluster, 'Pod', { ...podsOf(execution, selection), signal })) {
      const found = batch.flatMap((event) =>
        'object' in event && event.type !== 'DELETED' ? toSource(event.object) : [],
      );
      for (const source of found) {
        if (!source.hasStarted || seen.has(source.key.name) || !matches(source, selection)) continue;
        seen.add(source.key.name);
        waiting.push(source);
      }
      start();
    }
  })();
  const last = await Promise.race([untilEnded(cluster, execution, signal), watching]);
  // Pods that the watch has not told yet: the execution's end may overtake them.
  const { items } = await listAll<Pod>(cluster, 'Pod', podsOf(execution, selection));
  for (const source of selectLogSources(items.flatMap(toSource), selection)) {
    if (source.hasStarted && !seen.has(source.key.name)) waiting.push(source);
  }
  start();
  while (live.size > 0) await Promise.race(live);
  ended.abort();
  await watching;
  if (context.signal.aborted) return EXIT.interrupted;
  if (last !== undefined) context.stderr.write(`${execution.metadata.name}: ${last}\n`);
  return EXIT.ok;
}

async function untilEnded(
  cluster: Connected['cluster'],
  { metadata }: Execution,
  signal: AbortSignal,
): Promise<string | undefined> {
  const key: ObjectKey = {
    kind: 'Execution',
    name: metadata.name,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
  };
  for await (const { status } of followOne<Execution>(cluster, key, signal)) {
    if (status !== undefined && isTerminalPhase(status.phase)) return status.phase;
  }
  return undefined;
}

async function printLog(
  context: CommandContext,
  stream: AsyncIterable<Uint8Array>,
  printer: LogPrinter,
  source: LogSource,
): Promise<void> {
  const write = printer.open(source);
  try {
    for await (const chunk of stream) write(chunk);
  } catch (error) {
    if (context.signal.aborted) return;
    throw error;
  } finally {
    write(undefined);
  }
}

function podsOf({ metadata, status }: Execution, { node }: LogSelection) {
  // What a node runs has labels of its own, and a path may be no label value.
  const runsOthers = Object.keys(status?.nodes ?? {}).some((path) => path.startsWith(`${node}/`));
  const byNode = node === undefined || node.includes('/') || runsOthers ? '' : `,${LABEL.node}=${node}`;
  return {
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    labelSelector: `${LABEL.execution}=${metadata.name}${byNode}`,
  };
}

function toSource(pod: Pod): LogSource[] {
  const source = logSourceOf(pod);
  return source === undefined ? [] : [source];
}

function matches(source: LogSource, { node, index, attempt }: LogSelection): boolean {
  return (
    (node === undefined || isWithin(source.node, node)) &&
    (index === undefined || source.index === index) &&
    (attempt === undefined || source.attempt === attempt)
  );
}
