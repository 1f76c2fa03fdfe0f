import { instantText, type Json, type UnixMs } from '../../base/index.ts';
import { durationText, type ExecutionView, type NodeView, shownOutputs, widthOf } from '../../client/index.ts';
import { humanDuration, isTerminalPhase } from '../../cluster/index.ts';
import type { ListColumn, ListContent } from '../content.ts';
import { clean, type Line, type Span, span } from '../line.ts';
import { phaseSpan } from '../phase.ts';
import { laneRows } from './lanes.ts';
import { timelineBar, timelineTitle } from './timeline.ts';
import { textMatcher } from './words.ts';

export interface ExecutionLook {
  readonly columns: number;
  /** Why what is shown may be old. */
  readonly problem?: string | undefined;
  readonly shape?: 'tree' | 'graph' | undefined;
  /** Words that must all be in what a row says. */
  readonly filter?: string;
}

/** One execution: its facts, the tree or the graph of its nodes, each with its bar in time. */
export function executionContent(
  view: ExecutionView,
  now: UnixMs,
  { columns, problem, shape, filter = '' }: ExecutionLook,
): ListContent {
  const { nodes, names } = filtered(shape === 'graph' ? graphOf(view.nodes) : treeOf(view.nodes), filter, now);
  const places = new Map(nodes.map(({ id }, at) => [id, at]));
  const from = view.startedAt ?? view.createdAt ?? now;
  const times = { from, until: Math.max(from + 1, view.finishedAt ?? now) };
  const notes = nodes.map((node) => noteOf(node, now));
  const note = problem === undefined ? emptyNote(view, nodes.length, filter) : [span(clean(problem), 'warn')];
  return {
    kind: 'list',
    facts: factsOf(view, now, columns),
    columns: columnsFor(names, notes),
    count: nodes.length,
    total: view.nodes.length,
    idAt: (index) => nodes[index]?.id,
    indexOf: (id) => places.get(id) ?? -1,
    cells(index) {
      const node = nodes[index];
      if (node === undefined) return [];
      return [span(names[index] ?? ''), phaseSpan(node.phase), span(tookOf(node)), span(notes[index] ?? '', 'dim')];
    },
    tail: {
      title: (room) => timelineTitle(times, room),
      draw: (index, room) => {
        const node = nodes[index];
        return node === undefined ? [] : timelineBar(node, times, now, room);
      },
    },
    ...(note !== undefined && { note }),
    detail(id, room) {
      const node = nodes[places.get(id) ?? -1];
      return node === undefined ? [] : nodeDetail(node, now, room);
    },
    waitOf(id) {
      const node = nodes[places.get(id) ?? -1];
      return node === undefined || isTerminalPhase(node.phase) ? undefined : node.wait;
    },
    sorts: [],
  };
}

/** Before it has been read, or when it is not there. */
export function missingExecution(problem: string | undefined): ListContent {
  return {
    kind: 'list',
    facts: [],
    columns: [],
    count: 0,
    total: 0,
    idAt: () => undefined,
    indexOf: () => -1,
    cells: () => [],
    note: [problem === undefined ? span('loading…', 'dim') : span(clean(problem), 'warn')],
    sorts: [],
  };
}

function columnsFor(names: readonly string[], notes: readonly string[]): readonly ListColumn[] {
  const widest = (texts: readonly string[], least: number): number => Math.max(least, ...texts.map(widthOf));
  return [
    { title: 'NODE', width: widest(names, 4), priority: 100, minWidth: 14 },
    { title: 'PHASE', width: 11, priority: 90, minWidth: 11 },
    { title: 'TOOK', width: 7, priority: 80, minWidth: 7, align: 'right' },
    { title: 'NOTE', width: Math.min(44, widest(notes, 4)), priority: 40, minWidth: 10 },
  ];
}

interface NamedNodes {
  readonly nodes: readonly NodeView[];
  /** What stands in the first column, node by node. */
  readonly names: readonly string[];
}

function treeOf(nodes: readonly NodeView[]): NamedNodes {
  return { nodes, names: nodes.map(nameOf) };
}

