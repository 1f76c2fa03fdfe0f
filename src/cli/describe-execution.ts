import { durationText, type ExecutionView, type NodeView, shownOutputs } from '../client/index.ts';
import type { ExecutionCost } from '../cluster/index.ts';
import { isTerminalPhase } from '../cluster/index.ts';
import { printDuration } from '../language/index.ts';
import { factLines, valueLines } from './facts.ts';
import { styleOfPhase } from './phase-style.ts';
import { renderTable, type TableColumn } from './table.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** An execution for `describe`: where it stands, its nodes in order, what failed, what came out. */
export function describeExecution(view: ExecutionView, terminal: Terminal): string {
  const lines = [
    ...factLines(terminal, [
      ['Execution', paint(terminal, 'bold', view.name)],
      ['Namespace', view.namespace],
      ['Workflow', printable(view.workflow)],
      ['Launch plan', view.launchPlan === undefined ? undefined : printable(view.launchPlan)],
      ['Commit', `${view.commit} of ${view.repository}`],
      ['Trigger', triggerText(view)],
      ['Created', timeText(view.createdAt)],
      ['Started', timeText(view.startedAt)],
      ['Ended', timeText(view.finishedAt)],
      ['Phase', phaseText(view, terminal)],
      ['Timeout', timeoutText(view.timeout)],
      ['Interruptible', interruptibleText(view.interruptible)],
      ['Message', view.message === undefined ? undefined : printable(view.message)],
      ['Used', view.cost === undefined ? undefined : costText(view.cost)],
    ]),
  ];
  if (Object.keys(view.inputs).length > 0) lines.push('', 'Inputs:', ...valueLines(terminal, view.inputs));
  lines.push('', `Nodes: ${view.counts.ended} of ${view.counts.total} ended`, ...nodeLines(view, terminal));
  lines.push(...waitingLines(view), ...writtenLines(view));
  const failed = view.nodes.filter(({ error }) => error !== undefined);
  if (failed.length > 0) {
    lines.push('', 'Failures:');
    for (const node of failed) lines.push(...failureLines(view, node, terminal));
  }
  const outputs = shownOutputs(view.outputs, view.storedOutputs) ?? {};
  if (Object.keys(outputs).length > 0) lines.push('', 'Outputs:', ...valueLines(terminal, outputs));
  if (view.error !== undefined && view.error.node === undefined) {
    lines.push('', `${paint(terminal, 'red', view.error.reason)}: ${printable(view.error.message)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** `queue 10m, run 2h`. */
export function timeoutText(timeout: ExecutionView['timeout']): string | undefined {
  if (timeout === undefined) return undefined;
  const { queueMs, runMs, totalMs } = timeout;
  const parts = [
    ...(queueMs === undefined ? [] : [`queue ${printDuration(queueMs)}`]),
    ...(runMs === undefined ? [] : [`run ${printDuration(runMs)}`]),
    ...(totalMs === undefined ? [] : [`total ${printDuration(totalMs)}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

export function interruptibleText(interruptible: boolean | undefined): string | undefined {
  return interruptible === undefined ? undefined : interruptible ? 'yes, whatever tasks say' : 'no, whatever tasks say';
}

/** `attempts 12.0s, CPU 6.0s, memory 1.2 GiB·s`: what attempts ran, and what they asked for meanwhile. */
function costText({ attemptSeconds, cpuSeconds, memoryGiBSeconds }: ExecutionCost): string {
  const parts = [`attempts ${durationText(attemptSeconds * 1_000)}`];
  if (cpuSeconds !== undefined) parts.push(`CPU ${durationText(cpuSeconds * 1_000)}`);
  if (memoryGiBSeconds !== undefined) parts.push(`memory ${memoryGiBSeconds} GiB·s`);
  return parts.join(', ');
}

function triggerText({ trigger }: ExecutionView): string {
  switch (trigger.kind) {
    case 'schedule':
      return `schedule ${trigger.schedule}, tick ${trigger.tick}`;
    case 'execution':
      return `node ${printable(trigger.node)} of execution ${trigger.execution}`;
    case 'relaunch':
    case 'recover':
      return `${trigger.kind} of ${trigger.of}${trigger.by === undefined ? '' : `, by ${printable(trigger.by)}`}`;
    case 'manual':
      return `manual${trigger.by === undefined ? '' : `, by ${printable(trigger.by)}`}`;
  }
}

/** `Succeeded in 4.3s`, in its colour. */
export function phaseText({ phase, durationMs, isTerminal }: ExecutionView, terminal: Terminal): string {
  const style = styleOfPhase(phase);
  const shown = style === undefined ? phase : paint(terminal, style, phase);
  if (durationMs === undefined) return shown;
  return `${shown} ${isTerminal ? 'in' : 'for'} ${durationText(durationMs)}`;
}

/** What a node has come to, in a few words: `12/40 done, 1 failed`, `attempt 2`, `next attempt in 3.0s`. */
export function nodeNote(node: NodeView, now?: number): string {
  const notes: string[] = [];
  if (node.subtasks !== undefined) {
    const { size, succeeded, failed, reused } = node.subtasks;
    notes.push(`${succeeded}/${size} done${failed > 0 ? `, ${failed} failed` : ''}`);
    if (reused > 0) notes.push(`${reused} not run again`);
  }
  if (node.inner !== undefined) {
    const { size, succeeded, failed } = node.inner;
    notes.push(`${succeeded}/${size} nodes${failed > 0 ? `, ${failed} failed` : ''}`);
  }
  if (node.attempt !== undefined && node.attempt > 1) {
    const lost = node.systemFailures ?? 0;
    notes.push(`attempt ${node.attempt}${lost > 0 ? ` (${lost} lost to the system)` : ''}`);
  }
  if (node.ending !== undefined) notes.push(`is being ended: ${node.ending.reason}`);
  if (node.retryAt !== undefined && now !== undefined && node.retryAt > now) {
    notes.push(`next attempt in ${durationText(node.retryAt - now)}`);
  }
  if (node.reused !== undefined) notes.push(`from ${node.reused.execution}/${printable(node.reused.node)}`);
  if (node.message !== undefined) notes.push(printable(node.message));
  if (node.child !== undefined) notes.push(`${node.child.name} ${node.child.phase}`);
  if (node.decision !== undefined) notes.push(decisionText(node.decision));
  else if (node.wait !== undefined && !isTerminalPhase(node.phase)) notes.push(`waits for ${WAITED[node.wait.for]}`);
  return notes.join(', ');
}

const WAITED = { approval: 'approval', signal: 'a signal' } as const;

function decisionText({ decision, by, isDefault }: NonNullable<NodeView['decision']>): string {
  const what = decision === undefined ? 'sent' : decision === 'approve' ? 'approved' : 'rejected';
  return `${what}${isDefault === true ? ' by default' : by === undefined ? '' : ` by ${printable(by)}`}`;
}

/** The command that answers a waiting node; undefined: it does not wait. */
export function answerCommand(execution: string, { id, phase, wait }: NodeView): string | undefined {
  if (wait === undefined || isTerminalPhase(phase)) return undefined;
  if (wait.for === 'approval') return `pipectl approve ${execution} ${id}`;
  return `pipectl signal ${execution} ${id} --value …`;
}

/** What tasks of dynamic nodes wrote, and where it is kept. */
function writtenLines({ nodes }: ExecutionView): string[] {
  const written = nodes.flatMap(({ id, closure }) => (closure === undefined ? [] : [`  ${printable(id)}: ${closure}`]));
  if (written.length === 0) return [];
  return ['', 'Written workflows (`pipectl get closure DIGEST -n pipectl-system`):', ...written];
}

function waitingLines(view: ExecutionView): string[] {
  const lines: string[] = [];
  for (const node of view.nodes) {
    const command = answerCommand(view.name, node);
    const { wait } = node;
    if (command === undefined || wait === undefined) continue;
    const type = wait.type === undefined ? '' : ` (${printable(wait.type)})`;
    const until = node.wakeAt === undefined ? '' : `, until ${timeText(node.wakeAt)}`;
    lines.push(`  ${printable(node.id)}: ${WAITED[wait.for]}${type}${until}`);
    for (const line of wait.message?.split('\n') ?? []) lines.push(`    ${printable(line)}`);
    if (wait.refused !== undefined) lines.push(`    what was sent does not count: ${printable(wait.refused)}`);
    lines.push(`    ${command}`);
  }
  return lines.length === 0 ? [] : ['', 'Waits for:', ...lines];
}

const NODE_COLUMNS: readonly TableColumn[] = [
  { title: 'NODE', priority: 100, minWidth: 20 },
  { title: 'KIND', priority: 20 },
  { title: 'PHASE', priority: 90 },
  { title: 'DURATION', align: 'right', priority: 60 },
  { title: 'NOTE', priority: 70, minWidth: 12 },
  { title: 'AFTER', priority: 10, minWidth: 10 },
];

function nodeLines(view: ExecutionView, terminal: Terminal): string[] {
  const rows = view.nodes.map((node) => [
    `${'  '.repeat(node.depth)}${printable(node.depth === 0 ? node.id : (node.id.split('/').at(-1) ?? ''))}`,
    kindText(node),
    // A node that never left Pending when all is over has no later.
    view.isTerminal && node.phase === 'Pending' ? 'never started' : node.phase,
    node.durationMs === undefined ? '' : durationText(node.durationMs),
    nodeNote(node),
    node.upstream.map((path) => printable(path.split('/').at(-1) ?? '')).join(', '),
  ]);
  return renderTable(NODE_COLUMNS, rows, {
    columns: terminal.columns === undefined ? undefined : terminal.columns - 2,
    header: true,
    style: (text, column) => {
      const style = column === 2 ? styleOfPhase(text.trim()) : undefined;
      return style === undefined ? text : paint(terminal, style, text);
    },
  }).map((line) => `  ${line}`);
}

/** `task`, or `task (branch 2)` of a switch that has taken one. */
function kindText({ kind, branch }: NodeView): string {
  const word = kind === 'computeMap' ? 'map' : kind;
  if (branch === undefined) return word;
  return `${word} (${branch === 'else' ? 'else' : `branch ${branch + 1}`})`;
}

const KINDS_WITHOUT_TASKS: ReadonlySet<NodeView['kind']> = new Set([
  'compute',
  'computeMap',
  'approve',
  'signal',
  'sleep',
  'fail',
]);

/** Whether the node runs tasks, itself or behind it, whose logs tell more than its error. */
export function mayHaveLogs({ kind }: NodeView): boolean {
  return !KINDS_WITHOUT_TASKS.has(kind);
}

function failureLines(view: ExecutionView, node: NodeView, terminal: Terminal): string[] {
  const { reason, message, exitCode, signal } = node.error!;
  const how = exitCode !== undefined ? ` (exit code ${exitCode})` : signal !== undefined ? ` (signal ${signal})` : '';
  const text = message.split('\n').map(printable);
  const lines = [
    `  ${node.id}: ${paint(terminal, 'red', reason)}${how}: ${text[0]}`,
    ...text.slice(1).map((line) => `    ${line}`),
  ];
  if (mayHaveLogs(node)) lines.push(`    pipectl logs ${view.name}/${node.id}`);
  return lines;
}

function timeText(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
