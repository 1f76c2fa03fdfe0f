import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MAX_DURATION_MS } from '../../base/index.ts';
import {
  type ExcludedTime,
  nextTick,
  parseCron,
  type TickFields,
  tickRuleOf,
  wallWindowsOf,
} from '../../calendar/index.ts';
import { type PlannedSchedule, type PreviewedTick, previewTicks, ruleWords } from '../../client/calendar/index.ts';
import { durationText } from '../../client/index.ts';
import { parseDatesFile, parseDuration, suggest } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { findSchedules } from '../planned-schedules.ts';
import { renderTable } from '../table.ts';
import { paint, printable } from '../terminal.ts';
import { fromOption, zoneOption } from '../time-options.ts';

/** `pipectl schedule next (NAME | --cron EXPR | --every D)`: when it ticks next, and why then. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [action, name] = input.arguments;
  if (action !== 'next') {
    throw new UsageError(
      `there is no "${printable(action ?? '')}" of schedules`,
      '`pipectl schedule next` lists the next ticks',
    );
  }
  const zone = zoneOption(input);
  const { fields, isActive, spread } = await wantedFields(context, input, name, zone);
  const made = tickRuleOf(fields);
  if (made.kind === 'error') throw new UsageError(printable(made.message));
  const shownZone = zone ?? fields.timeZone;
  const from = fromOption(input, shownZone, context.clock.now());
  const count = input.integer('count', { min: 1, max: MAX_COUNT }) ?? DEFAULT_COUNT;
  // A tick at --from itself is one of the next.
  const ticks = previewTicks(made.rule, shownZone, from - 1, count);
  const words = ruleWords(made.rule);
  if (input.text('output') === 'json') {
    const named = name === undefined ? {} : { schedule: name, active: isActive };
    const late = spread === undefined ? {} : { spreadMs: spread.ms, spreadOffsetMs: spread.offsetMs };
    const schedule = { ...named, ...fields, ...late, words };
    context.stdout.write(jsonText({ ...schedule, tzdata: process.versions.tz, shownZone, ticks: ticks.map(tickJson) }));
    return EXIT.ok;
  }
  const text = fields.cron === undefined ? '' : `"${printable(fields.cron)}" in ${fields.timeZone}: `;
  context.stderr.write(`${paint(context.stderr, 'dim', `${text}${words}`)}\n`);
  if (spread !== undefined) context.stderr.write(`${spreadWords(spread)}\n`);
  if (!isActive) context.stderr.write(`${name} is not active: it does not tick until that changes\n`);
  if (ticks.length === 0)
    context.stderr.write(`${nextTick(made.rule, 0) === undefined ? 'it never ticks' : 'it does not tick any more'}\n`);
  else printTicks(context, input, ticks);
  if (ticks.length > 0 && ticks.length < count) context.stderr.write('it does not tick after that\n');
  return EXIT.ok;
}

function spreadWords({ ms, offsetMs }: NonNullable<WantedSchedule['spread']>): string {
  if (offsetMs === undefined) return `each starts up to ${durationText(ms)} after its tick (spread)`;
  return `each starts ${durationText(offsetMs)} after its tick (spread)`;
}

const DEFAULT_COUNT = 20;
const MAX_COUNT = 10_000;

interface WantedSchedule {
  readonly fields: TickFields;
  readonly isActive: boolean;
  readonly spread?: PlannedSchedule['spread'];
}

async function wantedFields(
  context: CommandContext,
  input: CommandInput,
  name: string | undefined,
  zone: string | undefined,
): Promise<WantedSchedule> {
  const [cron, every] = [input.text('cron'), input.text('every')];
  const exclude = input.list('exclude').map((text) => excludedTime(context.cwd, text));
  const given = [name, cron, every].filter((part) => part !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      given.length === 0 ? 'the ticks of what?' : 'a schedule, --cron or --every: one of them',
      'pipectl schedule next NAME, or --cron "30 2 * * *", or --every 15m',
    );
  }
  if (name !== undefined) return namedSchedule(context, input, name, exclude);
  const start = input.text('from');
  const extra = exclude.length === 0 ? {} : { exclude };
  const timeZone = zone ?? 'UTC';
  if (cron !== undefined) {
    checkCron(context, cron);
    return { fields: { cron, timeZone, ...extra }, isActive: true };
  }
  const everyMs = intervalMs(every as string);
  // A new rate is counted from its start, as the definition would say.
  const begin = start === undefined ? {} : { start: new Date(fromOption(input, timeZone, 0)).toISOString() };
  return { fields: { everyMs, timeZone, ...begin, ...extra }, isActive: true };
}

async function namedSchedule(
  context: CommandContext,
  input: CommandInput,
  name: string,
  exclude: readonly ExcludedTime[],
): Promise<WantedSchedule> {
  const { schedules, place } = await findSchedules(context, input);
  const found = schedules.find((schedule) => schedule.name === name);
  if (found === undefined) {
    const names = schedules.map((schedule) => schedule.name);
    const meant = suggest(name, names);
    const known = names.slice(0, MAX_NAMED).join(', ');
    const help =
      meant === undefined ? `there ${names.length === 0 ? 'is none' : `are ${known}`}` : `did you mean "${meant}"?`;
    throw new FailedError(`no schedule ${place} is called "${printable(name)}"`, help);
  }
  const excluded = [...(found.fields.exclude ?? []), ...exclude];
  const fields = excluded.length === 0 ? found.fields : { ...found.fields, exclude: excluded };
  const { isActive, spread } = found;
  return { fields, isActive, ...(spread !== undefined && { spread }) };
}

const MAX_NAMED = 10;

/** Shows the expression with a mark below what is wrong, and throws UsageError. */
function checkCron({ stderr }: CommandContext, cron: string): void {
  const parsed = parseCron(cron);
  if (parsed.kind === 'ok') return;
  if (cron.length <= MAX_FRAME) {
    const mark = paint(stderr, 'red', '^'.repeat(Math.max(1, parsed.length)));
    stderr.write(`  ${printable(cron).replaceAll('\t', ' ')}\n  ${' '.repeat(parsed.offset)}${mark}\n`);
  }
  throw new UsageError(`--cron: ${parsed.message}`, 'docs/schedules.md has the grammar');
}

