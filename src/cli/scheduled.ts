import { instantText } from '../base/index.ts';
import type { Connected } from '../client/index.ts';
import {
  ANNOTATION,
  type Backfill,
  isSuspendedSchedule,
  type KubeObject,
  type MergePatch,
  type ObjectKey,
  patchObject,
  type Schedule,
} from '../cluster/index.ts';
import type { CommandContext } from './context.ts';
import { FailedError } from './errors.ts';
import { notFoundHint } from './not-found.ts';
import { personOf } from './person.ts';
import { namespaceFor } from './scope.ts';
import { readSuspension, type Suspension } from './suspension.ts';

/** A schedule or a backfill, as `schedule/NAME` or `backfill/NAME` names it on a command line. */
export interface ScheduledWord {
  readonly kind: 'Schedule' | 'Backfill';
  readonly name: string;
}

const WORD = /^(?:(schedules?|scheds?)|(backfills?|bfs?))(?:\.pipectl\.dev)?\/(.+)$/i;

/** What the word names; undefined for names of other things. */
export function scheduledWord(word: string): ScheduledWord | undefined {
  const found = WORD.exec(word);
  if (found === null) return undefined;
  return { kind: found[1] === undefined ? 'Backfill' : 'Schedule', name: found[3] as string };
}

/** Suspends it: a schedule does not tick, a backfill starts nothing more. */
export async function suspendScheduled(
  context: CommandContext,
  session: Connected,
  word: ScheduledWord,
  reason: string | undefined,
): Promise<void> {
  const { object, key } = await find(context, session, word);
  if (object.kind === 'Backfill') return setBackfill(context, session, key, object as Backfill, 'Paused');
  if (isSuspendedSchedule(object)) {
    context.stderr.write(`schedule ${word.name} is suspended already\n`);
    return;
  }
  const suspension = {
    at: instantText(context.clock.now()),
    ...personOf(context),
    ...(reason !== undefined && { reason }),
  };
  await patchObject(session.cluster, key, suspendedPatch(JSON.stringify(suspension)));
  context.stdout.write(`schedule ${word.name} is suspended: it does not tick until it is resumed\n`);
}

/** Lets it go on. */
export async function resumeScheduled(context: CommandContext, session: Connected, word: ScheduledWord): Promise<void> {
  const { object, key } = await find(context, session, word);
  if (object.kind === 'Backfill') return setBackfill(context, session, key, object as Backfill, 'Running');
  if (!isSuspendedSchedule(object)) {
    context.stderr.write(`schedule ${word.name} is not suspended\n`);
    return;
  }
  await patchObject(session.cluster, key, suspendedPatch(null));
  const { policy } = (object as Schedule).spec.catchUp;
  const missed = {
    all: 'every missed tick runs',
    latest: 'the last missed tick runs',
    none: 'missed ticks are dropped',
  };
  context.stdout.write(`schedule ${word.name} goes on: ${missed[policy]}\n`);
}

/** Ends a backfill and what it runs. */
export async function abortBackfill(context: CommandContext, session: Connected, word: ScheduledWord): Promise<void> {
  if (word.kind === 'Schedule') {
    const help = `\`pipectl suspend schedule/${word.name}\` keeps it from ticking`;
    throw new FailedError('a schedule is nothing that runs', help);
  }
  const { object, key } = await find(context, session, word);
  await setBackfill(context, session, key, object as Backfill, 'Aborted');
}

/** Who suspended a schedule, as far as it is known; undefined for one that is not suspended. */
export function scheduleSuspension(schedule: Schedule): Suspension | undefined {
  if (!isSuspendedSchedule(schedule)) return undefined;
  return readSuspension(schedule.metadata.annotations?.[ANNOTATION.suspended]);
}

async function find(
  context: CommandContext,
  session: Connected,
  { kind, name }: ScheduledWord,
): Promise<{ readonly object: KubeObject; readonly key: ObjectKey }> {
  const namespace = await namespaceFor(context, session, kind);
  const key = { kind, name, ...(namespace !== undefined && { namespace }) };
  const { cluster } = session;
  const object = await cluster.get<KubeObject>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
  return { object, key };
}

function suspendedPatch(suspension: string | null): MergePatch {
  return { metadata: { annotations: { [ANNOTATION.suspended]: suspension } } };
}

const DONE = {
  Paused: { done: 'is suspended: what runs goes on, nothing new starts', already: 'is suspended already' },
  Running: { done: 'goes on', already: 'is not suspended' },
  Aborted: { done: 'is being aborted', already: 'is being aborted already' },
} as const;

async function setBackfill(
  { stdout, stderr }: CommandContext,
  { cluster }: Connected,
  key: ObjectKey,
  { spec, status }: Backfill,
  desired: keyof typeof DONE,
): Promise<void> {
  const { name } = key;
  if (status?.finishedAt !== undefined) {
    stderr.write(`backfill ${name} has ended already: ${status.phase}\n`);
    return;
  }
  const current = spec.desired ?? 'Running';
  if (current === desired) {
    stderr.write(`backfill ${name} ${DONE[desired].already}\n`);
    return;
  }
  if (current === 'Aborted') throw new FailedError(`backfill ${name} is being aborted, which nothing calls back`);
  await patchObject(cluster, key, { spec: { desired } });
  stdout.write(`backfill ${name} ${DONE[desired].done}\n`);
}
