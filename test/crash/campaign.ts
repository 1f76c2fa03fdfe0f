import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { daemonAt, startDaemon, startUp, type UpProcess } from '../daemon/fixtures/program.ts';
import { lostSince, wrongAttempts } from './check.ts';
import { PROJECT } from './definitions.ts';
import { FAILPOINTS } from './failpoints/points.ts';
import { chooseFault, type Fault, strike, whileReadOnly } from './faults.ts';
import { copyOf, noteExecution } from './ledger.ts';
import { observe, readExisting } from './observer.ts';
import { settle } from './settle.ts';
import { work } from './users.ts';
import { openWorld, type Programs, type World } from './world.ts';

export interface Campaign {
  /** Times that a control plane is killed. */
  readonly runs: number;
  readonly seed: number;
  /** Data folders that are worked with at a time. */
  readonly jobs: number;
  /** When so many of them are broken, enough is found. */
  readonly maxBroken: number;
  readonly programs: Programs;
  readonly say: (line: string) => void;
}

export interface Report {
  readonly runs: number;
  /** Lives by what befell them. */
  readonly faults: Readonly<Record<string, number>>;
  /** Failpoint → times that it ended a process. */
  readonly points: ReadonlyMap<string, number>;
  /** Restarts after which everything was compared. */
  readonly compared: number;
  readonly pushed: number;
  readonly executions: number;
  readonly ended: number;
  readonly attempts: number;
  /** Empty: nothing was lost. */
  readonly problems: readonly string[];
}

/** Kills in the life of one data folder. */
const RUNS_OF_WORLD = 50;

/** Plays so many lives, in worlds of some dozens each, and tells what was lost. */
export async function runCampaign({ runs, seed, jobs, maxBroken, programs, say }: Campaign): Promise<Report> {
  const sizes = Array.from({ length: Math.ceil(runs / RUNS_OF_WORLD) }, (_, at) =>
    Math.min(RUNS_OF_WORLD, runs - at * RUNS_OF_WORLD),
  );
  const tally = newTally();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < sizes.length && tally.broken < maxBroken) {
      const at = next++;
      const world = openWorld(programs, seed + at, at % 2 === 0);
      await playWorld(world, sizes[at] as number, tally, say);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, sizes.length) }, worker));
  return tally;
}

interface Tally extends Report {
  runs: number;
  faults: Record<string, number>;
  points: Map<string, number>;
  compared: number;
  pushed: number;
  executions: number;
  ended: number;
  attempts: number;
  problems: string[];
  serial: number;
  broken: number;
}

function newTally(): Tally {
  const counts = { runs: 0, compared: 0, pushed: 0, executions: 0, ended: 0, attempts: 0, serial: 0, broken: 0 };
  return { ...counts, faults: {}, points: new Map(), problems: [] };
}

