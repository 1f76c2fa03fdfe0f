import type { ObjectReader, Oid, PushHandler, RefUpdate } from '../../index.ts';
import type { HookHandler } from './hook-channel.ts';
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
export function attendPush(push: AttendedPush, cutOffAt: () => ReadonlySet<Oid>) {
  const { repository, pusher, handler, stored, begin } = push;
  let isAsked = false;
  /** Accepted and not moved yet, by ref. */
  const accepted = new Map<string, RefUpdate>();
  const hooks: HookHandler = {
    async decide(updates, objects) {
      await begin();
      const ends = cutOffAt();
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
  /** Refs that were accepted and did not move; none when nothing was decided; undefined when all is as it was told. */
  const untaken = (): readonly RefUpdate[] | undefined =>
    isAsked && accepted.size === 0 ? undefined : [...accepted.values()];
  return { hooks, untaken };
}

/** Git itself refuses such a push after the decision, and then what was decided would stand for nothing. */
const CUT_OFF = [
  'pipectl: this comes from a shallow clone, and the commits behind it are not here:',
  'pipectl: `git fetch --unshallow`, then push again',
  'pipectl: rejected, nothing was changed',
];
