import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { CANARIES } from '../test/sim/canary/canaries.ts';
import { CAUGHT, readCaught, TICKS_CAUGHT, writeCaught } from '../test/sim/canary/caught.ts';
import { plant } from '../test/sim/canary/loader.ts';
import { playSeeds } from '../test/sim/play.ts';
import { openResults, type Results } from '../test/sim/results.ts';
import type { SimResult } from '../test/sim/run.ts';
import type { Shrinkable } from '../test/sim/shrink.ts';
import { TICK_CANARIES } from '../test/sim/ticks/canaries.ts';

/**
 * `npm run sim -- --seed N --hours H [--trace]` plays one world and, when it breaks an invariant, makes its plan smaller;
 * `--seeds A..B` plays many on all cores, and with `--out FILE` adds each result to a file and leaves out what stands there; `--canaries` plants each bug in turn and
 * writes to test/sim/canary/caught.txt which seed catches it. `--world schedules` plays schedulers alone, of which a second
 * has many, and their own bugs.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    world: { type: 'string', default: 'all' },
    hours: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    canary: { type: 'string' },
    canaries: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const isTicks = values.world === 'schedules';
const world = isTicks ? ({ world: 'schedules' } as const) : {};
const canaries = isTicks ? TICK_CANARIES : CANARIES;
const hours = Number(values.hours ?? (isTicks ? 0.5 : 48));
const jobs = Number(values.jobs);
const [from = 1, to = 1_000] = (values.seeds ?? '1..1000').split('..').map(Number);
const HOUR = 3_600_000;
/** Between two lines that tell how far it is. */
const PROGRESS_MS = 60_000;
/** What so long a world must have, or it proves less than it says. */
const LARGE = { hours: 48, executions: 200, shards: 3 };
/** Enough to look at. */
const MAX_BROKEN = 20;
/** Of seeds played without a planted bug: whether they keep all invariants. */
const goodSeeds = new Map<number, boolean>();

if (values.canaries) await catchCanaries();
else if (values.seed !== undefined) await playOne(Number(values.seed));
else await playMany();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function clockText(atMs: number): string {
  return `${Math.floor(atMs / HOUR)}h${((atMs % HOUR) / 60_000).toFixed(3)}m`;
}

function verdict({ seed, violation, hash, events, executions, phases }: SimResult): string {
  const what = `seed ${seed}: ${executions} executions, ${events} events, trace ${hash.slice(0, 12)}`;
  if (violation === undefined) return `${what}: good ${JSON.stringify(phases)}`;
  return `${what}: BROKEN invariant ${violation.invariant} at ${clockText(violation.at)}: ${violation.text}`;
}

/** The version that is checked out, marked when files differ from it. */
function versionNow(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return `${git('rev-parse', '--short=10', 'HEAD')}${git('status', '--porcelain', 'src', 'test/sim') === '' ? '' : '+'}`;
}

function sayVersions(results: Results): void {
  for (const [version, { played, broken }] of results.byVersion()) say(`${version}: ${played} seeds, ${broken} broken`);
}

async function playMany(): Promise<void> {
  const { out } = values;
  const results = out && openResults(out, { world: values.world, hours, version: versionNow() });
  const startMs = performance.now();
  const sums = { played: 0, executions: 0, events: 0, fewest: Number.POSITIVE_INFINITY, shards: 99 };
  const broken: SimResult[] = [];
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const said = (): string => {
    const seconds = (performance.now() - startMs) / 1_000;
    const { user, system } = process.cpuUsage();
    const cpuSeconds = (user + system) / 1e6;
    const each = Math.max(sums.played, 1);
    return (
      `${sums.played} seeds of ${hours} hours, ${broken.length} broken; ${sums.executions} executions (${sums.fewest} at least), ` +
      `${sums.shards} shards at least, ${sums.events} events; ${seconds.toFixed(0)} s on ${jobs} threads, ` +
      `${cpuSeconds.toFixed(0)} s of CPU, ${((1_000 * cpuSeconds) / each).toFixed(0)} ms a seed, ` +
      `${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`
    );
  };
  const telling = setInterval(() => say(said()), PROGRESS_MS);
  const data = { hours, ...world, ...(values.canary !== undefined && { canary: values.canary }) };
  const seen = (result: SimResult): boolean => {
    sums.played++;
    if (results) results.note(result);
    sums.executions += result.executions;
    sums.events += result.events;
    sums.fewest = Math.min(sums.fewest, result.executions);
    sums.shards = Math.min(sums.shards, result.shards);
    if (result.violation !== undefined) {
      broken.push(result);
      say(verdict(result));
    }
    return isStopped || broken.length >= MAX_BROKEN;
  };
  await playSeeds({ from, to, jobs, seen, ...data, ...(results && { skips: results.has }) });
  clearInterval(telling);
  say(said());
  if (results) sayVersions(results);
  if (broken.length > 0) {
    say(`look closer: npm run sim -- --seed ${Math.min(...broken.map(({ seed }) => seed))} --hours ${hours}`);
    process.exitCode = 1;
  }
  if (!isTicks && hours >= LARGE.hours && (sums.fewest < LARGE.executions || sums.shards < LARGE.shards)) {
    say(
      `too small: a world of ${LARGE.hours} hours has ${LARGE.executions} executions and ${LARGE.shards} shards at least`,
    );
    process.exitCode = 1;
  }
}

