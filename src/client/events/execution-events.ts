import { instantMs, type UnixMs } from '../../base/index.ts';
import { type Execution, type ExecutionPhase, isTerminalPhase, type Pod, steeringsOf } from '../../cluster/index.ts';
import type { WorkflowClosure } from '../../compiler/index.ts';
import type { EventActor, EventWhat, ExecutionEvent } from './event.ts';
import { nodeEvents } from './node-events.ts';

/**
 * The history of an execution in order: who did what, when and why. Nothing is written to keep it: it is read from what
 * the execution, its answers and the pods of its attempts say anyway. `closure` tells what a node waited for.
 */
export function executionEvents(
  execution: Execution,
  attempts: readonly Pod[],
  closure: WorkflowClosure | undefined,
): readonly ExecutionEvent[] {
  const { status, metadata } = execution;
  const createdAt = instantMs(metadata.creationTimestamp) ?? instantMs(status?.startedAt) ?? 0;
  const startedAt = instantMs(status?.startedAt);
  const events: ExecutionEvent[] = [
    { at: Math.min(createdAt, startedAt ?? createdAt), what: 'Created', ...creation(execution) },
    ...(startedAt === undefined ? [] : [{ at: startedAt, what: 'Started', by: ENGINE } as const]),
    ...steeringEvents(execution),
    ...answerEvents(execution, startedAt ?? createdAt),
    ...nodeEvents(execution, attempts, closure, startedAt ?? createdAt),
    ...ending(execution),
  ];
  // A stable sort: of one instant, what is listed first here came first, but ends come last.
  return events.sort((a, b) => a.at - b.at || rankOf(a.what) - rankOf(b.what));
}

const ENGINE: EventActor = { kind: 'engine' };

function rankOf(what: EventWhat): number {
  if (what === 'Created') return 0;
  if (what === 'Started') return 1;
  return what === 'Succeeded' || what === 'Failed' || what === 'TimedOut' || what === 'Aborted' ? 3 : 2;
}

function creation({ spec }: Execution): Pick<ExecutionEvent, 'by' | 'cause'> {
  const { trigger } = spec;
  switch (trigger.kind) {
    case 'schedule':
      return { by: { kind: 'scheduler', schedule: trigger.schedule }, cause: `tick ${trigger.tick}` };
    case 'execution':
      return { by: { kind: 'execution', name: trigger.execution }, cause: `node ${trigger.node}` };
    case 'manual':
      return { by: personOf(trigger.by) };
    case 'relaunch':
    case 'recover':
      return { by: personOf(trigger.by), cause: `${trigger.kind} of ${trigger.of}` };
  }
}

function personOf(name: string | undefined): EventActor {
  return { kind: 'person', ...(name !== undefined && { name }) };
}

const STEERED = { Paused: 'Paused', Running: 'Resumed', Aborted: 'AbortRequested' } as const;

function steeringEvents(execution: Execution): ExecutionEvent[] {
  return steeringsOf(execution).map(({ desired, by, reason, at }) => ({
    at: Date.parse(at),
    what: STEERED[desired],
    by: personOf(by),
    ...(reason !== undefined && { cause: reason }),
  }));
}

function answerEvents({ spec }: Execution, startedAt: UnixMs): ExecutionEvent[] {
  return Object.entries(spec.signals ?? {}).map(([node, { decision, by, reason, at }]) => {
    const said = decision === undefined ? 'sent its value' : `said ${decision}`;
    return {
      at: instantMs(at) ?? startedAt,
      what: 'Answered',
      by: personOf(by),
      node,
      cause: reason === undefined ? said : `${said}: ${reason}`,
    };
  });
}

function ending({ status }: Execution): ExecutionEvent[] {
  const at = instantMs(status?.finishedAt);
  if (status === undefined || at === undefined || !isTerminalPhase(status.phase)) return [];
  const { phase, error } = status;
  const where = error?.node === undefined ? '' : `node ${error.node}: `;
  const cause = error === undefined ? {} : { cause: `${where}${error.reason}: ${error.message}` };
  return [{ at, what: phase as Exclude<ExecutionPhase, 'Pending' | 'Queued' | 'Running'>, by: ENGINE, ...cause }];
}
