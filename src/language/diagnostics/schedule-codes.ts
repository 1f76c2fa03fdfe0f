import type { DiagnosticCode } from './code.ts';

/** A workflow, a launch plan with these settings, and a schedule with these fields. */
function schedule(spec: string, plan = ''): string {
  return [
    'apiVersion: pipectl.dev/v1',
    'kind: Workflow',
    'metadata: { name: sums }',
    'spec: { nodes: { one: { compute: { x: 1 } } } }',
    '---',
    'kind: LaunchPlan',
    'metadata: { name: nightly }',
    `spec: { workflow: sums${plan} }`,
    '---',
    'kind: Schedule',
    'metadata: { name: nightly }',
    `spec: { launchPlan: nightly, cron: "0 2 * * *", ${spec} }`,
    '',
  ].join('\n');
}

/** What a schedule may exclude, and how its ticks may overlap. The commit of the examples has `calendars/holidays.dates`. */
export const SCHEDULE_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-SCHED-001',
    severity: 'error',
    title: 'what a schedule excludes is no time, or an empty one',
    explanation:
      'A span has a beginning, `from`, and an end after it, `to`; both are days or local times by the clocks of the schedule. A day as `to` is excluded to its end; a time as `to` is the first that is not excluded. Days are written as `2026-12-25`.',
    wrong: schedule('exclude: [{ from: 2026-12-24T18:00, to: 2026-12-24T06:00 }]'),
    right: schedule('exclude: [{ from: 2026-12-24T18:00, to: 2026-12-26 }]'),
  },
  {
    code: 'PIPE-SCHED-002',
    severity: 'error',
    title: 'a file of dates is not there',
    explanation:
      '`calendar` names a file of the same commit by its path from the root of the repository. A link is no file.',
    wrong: schedule('exclude: [{ calendar: calendars/holydays.dates }]'),
    right: schedule('exclude: [{ calendar: calendars/holidays.dates }]'),
  },
  {
    code: 'PIPE-SCHED-003',
    severity: 'error',
    title: 'a file of dates cannot be read',
    explanation:
      'One day stands on each line, as `2026-12-25`; what follows it on the line is its name. Empty lines and lines that begin with `#` are passed over. A file has one day at least and 3660 at most.',
    wrong: schedule('exclude: [{ calendar: calendars/broken.dates }]'),
    right: schedule('exclude: [{ calendar: calendars/holidays.dates }]'),
  },
  {
    code: 'PIPE-SCHED-004',
    severity: 'warning',
    title: 'maxQueued says nothing',
    explanation: 'Only with `overlap: queue` do executions of a schedule wait for each other.',
    wrong: schedule('overlap: forbid, maxQueued: 3'),
    right: schedule('overlap: queue, maxQueued: 3'),
  },
  {
    code: 'PIPE-SCHED-005',
    severity: 'error',
    title: 'a rate limit counts in a time that is too short or too long',
    explanation: 'The ticks of a rate limit are counted in a time from a second to a day.',
    wrong: schedule('rateLimit: { ticks: 1, per: 100ms }'),
    right: schedule('rateLimit: { ticks: 1, per: 1m }'),
  },
  {
    code: 'PIPE-SCHED-006',
    severity: 'warning',
    title: 'a launch plan skips what its schedule would let wait',
    explanation:
      'An execution of a schedule keeps both limits: `overlap` of the schedule decides at the tick, and `concurrency` of the launch plan when the execution is to begin. With `whenFull: skip` the launch plan ends an execution that finds its places taken, so that one which waits in the queue of its schedule, or until what it replaces has ended, may be skipped instead.',
    wrong: schedule('overlap: queue', ', concurrency: { limit: 1, whenFull: skip }'),
    right: schedule('overlap: queue', ', concurrency: { limit: 1, whenFull: queue }'),
  },
  {
    code: 'PIPE-SCHED-007',
    severity: 'warning',
    title: 'all ticks of a schedule are excluded',
    explanation: 'The schedule would tick between its start and its end, but each of these ticks is excluded.',
    wrong: schedule(
      'start: 2026-12-24T00:00:00Z, end: 2026-12-27T00:00:00Z, exclude: [{ from: 2026-12-24, to: 2026-12-26 }]',
    ),
    right: schedule(
      'start: 2026-12-24T00:00:00Z, end: 2026-12-28T00:00:00Z, exclude: [{ from: 2026-12-24, to: 2026-12-26 }]',
    ),
  },
  {
    code: 'PIPE-SCHED-008',
    severity: 'error',
    title: 'a schedule ticks too often',
    explanation: 'A rate is a second or more, as the smallest field of a cron pattern is.',
    wrong: schedule('active: true').replace('cron: "0 2 * * *"', 'every: 100ms'),
    right: schedule('active: true').replace('cron: "0 2 * * *"', 'every: 1s'),
  },
];
