import type { Json } from '../base/index.ts';
import {
  type Connected,
  cutTo,
  durationText,
  type ExecutionView,
  followOne,
  loadWorkflowClosure,
  type NodeView,
  padEnd,
  padStart,
  storedText,
  viewExecution,
} from '../client/index.ts';
import { type Execution, isTerminalPhase } from '../cluster/index.ts';
import type { CommandContext } from './context.ts';
import { answerCommand, mayHaveLogs, nodeNote, phaseText } from './describe-execution.ts';
import { EXIT, type ExitCode } from './errors.ts';
import { valueLines } from './facts.ts';
import { styleOfPhase } from './phase-style.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/**
 * Prints each node as it changes, below them one live line of progress (at a terminal), and in the end the outputs.
 * Exit 0 when the execution succeeded, 1 when not; 130 when interrupted: the execution goes on.
 */
export async function followExecution(
  context: CommandContext,
  connected: Connected,
  execution: Execution,
): Promise<ExitCode> {
  const { signal, stderr, stdout } = context;
  const { name } = execution.metadata;
  const view = await watchExecution(context, connected, execution);
  if (signal.aborted) {
    stderr.write(
      `${name} goes on; \`pipectl describe execution ${name}\` shows it, \`pipectl abort ${name}\` ends it\n`,
    );
    return EXIT.interrupted;
  }
  if (view === undefined) {
    stderr.write(`${name} was deleted\n`);
    return EXIT.failed;
  }
  printEnd(view, stdout, stderr);
  return view.phase === 'Succeeded' ? EXIT.ok : EXIT.failed;
}

/** Prints the nodes as they change on stderr until the execution is over; undefined when it was deleted, or on abort. */
export async function watchExecution(
  { clock, signal, stderr }: CommandContext,
  { cluster }: Connected,
  execution: Execution,
): Promise<ExecutionView | undefined> {
  const context = { clock };
  const closure = await loadWorkflowClosure(cluster, execution.spec.closure);
  const { name, namespace } = execution.metadata;
  const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
  const progress = createProgress(stderr);
  const told = new Map<string, string>();
  let view = viewExecution(execution, closure, clock.now());
  const stopTicking = every(context, PROGRESS_INTERVAL_MS, () => progress.show(progressText(view, clock.now())));
  try {
    for await (const version of followOne<Execution>(cluster, key, signal)) {
      view = viewExecution(version, closure, clock.now());
      progress.print(changedNodes(view, told, stderr));
      progress.show(progressText(view, clock.now()));
      if (view.isTerminal) break;
    }
  } finally {
    stopTicking();
    progress.clear();
  }
  return view.isTerminal && !signal.aborted ? view : undefined;
}

/** One line for each node that began or ended since the last call, in the order of the graph. */
export function changedNodes(view: ExecutionView, told: Map<string, string>, terminal: Terminal): string[] {
  const width = Math.min(MAX_NODE_COLUMNS, Math.max(0, ...view.nodes.map(({ id }) => id.length)));
  const lines: string[] = [];
  for (const node of view.nodes) {
    const isNews = isTerminalPhase(node.phase) || (node.phase === 'Running' && node.kind !== 'compute');
    const state = `${node.phase} ${node.attempt ?? 1}`;
    if (!isNews || told.get(node.id) === state) continue;
    told.set(node.id, state);
    lines.push(nodeLine(node, width, terminal));
    const command = answerCommand(view.name, node);
    if (command !== undefined)
      lines.push(
        `${' '.repeat(width + 2)}${printable(node.wait?.message ?? '')}`,
        `${' '.repeat(width + 2)}${command}`,
      );
  }
  return lines;
}

function nodeLine(node: NodeView, width: number, terminal: Terminal): string {
  const style = styleOfPhase(node.phase);
  const phase = padEnd(node.phase, 'Succeeded'.length);
  const isOver = isTerminalPhase(node.phase);
  const duration = isOver && node.durationMs !== undefined ? durationText(node.durationMs) : '';
  // Of a node that runs, the error is that of the attempt before.
  const when = isOver ? '' : 'after ';
  const why = node.error === undefined ? '' : `${when}${node.error.reason}: ${node.error.message.split('\n')[0]}`;
  const notes = [
    isOver || node.subtasks === undefined ? nodeNote(node) : `${node.subtasks.size} subtasks`,
    printable(why),
  ];
  return [
    padEnd(cutTo(printable(node.id), MAX_NODE_COLUMNS), width),
    style === undefined ? phase : paint(terminal, style, phase),
    padStart(duration, 7),
    notes.filter((note) => note !== '').join('  '),
  ]
    .join('  ')
    .trimEnd();
}