const MAX_FRAME = 100;

function intervalMs(text: string): number {
  const every = parseDuration(text);
  if (every.kind === 'error') throw new UsageError(`--every: ${every.message}`, every.help);
  if (every.ms < 1_000 || every.ms > MAX_DURATION_MS) {
    throw new UsageError(`--every: ${printable(text)} is no interval of a schedule`, 'from 1s to a hundred years');
  }
  return every.ms;
}

/** `2026-12-25`, a span as `2026-12-24T18:00..2027-01-02`, or a file of dates. */
function excludedTime(cwd: string, text: string): ExcludedTime {
  if (text.endsWith('.dates')) return excludedDates(cwd, text);
  const [from = '', to, ...rest] = text.split('..');
  const item: ExcludedTime = to === undefined ? { dates: [from] } : { from, to };
  if (rest.length === 0 && wallWindowsOf([item]).kind === 'ok') return item;
  const help = 'write a day (2026-12-25), a span (2026-12-24T18:00..2027-01-02) or a file that ends with .dates';
  throw new UsageError(`--exclude: "${printable(text)}" is no time`, help);
}

function excludedDates(cwd: string, path: string): ExcludedTime {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(resolve(cwd, path));
  } catch (error) {
    throw new UsageError(`--exclude: ${printable(path)}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const file = parseDatesFile(path, bytes);
  if (file.kind === 'error') throw new UsageError(`--exclude: ${file.message}`);
  return { dates: file.dates };
}

function tickJson({ at: _, ...tick }: PreviewedTick) {
  return tick;
}

function printTicks({ stdout, clock }: CommandContext, input: CommandInput, ticks: readonly PreviewedTick[]): void {
  const isWide = input.text('output') === 'wide';
  const hasNotes = ticks.some(({ note }) => note !== undefined);
  const columns = [
    { title: 'LOCAL', priority: 9, minWidth: 20 },
    { title: 'OFFSET', priority: 3, minWidth: 6 },
    { title: 'UTC', priority: 6, minWidth: 20 },
    ...(isWide ? [{ title: 'IN', priority: 1, minWidth: 6 }] : []),
    ...(hasNotes ? [{ title: 'NOTE', priority: 5, minWidth: 20 }] : []),
  ];
  const now = clock.now();
  const rows = ticks.map(({ at, local, offset, utc, note }) => [
    local,
    offset,
    utc.replace('.000Z', 'Z'),
    ...(isWide ? [waitText(at - now)] : []),
    ...(hasNotes ? [note ?? ''] : []),
  ]);
  const style = (text: string, column: number): string => {
    return columns[column]?.title === 'NOTE' ? paint(stdout, 'yellow', text) : text;
  };
  stdout.write(`${renderTable(columns, rows, { columns: stdout.columns, header: true, style }).join('\n')}\n`);
}

/** In the largest two units: `3d4h`, `5m`. */
function waitText(ms: number): string {
  if (ms <= 0) return `${waitText(-ms || 1)} ago`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.ceil(ms / 1000)}s`;
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}