/** The nodes that fit; each keeps its place in the tree or the graph. */
function filtered({ nodes, names }: NamedNodes, filter: string, now: UnixMs): NamedNodes {
  const fits = textMatcher(filter);
  const kept = nodes.flatMap((node, at) => (fits([node.id, node.phase, noteOf(node, now)]) ? [at] : []));
  return { nodes: kept.flatMap((at) => nodes[at] ?? []), names: kept.map((at) => names[at] ?? '') };
}

/** By what comes after what; what a node runs comes after it. */
function graphOf(nodes: readonly NodeView[]): NamedNodes {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rows = laneRows(
    nodes.map(({ id, upstream }) => {
      const outer = id.slice(0, Math.max(0, id.lastIndexOf('/')));
      return { id, upstream: upstream.length === 0 && outer !== '' ? [outer] : upstream };
    }),
  );
  return {
    nodes: rows.flatMap(({ id }) => byId.get(id) ?? []),
    names: rows.map(({ id, drawing }) => `${drawing} ${clean(id.slice(id.lastIndexOf('/') + 1))}`),
  };
}

/** A node's own name, behind what shows that others run it. */
function nameOf({ id, depth }: NodeView): string {
  const own = id.slice(id.lastIndexOf('/') + 1);
  return clean(depth === 0 ? own : `${'  '.repeat(depth - 1)}└ ${own}`);
}

function tookOf({ durationMs }: NodeView): string {
  return durationMs === undefined ? '' : durationText(durationMs);
}

/** What a node has come to: subtasks, attempts, what it waits for, why it failed. */
function noteOf(node: NodeView, now: UnixMs): string {
  const notes: string[] = [];
  const { subtasks, inner, attempt, retryAt, error, wait, decision, child, reused } = node;
  if (subtasks !== undefined) notes.push(progressOf(subtasks));
  if (inner !== undefined) notes.push(progressOf(inner));
  if (attempt !== undefined && attempt > 1) notes.push(`attempt ${attempt}`);
  if (retryAt !== undefined && retryAt > now) notes.push(`again in ${durationText(retryAt - now)}`);
  if (wait !== undefined && decision === undefined && !isTerminalPhase(node.phase)) {
    notes.push(`waits for ${wait.for === 'approval' ? 'an approval' : 'a signal'}`);
  }
  if (decision?.decision !== undefined) notes.push(decision.decision === 'approve' ? 'approved' : 'rejected');
  if (child !== undefined) notes.push(child.name);
  if (reused !== undefined) notes.push(`from ${reused.execution}`);
  if (error !== undefined) notes.push(`${error.reason}: ${error.message}`);
  else if (node.message !== undefined) notes.push(node.message);
  return clean(notes.join(', ').split('\n', 1)[0] ?? '');
}

