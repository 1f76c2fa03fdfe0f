import { age, humanDuration } from './age.ts';
import type { Backfill } from './backfill-kind.ts';
import { condition, count, type KindColumns, shortCommit, text, wide } from './column-cells.ts';
import { isSuspendedSchedule, type Schedule, type SchedulerState } from './schedule-kind.ts';

/** Columns of schedules, the scheduler and backfills. */
export const SCHEDULE_CELLS: readonly (readonly [string, KindColumns])[] = [
  [
    'Schedule',
    {
      columns: [
        text<Schedule>(
          'Cron',
          'When it ticks.',
          (it) => (it.spec.everyMs === undefined ? it.spec.cron : `every ${humanDuration(it.spec.everyMs)}`),
          '.spec.cron',
        ),
        text<Schedule>('Zone', 'Time zone of its clock.', (it) => it.spec.timeZone, '.spec.timeZone'),
        text<Schedule>('State', 'Whether it ticks.', scheduleState),
        text<Schedule>('Next', 'Time to its next tick.', nextTick, '.status.nextTick'),
        text<Schedule>(
          'Last',
          'Time since its last tick.',
          (it, now) => (it.status?.lastTick === undefined ? undefined : age(it.status.lastTick, now)),
          { sinceOf: '.status.lastTick' },
        ),
        text<Schedule>('Late', 'Between its last tick and the execution of it.', (it) => lateness(it)),
        text<Schedule>(
          'Missed',
          'Ticks that were not run when they were due.',
          (it) => it.status?.missed ?? 0,
          '.status.missed',
        ),
        text<Schedule>('Launch-Plan', 'Launch plan that it starts.', (it) => it.spec.launchPlan, '.spec.launchPlan'),
        text<Schedule>(
          'Version',
          'Commit that last changed this definition.',
          (it) => shortCommit(it.spec.commit),
          '.spec.commit',
        ),
        wide<Schedule>(
          'Skipped',
          'Ticks left out since earlier ones still ran.',
          (it) => it.status?.skipped ?? 0,
          '.status.skipped',
        ),
        wide<Schedule>(
          'Overlap',
          'What happens to a tick while earlier ones run.',
          (it) => it.spec.overlap ?? 'allow',
          '.spec.overlap',
        ),
        wide<Schedule>(
          'Last-Execution',
          'Execution of its last tick.',
          (it) => it.status?.lastExecution,
          '.status.lastExecution',
        ),
        wide<Schedule>(
          'Catch-Up',
          'What happens to missed ticks.',
          (it) => it.spec.catchUp?.policy,
          '.spec.catchUp.policy',
        ),
        wide<Schedule>('File', 'File of the repository that declares it.', (it) => it.spec.file, '.spec.file'),
        wide<Schedule>(
          'Message',
          'Why it is set aside.',
          (it) => brokenBecause(it),
          '.status.conditions[?(@.status=="False")].message',
        ),
      ],
    },
  ],
  [
    'Backfill',
    {
      columns: [
        text<Backfill>('Schedule', 'Schedule whose ticks it runs.', (it) => it.spec.schedule, '.spec.schedule'),
        text<Backfill>('From', 'Where its span begins.', (it) => it.spec.from, '.spec.from'),
        text<Backfill>('To', 'Where its span ends.', (it) => it.spec.to, '.spec.to'),
        text<Backfill>('Phase', 'Where it stands.', backfillPhase, '.status.phase'),
        text<Backfill>('Ticks', 'Ticks dealt with, of all.', backfillProgress),
        count<Backfill>('Running', 'Executions that are not over.', (it) => it.status?.running ?? 0, '.status.running'),
        count<Backfill>('Failed', 'Executions that did not succeed.', (it) => it.status?.failed ?? 0, '.status.failed'),
        wide<Backfill>('Skipped', 'Ticks whose execution existed.', (it) => it.status?.skipped ?? 0, '.status.skipped'),
        wide<Backfill>('By', 'Who asked for it.', (it) => it.spec.by, '.spec.by'),
        wide<Backfill>('Message', 'Why it waits, or how it ended.', (it) => it.status?.message, '.status.message'),
      ],
    },
  ],
  [
    'SchedulerState',
    {
      columns: [
        text<SchedulerState>(
          'Settled',
          'Every tick due until then is dealt with.',
          (it) => it.status?.settledUntil,
          '.status.settledUntil',
        ),
        text<SchedulerState>(
          'State',
          'Whether schedules tick, or why none does.',
          (it) => {
            const ready = condition(it.status?.conditions ?? undefined, 'Ready');
            return ready?.status === 'False' ? ready.reason : 'Ticking';
          },
          '.status.conditions[?(@.type=="Ready")].reason',
        ),
        text<SchedulerState>(
          'Catch-Up',
          'Up to where missed ticks are made up for.',
          (it) =>
            it.status?.catchUp == null ? undefined : `${it.status.catchUp.settledUntil} of ${it.status.catchUp.until}`,
          '.status.catchUp.settledUntil',
        ),
      ],
    },
  ],
];

function scheduleState(it: Schedule): string {
  if (isSuspendedSchedule(it)) return 'Suspended';
  if (!it.spec.active) return 'Inactive';
  return brokenBecause(it) === undefined ? 'Active' : 'Broken';
}

function brokenBecause(it: Schedule): string | undefined {
  const ready = condition(it.status?.conditions, 'Ready');
  return ready?.status === 'False' ? ready.message : undefined;
}

function nextTick(it: Schedule, now: number): string | undefined {
  const next = it.status?.nextTick;
  if (next === undefined || isSuspendedSchedule(it) || !it.spec.active) return undefined;
  const waitMs = Date.parse(next) - now;
  return waitMs <= 0 ? 'due' : humanDuration(waitMs);
}

/** Below a second, seconds say nothing. */
function lateness({ status }: Schedule): string | undefined {
  const latenessMs = status?.latenessMs;
  if (latenessMs === undefined) return undefined;
  return latenessMs < 2_000 ? `${Math.round(latenessMs)}ms` : humanDuration(latenessMs);
}

function backfillPhase({ spec, status }: Backfill): string {
  const phase = status?.phase ?? 'Pending';
  const isOver = status?.finishedAt !== undefined;
  if (isOver || spec.desired === undefined || spec.desired === 'Running') return phase;
  return spec.desired === 'Paused' ? `${phase} (suspended)` : 'Aborting';
}

function backfillProgress({ status }: Backfill): string | undefined {
  if (status === undefined) return undefined;
  const { skipped, succeeded, failed, total } = status;
  return `${skipped + succeeded + failed}/${total}`;
}
