import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  type Execution,
  SCHEDULER_STATE_NAME,
  type Schedule,
  type SchedulerState,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { daemonAt, newFolder, startDaemon, startUp, type UpProcess, until } from '../daemon/fixtures/program.ts';
import { newProject } from '../daemon/fixtures/project.ts';
import { seededRandom } from '../daemon/fixtures/seeded-random.ts';
import { NAMESPACE, PROJECT } from './definitions.ts';
import { readExisting } from './observer.ts';
import type { Programs } from './world.ts';

/** Kills of real control planes around the ticks of their schedules. */
export interface TickCampaign {
  readonly runs: number;
  readonly seed: number;
  readonly programs: Programs;
  readonly say: (line: string) => void;
}

export interface TickReport {
  readonly runs: number;
  readonly ticks: number;
  readonly executions: number;
  readonly problems: readonly string[];
}

/** Kills in the life of one data folder. */
const RUNS_OF_WORLD = 50;
const SETTLE_MS = 120_000;
/** A start that takes longer is killed as it is. */
const START_MS = 30_000;
/** How long before and after a tick a kill comes. */
const AROUND_MS = 200;

/** Schedules of which every tick must have its execution, and every how many ms they tick. */
const ALL: Readonly<Record<string, number>> = { second: 1_000, cron: 2_000, spread: 5_000 };
/** Those of which only one execution at a time may run. */
const ALONE: Readonly<Record<string, number>> = { forbid: 2_000, queue: 3_000 };

export async function runTickCampaign({ runs, seed, programs, say }: TickCampaign): Promise<TickReport> {
  const report = { runs: 0, ticks: 0, executions: 0, problems: [] as string[] };
  for (let first = 0; first < runs && report.problems.length === 0; first += RUNS_OF_WORLD) {
    const startMs = performance.now();
    const world = await openTickWorld(programs, seed + first);
    for (let left = Math.min(RUNS_OF_WORLD, runs - first); left > 0; left--) {
      await playLife(world, report.problems);
      report.runs++;
    }
    const { ticks, executions, problems } = await settleTicks(world);
    report.ticks += ticks;
    report.executions += executions;
    report.problems.push(...problems.slice(0, 20));
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
    say(
      `seed ${seed + first}: ${report.runs} kills, ${ticks} ticks, ${executions} executions, ${problems.length} problems, ${seconds} s`,
    );
  }
  return report;
}

interface TickWorld {
  readonly programs: Programs;
  readonly data: string;
  readonly journal: string;
  readonly random: () => number;
}

async function openTickWorld(programs: Programs, seed: number): Promise<TickWorld> {
  const folder = newFolder();
  const data = join(folder, 'data');
  const journal = join(folder, 'journal');
  const locks = join(folder, 'locks');
  mkdirSync(locks);
  writeFileSync(journal, '');
  const daemon = await startDaemon({ program: programs.shipped, data });
  const { code, text } = await newProject(tickFiles(journal, locks)).push(daemon.remote(PROJECT));
  if (code !== 0) throw new Error(`the push was refused: ${text}`);
  const cluster = await daemon.connect();
  await until('all schedules are active', async () => {
    const { items } = await cluster.list<Schedule>('Schedule', { namespace: NAMESPACE });
    return items.length === Object.keys({ ...ALL, ...ALONE }).length ? true : undefined;
  });
  await daemon.kill();
  return { programs, data, journal, random: seededRandom(seed) };
}

/** Starts it, and kills it around a tick, at a place where it writes, or before it is up. */
async function playLife({ programs, data, random }: TickWorld, problems: string[]): Promise<void> {
  const kind = random();
  const point = POINTS[Math.floor(random() * POINTS.length)];
  const isAtPoint = kind < 0.4;
  const env = isAtPoint ? { PIPECTL_FAILPOINTS: `${point}=kill@${1 + Math.floor(random() * 60)}` } : {};
  const up = startUp({
    program: isAtPoint ? programs.instrumented : programs.shipped,
    data,
    env: env as Record<string, string>,
  });
  if (kind > 0.9) await sleep(random() * 1_500);
  else {
    await Promise.race([up.url, sleep(START_MS)]);
    const tickAt = (Math.floor(Date.now() / 1_000) + 1 + Math.floor(random() * 3)) * 1_000;
    await Promise.race([up.ended, sleep(tickAt + (random() * 2 - 1) * AROUND_MS - Date.now())]);
  }
  await up.kill();
  const how = await up.ended;
  if (how !== 'SIGKILL') problems.push(`it ended by ${how}: ${up.output().slice(-1_000)}`);
  problems.push(...graveLines(up));
}

/** Before and after each tick is durable, visible and acknowledged. */
const POINTS = ['log.write', 'log.written', 'store.durable', 'store.visible', 'store.acknowledged'] as const;

function graveLines(up: UpProcess): readonly string[] {
  return up
    .output()
    .split('\n')
    .filter((line) => line.includes('quarantined') || /"level":"error"/.test(line));
}

interface Settled {
  readonly ticks: number;
  readonly executions: number;
  readonly problems: readonly string[];
}

