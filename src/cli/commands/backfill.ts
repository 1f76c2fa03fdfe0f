import { instantText, MAX_BACKFILL_CONCURRENCY, MAX_BACKFILL_TICKS, type UnixMs } from '../../base/index.ts';
import { countBetween, tickRuleOf, ticksBetween } from '../../calendar/index.ts';
import { type Connected, followOne, listAll, localInstant, wallClockText } from '../../client/index.ts';
import {
  API_VERSION,
  type Backfill,
  type BackfillStatus,
  type Execution,
  executionName,
  LABEL,
  type Schedule,
} from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { notFoundHint } from '../not-found.ts';
import { personOf } from '../person.ts';
import { scheduledWord } from '../scheduled.ts';
import { namespaceFor } from '../scope.ts';
import { printable } from '../terminal.ts';

/** `pipectl backfill SCHEDULE --from T [--to T]`: runs the ticks of a span of the past, on the control plane. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const word = input.arguments[0] ?? '';
  const name = scheduledWord(word)?.name ?? word;
  const session = await context.session();
  const namespace = await namespaceFor(context, session, 'Schedule');
  const key = { kind: 'Schedule', name, ...(namespace !== undefined && { namespace }) };
  const { cluster } = session;
  const schedule = await cluster.get<Schedule>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
  const span = spanOf(context, input, schedule);
  if (input.flag('dryRun')) return dryRun(context, session, schedule, span, input.flag('reverse'));
  const backfill = wanted(context, input, schedule, span);
  await cluster.write([{ op: 'create', object: backfill }]);
  if (!input.flag('wait')) {
    context.stdout.write(`${backfill.metadata.name}\n`);
    context.stderr.write(`\`pipectl describe backfill/${backfill.metadata.name}\` tells how far it is\n`);
    return EXIT.ok;
  }
  return await awaitEnd(context, session, backfill);
}

interface Span {
  readonly from: UnixMs;
  readonly to: UnixMs;
}

function spanOf({ clock }: CommandContext, input: CommandInput, { spec }: Schedule): Span {
  const instant = (option: 'from' | 'to', text: string): UnixMs => {
    const found = localInstant(text, spec.timeZone, option === 'from' ? 'begin' : 'end');
    if (found !== undefined) return found;
    throw new UsageError(
      `--${option} ${text}: not a time`,
      'for example 2026-01-31, 2026-01-31T06:00 or 2026-01-31T06:00:00Z',
    );
  };
  const text = input.text('from');
  if (text === undefined) throw new UsageError('a backfill begins somewhere', 'say --from');
  const now = clock.now();
  const from = instant('from', text);
  const end = input.text('to');
  const wanted = end === undefined ? now : instant('to', end);
  if (wanted <= from && end !== undefined) {
    throw new UsageError(
      `--to ${instantText(wanted)} is not after --from ${instantText(from)}`,
      'the earlier one first',
    );
  }
  const to = Math.min(wanted, now + 1);
  if (to <= from) {
    const span = `there is nothing between ${instantText(from)} and now, ${instantText(now)}`;
    throw new UsageError(span, 'what is to come runs by itself');
  }
  return { from, to };
}

function wanted(context: CommandContext, input: CommandInput, schedule: Schedule, { from, to }: Span): Backfill {
  const { name, namespace = '' } = schedule.metadata;
  const concurrency = input.integer('concurrency', { min: 1, max: MAX_BACKFILL_CONCURRENCY });
  return {
    apiVersion: API_VERSION,
    kind: 'Backfill',
    metadata: { name: input.text('name') ?? executionName(`${name}-backfill`, context.random), namespace },
    spec: {
      schedule: name,
      from: instantText(from),
      to: instantText(to),
      ...(concurrency !== undefined && { concurrency }),
      ...(input.flag('reverse') && { reverse: true }),
      ...personOf(context),
    },
  };
}

/** Ticks that are printed; of more, how many they are. */
const MAX_PRINTED_TICKS = 1_000;

async function dryRun(
  { stdout, stderr }: CommandContext,
  { cluster }: Connected,
  { metadata, spec }: Schedule,
  { from, to }: Span,
  isReverse: boolean,
): Promise<ExitCode> {
  const result = tickRuleOf(spec);
  if (result.kind === 'error') throw new FailedError(`schedule ${metadata.name}: ${result.message}`);
  const total = countBetween(result.rule, from - 1, to - 1, MAX_BACKFILL_TICKS + 1);
  if (total > MAX_BACKFILL_TICKS) {
    throw new FailedError(`the span has more than ${MAX_BACKFILL_TICKS} ticks`, 'ask for a shorter one');
  }
  const labelSelector = `${LABEL.schedule}=${metadata.name}`;
  const { items } = await listAll<Execution>(cluster, 'Execution', {
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    labelSelector,
  });
  const known = new Set(items.flatMap(({ spec: { trigger } }) => (trigger.kind === 'schedule' ? [trigger.tick] : [])));
  const ticks = ticksBetween(result.rule, from - 1, to - 1, total);
  const shown = (isReverse ? ticks.toReversed() : ticks).slice(0, MAX_PRINTED_TICKS);
  for (const tick of shown) {
    const text = instantText(tick);
    stdout.write(`${text}  ${wallClockText(tick, spec.timeZone)}${known.has(text) ? '  exists' : ''}\n`);
  }
  const more = total > shown.length ? `, of which the first ${shown.length} are shown` : '';
  stderr.write(`${total} ${total === 1 ? 'tick' : 'ticks'}${more}; nothing was started\n`);
  return EXIT.ok;
}

async function awaitEnd(
  { stdout, stderr, signal }: CommandContext,
  { cluster }: Connected,
  { metadata }: Backfill,
): Promise<ExitCode> {
  const { name, namespace = '' } = metadata;
  let last = '';
  for await (const { status } of followOne<Backfill>(cluster, { kind: 'Backfill', namespace, name }, signal)) {
    if (status === undefined) continue;
    const line = progressLine(status);
    if (line !== last) stderr.write(`${line}\n`);
    last = line;
    if (status.finishedAt === undefined) continue;
    stdout.write(`${name} ${status.phase}\n`);
    return status.phase === 'Succeeded' ? EXIT.ok : EXIT.failed;
  }
  if (signal.aborted) return EXIT.interrupted;
  throw new FailedError(`backfill ${name} was deleted`);
}

function progressLine({ total, started, skipped, running, succeeded, failed, message }: BackfillStatus): string {
  const counts = `${started + skipped} of ${total} ticks: ${succeeded} succeeded, ${failed} failed, ${running} running, ${skipped} existed`;
  return message === undefined ? counts : `${counts}; ${printable(message)}`;
}
