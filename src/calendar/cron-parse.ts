import { remembered } from '../base/index.ts';
import { type BitSet, nextBit } from './bits.ts';
import { FIELDS, type FieldRule, MACROS } from './cron-grammar.ts';

/** The values of one field. */
export type CronField = BitSet;

/** A parsed pattern. Days may depend on the month's shape, so they are kept as rules beside the plain sets. */
export interface CronPattern {
  readonly text: string;
  readonly seconds: CronField;
  readonly minutes: CronField;
  readonly hours: CronField;
  readonly daysOfMonth: CronField;
  readonly months: CronField;
  /** 0 is Sunday. */
  readonly daysOfWeek: CronField;
  /** `L` and `L-n`: days before the last one. */
  readonly lastDays: readonly number[];
  /** `15W`: the weekday nearest to the 15th, within the month. */
  readonly nearestWeekdays: readonly number[];
  /** `LW`: the last weekday (Monday to Friday). */
  readonly lastWeekday: boolean;
  /** `fri#2`: the second Friday; `friL`: the last one, as nth = -1. */
  readonly nthWeekdays: readonly { readonly day: number; readonly nth: number }[];
  /** Both day fields restrict: a day matches when either does, as in Vixie cron. */
  readonly isEitherDay: boolean;
  readonly isAnyDayOfWeek: boolean;
  /** Minute or hour starts with `*`: follows elapsed time through clock changes, as in Vixie cron. */
  readonly isInterval: boolean;
  /** Derived, for the search: no day is left out; some day depends on the month's shape; seconds from midnight to the first match. */
  readonly isEveryDay: boolean;
  readonly hasDayRules: boolean;
  readonly firstSecond: number;
}

export type CronResult =
  | { readonly kind: 'ok'; readonly pattern: CronPattern }
  /** `offset` counts UTF-16 code units from the start of the expression; `length` may be 0. */
  | { readonly kind: 'error'; readonly message: string; readonly offset: number; readonly length: number };

/** A cron expression longer than this is refused before it is looked at. */
const MAX_CRON_LENGTH = 1_000;

class CronSyntaxError extends Error {
  readonly offset: number;
  readonly length: number;
  constructor(message: string, offset: number, length: number) {
    super(message);
    this.offset = offset;
    this.length = length;
  }
}

/**
 * Parses five fields (minute hour day-of-month month day-of-week), six with seconds first, or a nickname such as
 * `@daily`. Fields take `*`, `?`, values, names, ranges, lists, steps (`*`/n, a/n, a-b/n) and the day forms `L`, `L-n`,
 * `nW`, `LW`, `d#n`, `dL`. Day of week 7 is Sunday too. Grammar as crontab(5), day forms as Quartz.
 */
export const parseCron: (expression: string) => CronResult = remembered(readCron);

function readCron(expression: string): CronResult {
  try {
    return { kind: 'ok', pattern: slim(parse(expression)) };
  } catch (error) {
    if (!(error instanceof CronSyntaxError)) throw error;
    return { kind: 'error', message: error.message, offset: error.offset, length: error.length };
  }
}

interface Word {
  readonly text: string;
  readonly offset: number;
}

interface Draft {
  bits: [number, number];
  lastDays: number[];
  nearestWeekdays: number[];
  lastWeekday: boolean;
  nthWeekdays: { day: number; nth: number }[];
}

function parse(expression: string): Omit<CronPattern, Derived> {
  if (expression.length > MAX_CRON_LENGTH) fail(`longer than ${MAX_CRON_LENGTH} characters`, 0, 0);
  const words = split(expandMacro(expression));
  checkWords(words, expression);
  const hasSeconds = words.length === 6;
  const rules = hasSeconds ? FIELDS : FIELDS.slice(1);
  const drafts = rules.map((rule, i) => parseField(words[i] as Word, rule));
  const at = (i: number): Draft => drafts[hasSeconds ? i + 1 : i] as Draft;
  const word = (i: number): string => (words[hasSeconds ? i + 1 : i] as Word).text;
  const dom = at(2);
  const dow = at(4);
  const isAnyDayOfMonth = word(2) === '*' || word(2) === '?';
  const isAnyDayOfWeek = word(4) === '*' || word(4) === '?';
  return {
    text: expression,
    seconds: hasSeconds ? (drafts[0] as Draft).bits : [1, 0],
    minutes: at(0).bits,
    hours: at(1).bits,
    daysOfMonth: dom.bits,
    months: at(3).bits,
    daysOfWeek: foldSunday(dow.bits),
    lastDays: dom.lastDays,
    nearestWeekdays: dom.nearestWeekdays,
    lastWeekday: dom.lastWeekday,
    nthWeekdays: dow.nthWeekdays,
    isEitherDay: !isAnyDayOfMonth && !isAnyDayOfWeek,
    isAnyDayOfWeek,
    isInterval: word(0).startsWith('*') || word(1).startsWith('*'),
  };
}

