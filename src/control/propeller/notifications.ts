import { instantText, MAX_NOTIFICATION_TEXT } from '../../base/index.ts';
import {
  AlreadyExistsError,
  type Cluster,
  type Execution,
  type ExecutionError,
  isTerminalPhase,
  type MergePatch,
  type NodeStatus,
  type NotificationContent,
  type NotificationEvent,
  type NotificationRule,
  newNotification,
  type Write,
} from '../../cluster/index.ts';
import type { EngineState, Plan } from '../../propeller/index.ts';

type Happened = Pick<NotificationContent, 'event' | 'at' | 'error' | 'node' | 'message'>;
type Rules = readonly NotificationRule[] | undefined;

const NONE: readonly Write[] = [];

/**
 * Entries of the outbox for what a step has made happen, to be written with its delta: so none is lost, and none is about
 * what did not happen. Costs nothing where nobody is to be told.
 */
export function notificationWrites(
  execution: Execution,
  plan: Plan,
  state: EngineState,
  delta: MergePatch | undefined,
): readonly Write[] {
  const ofPlan = execution.spec.notifications;
  const ofWorkflow = plan.notifications;
  if (delta === undefined || (ofPlan === undefined && ofWorkflow === undefined)) return NONE;
  return [...endOf(delta, state), ...approvalsOf(delta)].flatMap((happened) =>
    outboxWrites(execution, ofWorkflow, state.startedAt, happened),
  );
}

/** The same for the end of an execution that the engine cannot run; its workflow may be what is at fault, and be unknown. */
export function quarantineNotifications(
  execution: Execution | undefined,
  plan: Plan | undefined,
  error: ExecutionError,
  finishedAt: string,
): readonly Write[] {
  if (execution === undefined) return NONE;
  return outboxWrites(execution, plan?.notifications, undefined, {
    event: 'Failed',
    at: finishedAt,
    error: short(error),
  });
}

/** Writes a batch whose notifications may be there already, where a cluster has no transactions. */
export async function writeWithOutbox(cluster: Cluster, writes: readonly Write[]): Promise<void> {
  for (let left = writes; ; ) {
    try {
      await cluster.write(left, { discard: true });
      return;
    } catch (error) {
      if (!(error instanceof AlreadyExistsError) || error.key.kind !== 'Notification') throw error;
      left = withoutNotification(left, error.key.name);
    }
  }
}

/** A batch without one that is there already: it says the same, since its name says what it is about. */
export function withoutNotification(writes: readonly Write[], name: string): readonly Write[] {
  return writes.filter(
    (write) => write.op !== 'create' || write.object.kind !== 'Notification' || write.object.metadata.name !== name,
  );
}

function endOf({ phase, finishedAt, error }: MergePatch, { root }: EngineState): readonly Happened[] {
  if (typeof phase !== 'string' || !isTerminalPhase(phase)) return [];
  const why = (error as ExecutionError | undefined) ?? root.error;
  const at = typeof finishedAt === 'string' ? finishedAt : '';
  return [{ event: phase as NotificationEvent, at, ...(phase !== 'Succeeded' && why && { error: short(why) }) }];
}

/** Nodes that begin to wait for an approval. One that waits on because the answer did not fit has been told of. */
function approvalsOf({ nodes }: MergePatch): readonly Happened[] {
  const patches = Object.entries((nodes ?? {}) as Readonly<Record<string, Partial<NodeStatus>>>);
  return patches.flatMap(([node, { phase, wait, startedAt }]): readonly Happened[] => {
    if (wait?.for !== 'approval' || wait.refused !== undefined || startedAt === undefined) return [];
    if (phase !== undefined && isTerminalPhase(phase)) return [];
    const message = wait.message === undefined ? {} : { message: cut(wait.message) };
    return [{ event: 'WaitingForApproval', at: startedAt, node, ...message }];
  });
}

function outboxWrites(
  execution: Execution,
  ofWorkflow: Rules,
  startedAt: number | undefined,
  happened: Happened,
): readonly Write[] {
  const { metadata, spec } = execution;
  const { repository, commit, workflow, launchPlan } = spec;
  const content: NotificationContent = {
    ...happened,
    execution: metadata.name,
    uid: metadata.uid ?? '',
    repository,
    commit,
    workflow,
    ...(launchPlan !== undefined && { launchPlan }),
    ...(startedAt !== undefined && { startedAt: instantText(startedAt) }),
  };
  const writesOf = (rules: Rules, owner: string): readonly Write[] =>
    (rules ?? []).flatMap(({ on, ...target }, at): readonly Write[] => {
      if (!on.includes(happened.event)) return [];
      return [{ op: 'create', object: newNotification(execution, content, target, `${owner}/${at}`) }];
    });
  return [...writesOf(ofWorkflow, 'workflow'), ...writesOf(spec.notifications, 'launchPlan')];
}

function short(error: ExecutionError): ExecutionError {
  return error.message.length <= MAX_NOTIFICATION_TEXT ? error : { ...error, message: cut(error.message) };
}

function cut(text: string): string {
  return text.length <= MAX_NOTIFICATION_TEXT ? text : `${text.slice(0, MAX_NOTIFICATION_TEXT - 1)}…`;
}