async function playOne(seed: number): Promise<void> {
  const planned = canaries.find(({ name }) => name === values.canary);
  if (planned !== undefined) plant(planned);
  // After the bug is planted: what these import must come through it.
  if (isTicks) {
    const { tickPlanOf } = await import('../test/sim/ticks/plan.ts');
    const { simulateTicks } = await import('../test/sim/ticks/run.ts');
    const plan = tickPlanOf(seed, hours);
    await playPlan(plan, simulateTicks, plan.startMs);
  } else {
    const { planOf } = await import('../test/sim/plan.ts');
    const { simulate } = await import('../test/sim/run.ts');
    const { START_MS } = await import('../test/sim/world/world.ts');
    await playPlan(planOf(seed, hours), simulate, START_MS);
  }
}

type Simulate<P> = (plan: P, options?: { trace?: (at: number, text: string) => void }) => Promise<SimResult>;

/** Plays one world; makes it smaller and tells its end when it breaks something. */
async function playPlan<P extends Shrinkable>(plan: P, simulate: Simulate<P>, startMs: number): Promise<void> {
  const { shrink } = await import('../test/sim/shrink.ts');
  const trace = (at: number, text: string): void => say(`${clockText(at - startMs).padEnd(14)} ${text}`);
  const result = await simulate(plan, values.trace ? { trace } : {});
  say(verdict(result));
  if (result.violation === undefined) return;
  process.exitCode = 1;
  if (values.trace) return;
  say('leaving out what it does not need…');
  const small = await shrink(plan, (candidate) => simulate(candidate), say);
  showPlan(small);
  say('the last 60 lines of its trace:');
  const lines: string[] = [];
  const last = await simulate(small, {
    trace: (at, text) => lines.push(`${clockText(at - startMs).padEnd(14)} ${text}`),
  });
  for (const line of lines.slice(-60)) say(line);
  say(verdict(last));
}

function showPlan({ faults, actions, ...rest }: Shrinkable): void {
  say(JSON.stringify(rest));
  const steps = ([...faults, ...actions] as readonly { readonly atMs: number }[]).toSorted((a, b) => a.atMs - b.atMs);
  for (const { atMs, ...step } of steps) say(`  ${clockText(atMs).padEnd(14)} ${JSON.stringify(step)}`);
}

/** Plants each bug in turn, and notes by which seed and which invariant it is caught, for the tests to play again. */
async function catchCanaries(): Promise<void> {
  const path = isTicks ? TICKS_CAUGHT : CAUGHT;
  const caught = new Map(readCaught(path).map((each) => [each.name, each]));
  let missed = 0;
  for (const { name } of canaries) {
    if (values.canary !== undefined && values.canary !== name) continue;
    const first = await firstCaught(name);
    if (first?.violation === undefined) {
      missed++;
      caught.delete(name);
      say(`MISSED ${name} by seeds ${from} to ${to}`);
    } else {
      const { invariant, text } = first.violation;
      caught.set(name, { name, seed: first.seed, hours, invariant });
      say(`caught ${name} by seed ${first.seed}, invariant ${invariant}: ${text.slice(0, 140)}`);
    }
    writeCaught(
      canaries.flatMap((canary) => caught.get(canary.name) ?? []),
      path,
    );
  }
  say(`${canaries.length} bugs, ${caught.size} with a seed that catches them; missed now: ${missed}`);
  if (missed > 0) process.exitCode = 1;
}

/** The lowest seed of those played that catches the bug, and is good without it. */
async function firstCaught(canary: string): Promise<SimResult | undefined> {
  for (let start = from; start <= to; ) {
    const seen: SimResult[] = [];
    await playSeeds({
      from: start,
      to,
      jobs,
      hours,
      ...world,
      canary,
      seen(result) {
        if (result.violation !== undefined) seen.push(result);
        return seen.length > 0;
      },
    });
    const [first] = seen.sort((a, b) => a.seed - b.seed);
    if (first === undefined) return undefined;
    if (await isGood(first.seed)) return first;
    say(`seed ${first.seed} is broken without ${canary} as well`);
    start = first.seed + 1;
  }
  return undefined;
}

/** Whether the world of a seed keeps all invariants when nothing is planted. */
async function isGood(seed: number): Promise<boolean> {
  const known = goodSeeds.get(seed);
  if (known !== undefined) return known;
  const seen = ({ violation }: SimResult): boolean => {
    goodSeeds.set(seed, violation === undefined);
    return true;
  };
  await playSeeds({ from: seed, to: seed, jobs: 1, hours, ...world, seen });
  return goodSeeds.get(seed) === true;
}
