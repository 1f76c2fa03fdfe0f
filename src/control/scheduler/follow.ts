import type { UnixMs } from '../../base/index.ts';
import {
  createPlatforms,
  type LaunchPlan,
  type Platform,
  reflect,
  type Schedule,
  type SchedulerSettings,
} from '../../cluster/index.ts';
import type { SchedulerPorts } from './term.ts';

export interface FollowHandlers {
  readonly schedule: (schedule: Schedule) => void;
  readonly scheduleGone: (namespace: string, name: string) => void;
  /** All that happened to schedules before this has been told. */
  readonly heardUntil: (at: UnixMs) => void;
  /** Of the platform that counts: the first by namespace and name. */
  readonly settings: (settings: SchedulerSettings) => void;
  /** Without a name: any may have changed. */
  readonly planChanged: (namespace: string, name: string | undefined) => void;
}

export interface Following {
  /** All that there is has been told, or the signal has aborted. */
  readonly synced: Promise<void>;
  /** Begins to tell of launch plans: only where some schedule waits for one. */
  readonly watchPlans: () => void;
  readonly done: Promise<unknown>;
}

/** What a scheduler hears of the cluster while it is the one that ticks. */
export function followForTerm(options: SchedulerPorts, signal: AbortSignal, handlers: FollowHandlers): Following {
  const { cluster } = options;
  const waits: Promise<void>[] = [];
  const dones: Promise<void>[] = [];
  const oneMore = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waits.push(promise);
    signal.addEventListener('abort', () => resolve());
    return resolve;
  };
  const schedules = reflect<Schedule>(
    cluster,
    'Schedule',
    options,
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'set') handlers.schedule(change.object);
          else handlers.scheduleGone(change.key.namespace ?? '', change.key.name);
        }
      },
      listed: handlers.heardUntil,
      synced: oneMore(),
    },
    signal,
  );
  dones.push(schedules.done, followSettings(options, signal, handlers, oneMore()));
  let isWatching = false;
  return {
    synced: Promise.all(waits).then(() => undefined),
    done: Promise.all(dones),
    watchPlans() {
      if (isWatching) return;
      isWatching = true;
      void watchPlans(options, signal, handlers);
    },
  };
}

function followSettings(
  options: SchedulerPorts,
  signal: AbortSignal,
  { settings }: FollowHandlers,
  synced: () => void,
): Promise<void> {
  const platforms = createPlatforms();
  let known = '{}';
  const { done } = reflect<Platform>(
    options.cluster,
    'Platform',
    options,
    {
      changed(changes) {
        platforms.take(changes);
        const chosen = platforms.chosen()?.spec?.scheduler ?? {};
        if (JSON.stringify(chosen) === known) return;
        known = JSON.stringify(chosen);
        settings(chosen);
      },
      synced,
    },
    signal,
  );
  return done;
}

async function watchPlans(
  { cluster, clock, log }: SchedulerPorts,
  signal: AbortSignal,
  { planChanged }: FollowHandlers,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const batch of cluster.watch<LaunchPlan>('LaunchPlan', { signal, ignoreStatusChanges: true })) {
        for (const event of batch) {
          if (event.type === 'BOOKMARK') continue;
          planChanged(event.object.metadata.namespace ?? '', event.object.metadata.name);
        }
      }
    } catch (error) {
      if (!signal.aborted) log.write('debug', 'watch of launch plans interrupted', { error: String(error) });
    }
    if (signal.aborted) return;
    await new Promise<void>((resolve) => void clock.at(clock.now() + PLAN_REWATCH_MS, resolve));
    planChanged('', undefined);
  }
}

/** Until a watch of launch plans that ended is made again. */
const PLAN_REWATCH_MS = 1_000;
