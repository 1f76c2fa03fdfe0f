import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UpProcess } from '../daemon/fixtures/program.ts';
import { FAILPOINTS } from './failpoints/points.ts';
import type { World } from './world.ts';

/** What befalls a control plane in one life, before it is killed. */
export interface Fault {
  readonly kind: FaultKind;
  /** For people, exact enough to do it again. */
  readonly text: string;
  readonly isShipped: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** The failpoint that is to end it. */
  readonly point?: string;
}

export type FaultKind =
  | 'kill'
  | 'failpoint'
  | 'slow disk'
  | 'full disk'
  | 'failing disk'
  | 'clock step'
  | 'lost spawner'
  | 'read-only folder'
  | 'ordered end';

/** How many of a hundred lives each befalls. */
const SHARES: readonly (readonly [FaultKind, number])[] = [
  ['kill', 33],
  ['failpoint', 42],
  ['slow disk', 4],
  ['full disk', 6],
  ['failing disk', 4],
  ['clock step', 5],
  ['lost spawner', 3],
  ['read-only folder', 1],
  ['ordered end', 2],
];

/** Time that a life is given to reach its failpoint, and the longest that any other lasts after its start. */
const REACH_MS = 2_500;
const LIFE_MS = 600;
/** The longest that a life waits for work to be acknowledged before its end is chosen. */
const WORK_MS = 10_000;

/** Chooses a fault; `points` names the failpoints in the order in which they come. */
export function chooseFault(world: World, nextPoint: () => string): Fault {
  const { random } = world;
  const kind = chosenKind(world);
  const pick = (most: number): number => 1 + Math.floor(random() * most);
  const plain = { kind, isShipped: random() < 0.6, env: {} };
  switch (kind) {
    case 'failpoint': {
      const point = nextPoint();
      const nth = pick(FAILPOINTS.find(({ name }) => name === point)?.often ?? 1);
      const action = `${point}=kill@${nth}`;
      return { ...instrumentedLife(kind, { PIPECTL_FAILPOINTS: action }), text: action, point };
    }
    case 'slow disk': {
      const delay = `log.write=delay(${pick(60)});log.write-later=delay(${pick(60)})`;
      return { ...instrumentedLife(kind, { PIPECTL_FAILPOINTS: delay }), text: delay };
    }
    case 'failing disk': {
      const code = ['EIO', 'EROFS', 'ENOSPC'][Math.floor(random() * 3)];
      const error = `log.write=error(${code})@${pick(60)};log.write-later=error(${code})@${pick(20)}`;
      return { ...instrumentedLife(kind, { PIPECTL_FAILPOINTS: error }), text: error };
    }
    case 'clock step': {
      const offset = (): number => Math.round((random() - 0.5) * 16_000);
      const steps = `0:${offset()},${200 + pick(500)}:${offset()},${700 + pick(500)}:${offset()}`;
      return { ...instrumentedLife(kind, { PIPECTL_CLOCK_STEPS: steps }), text: steps };
    }
    default:
      return { ...plain, text: kind };
  }
}

function instrumentedLife(kind: FaultKind, env: Fault['env']): Omit<Fault, 'text'> {
  return { kind, isShipped: false, env };
}

function chosenKind({ random, disk }: World): FaultKind {
  let at = random() * 100;
  for (const [kind, share] of SHARES) {
    at -= share;
    if (at < 0) return kind === 'full disk' && disk === undefined ? 'kill' : kind;
  }
  return 'kill';
}

/** Lets the fault come over a process that was just started, and ends the process: by `kill -9`, but for an ordered end. */
export async function strike(world: World, fault: Fault, up: UpProcess): Promise<void> {
  const { random } = world;
  switch (fault.kind) {
    case 'kill':
      // A quarter of them at the start.
      if (random() < 0.75) await someWork(world, up);
      await sleep(random() * LIFE_MS);
      break;
    case 'failpoint':
      await Promise.race([up.ended, up.url.then(() => sleep(REACH_MS))]);
      break;
    case 'full disk':
      await up.url;
      await sleep(random() * LIFE_MS);
      world.disk?.fill(up.child.pid ?? 0);
      await sleep(random() * LIFE_MS);
      // Half of them die while it is full, and the next start finds it so.
      if (random() < 0.5) world.disk?.free(up.child.pid ?? 0);
      await sleep(random() * 200);
      break;
    case 'lost spawner':
      await someWork(world, up);
      await sleep(random() * LIFE_MS);
      killSpawners(world.data);
      await sleep(random() * LIFE_MS);
      break;
    case 'ordered end':
      await up.url;
      await sleep(random() * LIFE_MS);
      up.child.kill('SIGTERM');
      await Promise.race([up.ended, sleep(15_000)]);
      break;
    default:
      await Promise.race([up.ended, someWork(world, up)]);
      await sleep(random() * LIFE_MS);
  }
  await up.kill();
}

/** Waits for a few acknowledgements: on a busy machine nothing would have happened after a time, however chosen. */
async function someWork({ ledger, random }: World, up: UpProcess): Promise<void> {
  await up.url;
  const wanted = done(ledger) + 1 + Math.floor(random() * 5);
  for (const deadline = Date.now() + WORK_MS; Date.now() < deadline && done(ledger) < wanted; ) await sleep(5);
}

function done({ pushed, created, answers, aborted, deleted, ends }: World['ledger']): number {
  return pushed.size + created.size + answers.size + aborted.size + deleted.size + ends.size;
}

/** Makes a folder read-only for whoever opens it anew, while `work` runs. Where this user may not, does nothing. */
export async function whileReadOnly(folder: string, work: () => Promise<void>): Promise<void> {
  if (spawnSync('mount', ['--bind', folder, folder]).status !== 0) return;
  try {
    if (spawnSync('mount', ['-o', 'remount,bind,ro', folder]).status === 0) await work();
  } finally {
    spawnSync('umount', ['-l', folder]);
  }
}

/** Ends the programs that start tasks below this data folder, as the operating system may when memory is short. */
function killSpawners(data: string): void {
  const folder = join(data, 'attempts', 'spawners');
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = Number(name.split('.')[1]);
    if (commandOf(pid).includes(data)) process.kill(pid, 'SIGKILL');
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