function progressOf({ size, succeeded, failed, running }: NonNullable<NodeView['inner']>): string {
  const parts = [`${succeeded}/${size} done`];
  if (running > 0) parts.push(`${running} running`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}

function factsOf(view: ExecutionView, now: UnixMs, columns: number): readonly Line[] {
  const { counts, durationMs, isTerminal } = view;
  const took = durationMs === undefined ? '' : ` ${isTerminal ? 'in' : 'for'} ${durationText(durationMs)}`;
  const done = `   ${counts.ended}/${counts.total} nodes`;
  const what: Span[] = [
    phaseSpan(view.phase),
    span(took),
    span(done, 'dim'),
    ...(counts.running > 0 ? [span(`, ${counts.running} running`, 'busy')] : []),
    ...(counts.failed > 0 ? [span(`, ${counts.failed} failed`, 'bad')] : []),
  ];
  const plan = view.launchPlan === undefined ? '' : ` by ${view.launchPlan}`;
  const from: Span[] = [
    span(`${clean(view.workflow)}${clean(plan)}`),
    span(`   commit ${view.commit.slice(0, 7)} of ${clean(view.repository)}`, 'dim'),
    span(`   ${clean(triggerText(view))}`, 'dim'),
    ...(view.createdAt === undefined ? [] : [span(`   ${humanDuration(now - view.createdAt)} ago`, 'dim')]),
  ];
  const inputs = valuesLine('in   ', view.inputs);
  const outputs = valuesLine('out  ', shownOutputs(view.outputs, view.storedOutputs) ?? {});
  const message = view.error === undefined ? view.message : `${view.error.reason}: ${view.error.message}`;
  return [
    what,
    from,
    ...(inputs === undefined ? [] : [inputs]),
    ...(outputs === undefined ? [] : [outputs]),
    ...(message === undefined
      ? []
      : [[span(clean(message.split('\n', 1)[0] ?? ''), view.error === undefined ? 'warn' : 'bad')]]),
    [span('─'.repeat(columns), 'dim')],
  ];
}

function triggerText({ trigger }: ExecutionView): string {
  switch (trigger.kind) {
    case 'schedule':
      return `tick ${trigger.tick} of ${trigger.schedule}`;
    case 'execution':
      return `run by ${trigger.execution}`;
    case 'relaunch':
    case 'recover':
      return `${trigger.kind} of ${trigger.of}`;
    case 'manual':
      return trigger.by === undefined ? 'by hand' : `by ${trigger.by}`;
  }
}

function valuesLine(title: string, values: Readonly<Record<string, Json>>): Line | undefined {
  const entries = Object.entries(values);
  if (entries.length === 0) return undefined;
  return [
    span(title, 'dim'),
    ...entries.flatMap(([name, value], at): Span[] => [
      span(`${at === 0 ? '' : '  '}${clean(name)}=`, 'dim'),
      span(valueText(value, 60)),
    ]),
  ];
}

function valueText(value: Json, most: number): string {
  const text = clean(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function emptyNote({ nodes, isTerminal }: ExecutionView, shown: number, filter: string): Line | undefined {
  if (shown > 0) return undefined;
  if (nodes.length > 0) return [span(`none of ${nodes.length} nodes fits "${clean(filter)}"`, 'dim')];
  return [span(isTerminal ? 'no node of it ran' : 'nothing of it has begun', 'dim')];
}

/** All that is known of a node, for the pane beside the tree. */
function nodeDetail(node: NodeView, now: UnixMs, columns: number): readonly Line[] {
  const fact = (name: string, value: string | undefined): readonly Line[] =>
    value === undefined || value === '' ? [] : [[span(name.padEnd(9), 'dim'), span(clean(value))]];
  const at = (ms: UnixMs | undefined): string | undefined => (ms === undefined ? undefined : instantText(ms));
  const { error, wait, decision } = node;
  const outputs = shownOutputs(node.outputs, node.storedOutputs);
  return [
    [span(clean(node.id), 'title')],
    [phaseSpan(node.phase), span(node.durationMs === undefined ? '' : `  ${durationText(node.durationMs)}`, 'dim')],
    [],
    ...fact('kind', node.kind),
    ...fact('after', node.upstream.join(', ')),
    ...fact('started', at(node.startedAt)),
    ...fact('ended', at(node.finishedAt)),
    ...fact('attempt', node.attempt === undefined ? undefined : String(node.attempt)),
    ...fact('note', noteOf({ ...node, error: undefined } as unknown as NodeView, now)),
    ...(wait?.message === undefined ? [] : fact('asks', wait.message)),
    ...(decision === undefined
      ? []
      : fact(
          'answered',
          `${decision.decision ?? 'value'} by ${decision.by ?? 'nobody'}, ${decision.reason ?? 'no reason'}`,
        )),
    ...(error === undefined ? [] : [[], [span(`${error.reason}`, 'bad')], ...paragraph(error.message, columns)]),
    ...(outputs === undefined || Object.keys(outputs).length === 0
      ? []
      : [
          [],
          [span('outputs', 'dim')] as Line,
          ...Object.entries(outputs).map(
            ([name, value]): Line => [span(`  ${clean(name)}  `, 'busy'), span(valueText(value, columns * 2))],
          ),
        ]),
  ];
}

/** A text in lines of at most `columns`, cut between words. */
function paragraph(text: string, columns: number): readonly Line[] {
  const lines: string[] = [];
  for (const part of text.split('\n')) {
    let line = '';
    for (const word of clean(part).split(' ')) {
      if (line !== '' && widthOf(line) + widthOf(word) + 1 > columns) {
        lines.push(line);
        line = '';
      }
      line += line === '' ? word : ` ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => [span(line)]);
}
