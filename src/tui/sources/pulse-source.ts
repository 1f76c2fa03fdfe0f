import { MAX_SAMPLES, type UnixMs } from '../../base/index.ts';
import { pulseOf } from '../../client/index.ts';
import type { Repository, Schedule, Shard } from '../../cluster/index.ts';
import type { TextContent } from '../content.ts';
import type { Place } from '../state.ts';
import { NO_SAMPLES, pulseContent, type ShardSamples } from '../views/pulse.ts';
import type { Source, SourcePorts } from './source.ts';

const SAMPLE_MS = 1_000;
/** While it is still being read. */
const DATA_MS = 100;
const MINUTES = 30;
/** One a second. */
const SAMPLES = MAX_SAMPLES / 2;

/** Takes a sample of each shard; one that is gone is forgotten with its samples. */
function sample(samples: Map<string, ShardSamples>, shards: readonly Shard[]): void {
  const names = new Set(shards.map(({ metadata }) => metadata.name));
  for (const name of samples.keys()) if (!names.has(name)) samples.delete(name);
  for (const { metadata, status } of shards) {
    if (status === undefined) continue;
    const before = samples.get(metadata.name) ?? NO_SAMPLES;
    const added = (values: readonly number[], value: number): readonly number[] => [...values, value].slice(-SAMPLES);
    samples.set(metadata.name, {
      freeWorkers: added(before.freeWorkers, status.freeWorkers),
      queue: added(before.queue, status.queueDepth),
      latencyMs: added(before.latencyMs, status.roundLatencyMs),
    });
  }
}

/** How all of it is. Looks at every row once a second, and only while somebody looks. */
export function pulseSource(ports: SourcePorts): Source {
  const samples = new Map<string, ShardSamples>();
  let made: { readonly at: UnixMs; readonly isWhole: boolean; readonly content: TextContent } | undefined;
  return {
    content(_place: Place, now: UnixMs, columns: number): TextContent {
      if (made !== undefined && now - made.at < (made.isWhole ? SAMPLE_MS : DATA_MS)) return made.content;
      // What has not been read yet is not nothing.
      const all = <T>(kind: string): readonly T[] | undefined => {
        const { isLoaded, objects } = ports.objects(kind);
        return isLoaded ? ([...objects.values()] as unknown as readonly T[]) : undefined;
      };
      const shards = all<Shard>('Shard');
      const repositories = all<Repository>('Repository');
      const schedules = all<Schedule>('Schedule');
      if (shards !== undefined) sample(samples, shards);
      const executions = ports.executions();
      const content = pulseContent(
        {
          server: ports.server,
          executions: pulseOf(executions.rows.values(), now, MINUTES),
          isLoaded: executions.isLoaded,
          repositories,
          shards,
          schedules,
          samples,
        },
        now,
        columns,
      );
      made = {
        at: now,
        isWhole: executions.isLoaded && [shards, repositories, schedules].every((each) => each !== undefined),
        content,
      };
      return content;
    },
    close() {
      made = undefined;
    },
  };
}
