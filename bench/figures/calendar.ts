import { Cron } from 'croner';
import { type TickRule, tickCursor, tickRuleOf } from '../../src/calendar/index.ts';
import type { Session } from '../figure.ts';

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Sao_Paulo'];
const PATTERNS = ['0 2 * * *', '*/15 * * * *', '30 8 * * MON-FRI', '0 0 1 * *', '15 10 L * *'];
const FROM = Date.UTC(2026, 0, 1);
const OURS = 20_000;
/** The library is slower, so it enumerates fewer: the rate is what counts. */
const THEIRS = 200;

/** Ticks of usual patterns in several zones one after another, by us and by a library that others use. */
export async function open(): Promise<Session> {
  const pairs = ZONES.flatMap((timeZone) => PATTERNS.map((cron) => ({ cron, timeZone })));
  const rules = pairs.map(ruleOf);
  for (const rule of rules) walk(rule, 1_000);
  return {
    async round() {
      const startedMs = performance.now();
      for (const rule of rules) walk(rule, OURS);
      const oursMs = performance.now() - startedMs;
      const betweenMs = performance.now();
      for (const { cron, timeZone } of pairs) {
        new Cron(cron, { timezone: timeZone, paused: true }).nextRuns(THEIRS, new Date(FROM));
      }
      const theirsMs = performance.now() - betweenMs;
      return {
        perSecond: (OURS * pairs.length) / (oursMs / 1_000),
        cronerPerSecond: (THEIRS * pairs.length) / (theirsMs / 1_000),
      };
    },
    async close() {},
  };
}

function ruleOf(fields: { readonly cron: string; readonly timeZone: string }): TickRule {
  const result = tickRuleOf(fields);
  if (result.kind === 'error') throw new Error(result.message);
  return result.rule;
}

function walk(rule: TickRule, count: number): void {
  const { next } = tickCursor(rule, FROM);
  for (let i = 0; i < count; i++) if (next() === undefined) throw new Error('no more ticks');
}
