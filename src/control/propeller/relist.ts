import {
  REFLECTOR_PAGE_SIZE,
  RELIST_INTERVAL_MS,
  RELIST_OBJECTS,
  RELIST_PAGE_PAUSE_MS,
  ROUND_BACKOFF,
} from '../../base/index.ts';
import {
  EXECUTIONS_NOT_OVER,
  type Execution,
  isPassed,
  isTerminalPhase,
  type KubeObject,
  watchCountOf,
} from '../../cluster/index.ts';
import type { StepResult } from '../../propeller/index.ts';
import { type Engine, entryOf, wake } from './engine.ts';
import type { Entry } from './entry.ts';
import { ownsExecution } from './ownership.ts';
import { parkedNow } from './parking.ts';
import { hasLimit } from './slots.ts';

/** How far the watches have told of each kind that decides what an execution does next. */
export interface Passed {
  readonly executions: string | undefined;
  readonly pods: string | undefined;
}

/** Looks from time to time for what watches over a network have lost. */
export interface Relisting {
  passed: Passed;
  cancel: (() => void) | undefined;
}

export function newRelisting(): Relisting {
  return { passed: { executions: undefined, pods: undefined }, cancel: undefined };
}

/**
 * Arms the next look. A watch over a network may lose an event without a word, and an execution would wait for it for ever. `after`
 * is called when a look is over.
 */
export function relistLater(engine: Engine, after: () => void, objects: number): void {
  const { relisting, options } = engine;
  const { clock, random, cluster } = options;
  relisting.cancel?.();
  // A store in this process loses nothing.
  if (cluster.writesOneByOne !== true || engine.isStopped) return;
  const rarer = Math.max(1, objects / RELIST_OBJECTS);
  armAt(engine, after, clock.now() + RELIST_INTERVAL_MS * rarer * (0.8 + 0.4 * random.unit()));
}

function armAt(engine: Engine, after: () => void, at: number): void {
  const { relisting, options } = engine;
  relisting.cancel = options.clock.at(at, () => {
    relisting.cancel = undefined;
    relist(engine).then(
      (objects) => {
        after();
        if (relisting.cancel === undefined) relistLater(engine, after, objects);
      },
      (error: unknown) => {
        if (engine.isStopped || relisting.cancel !== undefined) return;
        options.log.write('warn', 'executions could not be listed again; trying later', { error: String(error) });
        armAt(engine, after, options.clock.now() + ROUND_BACKOFF.maxMs);
      },
    );
  });
}

/** Has every execution that is not over, at rest or in memory loaded again. Resolves with how many were listed. */
async function relist(engine: Engine): Promise<number> {
  const { cluster, clock } = engine.options;
  let objects = 0;
  for (let token: string | undefined; !engine.isStopped; ) {
    // What the watches pass while the list is read may be told after it.
    const { passed } = engine.relisting;
    const page = await cluster.list<Execution>('Execution', {
      fieldSelector: EXECUTIONS_NOT_OVER,
      limit: REFLECTOR_PAGE_SIZE,
      ...(token !== undefined && { continueToken: token }),
    });
    if (engine.isStopped) break;
    objects += page.items.length;
    for (const execution of page.items) seeAgain(engine, execution, passed);
    token = page.continueToken;
    if (token === undefined) break;
    // A page of executions at a time is loaded: news must not wait behind all of them.
    await new Promise<void>((resolve) => void clock.at(clock.now() + RELIST_PAGE_PAUSE_MS, resolve));
  }
  watchCountOf(cluster, 'Execution').lists++;
  return objects;
}

function seeAgain(engine: Engine, execution: Execution, passed: Passed): void {
  const { metadata, spec, status } = execution;
  const key = `${metadata.namespace ?? ''}/${metadata.name}`;
  if (isTerminalPhase(status?.phase ?? 'Pending') || !ownsExecution(engine, execution)) return;
  const entry = engine.entries.get(key);
  if (entry === undefined) {
    if (parkedNow(execution) !== undefined || (status?.phase === 'Queued' && hasLimit(spec))) return;
    entryOf(engine, key).relisted = passed;
    // The list may be older than what is written by now, so it is read once more.
    wake(engine, key);
    return;
  }
  const known = entry.execution?.metadata;
  if (known === undefined || isSameSpec(known, metadata)) return;
  if (!isPassed(passed.executions, metadata.resourceVersion ?? '')) return;
  correct(engine, 'Execution');
  entry.isStale = true;
  wake(engine, key);
}

type Metadata = KubeObject['metadata'];

/** A page is never newer than a spec that came after it. */
function isSameSpec(known: Metadata, { uid, generation = 0 }: Metadata): boolean {
  return known.uid === uid && generation <= (known.generation ?? 0);
}

/** An object that was read while an execution was loaded again: what its watch has not passed yet, it is about to tell. */
export function noteRead(entry: Entry, kind: 'Execution' | 'Pod', { metadata }: KubeObject): void {
  if (entry.relisted === undefined) return;
  const seen = kind === 'Pod' ? entry.relisted.pods : entry.relisted.executions;
  if (!isPassed(seen, metadata.resourceVersion ?? '')) entry.relisted = undefined;
}

/** The first step after an execution was listed again: what it still had to do, no watch has told. */
export function noteRelisted(engine: Engine, entry: Entry, { transitions }: StepResult): void {
  if (entry.relisted === undefined) return;
  entry.relisted = undefined;
  if (transitions > 0) correct(engine, entry.execution?.status === undefined ? 'Execution' : 'Pod');
}

function correct({ options }: Engine, kind: 'Execution' | 'Pod'): void {
  watchCountOf(options.cluster, kind).corrections++;
}
