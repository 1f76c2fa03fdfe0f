import { padEnd, widthOf } from '../../client/index.ts';
import {
  type CostReview,
  countOf,
  deltaText,
  type Fire,
  numberText,
  type ScheduleReview,
  type ScheduleSide,
  spanText,
} from '../../review/index.ts';
import { wrapAt } from '../diff/change-text.ts';
import { paint, printable, type Style, type Terminal } from '../terminal.ts';

const MARKS: Readonly<Record<ScheduleReview['state'], readonly [string, Style]>> = {
  added: ['+', 'green'],
  removed: ['-', 'red'],
  changed: ['~', 'yellow'],
};
const INDENT = '    ';
const LABEL = 12;
const FIRE_COLUMNS = 28;

/** One schedule: what it says before and after, so many next ticks side by side, the switch, and clocks that change. */
export function scheduleLines(terminal: Terminal, schedule: ScheduleReview, ticks: number): readonly string[] {
  const { name, previousName, state, file, line, before, after } = schedule;
  const [mark, style] = MARKS[state];
  const was = previousName === undefined ? '' : ` (was ${printable(previousName)})`;
  const place = `${printable(file)}${line === undefined ? '' : `:${line}`}`;
  const pairs = [
    pair('rule', before && ruleText(before), after && ruleText(after)),
    pair('means', before?.words, after?.words),
    pair('plan', before?.launchPlan, after?.launchPlan, true),
    pair('active', before && String(before.isActive), after && String(after.isActive), true),
    pair('spread', before?.spread ?? 'none', after?.spread ?? 'none', true),
    pair('overlap', before?.overlap ?? 'allow', after?.overlap ?? 'allow', true),
    runsLine(before, after),
    ...costLines(schedule.cost),
  ].filter((text) => text !== undefined);
  const columns = terminal.columns ?? Number.POSITIVE_INFINITY;
  return [
    `${paint(terminal, style, mark)} ${paint(terminal, 'bold', `schedule ${printable(name)}`)}${was}  ${paint(terminal, 'dim', place)}`,
    ...pairs.flatMap((text) => hanging(text, columns)),
    ...(schedule.ticksDiffer ? fireLines(terminal, schedule, ticks) : []),
    ...switchLines(schedule).flatMap((text) => hanging(text, columns)),
    ...clockLines(schedule).flatMap((text) => hanging(text, columns).map((part) => paint(terminal, 'dim', part))),
    ...(schedule.overlap === undefined
      ? []
      : hanging(
          labelled(
            'overlap',
            `p95 ${spanText(schedule.overlap.p95Ms)} > ${spanText(schedule.overlap.intervalMs)}: ${schedule.overlap.words}`,
          ),
          columns,
        )),
  ];
}

/** Nights on which nothing happens to the rule are told together. */
function clockLines({ clockChanges }: ScheduleReview): readonly string[] {
  const [calm, stirred] = [
    clockChanges.filter(({ times }) => times.length === 0),
    clockChanges.filter(({ times }) => times.length > 0),
  ];
  const nights = calm.map(({ from }) => from.slice(0, -6)).join(' and ');
  return [
    ...stirred.map(({ from, to, times, moreTimes, words }) => {
      const more = moreTimes > 0 ? ` and ${numberText(moreTimes)} more` : '';
      return labelled('clocks', `${from} → ${to.slice(-5)}: ${times.join(', ')}${more} ${words}`);
    }),
    ...(calm[0] === undefined ? [] : [labelled('clocks', `${nights}: ${calm[0].words}`)]),
  ];
}

function labelled(label: string, text: string): string {
  return `${INDENT}${padEnd(label, LABEL)}${text}`;
}

/** Wrapped below its own text. */
function hanging(text: string, columns: number): readonly string[] {
  const margin = INDENT.length + LABEL;
  if (widthOf(text) <= columns) return [text];
  const [first = '', ...rest] = wrapAt(text.slice(margin), Math.max(20, columns - margin));
  return [`${text.slice(0, margin)}${first}`, ...rest.map((part) => `${' '.repeat(margin)}${part}`)];
}

/** `isQuiet`: said only where it differs. */
function pair(
  label: string,
  before: string | undefined,
  after: string | undefined,
  isQuiet = false,
): string | undefined {
  if (before === after || (isQuiet && (before === undefined || after === undefined))) {
    return isQuiet || after === undefined ? undefined : labelled(label, printable(after));
  }
  if (before === undefined || after === undefined) return labelled(label, printable(after ?? before ?? ''));
  return labelled(label, `${printable(before)} → ${printable(after)}`);
}

function ruleText({ rule, timeZone }: ScheduleSide): string {
  return `${rule} ${timeZone}`;
}

function runsLine(before: ScheduleSide | undefined, after: ScheduleSide | undefined): string {
  const [old, fresh] = [before?.runsPerWeek ?? 0, after?.runsPerWeek ?? 0];
  if (old === fresh) return labelled('runs/week', numberText(fresh));
  return labelled('runs/week', `${numberText(old)} → ${numberText(fresh)} (${deltaText(fresh - old)})`);
}

function costLines(cost: CostReview | undefined): readonly string[] {
  if (cost === undefined) return [];
  const { before, after, runs } = cost;
  const hours = `${numberText(before.hoursP50)} → ${numberText(after.hoursP50)} hours a week`;
  const p95 = `p95 ${numberText(before.hoursP95)} → ${numberText(after.hoursP95)}`;
  return [labelled('cost', `${hours}, ${p95}, of ${countOf(runs, 'run')}`)];
}

function fireLines(terminal: Terminal, { before, after }: ScheduleReview, ticks: number): readonly string[] {
  const [old, fresh] = [before?.next ?? [], after?.next ?? []];
  const size = Math.min(ticks, Math.max(old.length, fresh.length));
  return Array.from({ length: size }, (_none, at) => at).flatMap((at) => {
    const [left, right] = [cell(terminal, old[at], 'red'), cell(terminal, fresh[at], 'green')];
    const { utc, note } = fresh[at] ?? {};
    const tail = utc === undefined ? '' : paint(terminal, 'dim', `${utc.slice(11, 16)}Z`);
    const line = labelled(at === 0 ? 'next' : '', `${left}${right}${tail}`).trimEnd();
    return note === undefined ? [line] : [line, paint(terminal, 'dim', labelled('', `  ${printable(note)}`))];
  });
}

/** What only one side has is coloured. */
function cell(terminal: Terminal, fire: Fire | undefined, style: Style): string {
  if (fire === undefined) return ' '.repeat(FIRE_COLUMNS);
  const text = padEnd(`${fire.local} ${fire.offset}`, FIRE_COLUMNS);
  return fire.isOnly === true ? paint(terminal, style, text) : text;
}

function switchLines({ switchOver, ticksDiffer }: ScheduleReview): readonly string[] {
  const { last, first, effect } = switchOver;
  if (!ticksDiffer) return first === undefined ? [] : [labelled('first run', fireText(first))];
  const lines = [
    ...(last === undefined ? [] : [labelled('last old', fireText(last))]),
    ...(first === undefined ? [] : [labelled('first new', fireText(first))]),
  ];
  if (effect === undefined) return lines;
  const word = effect.kind === 'skipped' ? 'fewer' : 'more';
  return [
    ...lines,
    labelled('the switch', `${countOf(effect.count, 'run')} ${word} ${effect.stretch} than either rule has`),
  ];
}

function fireText({ local, offset, utc }: Fire): string {
  return `${local} ${offset}, ${utc.slice(0, 16)}Z`;
}
