import type { Fire, Report, ScheduleReview, ScheduleSide, SwitchOver } from '../report.ts';
import { countOf, deltaText, numberText } from '../words.ts';
import { codeText, inlineText } from './escape.ts';
import { details, table } from './markdown-parts.ts';

/** One row a schedule: what it says before and after, how often, and when it first runs after the merge. */
export function schedulesTable({ schedules }: Report): string {
  if (schedules.length === 0) return '';
  const hasCost = schedules.some(({ cost }) => cost !== undefined);
  const rows = schedules.map((schedule) => {
    const { before, after, switchOver, cost } = schedule;
    return [
      nameCell(schedule),
      before === undefined ? 'new' : sideCell(before, after),
      after === undefined ? '**removed**' : sideCell(after, before),
      runsCell(before, after),
      switchOver.first === undefined ? 'never' : fireCell(switchOver.first, (after ?? before)?.timeZone === 'UTC'),
      ...(hasCost ? [cost === undefined ? 'no history' : costCell(cost)] : []),
    ];
  });
  const columns = [
    { title: 'Schedule' },
    { title: 'Before' },
    { title: 'After' },
    { title: 'Runs/week', isNumber: true },
    { title: 'First run after the merge' },
    ...(hasCost ? [{ title: 'Hours/week', isNumber: true }] : []),
  ];
  const note = hasCost ? [] : ['<sub>Cost: no history.</sub>'];
  if (rows.length <= FEW_ROWS) return [table(columns, rows), ...note].join('\n\n');
  const rest = rows.slice(FEW_ROWS);
  const folded = details(`${countOf(rest.length, 'more schedule')}`, table(columns, rest));
  return [table(columns, rows.slice(0, FEW_ROWS)), folded, ...note].join('\n\n');
}

/** As many are seen at once. */
const FEW_ROWS = 6;

function nameCell({ name, previousName, file, line }: ScheduleReview): string {
  const was = previousName === undefined ? '' : `<br>was ${codeText(previousName)}`;
  return `${codeText(name)}${was}<br><sub>${codeText(line === undefined ? file : `${file}:${line}`)}</sub>`;
}

/** What a side says; of the zone, the plan and the rest only what the other side has otherwise, or what is no default. */
function sideCell(side: ScheduleSide, other: ScheduleSide | undefined): string {
  const { rule, words, timeZone, launchPlan, isActive, spread, overlap } = side;
  const more = [
    ...(spread === undefined && other?.spread === undefined ? [] : [`spread ${spread ?? 'none'}`]),
    ...(overlap === other?.overlap ? [] : [`overlap ${overlap ?? 'allow'}`]),
    ...(launchPlan === other?.launchPlan || other === undefined ? [] : [`runs ${codeText(launchPlan)}`]),
    ...(isActive ? [] : ['**not active**']),
  ];
  const tail = more.length === 0 ? '' : `<br>${more.join(', ')}`;
  return `${codeText(rule)}<br><sub>${inlineText(words)}, ${inlineText(timeZone)}</sub>${tail}`;
}

function runsCell(before: ScheduleSide | undefined, after: ScheduleSide | undefined): string {
  const [old, fresh] = [before?.runsPerWeek ?? 0, after?.runsPerWeek ?? 0];
  if (old === fresh) return numberText(fresh);
  return `${numberText(old)} → ${numberText(fresh)} (${deltaText(fresh - old)})`;
}

function fireCell({ local, offset, utc }: Fire, isUtc: boolean): string {
  return isUtc ? `${local} UTC` : `${local} ${offset}<br><sub>${utcText(utc)} UTC</sub>`;
}

function costCell({ before, after }: NonNullable<ScheduleReview['cost']>): string {
  const text = (hours: number): string => numberText(hours);
  const cores =
    after.coreHours === undefined && before.coreHours === undefined
      ? ''
      : `<br><sub>≤ ${text(before.coreHours ?? 0)} → ${text(after.coreHours ?? 0)} core hours</sub>`;
  return `${text(before.hoursP50)} → ${text(after.hoursP50)}<br><sub>p95 ${text(before.hoursP95)} → ${text(after.hoursP95)}</sub>${cores}`;
}

