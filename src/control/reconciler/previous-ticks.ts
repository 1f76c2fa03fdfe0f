import {
  canonicalJson,
  instantMs,
  instantText,
  type Json,
  MAX_PREVIOUS_TICKS,
  PREVIOUS_TICKS_MAX_AGE_MS,
  type UnixMs,
} from '../../base/index.ts';
import { tickFieldsOf } from '../../calendar/index.ts';
import {
  ANNOTATION,
  type KubeObject,
  type PreviousTicks,
  previousTicksOf,
  type Schedule,
  type ScheduleTicks,
} from '../../cluster/index.ts';
import { isEdited } from './definition.ts';

type Annotations = Readonly<Record<string, string>>;

/**
 * The annotations that tell by what rules `next` ticked before: those of `live`, the schedule in whose place it comes, unless
 * its rule changes with that. Then the old rule holds until `now` and the new one after it, whatever happens between this
 * write and the next look of the scheduler. Who turns a schedule off withdraws what it owes.
 */
export function tickAnnotations(live: KubeObject | undefined, next: KubeObject, now: UnixMs): Annotations {
  if (next.kind !== 'Schedule' || live === undefined) return {};
  const [before, after] = [live as Schedule, next as Schedule];
  const kept = annotationsOf(before);
  // What somebody changed past git never was the rule, and is no change when it is made undone.
  const isUndone = isEdited(before) && before.spec.closure === after.spec.closure;
  if (isUndone || isSameRule(before.spec, after.spec)) return kept;
  const since = { [ANNOTATION.activeSince]: instantText(now) };
  if (!after.spec.active || !before.spec.active) return since;
  const oldest = now - PREVIOUS_TICKS_MAX_AGE_MS;
  const earlier = previousTicksOf(before).filter(({ until }) => (instantMs(until) ?? 0) > oldest);
  const list = [...earlier, ruleUntil(before, now)].slice(-MAX_PREVIOUS_TICKS);
  return { ...since, [ANNOTATION.previousTicks]: canonicalJson(list as unknown as Json) };
}

function annotationsOf({ metadata }: Schedule): Annotations {
  const { [ANNOTATION.activeSince]: since, [ANNOTATION.previousTicks]: ticks } = metadata.annotations ?? {};
  return {
    ...(since !== undefined && { [ANNOTATION.activeSince]: since }),
    ...(ticks !== undefined && { [ANNOTATION.previousTicks]: ticks }),
  };
}

function ruleUntil({ metadata, spec }: Schedule, now: UnixMs): PreviousTicks {
  const since = metadata.annotations?.[ANNOTATION.activeSince];
  return { ...ticksOf(spec), ...(since !== undefined && { since }), until: instantText(now) };
}

function isSameRule(before: Schedule['spec'], after: Schedule['spec']): boolean {
  if (before.active !== after.active) return false;
  return canonicalJson(ticksOf(before) as unknown as Json) === canonicalJson(ticksOf(after) as unknown as Json);
}

function ticksOf(spec: ScheduleTicks): ScheduleTicks {
  const { spreadMs } = spec;
  return { ...tickFieldsOf(spec), ...(spreadMs !== undefined && { spreadMs }) };
}