/** `demand-x7k2pq  5/9 nodes  2 running  forecast 23/40  3.2s`. */
export function progressText(view: ExecutionView, now: number): string {
  const { counts } = view;
  const maps = view.nodes.flatMap(({ id, phase, subtasks }) =>
    subtasks === undefined || phase !== 'Running' ? [] : [`${printable(id)} ${subtasks.succeeded}/${subtasks.size}`],
  );
  return [
    view.name,
    `${counts.ended}/${counts.total} nodes`,
    counts.running > 0 ? `${counts.running} running` : '',
    counts.failed > 0 ? `${counts.failed} failed` : '',
    ...maps,
    view.startedAt === undefined ? (view.message === undefined ? 'waiting' : printable(view.message)) : '',
    view.startedAt === undefined ? '' : durationText((view.finishedAt ?? now) - view.startedAt),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function printEnd(view: ExecutionView, stdout: Terminal, stderr: Terminal): void {
  if (view.outputs !== undefined && Object.keys(view.outputs).length > 0) {
    if (stdout.isTerminal) stderr.write('outputs:\n');
    stdout.write(`${outputLines(stdout, view.outputs).join('\n')}\n`);
  }
  for (const [name, ref] of Object.entries(view.storedOutputs ?? {})) {
    stderr.write(`${printable(name)}: ${storedText(ref)}\n`);
  }
  if (view.phase !== 'Succeeded' && view.error !== undefined) {
    const { node, reason, message } = view.error;
    stderr.write(
      `${node === undefined ? '' : `${printable(node)}: `}${reason}: ${message.split('\n').map(printable).join('\n  ')}\n`,
    );
    const failed = view.nodes.find(({ id }) => id === node);
    if (failed !== undefined && mayHaveLogs(failed))
      stderr.write(`pipectl logs ${view.name}/${node} shows what it wrote\n`);
  }
  stderr.write(`${view.name} ${phaseText(view, stderr)}\n`);
}

/** At a pipe one `name: JSON` a line, which is YAML and whole; at a terminal aligned and cut to its width. */
function outputLines(terminal: Terminal, outputs: Readonly<Record<string, Json>>): string[] {
  if (terminal.isTerminal) return valueLines(terminal, outputs);
  return Object.entries(outputs).map(([name, value]) => {
    const key = /^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name);
    return printable(`${key}: ${JSON.stringify(value)}`);
  });
}

interface Progress {
  /** Lines that stay, above the live line. */
  print(lines: readonly string[]): void;
  /** Replaces the live line; a pipe has none. */
  show(text: string): void;
  clear(): void;
}

function createProgress(terminal: Terminal): Progress {
  let live = '';
  const erase = () => (live === '' ? '' : '\r\x1b[K');
  const canMove = terminal.isTerminal && terminal.columns !== undefined;
  const draw = () => {
    // One column less than the terminal has, or some wrap.
    live = live === '' ? '' : cutTo(live, (terminal.columns ?? 80) - 1);
    return paint(terminal, 'dim', live);
  };
  return {
    print(lines) {
      if (lines.length > 0) terminal.write(`${erase()}${lines.join('\n')}\n${canMove ? draw() : ''}`);
    },
    show(text) {
      if (!canMove) return;
      const before = erase();
      live = text;
      terminal.write(`${before}${draw()}`);
    },
    clear() {
      if (canMove) terminal.write(erase());
      live = '';
    },
  };
}

function every({ clock }: Pick<CommandContext, 'clock'>, intervalMs: number, run: () => void): () => void {
  let cancel = () => {};
  const again = () => {
    cancel = clock.at(clock.now() + intervalMs, () => {
      run();
      again();
    });
  };
  again();
  return () => cancel();
}

const PROGRESS_INTERVAL_MS = 100;
const MAX_NODE_COLUMNS = 40;