async function playWorld(world: World, runs: number, tally: Tally, say: Campaign['say']): Promise<void> {
  const lives: string[] = [];
  const problems: string[] = [];
  const startMs = performance.now();
  try {
    await begin(world);
    for (let run = 0; run < runs && problems.length === 0; run++) {
      const fault = chooseFault(world, () => (FAILPOINTS[tally.serial++ % FAILPOINTS.length] as { name: string }).name);
      lives.push(fault.text);
      problems.push(...(await playLife(world, fault, tally)), ...world.ledger.problems);
      tally.runs++;
    }
    if (problems.length === 0) problems.push(...(await settle(world)), ...world.ledger.problems);
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const { ledger, folders, seed } = world;
  const journal = existsSync(folders.journal) ? readFileSync(folders.journal, 'utf8') : '';
  problems.push(...wrongAttempts(journal));
  tally.pushed += ledger.pushed.size;
  tally.executions += ledger.created.size;
  tally.ended += ledger.ends.size;
  tally.attempts += journal.split('\nstart ').length;
  say(
    `seed ${seed}: ${lives.length} lives in ${((performance.now() - startMs) / 1_000).toFixed(0)} s, ${ledger.pushed.size} pushes, ` +
      `${ledger.created.size} executions, ${ledger.ends.size} ends seen; ${problems.length} problems`,
  );
  if (problems.length === 0) return;
  const kept = mkdtempSync(join(tmpdir(), `pipectl-crash-${seed}-`));
  cpSync(world.data, join(kept, 'data'), { recursive: true });
  writeFileSync(join(kept, 'journal'), journal);
  writeFileSync(join(kept, 'lives'), lives.join('\n'));
  writeFileSync(join(kept, 'problems'), problems.join('\n'));
  const told = [
    ...problems.slice(0, 20).map((problem) => `seed ${seed}: ${problem}`),
    `the last lives: ${lives.slice(-5).join(' | ')}`,
    `all of it is kept in ${kept}`,
  ];
  for (const line of told) say(line);
  tally.problems.push(...told);
  tally.broken++;
}

/** Without a first push there is nothing to start, and on a busy machine it may take longer than a life. */
async function begin({ programs, data, project, ledger }: World): Promise<void> {
  const daemon = await startDaemon({ program: programs.shipped, data });
  const commit = project.commit({});
  const { code, text } = await project.push(daemon.remote(PROJECT));
  if (code !== 0) throw new Error(`the first push was refused: ${text}`);
  ledger.pushed.add(commit);
  await daemon.kill();
}

/** One life: a start, a comparison with what was acknowledged before, work, a fault, and the end. */
async function playLife(world: World, fault: Fault, tally: Tally): Promise<readonly string[]> {
  tally.faults[fault.kind] = (tally.faults[fault.kind] ?? 0) + 1;
  const { data, programs, disk } = world;
  const problems: string[] = [];
  if (fault.kind === 'read-only folder' && existsSync(data)) {
    await whileReadOnly(data, async () => {
      const refused = startUp({ program: programs.shipped, data });
      const code = await refused.ended;
      if (code !== 2) problems.push(`it did not refuse a read-only folder: ${code} ${refused.output()}`);
    });
  }
  const program = fault.isShipped ? programs.shipped : programs.instrumented;
  const up = startUp({ program, data, env: fault.env });
  const gone = new AbortController();
  const working = workUntil(world, up, gone.signal, tally, problems);
  const striking = strike(world, fault, up);
  const late = await Promise.race([striking, wait(60_000).then(() => true as const)]);
  if (late === true) problems.push(`it neither started nor ended: ${up.output().slice(-2_000)}`);
  await up.kill();
  await striking;
  gone.abort();
  await working;
  problems.push(...(await endProblems(fault, up, tally)));
  if (disk !== undefined && isFull(disk.data)) disk.free(up.child.pid ?? 0);
  return problems;
}

/** Compares, then works and watches until the control plane is gone. */
async function workUntil(
  world: World,
  up: UpProcess,
  gone: AbortSignal,
  tally: Tally,
  problems: string[],
): Promise<void> {
  const url = await up.url;
  if (url === undefined || gone.aborted) return;
  const daemon = daemonAt(up, url, world.data);
  try {
    const cluster = await daemon.connect();
    problems.push(...(await compare(world, cluster)));
    tally.compared++;
    await Promise.all([observe(cluster, world.ledger, gone), work(world, daemon, gone)]);
  } catch {
    // It was killed while it was asked; the next life answers.
  }
}

/** What was acknowledged to others before and is not there now. */
export async function compare({ ledger }: World, cluster: KubernetesCluster): Promise<readonly string[]> {
  const before = copyOf(ledger);
  const existing = await readExisting(cluster);
  for (const execution of existing.executions) noteExecution(ledger, execution, false);
  return lostSince(before, existing);
}

const ORDINARY_ERRORS =
  /spawner ended unexpectedly|no space left|disk is full|cannot write to the store|planted at|(EIO|EROFS|ENOSPC)/;

/** What is wrong with how a life ended. */
async function endProblems(fault: Fault, up: UpProcess, tally: Tally): Promise<readonly string[]> {
  const how = await up.ended;
  const output = up.output();
  const reached = /failpoint (\S+) reached/.exec(output)?.[1];
  if (reached !== undefined) tally.points.set(reached, (tally.points.get(reached) ?? 0) + 1);
  const problems: string[] = [];
  const wanted = fault.kind === 'ordered end' ? 0 : 'SIGKILL';
  const isRefused = how === 2 && /no space left|planted at|(EIO|EROFS|ENOSPC)|failed/.test(output);
  if (how !== wanted && !isRefused) problems.push(`${fault.text}: it ended by ${how}: ${output.slice(-2_000)}`);
  for (const line of output.split('\n')) {
    const isGrave = line.includes('quarantined') || (/"level":"error"/.test(line) && !ORDINARY_ERRORS.test(line));
    if (isGrave) problems.push(`${fault.text}: ${line}`);
  }
  return problems;
}

function isFull(data: string): boolean {
  return existsSync(join(data, '..', 'ballast'));
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
