import type { LaunchPlan, Revision, Schedule, Workflow } from '../cluster/index.ts';
import { isSuspendedSchedule } from '../cluster/index.ts';
import type { Action } from './actions.ts';
import type { Field } from './state.ts';
import { describeTarget, graphTarget, inNamespace, keyOfId, yamlTarget } from './targets.ts';
import type { World } from './world.ts';

/** What can be done with an object of a kind. */
export function objectActions(world: World, kind: string, id: string, marks: ReadonlySet<string>): readonly Action[] {
  const { namespace, name } = keyOfId(id);
  const { objects } = world.objects(kind);
  const object = objects.get(id);
  const looking: readonly Action[] = [
    { key: 'd', label: 'describe', intent: { kind: 'go', target: describeTarget(kind, namespace, name) } },
    { key: 'y', label: 'YAML', intent: { kind: 'go', target: yamlTarget(kind, namespace, name) } },
  ];
  switch (object?.kind) {
    case 'LaunchPlan':
    case 'Workflow':
      return [...looking, ...launchActions(object as LaunchPlan | Workflow, namespace, name)];
    case 'Schedule':
      return [...looking, ...scheduleActions(object as Schedule, namespace, name)];
    case 'Repository':
      return [...looking, ...repositoryActions(name, (object.spec as { suspended?: boolean }).suspended === true)];
    case 'Revision':
      return [
        ...looking,
        ...revisionActions(
          object as Revision,
          [...marks].flatMap((each) => (objects.get(each) ?? []) as Revision),
        ),
      ];
    default:
      return looking;
  }
}

function launchActions({ kind, spec }: LaunchPlan | Workflow, namespace: string, name: string): readonly Action[] {
  const fields = Object.entries(spec.interface.inputs).map(([input, parameter]): Field => {
    const { type, required, default: given } = parameter;
    return { name: input, type, isRequired: required !== false && given === undefined, value: textOf(given) };
  });
  const field = kind === 'Workflow' ? 'workflow' : 'plan';
  return [
    {
      key: 'r',
      label: 'run',
      intent: {
        kind: 'form',
        title: `Run ${name}`,
        fields,
        argv: ['run', name, ...inNamespace(namespace)],
        label: 'run',
      },
    },
    {
      key: 'e',
      label: 'executions',
      intent: { kind: 'go', target: { kind: 'executions' }, filter: `${field}:${name}` },
    },
    {
      key: 'v',
      label: 'versions',
      intent: commandAt(`versions of ${name}`, [
        'revisions',
        spec.repository,
        '--of',
        `${kind.toLowerCase()}/${name}`,
        '--limit',
        '100',
        ...inNamespace(namespace),
      ]),
    },
    { key: 't', label: 'graph', intent: { kind: 'go', target: graphTarget(namespace, name, spec.commit) } },
    {
      key: 'b',
      label: 'blame',
      intent: commandAt(`history of ${name}`, ['blame', `${kind.toLowerCase()}/${name}`, ...inNamespace(namespace)]),
    },
  ];
}

function textOf(value: unknown): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

function scheduleActions(schedule: Schedule, namespace: string, name: string): readonly Action[] {
  const isSuspended = isSuspendedSchedule(schedule);
  const command = isSuspended ? 'resume' : 'suspend';
  const argv = [command, `schedule/${name}`, ...inNamespace(namespace)];
  const backfill = ['backfill', name, ...inNamespace(namespace)];
  const fields: readonly Field[] = [
    { name: '--from', type: 'time', isRequired: true, value: '' },
    { name: '--to', type: 'time', isRequired: false, value: '' },
    { name: '--concurrency', type: 'integer', isRequired: false, value: '1' },
  ];
  return [
    {
      key: 'z',
      label: command,
      intent: {
        kind: 'work',
        work: { label: `${command} ${name}`, commands: [argv] },
        ...(!isSuspended && { question: `Suspend ${name}? It does not tick until it is resumed.` }),
      },
    },
    {
      key: 'b',
      label: 'backfill',
      intent: { kind: 'form', title: `Backfill ${name}`, fields, argv: backfill, label: 'backfill' },
    },
    {
      key: 't',
      label: 'next ticks',
      intent: commandAt(`ticks of ${name}`, ['schedule', 'next', name, ...inNamespace(namespace)]),
    },
    { key: 'w', label: 'week', intent: commandAt('the week', ['calendar', ...inNamespace(namespace)]) },
  ];
}

function repositoryActions(name: string, isSuspended: boolean): readonly Action[] {
  const command = isSuspended ? 'resume' : 'suspend';
  const argv = isSuspended ? ['resume', `repository/${name}`] : ['suspend', name];
  return [
    { key: 'v', label: 'revisions', intent: { kind: 'go', target: { kind: 'objects', of: 'Revision' }, filter: name } },
    { key: 'D', label: 'drift', intent: commandAt(`drift of ${name}`, ['status', name]) },
    { key: 'H', label: 'audit', intent: commandAt(`audit of ${name}`, ['audit', '--name', name]) },
    { key: 'c', label: 'sync', intent: { kind: 'work', work: { label: `sync ${name}`, commands: [['sync', name]] } } },
    {
      key: 'z',
      label: command,
      intent: {
        kind: 'work',
        work: { label: `${command} ${name}`, commands: [argv] },
        ...(!isSuspended && { question: `Suspend ${name}? Nothing is polled, applied or healed until it is resumed.` }),
      },
    },
  ];
}

function revisionActions({ spec: { commit } }: Revision, marked: readonly Revision[]): readonly Action[] {
  const short = commit.slice(0, 7);
  return [
    marked.length === 0
      ? { key: 'D', label: 'diff to before', intent: diffOf(`${commit}~1`, commit, `what ${short} changed`) }
      : diffOfMarked(marked),
    {
      key: 'e',
      label: 'executions',
      intent: { kind: 'go', target: { kind: 'executions' }, filter: `commit:${short}` },
    },
  ];
}

/** From the earlier one of two to the later. */
function diffOfMarked(marked: readonly Revision[]): Action {
  const order = [...marked].sort((a, b) => (a.spec.committedAt < b.spec.committedAt ? -1 : 1));
  const [from = '', to = ''] = order.map(({ spec }) => spec.commit);
  const title = `${from.slice(0, 7)} to ${to.slice(0, 7)}`;
  const why = marked.length === 2 ? {} : { why: `mark two revisions; ${marked.length} marked now` };
  return { key: 'D', label: 'diff of the two', intent: diffOf(from, to, title), ...why };
}

function diffOf(from: string, to: string, title: string): Action['intent'] {
  return commandAt(title, ['diff', from, to]);
}

function commandAt(title: string, argv: readonly string[]): Action['intent'] {
  return { kind: 'go', target: { kind: 'command', title, argv } };
}
