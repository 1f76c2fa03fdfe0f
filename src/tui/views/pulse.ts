import type { UnixMs } from '../../base/index.ts';
import { durationText, type ExecutionPulse, withNextTick } from '../../client/index.ts';
import { type Condition, humanDuration, type Repository, type Schedule, type Shard } from '../../cluster/index.ts';
import type { TextContent } from '../content.ts';
import { clean, type Line, span } from '../line.ts';
import { phaseSpan } from '../phase.ts';
import { sparkline } from './sparkline.ts';

export interface PulseModel {
  readonly server: string;
  readonly executions: ExecutionPulse;
  readonly isLoaded: boolean;
  /** Absent: not read yet. */
  readonly repositories: readonly Repository[] | undefined;
  readonly shards: readonly Shard[] | undefined;
  readonly schedules: readonly Schedule[] | undefined;
  /** By the name of the shard. */
  readonly samples: ReadonlyMap<string, ShardSamples>;
}

/** What a shard reported in the last seconds, one value a second, oldest first. */
export interface ShardSamples {
  readonly freeWorkers: readonly number[];
  readonly queue: readonly number[];
  readonly latencyMs: readonly number[];
}

export const NO_SAMPLES: ShardSamples = { freeWorkers: [], queue: [], latencyMs: [] };

const LOADING = span('  loading…', 'dim');

/** How all of it is: executions, workers, repositories, schedules, what failed last. */
export function pulseContent(model: PulseModel, now: UnixMs, columns: number): TextContent {
  const lines: readonly Line[] = [
    [span('control plane  ', 'dim'), span(model.server)],
    [],
    ...executionLines(model),
    [],
    ...shardLines(model, now, columns),
    [],
    ...repositoryLines(model.repositories),
    [],
    ...scheduleLines(model.schedules, now),
    [],
    ...(model.isLoaded ? failureLines(model.executions, now) : [[span('Failures', 'title'), LOADING]]),
  ];
  return { kind: 'text', facts: [], count: lines.length, line: (at) => lines[at] ?? [] };
}

function executionLines({ executions, isLoaded }: PulseModel): readonly Line[] {
  if (!isLoaded) return [[span('Executions', 'title'), LOADING]];
  const { running, queued, waiting, succeeded, failed, perMinute } = executions;
  const last = perMinute.at(-2) ?? 0;
  return [
    [span('Executions', 'title')],
    [
      span(`  ▶ ${running} running`, running > 0 ? 'busy' : 'dim'),
      span(`   ◌ ${queued} queued`, queued > 0 ? 'warn' : 'dim'),
      span(`   ‖ ${waiting} waiting for approval`, waiting > 0 ? 'warn' : 'dim'),
    ],
    [
      span(`  ✓ ${succeeded} succeeded`, succeeded > 0 ? 'good' : 'dim'),
      span(`   ✗ ${failed} failed`, failed > 0 ? 'bad' : 'dim'),
      span('   in the last hour', 'dim'),
    ],
    [span('  started a minute  ', 'dim'), span(sparkline(perMinute), 'busy'), span(`  ${last}/min`, 'dim')],
  ];
}

function shardLines({ shards, samples }: PulseModel, now: UnixMs, columns: number): readonly Line[] {
  const title: Line = [span('Workers', 'title')];
  if (shards === undefined) return [[...title, LOADING]];
  if (shards.length === 0) return [title, [span('  no shard has reported', 'dim')]];
  const sum = (read: (status: NonNullable<Shard['status']>) => number): number =>
    shards.reduce((total, { status }) => total + (status === undefined ? 0 : read(status)), 0);
  const workers = sum(({ workers: all }) => all);
  const free = sum(({ freeWorkers: all }) => all);
  return [
    title,
    [
      span(`  ${free} of ${workers} free`, free === 0 ? 'bad' : 'plain'),
      span(`  queue ${sum(({ queueDepth }) => queueDepth)}`, 'dim'),
      span(`  ${sum(({ roundsPerSecond }) => roundsPerSecond).toFixed(1)} rounds/s`, 'dim'),
      span(`  ${shards.length} shard${shards.length === 1 ? '' : 's'}`, 'dim'),
    ],
    ...shardTable(shards.slice(0, MAX_SHOWN_SHARDS), samples, now, columns),
    ...(shards.length > MAX_SHOWN_SHARDS ? [[span(`  and ${shards.length - MAX_SHOWN_SHARDS} more: 9`, 'dim')]] : []),
  ];
}

const MAX_SHOWN_SHARDS = 8;
/** A round that takes longer is slow. */
const SLOW_ROUND_MS = 250;

