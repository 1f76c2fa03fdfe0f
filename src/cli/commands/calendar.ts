import {
  type BusyHour,
  type CalendarWeek,
  calendarPicture,
  calendarWeek,
  counted,
  dayText,
  HOURS,
  levelBounds,
  levelOf,
  shortCount,
} from '../../client/calendar/index.ts';
import { cutTo } from '../../client/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { findSchedules } from '../planned-schedules.ts';
import { paint, printable, type Style, type Terminal } from '../terminal.ts';
import { fromOption, zoneOption } from '../time-options.ts';

/** `pipectl calendar`: how much the hours of the next seven days, or of this week, have to do. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const zone = zoneOption(input) ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { schedules, place } = await findSchedules(context, input);
  const from = fromOption(input, zone, context.clock.now());
  const week = calendarWeek(schedules, zone, input.flag('week') ? mondayOf(from, zone) : from);
  const subject = `Schedules ${place}`;
  for (const { name, message } of week.broken)
    context.stderr.write(`${printable(name)} is left out: ${printable(message)}\n`);
  switch (input.text('output')) {
    case 'json':
      context.stdout.write(jsonText(weekJson(week)));
      break;
    case 'svg':
      context.stdout.write(calendarPicture(week, subject));
      break;
    default:
      context.stdout.write(`${weekLines(context.stdout, week, subject).join('\n')}\n`);
  }
  return EXIT.ok;
}

function mondayOf(from: number, zone: string): number {
  const day = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone);
  return day.subtract({ days: day.dayOfWeek - 1 }).epochMilliseconds;
}

function weekJson({ missing, doubled, ...week }: CalendarWeek) {
  const hourOf = (cell: number) => ({ day: week.days[Math.floor(cell / HOURS)] as string, hour: cell % HOURS });
  return {
    ...week,
    busiest: week.busiest.map((busy) => ({ ...busy, day: week.days[busy.day] as string })),
    missing: [...missing].map(hourOf),
    doubled: [...doubled].map(hourOf),
    tzdata: process.versions.tz ?? null,
  };
}

/** Each hour is two columns wide: a shade by itself says how much, colour only helps. */
const SHADES: readonly { readonly glyph: string; readonly style: Style }[] = [
  { glyph: '··', style: 'dim' },
  { glyph: '░░', style: 'green' },
  { glyph: '▒▒', style: 'cyan' },
  { glyph: '▓▓', style: 'yellow' },
  { glyph: '██', style: 'red' },
];
const MISSING = '  ';
const LABEL_WIDTH = 12;

function weekLines(terminal: Terminal, week: CalendarWeek, subject: string): readonly string[] {
  const count = `${counted(week.total, 'tick')} of ${counted(week.ticking, 'schedule')}`;
  const hours = Array.from({ length: HOURS / 3 }, (_, i) =>
    String(i * 3)
      .padStart(2, '0')
      .padEnd(6),
  ).join('');
  const rows = week.days.map((day, at) => {
    const cells = week.counts[at]!.map((_, hour) => cellText(terminal, week, at, hour));
    return `${dayText(day).padEnd(LABEL_WIDTH)}${cells.join('')}`;
  });
  const width = terminal.columns ?? Number.POSITIVE_INFINITY;
  return [
    paint(terminal, 'bold', cutTo(`${printable(subject)}: ${count}, hours of ${week.timeZone}`, width)),
    '',
    paint(terminal, 'dim', `${' '.repeat(LABEL_WIDTH)}${hours}`.trimEnd()),
    ...rows.map((row) => row.trimEnd()),
    '',
    legendLine(terminal, week),
    ...week.busiest.map((busy) => cutTo(busyLine(week, busy), width)),
  ];
}

function cellText(terminal: Terminal, week: CalendarWeek, day: number, hour: number): string {
  if (week.missing.has(day * HOURS + hour)) return MISSING;
  const { glyph, style } = SHADES[levelOf(week, week.counts[day]![hour]!)]!;
  return paint(terminal, style, glyph);
}

function legendLine(terminal: Terminal, week: CalendarWeek): string {
  const bounds = [0, ...levelBounds(week)];
  const parts = bounds.map((bound, level) => {
    const least = level === 0 ? 0 : bounds[level - 1]! + 1;
    const { glyph, style } = SHADES[level]!;
    return `${paint(terminal, style, glyph)} ${least === bound ? bound : `${shortCount(least)}-${shortCount(bound)}`}`;
  });
  return `${' '.repeat(LABEL_WIDTH)}${parts.join('   ')}   ticks an hour`;
}

function busyLine({ days }: CalendarWeek, { day, hour, count, schedules }: BusyHour): string {
  const named = schedules.map((schedule) => `${printable(schedule.name)} ${shortCount(schedule.count)}`);
  const at = `${dayText(days[day]!)} ${String(hour).padStart(2, '0')}:00`;
  return `${at.padEnd(17)} ${`${shortCount(count).padStart(4)} ${count === 1 ? 'tick' : 'ticks'}`.padEnd(10)}   ${named.join(', ')}`;
}
