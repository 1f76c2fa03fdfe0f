import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { openEmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import type { Cluster, Execution, Pod, PodStatus, Write } from '../../../src/cluster/index.ts';
import type { TaskClosure } from '../../../src/compiler/index.ts';
import { type Propeller, type PropellerOptions, startPropeller } from '../../../src/control/propeller/index.ts';
import { openIsomorphicReader } from '../../../src/git/adapters/isomorphic/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { createKubernetesPods, createSourceMaps } from '../../../src/runtime/index.ts';
import { git, newRepository, temporaryFolder } from '../../git/fixtures/real-git.ts';
import { expr, workflow } from '../../propeller/closures.ts';
import { type FakeKubelet, startFakeKubelet } from '../../runtime/fixtures/fake-kubelet.ts';
import { type ProcessKubelet, startProcessKubelet } from '../../runtime/fixtures/process-kubelet.ts';
import { overHttp } from '../fixtures/over-http.ts';
import { launch, register, untilOver } from './engine-host.ts';

/** What tests of the engine with pods for kubelets share: the API, the engine on it, and kubelets that play or run pods. */

export const log = { write: () => undefined };
const ends: (() => Promise<unknown>)[] = [];

/** A store, the API over it, and what the engine wrote there. New for each test. */
export const plane = {} as {
  cluster: Cluster;
  remote: Cluster;
  writes: Write[];
  /** Answers a write of the engine before the API does. */
  refuse: (write: Write) => Error | undefined;
};

/** Opens a plane before each test of the file, and ends after it all that was started. */
export function eachOnItsPlane(): void {
  beforeEach(async () => {
    const store = await openEmbeddedStore({ folder: temporaryFolder(), clock: hostClock, random: hostRandom, log });
    plane.cluster = store;
    ends.push(() => store.close());
    plane.remote = await overHttp(store);
    plane.writes = [];
    plane.refuse = () => undefined;
  });

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
}

/** The engine's clock: that of the host, and it can leap. */
export function leapingClock() {
  let aheadMs = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const now = (): number => hostClock.now() + aheadMs;
  return {
    now,
    at(at: number, run: () => void) {
      const timer = { at, run };
      const fire = (): void => {
        if (timers.delete(timer)) run();
      };
      timers.add(timer);
      const cancel = hostClock.at(at - aheadMs, fire);
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
    leap(ms: number) {
      aheadMs += ms;
      for (const timer of timers) if (timer.at <= now() && timers.delete(timer)) timer.run();
    },
  };
}

type LeapingClock = ReturnType<typeof leapingClock>;

/** Starts the engine on the API, which sees git through `repository`. */
export function startEngine(
  repository?: string,
  image = 'busybox:1.37',
  options: Partial<PropellerOptions> = {},
): { readonly propeller: Propeller; readonly clock: LeapingClock } {
  const clock = leapingClock();
  const counted: Cluster = {
    ...plane.remote,
    async write(batch, options) {
      const written = [];
      for (const write of batch) {
        const refusal = plane.refuse(write);
        if (refusal !== undefined) throw refusal;
        plane.writes.push(write);
        written.push(...(await plane.remote.write([write], options)));
      }
      return written;
    },
  };
  const reader = repository === undefined ? undefined : openIsomorphicReader(join(repository, '.git'));
  const sources = createSourceMaps({ cluster: counted, clock, log, ...(reader && { readerOf: () => reader }) });
  const pods = createKubernetesPods(sources, { image });
  const propeller = startPropeller({ cluster: counted, clock, random: hostRandom, log, pods, ...options });
  ends.push(() => propeller.stop());
  return { propeller, clock };
}

export async function kubelet(play: (pod: Pod) => readonly PodStatus[]): Promise<FakeKubelet> {
  const fake = await startFakeKubelet(plane.cluster, { play });
  ends.push(() => fake.stop());
  return fake;
}

export async function processes(): Promise<ProcessKubelet> {
  const real = await startProcessKubelet(plane.cluster, join(temporaryFolder(), 'pods'));
  ends.push(() => real.stop());
  return real;
}

/** Runs one task by that closure to its end. */
export async function runTask(task: Partial<TaskClosure>): Promise<Execution> {
  const closure = workflow({ one: { kind: 'task', task } }, OUTPUTS);
  await register(plane.cluster, closure);
  await launch(plane.cluster, closure, 'flow-1');
  return untilOver(plane.cluster, 'flow-1');
}

export const OUTPUTS = { outputs: { x: { type: 'integer', value: expr('nodes.one.outputs.x') } } };
export const RETRIED = { retries: { limit: 0, backoff: { initialMs: 1, factor: 1, maxMs: 1 } } };

/** A committed folder: its repository and its tree. */
export function sourceOf(files: Readonly<Record<string, string>>): {
  readonly repository: string;
  readonly tree: string;
} {
  const repository = newRepository();
  mkdirSync(join(repository, 'lib'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(repository, path), text, { mode: 0o755 });
  git(repository, ['add', '-A']);
  return { repository, tree: git(repository, ['write-tree']) };
}
