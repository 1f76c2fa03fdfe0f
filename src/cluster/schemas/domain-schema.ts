import { list, oneOf, optional, record, type Schema, text, time, whole } from './schema.ts';

const DEFINITION = { kind: text('Its kind.'), name: text('Its name.') };

/** One domain of a repository's status. */
export const DOMAIN: Schema = record(
  {
    ref: text('The ref that the domain tracks.'),
    desired: optional(text('Head of that ref, to be reached.')),
    lastAttempted: optional(text('Commit that was tried last.')),
    lastApplied: optional(text('The active commit.')),
    lastAppliedAt: optional(time('When it became active.')),
    message: optional(text('What the reconciler says.')),
    history: optional(
      list(
        record(
          {
            commit: text('The commit.'),
            at: time('When it became active.'),
            created: whole('Definitions that it brought.'),
            updated: whole('Definitions that it changed.'),
            pruned: whole('Definitions that it removed.'),
          },
          'One commit.',
        ),
        'Commits that were active, newest first.',
      ),
    ),
    drift: optional(
      list(
        record(
          {
            ...DEFINITION,
            what: oneOf(['edited', 'deleted', 'added'], 'What was done to it.'),
            by: optional(text('Who did it.')),
            at: time('When.'),
            state: oneOf(['healed', 'waiting', 'suspended', 'kept'], 'Whether it was made undone.'),
          },
          'One definition.',
        ),
        'Changes that somebody made past git, newest first.',
      ),
    ),
    failed: optional(
      list(
        record({ ...DEFINITION, message: text('Why.') }, 'One definition.'),
        'Definitions that could not be applied; the rest was.',
      ),
    ),
    waiting: optional(
      list(
        record({ ...DEFINITION, reason: text('Why.') }, 'One definition.'),
        'Definitions whose removal waits for a person.',
      ),
    ),
    pruneHeld: optional(
      record(
        {
          count: whole('Definitions that would have been removed.'),
          of: whole('Definitions that are active.'),
          reason: text('Why they are kept.'),
        },
        'Removals that were not made.',
      ),
    ),
  },
  'One domain.',
);
