import { describe, expect, it } from 'vitest';
import { nextTick, type TickFields, tickRuleOf } from '../../src/calendar/index.ts';

const BERLIN = { timeZone: 'Europe/Berlin' };

describe('fields make no rule', () => {
  it.each<readonly [what: string, fields: TickFields, message: RegExp]>([
    ['of a pattern that cannot be read', { ...BERLIN, cron: '0 25 * * *' }, /cron "0 25 .*"25" is not an hour/],
    ['without a pattern', BERLIN, /found 0/],
    ['in a zone that no database has', { cron: '@daily', timeZone: 'Mars/Olympus' }, /no time zone "Mars\/Olympus"/],
    ['in a zone by an offset', { everyMs: 60_000, timeZone: '+01:00' }, /no time zone "\+01:00"/],
    ['of a rate of nothing', { ...BERLIN, everyMs: 0 }, /0 ms is no interval/],
    ['of a rate back in time', { ...BERLIN, everyMs: -60_000 }, /-60000 ms is no interval/],
    ['of a rate beyond counting', { ...BERLIN, everyMs: 1e300 }, /is no interval/],
    ['of a rate that is no number', { ...BERLIN, everyMs: Number.NaN }, /is no interval/],
    [
      'that exclude no day',
      { ...BERLIN, cron: '@daily', exclude: [{ dates: ['2026-02-30'] }] },
      /"2026-02-30" is not a day/,
    ],
    [
      'that exclude an empty window',
      { ...BERLIN, cron: '@daily', exclude: [{ from: '2026-03-01T12:00', to: '2026-03-01T12:00' }] },
      /exclude: the window from 2026-03-01T12:00 to 2026-03-01T12:00 is empty/,
    ],
    [
      'that exclude what is no time',
      { ...BERLIN, cron: '@daily', exclude: [{ from: '2026-03-01T24:00', to: '2026-03-02' }] },
      /"2026-03-01T24:00" is not a local time/,
    ],
  ])('%s', (_what, fields, message) => {
    const result = tickRuleOf(fields);
    expect(result.kind === 'error' && result.message).toMatch(message);
  });
});

describe('a rate', () => {
  const ruleOf = (fields: Partial<TickFields>) => {
    const result = tickRuleOf({ ...BERLIN, everyMs: 7 * 60_000, ...fields });
    if (result.kind === 'error') throw new Error(result.message);
    return result.rule;
  };

  it('counts from its start, and from 1970 without one', () => {
    const after = Date.parse('2026-05-01T00:00:30Z');
    expect(nextTick(ruleOf({ start: '2026-05-01T00:00:00Z' }), after)).toBe(Date.parse('2026-05-01T00:07:00Z'));
    expect((nextTick(ruleOf({}), after) as number) % (7 * 60_000)).toBe(0);
  });
});