/** Lets it make up for all that was missed, and compares. */
async function settleTicks({ programs, data, journal }: TickWorld): Promise<Settled> {
  const up = startUp({ program: programs.shipped, data });
  const url = await up.url;
  if (url === undefined)
    return { ticks: 0, executions: 0, problems: [`it does not start: ${up.output().slice(-1_000)}`] };
  const cluster = await daemonAt(up, url, data).connect();
  const startedAt = Date.now();
  const settledUntil = await until('all ticks are made up for', () => settledSince(cluster, startedAt), SETTLE_MS);
  const { items } = await cluster.list<Schedule>('Schedule', { namespace: NAMESPACE });
  const { executions } = await readExisting(cluster);
  await up.kill();
  const lines = readFileSync(journal, 'utf8').split('\n');
  const overlaps = lines.filter((line) => line.startsWith('overlap'));
  const compared = items.map((schedule) => compareTicks(schedule, executions, settledUntil));
  const problems = [...overlaps.slice(0, 5), ...compared.flatMap((each) => each.problems)];
  if (problems.length > 0 && existsSync(data)) appendFileSync(journal, `${problems.join('\n')}\n`);
  const ticks = compared.reduce((sum, each) => sum + each.ticks, 0);
  return { ticks, executions: executions.length, problems };
}

/** Up to where all is settled, once that is some seconds after `since`, and no schedule is behind. */
async function settledSince(cluster: KubernetesCluster, since: number): Promise<number | undefined> {
  const key = { kind: 'SchedulerState', namespace: SYSTEM_NAMESPACE, name: SCHEDULER_STATE_NAME };
  const { status } = await cluster.get<SchedulerState>(key);
  const settledUntil = Date.parse(status?.settledUntil ?? '');
  if (!(settledUntil > since + 3_000) || (status?.catchUp ?? null) !== null) return undefined;
  const { items } = await cluster.list<Schedule>('Schedule', { namespace: NAMESPACE });
  return items.some((schedule) => schedule.status?.owedSince !== undefined) ? undefined : settledUntil;
}

/** Ticks are multiples of what the schedule ticks every: as is seen by whoever looks at the clock. */
function compareTicks(schedule: Schedule, executions: readonly Execution[], settledUntil: number): Settled {
  const { name, creationTimestamp = '' } = schedule.metadata;
  const everyMs = { ...ALL, ...ALONE }[name] as number;
  const offsetMs = schedule.spec.spreadMs ?? 0;
  const problems: string[] = [];
  const found = new Map<number, string>();
  for (const { metadata, spec } of executions) {
    if (spec.trigger.kind !== 'schedule' || spec.trigger.schedule !== name) continue;
    const tick = Date.parse(spec.trigger.tick);
    if (tick % everyMs !== 0) problems.push(`${name}: ${metadata.name} is of ${spec.trigger.tick}, which is no tick`);
    const other = found.get(tick);
    if (other !== undefined) problems.push(`${name}: ${other} and ${metadata.name} are both of ${spec.trigger.tick}`);
    found.set(tick, metadata.name);
  }
  const first = Math.floor(Date.parse(creationTimestamp) / everyMs) * everyMs + everyMs;
  let ticks = 0;
  // What its spread puts off may come after all others are settled.
  for (let tick = first; tick <= settledUntil - offsetMs; tick += everyMs) {
    ticks++;
    if (name in ALL && !found.has(tick)) problems.push(`${name}: ${new Date(tick).toISOString()} has no execution`);
  }
  return { ticks, executions: found.size, problems };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms)).unref();
  });
}

function tickFiles(journal: string, locks: string): Record<string, string> {
  const schedules = [
    'second }\nspec: { launchPlan: quick, every: 1s, catchUp: { policy: all } }',
    'cron }\nspec: { launchPlan: quick, cron: "*/2 * * * * *", timeZone: Europe/Berlin, catchUp: { policy: all } }',
    'spread }\nspec: { launchPlan: quick, every: 5s, spread: 4s, catchUp: { policy: all } }',
    'forbid }\nspec: { launchPlan: alone, every: 2s, overlap: forbid, catchUp: { policy: all } }',
    'queue }\nspec: { launchPlan: alone-too, every: 3s, overlap: queue, maxQueued: 3, catchUp: { policy: all } }',
  ];
  const alone = ['alone', 'alone-too'].map(
    (name) => `---
kind: Task
metadata: { name: ${name} }
spec: { run: { command: [sh, -c, 'exec 9>>"${locks}/${name}"; flock -n 9 || echo "overlap of ${name}" >> "${journal}"; sleep 1'] } }
---
kind: Workflow
metadata: { name: ${name} }
spec: { nodes: { only: { task: ${name} } } }
---
kind: LaunchPlan
metadata: { name: ${name} }
spec: { workflow: ${name} }
`,
  );
  return {
    'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ${PROJECT} }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`,
    'pipelines/all.yaml': `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: quick }
spec:
  outputs: { n: "\${{ nodes.one.outputs.n }}" }
  nodes: { one: { compute: { n: "\${{ 1 + 1 }}" } } }
---
kind: LaunchPlan
metadata: { name: quick }
spec: { workflow: quick }
${alone.join('')}${schedules.map((text) => `---\nkind: Schedule\nmetadata: { name: ${text}\n`).join('')}`,
  };
}
