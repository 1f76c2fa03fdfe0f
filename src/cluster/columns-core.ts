import { age } from './age.ts';
import { condition, count, type KindColumns, size, text, wide } from './column-cells.ts';
import { LABEL } from './labels.ts';
import type { KubeObject } from './object.ts';
import type { Pod } from './pod.ts';

interface CoreEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

/** Columns of Kubernetes' own kinds: the same words in the same order as kubectl shows for a cluster. */
export const CORE_CELLS: readonly (readonly [string, KindColumns])[] = [
  [
    'Pod',
    {
      columns: [
        text<Pod>('Ready', 'Containers that are ready, of all.', ready),
        text<Pod>('Status', 'Where it stands.', podStatus),
        count<Pod>('Restarts', 'Restarts of its containers.', restarts),
        wide<Pod>('Execution', 'Execution that it belongs to.', (it) => it.metadata.labels?.[LABEL.execution]),
        wide<Pod>('Node', 'Node that it is an attempt of.', (it) => it.metadata.labels?.[LABEL.node]),
        wide<Pod>('Attempt', 'Which attempt, from 1.', (it) => it.metadata.labels?.[LABEL.attempt]),
      ],
    },
  ],
  ['ConfigMap', { columns: [count('Data', 'Entries that it holds.', (it) => size(it.data) + size(it.binaryData))] }],
  [
    'Secret',
    {
      columns: [
        text('Type', 'What it is for.', (it) => it.type ?? 'Opaque'),
        count('Data', 'Entries that it holds.', (it) => size(it.data)),
      ],
    },
  ],
  [
    'Event',
    {
      showsName: false,
      showsAge: false,
      columns: [
        text<CoreEvent>('Last Seen', 'Time since it happened last.', (it, now) =>
          age(it.lastTimestamp ?? it.eventTime ?? it.metadata.creationTimestamp, now),
        ),
        text<CoreEvent>('Type', 'Normal or Warning.', (it) => it.type),
        text<CoreEvent>('Reason', 'One word for what happened.', (it) => it.reason),
        text<CoreEvent>(
          'Object',
          'What it happened to.',
          (it) => `${it.involvedObject?.kind?.toLowerCase() ?? ''}/${it.involvedObject?.name ?? ''}`,
        ),
        text<CoreEvent>('Message', 'What happened.', (it) => it.message?.trim()),
        wide<CoreEvent>('Source', 'Who saw it.', (it) => it.source?.component ?? it.reportingComponent),
        wide<CoreEvent>('Count', 'How often it happened.', (it) => it.count ?? 1),
        wide<CoreEvent>('Name', 'Name of the event.', (it) => it.metadata.name),
      ],
    },
  ],
  [
    'Namespace',
    {
      columns: [
        text('Status', 'Active or Terminating.', (it) =>
          it.metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating',
        ),
      ],
    },
  ],
  [
    'Lease',
    {
      columns: [
        text('Holder', 'Who holds it.', (it) => (it.spec as { holderIdentity?: string } | undefined)?.holderIdentity),
      ],
    },
  ],
];

function ready(it: Pod): string {
  const statuses = it.status?.containerStatuses ?? [];
  return `${statuses.filter((each) => each.ready).length}/${it.spec.containers.length}`;
}

function restarts(it: Pod): number {
  return (it.status?.containerStatuses ?? []).reduce((sum, each) => sum + each.restartCount, 0);
}

/** The word that kubectl shows: the container's reason says more than the phase. */
function podStatus(it: Pod): string {
  if (it.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (it.status?.reason !== undefined) return it.status.reason;
  const state = it.status?.containerStatuses?.[0]?.state;
  if (state?.waiting !== undefined) return state.waiting.reason;
  if (state?.terminated !== undefined) return state.terminated.reason;
  const unscheduled = condition(it.status?.conditions, 'PodScheduled');
  if (unscheduled?.status === 'False' && unscheduled.reason !== '') return unscheduled.reason;
  return it.status?.phase ?? 'Pending';
}