/** One empty list and one list per plain set for all patterns: they are kept by the hundred thousand. */
function slim(pattern: Omit<CronPattern, Derived>): CronPattern {
  const { lastDays, nearestWeekdays, nthWeekdays } = pattern;
  return {
    ...pattern,
    ...derived(pattern),
    seconds: shared(pattern.seconds),
    minutes: shared(pattern.minutes),
    hours: shared(pattern.hours),
    daysOfMonth: shared(pattern.daysOfMonth),
    months: shared(pattern.months),
    daysOfWeek: shared(pattern.daysOfWeek),
    lastDays: lastDays.length === 0 ? NONE : lastDays,
    nearestWeekdays: nearestWeekdays.length === 0 ? NONE : nearestWeekdays,
    nthWeekdays: nthWeekdays.length === 0 ? NONE : nthWeekdays,
  };
}

type Derived = 'isEveryDay' | 'hasDayRules' | 'firstSecond';

const ALL_MONTHS = 0b1_1111_1111_1110;
const ALL_DAYS_OF_MONTH = -2;
const ALL_DAYS_OF_WEEK = 0b111_1111;

function derived(pattern: Omit<CronPattern, Derived>): Pick<CronPattern, Derived> {
  const { daysOfMonth, daysOfWeek, lastDays, nearestWeekdays, nthWeekdays } = pattern;
  const everyDayOfMonth = daysOfMonth[0] === ALL_DAYS_OF_MONTH;
  const everyDayOfWeek = daysOfWeek[0] === ALL_DAYS_OF_WEEK;
  const everyDay = pattern.isEitherDay ? everyDayOfMonth || everyDayOfWeek : everyDayOfMonth && everyDayOfWeek;
  const first = (field: CronField): number => nextBit(field, 0);
  return {
    isEveryDay: everyDay && pattern.months[0] === ALL_MONTHS,
    hasDayRules: pattern.lastWeekday || lastDays.length + nearestWeekdays.length + nthWeekdays.length > 0,
    firstSecond: first(pattern.hours) * 3600 + first(pattern.minutes) * 60 + first(pattern.seconds),
  };
}

const NONE: readonly never[] = [];
const MAX_SHARED_FIELDS = 1_000;
const sharedFields = new Map<string, CronField>();

function shared(field: CronField): CronField {
  const key = `${field[0]},${field[1]}`;
  const known = sharedFields.get(key);
  if (known !== undefined) return known;
  if (sharedFields.size < MAX_SHARED_FIELDS) sharedFields.set(key, field);
  return field;
}

function checkWords(words: readonly Word[], expression: string): void {
  const zone = /^(?:CRON_)?TZ=(.*)/.exec(words[0]?.text ?? '');
  if (zone !== null) {
    const { text, offset } = words[0] as Word;
    const instead = `write "timeZone: ${zone[1] || 'Europe/Berlin'}" beside it`;
    fail(`a zone is no part of an expression; ${instead}`, offset, text.length);
  }
  if (words.length === 5 || words.length === 6) return;
  const years = words.length === 7 ? '; there is none for years: write "start" and "end"' : '';
  fail(
    `a cron expression has 5 fields (minute hour day-of-month month day-of-week) or 6 with seconds first; found ${words.length}${years}`,
    0,
    expression.length,
  );
}

function expandMacro(expression: string): string {
  const text = expression.trim();
  if (!text.startsWith('@')) return expression;
  const [nickname = '', ...rest] = text.toLowerCase().split(/\s+/);
  const macro = MACROS.get(nickname);
  if (macro !== undefined && rest.length === 0) return macro;
  const offset = expression.indexOf('@');
  if (nickname === '@every') {
    fail(`${text} is no point in time; write "every: ${rest[0] ?? '15m'}" instead of "cron"`, offset, text.length);
  }
  if (nickname === '@reboot') {
    fail('@reboot: a schedule knows no reboot; it ticks whether or not something was restarted', offset, text.length);
  }
  const known = [...MACROS.keys()].join(', ');
  return fail(
    macro === undefined ? `unknown nickname ${nickname}; known are ${known}` : `nothing follows ${nickname}`,
    offset,
    text.length,
  );
}

function split(expression: string): Word[] {
  return [...expression.matchAll(/\S+/g)].map((match) => ({ text: match[0], offset: match.index }));
}

function parseField(word: Word, rule: FieldRule): Draft {
  const draft: Draft = { bits: [0, 0], lastDays: [], nearestWeekdays: [], lastWeekday: false, nthWeekdays: [] };
  let offset = word.offset;
  for (const item of word.text.split(',')) {
    if (item === '') fail(`empty item in the ${rule.name} field`, offset, 1);
    if (!parseDayForm(item, offset, rule, draft)) parseRange(item, offset, rule, draft);
    offset += item.length + 1;
  }
  return draft;
}

