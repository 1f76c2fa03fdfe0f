import { MAX_BATCH_INPUTS_BYTES } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { attemptTimers, isInterruptible, podName } from './attempt.ts';
import { batchEnds, batchMark } from './batch-results.ts';
import { pathOf, slugOf } from './frame.ts';
import type { Values } from './language.ts';
import { type MapState, subtaskFailures } from './map-state.ts';
import type { MapPlan, PlannedTask } from './plan.ts';
import { quotaError, takeRoom } from './room.ts';
import type { Round } from './round.ts';
import type { AttemptState, ExecutionIdentity, Frame, Terminated, Timer } from './state.ts';

/*
 * Subtasks that share a pod run in it one after the other. The first of them, the lead, stands for all in what is live: the
 * pod has its name. Members are of one group, so many neighbours as a batch has, and of a group one batch is live at most:
 * so a state that is restored knows by the phases alone who is with whom.
 */

/** A subtask that is about to start. */
export interface Member {
  readonly index: number;
  readonly values: Values;
  readonly text: string;
}

/** Its inputs stand in a script twice, with what names them. */
const MEMBER_BYTES = 512;

/** Whether a subtask can share a pod with others at all. No variable can hold a NUL. */
export function mayShare(node: MapPlan, map: MapState, { index, text }: Member): boolean {
  if (node.batch === 1 || text.includes('\\u0000') || sizeOf(text) > MAX_BATCH_INPUTS_BYTES) return false;
  const group = Math.floor(index / node.batch);
  for (const lead of map.batches.keys()) if (Math.floor(lead / node.batch) === group) return false;
  return true;
}

/** Whether it fits those that are to start together already. */
export function fits(node: MapPlan, batch: readonly Member[], { index, text }: Member): boolean {
  const [lead] = batch;
  if (lead === undefined) return true;
  if (batch.length >= node.batch || Math.floor(lead.index / node.batch) !== Math.floor(index / node.batch))
    return false;
  const bytes = batch.reduce((sum, member) => sum + sizeOf(member.text), sizeOf(text));
  return bytes <= MAX_BATCH_INPUTS_BYTES;
}

function sizeOf(text: string): number {
  return 2 * Buffer.byteLength(text) + MEMBER_BYTES;
}

/** Adds the effect that starts a batch; an error instead when what it asks for can never be given. */
export function startBatchEffect(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  batch: readonly Member[],
): ExecutionError | undefined {
  const { room } = round.settings;
  const refused = room && quotaError(room, node.task);
  if (refused !== undefined) return refused;
  const members = batch.map(({ index, values, text }) => {
    const { user, system } = subtaskFailures(map, index);
    return { index, attempt: user + system + 1, inputs: values, inputsText: text, system };
  });
  const { index, attempt } = members[0] as (typeof members)[number];
  const slug = slugOf(frame, node);
  const systemFailures = Math.max(...members.map(({ system }) => system));
  round.effects.push({
    kind: 'StartAttempt',
    node: frame.base + node.index,
    path: pathOf(frame, node),
    slug,
    index,
    attempt,
    ...(isInterruptible(node.task, round.state.execution, systemFailures) && { isInterruptible: true as const }),
    podName: podName(round.state.execution, slug, index, attempt),
    task: node.task,
    inputs: {},
    inputsText: '{}',
    members: members.map(({ system: _, ...member }) => member),
  });
  takeRoom(round, node.task);
  round.startsLeft--;
  round.transitionsLeft -= members.length;
  return undefined;
}

/** As `attemptTimers`: of a batch each member has its time to run. */
export function subtaskTimers(
  frame: Frame,
  node: MapPlan,
  map: MapState,
  lead: number,
  attempt: AttemptState,
): readonly Timer[] {
  const others = map.batches.get(lead);
  const task = others === undefined ? node.task : withTime(node.task, others.length + 1);
  return attemptTimers(frame.base + node.index, lead, attempt, task);
}

function withTime({ closure }: PlannedTask, count: number): Parameters<typeof attemptTimers>[3] {
  const { runMs, ...timeout } = closure.timeout;
  return { closure: { timeout: runMs === undefined ? timeout : { ...timeout, runMs: runMs * count } } };
}

export interface MemberEnd {
  readonly index: number;
  /** `Unbegun`: it has not run, or what it did cannot be told. It is its turn again, and nothing has failed. */
  readonly seen: Terminated | undefined | 'Unbegun';
  /** It ended before its pod did, whatever that was ended for. */
  readonly isOwn: boolean;
}

/**
 * What the end of its pod means for each member. Of those that hand back nothing the first was running: the end of the pod is
 * its own. When the pod never ran, that is so for all, and when the node ends too.
 */
export function endsOfBatch(
  execution: ExecutionIdentity,
  slug: string,
  members: readonly number[],
  attempt: AttemptState,
  seen: Terminated | undefined,
  isNodeOver: boolean,
): readonly MemberEnd[] {
  const lead = members[0] as number;
  const name = podName(execution, slug, lead, attempt.attempt);
  const told = seen === undefined ? new Map<number, Terminated>() : batchEnds(seen.message, batchMark(name));
  const hasRun = told.size > 0 || attempt.runningAt !== undefined || (seen?.ranMs ?? 0) > 0;
  const isClean = seen?.exitCode === 0 && seen.reason === 'Completed';
  // A pod that ends well has told of its lead at least.
  const isPartial = isClean && told.has(0);
  let isBlamed = isPartial;
  return members.map((index, place): MemberEnd => {
    const own = told.get(place);
    if (own !== undefined) return { index, seen: own, isOwn: true };
    if (isBlamed && hasRun && !isNodeOver) return { index, seen: 'Unbegun', isOwn: false };
    isBlamed = true;
    return { index, seen: isClean ? untold(seen) : seen, isOwn: false };
  });
}

function untold(seen: Terminated): Terminated {
  const message = 'its pod ended well and does not say how: the shell of its image could not run the batch';
  return { ...seen, reason: 'BatchUntold', message };
}
