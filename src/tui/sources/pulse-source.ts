import { MAX_SAMPLES, type UnixMs } from '../../base/index.ts';
import { pulseOf } from '../../client/index.ts';
import type { Repository, Schedule, Shard } from '../../cluster/index.ts';
import type { TextContent } from '../content.ts';
import type { Place } from '../state.ts';
import { pulseContent } from '../views/pulse.ts';
import type { Source, SourcePorts } from './source.ts';

const SAMPLE_MS = 1_000;
/** While it is still being read. */
const DATA_MS = 100;
const MINUTES = 30;

/** How all of it is. Looks at every row once a second, and only while somebody looks. */
export function pulseSource(ports: SourcePorts): Source {
  const freeWorkers: number[] = [];
  let made: { readonly at: UnixMs; readonly isWhole: boolean; readonly content: TextContent } | undefined;
  return {
    content(_place: Place, now: UnixMs): TextContent {
      if (made !== undefined && now - made.at < (made.isWhole ? SAMPLE_MS : DATA_MS)) return made.content;
      const all = <T>(kind: string): readonly T[] =>
        [...ports.objects(kind).objects.values()] as unknown as readonly T[];
      const shards = all<Shard>('Shard');
      if (shards !== undefined)
        freeWorkers.push(shards.reduce((sum, { status }) => sum + (status?.freeWorkers ?? 0), 0));
      if (freeWorkers.length > MAX_SAMPLES / 2) freeWorkers.shift();
      const executions = ports.executions();
      const content = pulseContent(
        {
          server: ports.server,
          executions: pulseOf(executions.rows.values(), now, MINUTES),
          isLoaded: executions.isLoaded,
          repositories: all<Repository>('Repository'),
          shards,
          schedules: all<Schedule>('Schedule'),
          freeWorkers,
        },
        now,
      );
      made = { at: now, isWhole: executions.isLoaded && shards !== undefined, content };
      return content;
    },
    close() {
      made = undefined;
    },
  };
}
