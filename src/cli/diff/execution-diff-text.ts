import type { Json } from '../../base/index.ts';
import {
  cutTo,
  durationText,
  type ExecutionDiff,
  isSame,
  type NodeDiff,
  type NodeSide,
  padEnd,
  type Sides,
  type ValueChange,
  widthOf,
} from '../../client/index.ts';
import { valueText } from '../facts.ts';
import { styleOfPhase } from '../phase-style.ts';
import { renderTable, type TableColumn } from '../table.ts';
import { paint, printable, type Terminal } from '../terminal.ts';

/** What differs between two executions, for people. `definitions`: lines of the semantic diff of their commits. */
export function executionDiffText(
  terminal: Terminal,
  diff: ExecutionDiff,
  title: string,
  definitions: string | undefined,
): string {
  const { version, phase, durationMs } = diff;
  const sections = [
    [paint(terminal, 'bold', title)],
    pairLines(terminal, [
      ['Phase', phase],
      ['Duration', textSides(durationMs, durationText)],
      ['Commit', textSides(version.commit, (commit) => commit.slice(0, 7))],
      ['Workflow', version.workflow],
      ['Launch plan', version.launchPlan],
    ]),
    section(terminal, 'Inputs', valueChanges(terminal, diff.inputs)),
    section(terminal, 'Definitions', definitionLines(terminal, diff, definitions)),
    section(terminal, 'Nodes', nodeLines(terminal, diff)),
    section(terminal, 'Outputs', valueChanges(terminal, diff.outputs)),
    isSame(diff) ? ['no difference but in time'] : [],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function section(terminal: Terminal, title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [paint(terminal, 'bold', `${title}:`), ...lines.map((line) => `  ${line}`)];
}

function textSides<T>({ before, after }: Sides<T>, text: (value: T) => string): Sides<string> {
  return {
    ...(before !== undefined && { before: text(before) }),
    ...(after !== undefined && { after: text(after) }),
  };
}

function pairLines(terminal: Terminal, pairs: readonly (readonly [string, Sides<string>])[]): readonly string[] {
  const told = pairs.filter(([, { before, after }]) => before !== undefined || after !== undefined);
  return told.map(([name, { before, after }]) => {
    const same = before === after ? printable(before ?? '') : undefined;
    return `${paint(terminal, 'dim', padEnd(`${name}:`, 12))}  ${same ?? changeText(terminal, { before, after } as Sides<string>)}`;
  });
}

function changeText(terminal: Terminal, { before, after }: Sides<string>): string {
  const old = before === undefined ? paint(terminal, 'dim', 'none') : paint(terminal, 'red', printable(before));
  const fresh = after === undefined ? paint(terminal, 'dim', 'none') : paint(terminal, 'green', printable(after));
  return `${old} ${paint(terminal, 'dim', '→')} ${fresh}`;
}

function valueChanges(terminal: Terminal, changes: readonly ValueChange[]): readonly string[] {
  const width = Math.max(0, ...changes.map(({ name }) => widthOf(printable(name))));
  const room = Math.max(20, Math.floor(((terminal.columns ?? PIPE_COLUMNS) - width - 8) / 2));
  const short = (value: Json): string => cutTo(valueText(value), room);
  return changes.map((change) => {
    return `${padEnd(`${printable(change.name)}:`, width + 1)}  ${changeText(terminal, textSides<Json>(change, short))}`;
  });
}

function definitionLines(
  terminal: Terminal,
  { version }: ExecutionDiff,
  definitions: string | undefined,
): readonly string[] {
  if (definitions !== undefined) return definitions.trimEnd().split('\n');
  if (version.closure.before === version.closure.after) return [];
  const named = version.definitions;
  if (named === undefined) return ['they differ; a closure is not at hand any more'];
  const names = named.map(({ kind, name }) => `${kind.toLowerCase()} ${printable(name)}`);
  const where = paint(terminal, 'dim', 'in a checkout with both commits this tells what');
  return [names.length === 0 ? 'the workflow itself' : `the workflow, with ${names.join(', ')}`, where];
}

const NODE_COLUMNS: readonly TableColumn[] = [
  { title: 'NODE', priority: 100, minWidth: 20 },
  { title: 'BEFORE', priority: 90 },
  { title: 'AFTER', priority: 90 },
  { title: 'OUTPUTS', priority: 50, minWidth: 12 },
];

function nodeLines(terminal: Terminal, { nodes, sameNodes }: ExecutionDiff): readonly string[] {
  const rows = nodes.map((node) => [
    printable(node.node),
    sideText(node.before),
    sideText(node.after),
    outputsText(node),
  ]);
  const lines =
    rows.length === 0
      ? []
      : renderTable(NODE_COLUMNS, rows, {
          columns: terminal.columns === undefined ? undefined : terminal.columns - 2,
          header: true,
          style: (text, column) => {
            const style = column === 1 || column === 2 ? styleOfPhase(text.trim().split(' ')[0] ?? '') : undefined;
            return style === undefined ? text : paint(terminal, style, text);
          },
        });
  const same = sameNodes === 0 ? [] : [`${sameNodes} ${sameNodes === 1 ? 'node is' : 'nodes are'} the same`];
  return nodes.length === 0 ? [] : [...lines, ...same.map((line) => paint(terminal, 'dim', line))];
}

/** `Failed in 1.2s, attempt 3`. */
function sideText(side: NodeSide | undefined): string {
  if (side === undefined) return 'never started';
  const { phase, attempts, durationMs, subtasks, error } = side;
  const notes = [
    ...(subtasks === undefined ? [] : [`${subtasks.succeeded}/${subtasks.size} done`]),
    ...(attempts === undefined || attempts < 2 ? [] : [`attempt ${attempts}`]),
    ...(error === undefined ? [] : [error.reason]),
  ];
  return [`${phase}${durationMs === undefined ? '' : ` in ${durationText(durationMs)}`}`, ...notes].join(', ');
}

function outputsText({ outputs, before, after }: NodeDiff): string {
  // Where one side never ended, all its outputs differ: that is told by its phase.
  if (before === undefined || after === undefined || outputs.length === 0) return '';
  return outputs.map(({ name }) => printable(name)).join(', ');
}

const PIPE_COLUMNS = 200;
