import type { ObjectReader, PushHandler, RefUpdate, UntakenPush } from '../../index.ts';
import type { HookHandler } from './hook-channel.ts';
import type { PushHead } from './push-head.ts';
import { endsInNothing } from './shallow-push.ts';

export interface AttendedPush {
  readonly repository: string;
  readonly pusher: string;
  readonly handler: PushHandler;
  /** Reads what the repository has without the push. */
  readonly stored: ObjectReader;
  /** Waits for the pushes before this one. */
  readonly begin: () => Promise<void>;
}

/** Answers the hooks of one push, and knows what git did not take of it in the end. */
export function attendPush(push: AttendedPush, head: PushHead) {
  const { repository, pusher, handler, stored, begin } = push;
  let isAsked = false;
  /** Accepted and not moved yet, by ref. */
  const accepted = new Map<string, RefUpdate>();
  const hooks: HookHandler = {
    async decide(updates, objects) {
      await begin();
      const ends = head.cutOff;
      if (ends.size > 0 && (await endsInNothing(updates, ends, objects, stored)))
        return { accepted: false, lines: CUT_OFF };
      isAsked = true;
      const verdict = await handler.decide({ repository, pusher, updates, objects });
      if (verdict.accepted) for (const update of updates) accepted.set(update.ref, update);
      return verdict;
    },
    landed(updates) {
      for (const { ref } of updates) accepted.delete(ref);
      return handler.landed({ repository, updates });
    },
  };
  /**
   * Refs that were accepted and did not move, or all of them, with what was said, when nothing was decided; undefined when
   * all is as it was told.
   */
  const untaken = (said: string | undefined): UntakenPush | undefined => {
    const left = { repository, updates: isAsked ? [...accepted.values()] : head.updates, objects: stored };
    if (!isAsked) return { ...left, ...(said !== undefined && { problem: said }) };
    return accepted.size === 0 ? undefined : left;
  };
  return { hooks, untaken };
}

/** Git itself refuses such a push after the decision, and then what was decided would stand for nothing. */
const CUT_OFF = [
  'pipectl: this comes from a shallow clone, and the commits behind it are not here:',
  'pipectl: `git fetch --unshallow`, then push again',
  'pipectl: rejected, nothing was changed',
];
