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
  /** Free workers of all shards, oldest first. */
  readonly freeWorkers: readonly number[];
}

const LOADING = span('  loading…', 'dim');

/** How all of it is: executions, workers, repositories, schedules, what failed last. */
export function pulseContent(model: PulseModel, now: UnixMs): TextContent {
  const lines: readonly Line[] = [
    [span('control plane  ', 'dim'), span(model.server)],
    [],
    ...executionLines(model),
    [],
    ...shardLines(model, now),
    [],
    ...repositoryLines(model.repositories),
    [],
    ...scheduleLines(model.schedules, now),
    [],
    ...failureLines(model.executions, now),
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

function shardLines({ shards, freeWorkers }: PulseModel, now: UnixMs): readonly Line[] {
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
      span(`  ${free} of ${workers} free  `, free === 0 ? 'bad' : 'plain'),
      span(sparkline(freeWorkers, workers), free === 0 ? 'bad' : 'good'),
      span(`  queue ${sum(({ queueDepth }) => queueDepth)}`, 'dim'),
      span(`  ${sum(({ roundsPerSecond }) => roundsPerSecond).toFixed(1)} rounds/s`, 'dim'),
      span(`  ${shards.length} shard${shards.length === 1 ? '' : 's'}`, 'dim'),
    ],
    ...shards
      .slice(0, 8)
      .flatMap(({ metadata, status }): Line[] =>
        status === undefined
          ? []
          : [
              [
                span(`  ${metadata.name.padEnd(12)}`, 'dim'),
                span(`${status.freeWorkers}/${status.workers} free, queue ${status.queueDepth}, `),
                span(`round ${status.roundLatencyMs}ms`, status.roundLatencyMs > 250 ? 'warn' : 'plain'),
                span(`, changed ${humanDuration(now - Date.parse(status.reportedAt))} ago`, 'dim'),
              ],
            ],
      ),
  ];
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
