import type { Canary } from '../canary/canary.ts';

/** Bugs of the scheduler, each one plausible slip, that worlds of schedules must notice. */
export const TICK_CANARIES: readonly Canary[] = [
  {
    name: 'ticks-settled-before-their-executions',
    file: 'control/scheduler/write-ticks.ts',
    find: '[...writesOf(batch), settled(batch, fence)]',
    replace: '[settled(batch, fence), ...writesOf(batch)]',
  },
  {
    name: 'settles-what-another-owns',
    file: 'control/scheduler/write-ticks.ts',
    find: 'patch: state, if: { uid, resourceVersion } };',
    replace: 'patch: state, if: { uid } };',
  },
  {
    name: 'tick-under-another-name',
    file: 'control/scheduler/write-ticks.ts',
    find: '  batch.creations = left;',
    replace:
      '  const again = creations.filter((one) => !left.includes(one)).map(({ due, execution }) => ({ due, execution: { ...execution, metadata: { ...execution.metadata, name: `${execution.metadata.name}-again` } } }));\n  batch.creations = [...left, ...again];',
  },
  {
    name: 'refused-batch-is-dropped',
    file: 'control/scheduler/term.ts',
    find: '    term.counters.retriedWrites += 1;',
    replace: '    term.counters.retriedWrites += 1;\n    term.pending = undefined;',
  },
  {
    name: 'poison-holds-up-all',
    file: 'control/scheduler/settle.ts',
    find: 'else if (start instanceof StalledError) fail(term, entry, due, start);',
    replace: 'else if (start instanceof StalledError) throw start;',
  },
  {
    name: 'behind-is-not-durable',
    file: 'control/scheduler/settle.ts',
    find: '    if (note !== undefined) notes.set(id, note);',
    replace: '    if (note === undefined) notes.delete(id);',
  },
  {
    name: 'replace-ends-nobody',
    file: 'control/scheduler/settle.ts',
    find: "  for (const write of claim.ends) batch.steering.push({ write, of: creation, isStarted: claim.kind === 'start' });",
    replace: '',
  },
  {
    name: 'refused-batch-is-not-revised',
    file: 'control/scheduler/settle.ts',
    find: '  if (pending.batch !== undefined) revise(term, pending.batch);',
    replace: '',
  },
  {
    name: 'missed-lane-is-left-behind',
    file: 'control/scheduler/lanes.ts',
    find: 'Math.min(since, lanes.missed.at(id) - 1, isBehind ? since : settledInGaps(lanes, id))',
    replace: 'since',
  },
  {
    name: 'change-is-heard-too-late',
    file: 'control/scheduler/lanes.ts',
    find: 'freshSince(entry, until, lanes.heardUntil) ?? until',
    replace: 'until',
  },
  {
    name: 'change-of-who-is-behind-is-heard-too-late',
    file: 'control/scheduler/lanes.ts',
    find: 'fallBehind(lanes, entry, settled, laggard?.reason, now);',
    replace: 'fallBehind(lanes, entry, until, laggard?.reason, now);',
  },
  {
    name: 'late-ticks-are-skipped',
    file: 'control/scheduler/collect.ts',
    find: 'windowOf(entry), ticks)) moveOn(lanes, entry, due);',
    replace: 'windowOf(entry), ticks)) moveOn(lanes, entry, now);',
  },
  {
    name: 'late-counts-as-missed',
    file: 'control/scheduler/lanes.ts',
    find: 'const until = now - MISSED_AFTER_MS;',
    replace: 'const until = now - 1;',
  },
  {
    name: 'old-rule-is-forgotten',
    file: 'control/scheduler/schedule-entry.ts',
    find: '  if (before.length === 0) return [last];',
    replace: '  if (before.length >= 0) return [last];',
  },
  {
    name: 'old-rule-goes-on',
    file: 'control/scheduler/schedule-entry.ts',
    find: 'Math.min(instantMs(previous.until) ?? from, since)',
    replace: 'since + 600_000',
  },
  {
    name: 'one-more-than-the-limit',
    file: 'control/scheduler/tick-spans.ts',
    find: 'return beforeNewest(spans, start, until, limit);',
    replace: 'return beforeNewest(spans, start, until, limit + 1);',
  },
  {
    name: 'latest-is-dropped',
    file: 'control/scheduler/tick-spans.ts',
    find: 'last === undefined ? until : last - 1',
    replace: 'last === undefined ? until : last',
  },
  {
    name: 'window-is-ignored',
    file: 'control/scheduler/tick-spans.ts',
    find: 'catchUp.windowMs === undefined ? from : Math.max(from, until - catchUp.windowMs)',
    replace: 'from',
  },
  {
    name: 'forbid-forgets-who-lives',
    file: 'control/scheduler/claims.ts',
    find: 'new Map(claims.map((name) => [name, unread()]))',
    replace: 'new Map()',
  },
  {
    name: 'short-run-counts-for-ever',
    file: 'control/scheduler/claims.ts',
    find: '      for (const [names, entry] of asked) await lookAtLiving(ledger, entry, names);',
    replace: '',
  },
  {
    name: 'queue-is-one-too-long',
    file: 'control/scheduler/claims.ts',
    find: 'others.length > maxQueued',
    replace: 'others.length > maxQueued + 1',
  },
  {
    name: 'suspended-ticks-on',
    file: 'control/scheduler/schedule-entry.ts',
    find: '    isSuspended: isSuspendedSchedule(schedule),',
    replace: '    isSuspended: isSuspendedSchedule(schedule) && now < 0,',
  },
  {
    name: 'rate-limit-drops-a-tick',
    file: 'control/scheduler/collect.ts',
    find: '    fallBehind(lanes, entry, due - 1, undefined, readyAt);',
    replace: '    fallBehind(lanes, entry, due, undefined, readyAt);',
  },
  {
    name: 'past-what-is-not-written',
    file: 'control/scheduler/write-ticks.ts',
    find: 'const writes: Write[] = [...claims.values()];',
    replace: 'const writes: Write[] = [...claims.values(), ...notes.values()];',
  },
  {
    name: 'half-a-replacement-stays',
    file: 'control/scheduler/term.ts',
    find: 'finishReplacing(term, doubtful)',
    replace: 'finishReplacing(term, doubtful.slice(doubtful.length))',
  },
  {
    name: 'gap-is-not-durable',
    file: 'control/scheduler/state.ts',
    find: '  const [first, ...later] = gaps;',
    replace: '  const [first, ...later] = gaps.slice(1);',
  },
  {
    name: 'writes-when-its-lease-is-over',
    file: 'control/scheduler/scheduler.ts',
    find: 'elector?.isHeld() ?? true',
    replace: 'elector !== undefined || true',
  },
];