/** A row for each shard: free workers, queue and length of rounds, each with what it was in the last seconds. */
function shardTable(
  shards: readonly Shard[],
  samples: PulseModel['samples'],
  now: UnixMs,
  columns: number,
): readonly Line[] {
  const nameWidth = Math.max(5, ...shards.map(({ metadata }) => metadata.name.length));
  // Name, three values and when it was; what is left are three lines.
  const width = Math.max(4, Math.min(30, Math.floor((columns - nameWidth - 44) / 3)));
  const bars = (values: readonly number[], most?: number): string =>
    sparkline(values.slice(-width), most).padStart(width, ' ');
  const title = (text: string): string => text.padEnd(width + 9);
  const rows = shards.flatMap(({ metadata: { name }, status }): Line[] => {
    if (status === undefined) return [];
    const { freeWorkers, queue, latencyMs } = samples.get(name) ?? NO_SAMPLES;
    const isSlow = status.roundLatencyMs > SLOW_ROUND_MS;
    return [
      [
        span(`  ${clean(name).padEnd(nameWidth)}  `),
        span(bars(freeWorkers, status.workers), status.freeWorkers === 0 ? 'bad' : 'good'),
        span(` ${`${status.freeWorkers}/${status.workers}`.padEnd(7)} `),
        span(bars(queue), status.queueDepth > 0 ? 'warn' : 'dim'),
        span(` ${String(status.queueDepth).padEnd(7)} `),
        span(bars(latencyMs), isSlow ? 'warn' : 'dim'),
        span(` ${`${Math.round(status.roundLatencyMs)}ms`.padEnd(7)} `, isSlow ? 'warn' : 'plain'),
        span(`${humanDuration(now - Date.parse(status.reportedAt))} ago`, 'dim'),
      ],
    ];
  });
  const head = `  ${'SHARD'.padEnd(nameWidth)}  ${title('FREE')}${title('QUEUE')}${title('ROUND')}CHANGED`;
  return rows.length === 0 ? [] : [[span(head, 'dim')], ...rows];
}

function repositoryLines(repositories: PulseModel['repositories']): readonly Line[] {
  const title: Line = [span('Repositories', 'title')];
  if (repositories === undefined) return [[...title, LOADING]];
  if (repositories.length === 0) {
    return [title, [span('  none yet: `pipectl init` writes a project, `git push pipectl main` brings it', 'dim')]];
  }
  return [
    title,
    ...repositories.slice(0, 10).map(({ metadata, spec, status }): Line => {
      const ready = status?.conditions?.find((each: Condition) => each.type === 'Ready');
      const word =
        spec.suspended === true
          ? 'Suspended'
          : ready === undefined
            ? 'Unknown'
            : ready.status === 'True'
              ? 'Ready'
              : 'NotReady';
      const glyph =
        word === 'Ready' ? phaseSpan('True') : word === 'NotReady' ? phaseSpan('False') : phaseSpan('Unknown');
      const domains = Object.entries(status?.domains ?? {}).map(([name, domain]) => {
        const at = domain.lastApplied ?? domain.desired;
        return `${name} ${typeof at === 'string' ? at.slice(0, 7) : '-'}`;
      });
      return [
        span(`  ${glyph.text[0]} ${word.padEnd(9)} `, glyph.tone),
        span(`${clean(metadata.name)}  `),
        span(clean(domains.join(', ')), 'dim'),
        ...(word === 'Ready' ? [] : [span(`  ${clean(ready?.message ?? '')}`, 'warn')]),
      ];
    }),
  ];
}

function scheduleLines(schedules: PulseModel['schedules'], now: UnixMs): readonly Line[] {
  if (schedules === undefined) return [[span('Schedules', 'title'), LOADING]];
  const next = schedules
    .map((schedule) => withNextTick(schedule, now) as Schedule)
    .flatMap(({ metadata, status }) => {
      const at = Date.parse(status?.nextTick ?? '');
      return Number.isNaN(at)
        ? []
        : [{ name: metadata.name, at, lateMs: status?.latenessMs, missed: status?.missed ?? 0 }];
    })
    .sort((a, b) => a.at - b.at);
  const worst = Math.max(0, ...next.map(({ lateMs = 0 }) => lateMs));
  const missed = next.reduce((sum, each) => sum + each.missed, 0);
  return [
    [
      span('Schedules', 'title'),
      span(`  ${schedules.length} here`, 'dim'),
      ...(next.length > 0
        ? [span(`, last ticks at most ${durationText(worst)} late`, worst > 5_000 ? 'warn' : 'dim')]
        : []),
      ...(missed > 0 ? [span(`, ${missed} missed`, 'warn')] : []),
    ],
    ...next
      .slice(0, 5)
      .map(
        ({ name, at }): Line => [
          span(`  in ${humanDuration(Math.max(0, at - now)).padEnd(7)}`),
          span(clean(name)),
          span(`  ${new Date(at).toISOString().slice(0, 16)}Z`, 'dim'),
        ],
      ),
  ];
}

function failureLines({ failures }: ExecutionPulse, now: UnixMs): readonly Line[] {
  if (failures.length === 0) return [[span('Failures', 'title'), span('  none', 'dim')]];
  return [
    [span('Failures', 'title'), span('  the last ones', 'dim')],
    ...failures.map(
      (row): Line => [
        span('  ✗ ', 'bad'),
        span(`${humanDuration(now - row.finishedAt).padEnd(6)} `, 'dim'),
        span(`${clean(row.name)}  `),
        span(clean(row.message), 'bad'),
      ],
    ),
  ];
}
