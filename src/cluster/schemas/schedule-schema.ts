import { MAX_BACKFILL_CONCURRENCY } from '../../base/index.ts';
import type { KindSchema } from './kind-schemas.ts';
import {
  anything,
  between,
  type Field,
  flag,
  list,
  mapOf,
  oneOf,
  optional,
  pinned,
  record,
  ruled,
  type Schema,
  text,
  time,
  whole,
} from './schema.ts';

const TICKS: Readonly<Record<string, Field>> = {
  cron: optional(text('Cron pattern of five or six fields.')),
  everyMs: optional(whole('Interval in milliseconds, instead of cron.')),
  timeZone: text('IANA time zone of its clock.'),
  start: optional(time('No tick before.')),
  end: optional(time('No tick from then on.')),
  spreadMs: optional(whole('Ticks are offset by up to so many milliseconds, each schedule by its own.')),
  exclude: optional(list(anything('Local days or a span of local time.'), 'When it does not tick.')),
};

/** Fields of a schedule's spec besides those that say where it comes from. */
export const SCHEDULE_FIELDS: Readonly<Record<string, Field>> = {
  launchPlan: text('Launch plan that it starts.'),
  ...TICKS,
  catchUp: anything('What happens to ticks that were missed.'),
  overlap: optional(
    oneOf(['allow', 'forbid', 'replace', 'queue'], 'What happens to a tick while earlier ones still run.'),
  ),
  maxQueued: optional(whole('With overlap queue: executions that wait; one more is skipped.')),
  priority: optional(whole("Of its executions, from -100 to 100, instead of the launch plan's.")),
  rateLimit: optional(
    record(
      { ticks: whole('Executions.'), perMs: whole('In so many milliseconds.') },
      'How many executions it starts in a time.',
    ),
  ),
  inputs: optional(mapOf(anything('A value.'), 'Inputs of each execution.')),
  kickoffTime: optional(text('Input that gets the time of the tick.')),
  active: flag('Whether it ticks.'),
};

/** The status of a schedule; `conditions` as all kinds have them. */
export function scheduleStatus(conditions: Schema): Schema {
  return record(
    {
      lastTick: optional(time('The last tick that was dealt with.')),
      nextTick: optional(time('The next one, as of when this was written.')),
      lastExecution: optional(text('The execution that it started.')),
      latenessMs: optional(whole('Milliseconds between the last tick and its execution.')),
      missed: optional(whole('Ticks that were not run when they were due.')),
      skipped: optional(whole('Ticks that were left out since earlier ones still ran.')),
      owedSince: optional(time('It is set aside: its ticks are settled up to here only.')),
      knownSince: optional(time('Ticks of the rule that holds since then have been settled.')),
      claims: optional(mapOf(time('Its tick.'), 'Executions that ticks must not overlap, as of the last one.')),
      began: optional(mapOf(whole('Executions.'), 'How many its ticks started lately, where it has a rate limit.')),
      observedGeneration: optional(whole('Generation of the spec that activeSince is about.')),
      activeSince: optional(time('Ticks before belong to an earlier version.')),
      conditions: optional(conditions),
    },
    'What is, for people: written late and seldom.',
  );
}

export const schedulerState = (conditions: Schema): KindSchema => ({
  description: 'How far the scheduler is. Only the control plane writes it.',
  fields: {
    spec: record({}, 'Nothing.'),
    status: record(
      {
        version: whole('Of the form of this status.'),
        settledUntil: time('Every tick that was due until then is dealt with.'),
        heardUntil: optional(time('All that happened to schedules before this was known then.')),
        catchUp: optional(
          record(
            {
              from: time('Missed ticks after this,'),
              settledUntil: time('dealt with until this,'),
              until: time('up to this.'),
              later: optional(
                list(
                  record({ from: time('After this,'), until: time('up to this.') }, 'A span.'),
                  'Spans that follow.',
                ),
              ),
            },
            'What is being made up for.',
          ),
        ),
        epoch: optional(whole('Counts the schedulers that have worked with it.')),
        conditions: optional(conditions),
      },
      'How far it is.',
    ),
  },
});

export const BACKFILL: KindSchema = {
  description: 'Runs the ticks that a schedule would have had in a span of the past.',
  fields: {
    spec: ruled(
      pinned(
        record(
          {
            schedule: text('A schedule of the same namespace.'),
            from: time('The first instant whose tick runs.'),
            to: time('The first instant whose tick does not run.'),
            concurrency: optional(between(whole('Executions at a time. 1 when absent.'), 1, MAX_BACKFILL_CONCURRENCY)),
            reverse: optional(flag('Newest tick first.')),
            by: optional(text('Who asked for it.')),
            desired: optional(
              oneOf(
                ['Running', 'Paused', 'Aborted'],
                'Set Paused to start nothing more, Aborted to end it and what it runs. Running when absent.',
              ),
            ),
          },
          'What to run. Immutable but for desired.',
        ),
        ['desired'],
        'only spec.desired of a Backfill may change',
      ),
      { rule: 'self.to > self.from', message: 'spec.to must be after spec.from' },
    ),
    status: record(
      {
        phase: oneOf(['Running', 'Succeeded', 'Failed', 'Aborted'], 'Where it stands. All but Running are final.'),
        ticks: record(TICKS, 'When the schedule ticked as it was when this began.'),
        total: whole('Ticks of the span.'),
        settledUntil: optional(time('The last tick dealt with, in its order.')),
        started: whole('Executions that it created.'),
        skipped: whole('Ticks whose execution existed.'),
        running: whole('Executions that are not over.'),
        succeeded: whole('Executions that succeeded.'),
        failed: whole('Executions that ended otherwise, or are gone.'),
        live: list(text('Name of an execution.'), 'Executions that are not counted as ended.'),
        message: optional(text('Why it waits, or how it ended.')),
        startedAt: time('When it began.'),
        finishedAt: optional(time('When it ended.')),
      },
      'Where it stands, as the control plane wrote it.',
    ),
  },
};
