import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WaitError } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  type Cluster,
  deleteObject,
  type Execution,
  patchStatus,
  type WatchOptions,
} from '../../../src/cluster/index.ts';
import { type Propeller, type PropellerOptions, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { workflow } from '../../propeller/closures.ts';
import { keyOf, launch, register, untilObject, untilOver, untilPod } from './engine-host.ts';

/** A connection to a store that can be cut: watches end with an error, and nothing is listed before it is mended. */
interface Line {
  readonly cluster: Cluster;
  /** Only what watches this kind; absent: all. */
  cut(kind?: string): void;
  mend(): void;
}

function lineTo(store: Cluster): Line {
  const open = new Map<AbortController, string>();
  let isWhole: Promise<void> | undefined;
  let mend = (): void => undefined;
  async function* watch(kind: string, options: WatchOptions) {
    const cut = new AbortController();
    open.set(cut, kind);
    yield* store.watch(kind, { ...options, signal: AbortSignal.any([options.signal, cut.signal]) });
    open.delete(cut);
    if (cut.signal.aborted) throw new WaitError('the connection was cut', 0);
  }
  return {
    cluster: {
      ...store,
      watch: watch as Cluster['watch'],
      async list(kind, options) {
        await isWhole;
        return store.list(kind, options);
      },
    },
    cut(kind) {
      isWhole = new Promise((resolve) => {
        mend = resolve;
      });
      for (const [cut, its] of open) if (kind === undefined || its === kind) cut.abort();
    },
    mend: () => mend(),
  };
}

const flow = workflow({ only: { kind: 'task' } });
const isRunning = ({ status }: Execution): boolean => status?.phase === 'Running';
const isQueued = ({ status }: Execution): boolean => status?.phase === 'Queued';

describe('while nobody watches', () => {
  let folder: string;
  let store: EmbeddedStore;
  let line: Line;
  let propeller: Propeller;

  beforeEach(async () => {
    folder = temporaryFolder();
    store = await openStore(folder);
    line = lineTo(store);
    await register(store, flow);
  });

  afterEach(async () => {
    await propeller.stop();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (options: Partial<PropellerOptions> = {}): void => {
    const log = { write: () => undefined };
    propeller = startPropeller({ cluster: line.cluster, clock: hostClock, random: hostRandom, log, ...options });
  };
  const nothingInMemory = async (): Promise<void> => {
    await expect.poll((): number => propeller.stats().hotExecutions, { interval: 5, timeout: 5_000 }).toBe(0);
  };
  const isRetried = ({ status }: Execution): boolean => status?.nodes?.only?.systemFailures === 1;

  it.each([
    ['is in memory', false],
    ['is parked', true],
  ])('a pod goes, of an execution that %s: its node tries again', async (_, isParked) => {
    start(isParked ? { parkAfterMs: 1 } : {});
    await launch(store, flow, 'run');
    await untilPod(store, 'run-only-1');
    await untilObject(store, keyOf('Execution', 'run'), isRunning);
    if (isParked) await nothingInMemory();
    line.cut('Pod');
    await deleteObject(store, keyOf('Pod', 'run-only-1'));
    line.mend();
    const { status } = await untilObject<Execution>(store, keyOf('Execution', 'run'), isRetried);
    expect(status?.nodes?.only).toMatchObject({ error: { reason: 'Deleted' } });
  });

  it.each([
    ['a place of its launch plan', { concurrency: { limit: 1, whenFull: 'queue' } }, []],
    ['all of a quota', {}, [{ maxExecutions: 1 }]],
  ])('an execution goes that has %s: the next in line begins', async (_, changes, quotas) => {
    start({ parkAfterMs: 1 });
    propeller.setQuotas(quotas);
    await launch(store, flow, 'first', changes);
    await untilObject(store, keyOf('Execution', 'first'), isRunning);
    await launch(store, flow, 'second', changes);
    await untilObject(store, keyOf('Execution', 'second'), isQueued);
    await nothingInMemory();
    line.cut();
    await deleteObject(store, keyOf('Execution', 'first'));
    await expect.poll(() => store.list('Pod', {}).then(({ items }) => items)).toEqual([]);
    line.mend();
    await untilPod(store, 'second-only-1');
  });

  it('an execution ends that cannot be run, and is listed as it was before: it holds up no quota', async () => {
    const poison = keyOf('Execution', 'poison');
    await launch(store, flow, 'poison', { closure: 'e'.repeat(64) });
    await patchStatus(store, poison, { phase: 'Running' });
    let isEnding = false;
    let isListedAgain = (): void => undefined;
    const listedAgain = new Promise<void>((resolve) => {
      isListedAgain = resolve;
    });
    const { cluster } = line;
    line = {
      ...line,
      cluster: {
        ...cluster,
        async list(kind, options) {
          const list = await cluster.list(kind, options);
          if (kind === 'Execution' && isEnding) setImmediate(isListedAgain);
          return list as never;
        },
        async write(writes, options) {
          if (writes.some((write) => write.op === 'patchStatus' && write.key.name === 'poison')) {
            isEnding = true;
            line.cut('Execution');
            line.mend();
            await listedAgain;
          }
          return cluster.write(writes, options);
        },
      },
    };
    start();
    propeller.setQuotas([{ maxTasks: 1 }]);
    const { status } = await untilOver(store, 'poison');
    expect(status).toMatchObject({ phase: 'Failed', error: { reason: 'ClosureMissing' } });
    await launch(store, flow, 'next');
    await untilPod(store, 'next-only-1');
  });
});
