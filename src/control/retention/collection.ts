import { type Clock, COLLECTION } from '../../base/index.ts';
import { type Collected, type CollectOptions, collect, type Unused } from './collect.ts';

export interface CollectionOptions extends CollectOptions {
  readonly clock: Clock;
}

export interface Collection {
  /** One pass, now. */
  run(): Promise<Collected>;
  /** Stops after the pass at hand. */
  stop(): Promise<void>;
}

/** Deletes, every few hours, revisions and closures that nothing refers to. */
export function startCollection(options: CollectionOptions): Collection {
  const { clock, log } = options;
  const unused: Unused = new Map();
  let isStopped = false;
  let cancel = (): void => undefined;
  let running: Promise<unknown> = Promise.resolve();
  const run = (): Promise<Collected> => {
    const turn = running.then(() => collect(options, unused, clock.now()));
    running = turn.catch(() => undefined);
    return turn;
  };
  const arm = (delayMs: number): void => {
    if (isStopped) return;
    cancel = clock.at(clock.now() + delayMs, () => {
      run()
        .then(({ revisions, closures }) => {
          if (revisions + closures > 0) log.write('info', 'unused versions deleted', { revisions, closures });
        })
        .catch((error: unknown) => log.write('warn', 'unused versions could not be deleted', { error: String(error) }))
        .finally(() => arm(COLLECTION.everyMs));
    });
  };
  arm(COLLECTION.startMs);
  return {
    run,
    async stop() {
      isStopped = true;
      cancel();
      await running;
    },
  };
}