/** Handles `L`, `L-3`, `LW`, `15W`, `fri#2`, `friL`. Returns false when the item is none of them. */
function parseDayForm(item: string, offset: number, rule: FieldRule, draft: Draft): boolean {
  if (rule.dayForms === 'month') {
    const last = /^L(?:-(\d{1,2}))?$/i.exec(item);
    if (last !== null) {
      const back = Number(last[1] ?? 0);
      if (back > 30) fail(`L-${back}: no month has so many days`, offset, item.length);
      draft.lastDays.push(back);
      return true;
    }
    if (/^LW$/i.test(item)) {
      draft.lastWeekday = true;
      return true;
    }
    const nearest = /^(\d{1,2})W$/i.exec(item);
    if (nearest !== null) {
      draft.nearestWeekdays.push(number(nearest[1] as string, offset, rule));
      return true;
    }
  }
  if (rule.dayForms === 'week') {
    const nth = /^(\w+)#(\d+)$/.exec(item);
    if (nth !== null) {
      const count = Number(nth[2]);
      if (count < 1 || count > 5)
        fail(`#${nth[2]}: a month has a first to a fifth weekday of a kind`, offset, item.length);
      draft.nthWeekdays.push({ day: number(nth[1] as string, offset, rule) % 7, nth: count });
      return true;
    }
    const last = /^(\w+)L$/i.exec(item);
    if (last !== null && item.toUpperCase() !== 'L') {
      draft.nthWeekdays.push({ day: number(last[1] as string, offset, rule) % 7, nth: -1 });
      return true;
    }
    if (/^L$/i.test(item)) {
      setBit(draft.bits, 6);
      return true;
    }
  }
  return false;
}

function parseRange(item: string, offset: number, rule: FieldRule, draft: Draft): void {
  const slash = item.indexOf('/');
  const range = slash === -1 ? item : item.slice(0, slash);
  const step = slash === -1 ? 1 : parseStep(item.slice(slash + 1), offset + slash + 1, rule);
  // Without an end a step goes to the end of the field, where Sunday is not met a second time as day 7.
  const last = rule.min + rule.size - 1;
  let from = rule.min;
  let to = last;
  if (range === '?' && rule.dayForms === undefined) {
    fail(`"?" belongs to the day fields only; write "*" in the ${rule.name} field`, offset, 1);
  }
  if (range !== '*' && range !== '?') {
    const dash = range.indexOf('-');
    from = number(dash === -1 ? range : range.slice(0, dash), offset, rule);
    if (dash !== -1) to = number(range.slice(dash + 1), offset + dash + 1, rule);
    else to = slash === -1 ? from : Math.max(from, last);
  }
  if (from > to) wrapAround(item, offset, rule, draft, from, to, step);
  else for (let value = from; value <= to; value += step) setBit(draft.bits, value);
}

/** `fri-mon` and `22-2` are read around the end; months and days of the month are not, because nobody means that. */
function wrapAround(
  item: string,
  offset: number,
  rule: FieldRule,
  draft: Draft,
  from: number,
  to: number,
  step: number,
): void {
  if (!rule.wraps) fail(`${item}: the range ends before it starts`, offset, item.length);
  for (let value = from; value < to + rule.size + 1; value += step) setBit(draft.bits, value % rule.size);
}

function parseStep(text: string, offset: number, rule: FieldRule): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (step === 0) fail(`"${text}" is not a step; write a whole number from 1 to ${rule.max}`, offset, text.length);
  // `*/90` in the minute field would quietly mean hourly: nobody who writes it means that.
  if (step > rule.size)
    fail(`a step of ${step} leaves the ${rule.name} field, which has ${rule.size} values`, offset, text.length);
  return step;
}

function number(text: string, offset: number, rule: FieldRule): number {
  const named = rule.names.get(text.toLowerCase());
  if (named !== undefined) return named;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value < rule.min || value > rule.max) {
    const names = rule.names.size > 0 ? ` or a name such as ${[...rule.names.keys()][1]}` : '';
    const article = rule.name === 'hour' ? 'an' : 'a';
    fail(`"${text}" is not ${article} ${rule.name}; write ${rule.min} to ${rule.max}${names}`, offset, text.length);
  }
  return value;
}

function setBit(bits: [number, number], value: number): void {
  if (value < 32) bits[0] |= 1 << value;
  else bits[1] |= 1 << (value - 32);
}

function foldSunday(bits: [number, number]): CronField {
  const low = bits[0];
  return [(low | ((low >> 7) & 1)) & 0x7f, 0];
}

function fail(message: string, offset: number, length: number): never {
  throw new CronSyntaxError(message, offset, length);
}