/** `2026-01-05 02:30`, with seconds where there are some. */
export function utcText(utc: string): string {
  return utc.slice(0, 19).replace('T', ' ').replace(/:00$/, '');
}

/** For each schedule whose ticks differ: the next ones, those that come and go, the switch, and clocks that change. */
export function scheduleDetails({ schedules }: Report): string {
  const parts = schedules
    .filter(({ ticksDiffer }) => ticksDiffer)
    .map((schedule) => {
      const heading = `${codeText(schedule.name)}: ${summaryOf(schedule)}`;
      return details(
        heading,
        ...[switchText(schedule.switchOver), nextTable(schedule), clockTable(schedule)].filter((part) => part !== ''),
      );
    });
  if (parts.length <= FEW) return parts.join('\n');
  const shown = parts.slice(0, MAX_DETAILED);
  const left = parts.length - shown.length;
  const note = left === 0 ? [] : [`… and ${countOf(left, 'more schedule')}.`];
  return details(`Runs of ${countOf(parts.length, 'schedule')} before and after`, shown.join('\n'), ...note);
}

/** Schedules of which every tick is told; of more than these the table tells enough. */
const MAX_DETAILED = 20;
/** As many stand by themselves. */
const FEW = 3;

function summaryOf({ instants, before, after }: ScheduleReview): string {
  const count = Math.max(before?.next.length ?? 0, after?.next.length ?? 0);
  const next = `next ${countOf(count, 'run')}`;
  if (instants === undefined) return next;
  const { addedCount, removedCount } = instants;
  return `${next}; in seven days ${numberText(addedCount)} come and ${numberText(removedCount)} go`;
}

/** What only one side has is bold. In UTC the local time says it all. */
function nextTable({ before, after }: ScheduleReview): string {
  const [old, fresh] = [before?.next ?? [], after?.next ?? []];
  const size = Math.max(old.length, fresh.length);
  if (size === 0) return '';
  const sides = [
    { title: 'Before', side: before, fires: old },
    { title: 'After', side: after, fires: fresh },
  ].filter(({ side }) => side !== undefined);
  const columns = sides.flatMap(({ title, side }) => {
    const local = { title: `${title}, ${inlineText(side?.timeZone ?? '')}` };
    return side?.timeZone === 'UTC' ? [local] : [local, { title: 'UTC' }];
  });
  const rows = Array.from({ length: size }, (_none, at) => {
    return sides.flatMap(({ side, fires }) => tickCells(fires[at], side?.timeZone === 'UTC'));
  });
  return table(columns, rows);
}

function tickCells(fire: Fire | undefined, isUtc: boolean): readonly string[] {
  if (fire === undefined) return isUtc ? [''] : ['', ''];
  const { local, offset, utc, note, isOnly } = fire;
  const shown = isUtc ? local : `${local} ${offset}`;
  const why = note === undefined ? '' : `<br><sub>${inlineText(note)}</sub>`;
  const cell = `${isOnly === true ? `**${shown}**` : shown}${why}`;
  return isUtc ? [cell] : [cell, utcText(utc)];
}

function switchText({ last, first, effect }: SwitchOver): string {
  if (last === undefined || first === undefined) return '';
  const facts = `The last run by the old rule is ${last.local} ${last.offset}, the first by the new one ${first.local} ${first.offset}.`;
  if (effect === undefined) return facts;
  const word = effect.kind === 'skipped' ? 'fewer' : 'more';
  return `${facts} **${countOf(effect.count, 'run')} ${word} ${effect.stretch} than either rule has.**`;
}

function clockTable({ clockChanges }: ScheduleReview): string {
  if (clockChanges.length === 0) return '';
  const rows = clockChanges.map(({ from, to, kind, times, moreTimes, words, utc }) => [
    `${from} → ${to.slice(-5)}<br><sub>${utcText(utc)} UTC, clocks go ${kind}</sub>`,
    times.length === 0 ? 'none' : `${times.join(', ')}${moreTimes > 0 ? ` and ${numberText(moreTimes)} more` : ''}`,
    words,
  ]);
  return table([{ title: 'Clocks change' }, { title: 'Local times' }, { title: 'What happens' }], rows);
}
