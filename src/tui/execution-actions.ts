import type { ExecutionRow } from '../client/index.ts';
import type { NodeWait } from '../cluster/index.ts';
import type { Action } from './actions.ts';
import type { KeyName } from './keys.ts';
import type { Field } from './state.ts';
import { describeTarget, eventsTarget, inNamespace, keyOfId, yamlTarget } from './targets.ts';
import type { World } from './world.ts';

/** What can be done with executions, by id: with one, or with all that are marked. */
export function executionActions(world: World, ids: readonly string[]): readonly Action[] {
  const rows = ids.map((id) => ({ ...keyOfId(id), row: world.executions().rows.get(id) }));
  const [first] = rows;
  if (first === undefined) return [];
  const { namespace, name } = first;
  const steering = (
    key: KeyName,
    command: string,
    why: (row: ExecutionRow) => string | undefined,
    question?: string,
  ): Action => {
    const possible = rows.filter(({ row }) => row === undefined || why(row) === undefined);
    const refusal = possible.length === 0 ? why(first.row as ExecutionRow) : undefined;
    const what = rows.length === 1 ? name : countText(possible.length, rows.length);
    const commands = possible.map((each) => [command, each.name, ...inNamespace(each.namespace)]);
    return {
      key,
      label: command,
      intent: {
        kind: 'work',
        work: { label: `${command} ${what}`, commands },
        ...(question !== undefined && { question: question.replace('%', what) }),
      },
      ...(refusal !== undefined && { why: refusal }),
    };
  };
  const approval = (key: KeyName, command: string): Action => ({
    ...steering(key, command, whyNotAnswered, `${command} what is asked for by %?`),
  });
  const looking: readonly Action[] = [
    { key: 'L', label: 'logs', intent: { kind: 'go', target: { kind: 'logs', namespace, name } } },
    { key: 'd', label: 'describe', intent: { kind: 'go', target: describeTarget('Execution', namespace, name) } },
    { key: 'y', label: 'YAML', intent: { kind: 'go', target: yamlTarget('Execution', namespace, name) } },
    { key: 'e', label: 'events', intent: { kind: 'go', target: eventsTarget(namespace, name) } },
  ];
  return [
    ...looking,
    ...(rows.some(({ row }) => row?.waiting) ? [approval('a', 'approve'), approval('x', 'reject')] : []),
    steering('A', 'abort', whyOver, 'Abort %? What still runs is ended; this cannot be undone.'),
    steering('p', 'pause', (row) => whyOver(row) ?? (isPaused(row) ? 'it is paused already' : undefined)),
    steering('P', 'resume', (row) => whyOver(row) ?? (isPaused(row) ? undefined : 'it is not paused')),
    steering('R', 'relaunch', () => undefined, 'Start % once more, with the same inputs?'),
    steering('V', 'recover', (row) => whyNotRecovered(row), 'Start % once more, from what is done?'),
  ];
}

/** Those that it can be done with, of all that are marked. */
function countText(possible: number, all: number): string {
  return possible === all ? `${all} executions` : `${possible} of ${all} executions`;
}

/** What can be done with one node of an execution, and with the execution. */
export function nodeActions(
  world: World,
  namespace: string,
  name: string,
  node: string,
  wait: NodeWait | undefined,
): readonly Action[] {
  const id = `${namespace}/${name}`;
  const waiting = world.executions().rows.get(id)?.waiting.split(',') ?? [];
  const signal = wait?.for === 'signal' ? [signalAction(namespace, name, node, wait)] : [];
  const actions = executionActions(world, [id]).map((action): Action => {
    switch (action.key) {
      case 'L':
        return { ...action, intent: { kind: 'go', target: { kind: 'logs', namespace, name, node } } };
      case 'a':
      case 'x':
        return answering(action, [action.label, name, node, ...inNamespace(namespace)], waiting.includes(node), node);
      default:
        return action;
    }
  });
  return [...signal, ...actions];
}

/** The value that a node waits for, typed in; the command checks it against the type. */
function signalAction(namespace: string, name: string, node: string, { type = 'any', message }: NodeWait): Action {
  const fields: readonly Field[] = [
    { name: '--value', type, isRequired: true, value: '' },
    { name: '--reason', type: 'string?', isRequired: false, value: '' },
  ];
  const title = message === undefined ? `Signal ${node}` : `Signal ${node}: ${message}`;
  const argv = ['signal', name, node, ...inNamespace(namespace)];
  return { key: 'i', label: 'signal', intent: { kind: 'form', title, fields, argv, label: 'send' } };
}

/** An answer to this node, though others wait as well. */
function answering({ key, label }: Action, argv: readonly string[], isWaiting: boolean, node: string): Action {
  const work = { label: `${label} ${node}`, commands: [argv] };
  return {
    key,
    label,
    intent: { kind: 'work', work, question: `${label} what ${node} asks for?` },
    ...(!isWaiting && { why: `${node} waits for no approval: select the node that does` }),
  };
}

function whyOver(row: ExecutionRow): string | undefined {
  return row.isOver ? `it has ended: ${row.phase}` : undefined;
}

function isPaused({ phase }: ExecutionRow): boolean {
  return phase.includes('(paused)');
}

function whyNotRecovered(row: ExecutionRow): string | undefined {
  if (!row.isOver) return 'it has not ended';
  return row.phase === 'Succeeded' ? 'it has succeeded: relaunch it' : undefined;
}

function whyNotAnswered(row: ExecutionRow): string | undefined {
  if (row.waiting === '') return 'it waits for no approval';
  return row.waiting.includes(',') ? `several nodes wait: open it and answer there (${row.waiting})` : undefined;
}
