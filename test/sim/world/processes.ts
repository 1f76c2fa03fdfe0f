import type { Log } from '../../../src/base/index.ts';
import { followPlatform, type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { startReconciler } from '../../../src/control/reconciler/index.ts';
import { createRegistration } from '../../../src/control/registration/index.ts';
import { type RetentionPolicy, startRetention } from '../../../src/control/retention/index.ts';
import { startScheduler } from '../../../src/control/scheduler/index.ts';
import type { PushHandler } from '../../../src/git/index.ts';
import { createResync } from '../../../src/main/resync.ts';
import { createClient } from './client.ts';
import type { SimRepository } from './git.ts';
import { type ClusterMode, calm, clockOf, isDead, type Link, type Weather } from './link.ts';
import { chanceOf } from './random.ts';
import type { SimStore } from './store.ts';
import type { Timeline } from './timeline.ts';

/** What runs of `control/`, each as a process that can die and be started again alone. */
export const ROLES = ['propeller', 'scheduler', 'reconciler', 'retention'] as const;
export type Role = (typeof ROLES)[number];

export interface SimProcess {
  readonly role: Role;
  readonly weather: Weather;
  readonly skew: { ms: number };
  lives: number;
  link: Link | undefined;
  /** Of the reconciler's process: decides on pushes once it has compared its refs. */
  handler: PushHandler | undefined;
  propeller: Propeller | undefined;
}

export interface ProcessOptions {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly store: SimStore;
  readonly mode: ClusterMode;
  readonly repositories: readonly SimRepository[];
  /** Runs work on a repository while no push to it is decided or lands. */
  readonly inTurn: (repository: string, work: () => Promise<void>) => Promise<void>;
  readonly log: (process: string) => Log;
}

export function createProcess(role: Role): SimProcess {
  return {
    role,
    weather: calm(),
    skew: { ms: 0 },
    lives: 0,
    link: undefined,
    handler: undefined,
    propeller: undefined,
  };
}

/** Ends a life: no wait of it goes on, and what was not sent is not sent. */
export function kill(process: SimProcess): void {
  const { link } = process;
  process.link = undefined;
  process.handler = undefined;
  process.propeller = undefined;
  if (link === undefined) return;
  link.died.abort('died');
  link.breakers.clear();
}

export function start(process: SimProcess, options: ProcessOptions): void {
  const { timeline, seed, mode, store } = options;
  const name = `${process.role}/${process.lives++}`;
  const link: Link = {
    name,
    timeline,
    mode,
    chance: chanceOf(seed, name),
    weather: process.weather,
    skew: process.skew,
    died: new AbortController(),
    breakers: new Set(),
    log: options.log(name),
  };
  process.link = link;
  const cluster = createClient(store, link);
  const host = { cluster, clock: clockOf(link), random: link.chance, log: link.log };
  switch (process.role) {
    case 'propeller': {
      // In a store of its own there are no foreign pods; on Kubernetes there may be.
      process.propeller = startPropeller({ ...host, hasOnlyOwnPods: mode === 'embedded' });
      followPlatform({ ...host, propeller: process.propeller });
      return;
    }
    case 'scheduler':
      startScheduler(host);
      return;
    case 'retention':
      startRetention({ ...host, policy: RETENTION_POLICY, minAgeMs: 3_600_000 });
      return;
    case 'reconciler':
      startGitSide(process, link, host, options);
      return;
  }
}

/** Two days hold what a month does: so little is kept. */
export const RETENTION_POLICY: RetentionPolicy = {
  live: { maxAgeMs: 12 * 3_600_000, maxCount: 60 },
  executions: { maxAgeMs: 12 * 3_600_000, maxCount: 60 },
  pods: { maxAgeMs: 12 * 3_600_000, maxCount: 120 },
  logs: { maxAgeMs: 12 * 3_600_000, maxBytes: 1_000_000 },
};

type Host = Parameters<typeof startReconciler>[0];

/** As the daemon does: compares the refs with what is noted before anybody can push, and again soon after. */
function startGitSide(process: SimProcess, link: Link, host: Host, options: ProcessOptions): void {
  const { repositories, inTurn } = options;
  const reconciler = startReconciler(host);
  const byName = (name: string): SimRepository => {
    const found = repositories.find((repository) => repository.name === name);
    if (found === undefined) throw new Error(`no repository ${name}`);
    return found;
  };
  const registration = createRegistration({
    ...host,
    refs: (name) => byName(name).refsNow(),
    objects: (name) => byName(name).reader,
    settled: (...about) => reconciler.settled(...about),
  });
  const list = async (): Promise<readonly string[]> => repositories.map(({ name }) => name);
  const resync = createResync({ registration, list, clock: host.clock, log: host.log });
  void resync.all().then(() => {
    if (isDead(link)) return;
    process.handler = resync.handler(inTurn);
    resync.allLater(inTurn);
  });
}
