import {
  type Clock,
  ConflictError,
  type Log,
  OBJECT_STORE_CHECK_MS,
  OBJECT_STORE_RETRY_MS,
  type Random,
  StalledError,
  type UnixMs,
} from '../../base/index.ts';
import type { BlobStore } from '../../blobs/index.ts';
import {
  type Cluster,
  createPlatforms,
  NotFoundError,
  type ObjectStoreSettings,
  type Platform,
  type Platforms,
  reflect,
} from '../../cluster/index.ts';
import { conditionPatch, notUsable, type Outcome, usable } from './condition.ts';
import { tryStore } from './try-store.ts';

export interface ObjectStoreCheckOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Makes a store of settings; secrets are of that namespace. Rejects as calls of BlobStore do. */
  readonly open: (settings: ObjectStoreSettings, namespace: string) => Promise<BlobStore>;
}

/** What was found of one version of one platform. */
interface Found {
  readonly version: string;
  readonly outcome: Outcome;
  readonly dueAt: UnixMs;
}

interface Checks extends ObjectStoreCheckOptions {
  readonly platforms: Platforms;
  readonly ending: AbortSignal;
  found: Found | undefined;
  /** The try that is under way. */
  trying: { readonly version: string; readonly abort: AbortController } | undefined;
  cancelTimer: () => void;
}

export interface ObjectStoreChecks {
  /** Whether the Platform names a store; false as well before the Platforms are known. */
  isNamed(): boolean;
  /**
   * The store that the Platform names, made anew when that changes; values are kept there. Rejects as `open` does, and with
   * StalledError(NoObjectStore) where none is named.
   */
  current(): Promise<BlobStore>;
  stop(): Promise<void>;
}

/**
 * Follows the active Platforms and says of the one that counts whether its object store can be used.
 */
export function startObjectStoreChecks(options: ObjectStoreCheckOptions): ObjectStoreChecks {
  const ending = new AbortController();
  const checks: Checks = {
    ...options,
    platforms: createPlatforms(),
    ending: ending.signal,
    found: undefined,
    trying: undefined,
    cancelTimer: () => undefined,
  };
  const { promise: synced, resolve: onSynced } = Promise.withResolvers<void>();
  const current = currentStore(checks);
  let isSynced = false;
  let isAgain = false;
  let working: Promise<void> | undefined;
  const wake = (): void => {
    // Before all are known, one that does not count could be taken for the one that does.
    if (!isSynced || ending.signal.aborted) return;
    isAgain = true;
    working ??= (async () => {
      while (isAgain && !ending.signal.aborted) {
        isAgain = false;
        await pass(checks, wake);
      }
    })().finally(() => {
      working = undefined;
    });
  };
  const { done } = reflect<Platform>(
    options.cluster,
    'Platform',
    options,
    {
      changed(changes) {
        checks.platforms.take(changes);
        dropOutdated(checks);
        wake();
      },
      synced() {
        isSynced = true;
        onSynced();
        wake();
      },
    },
    ending.signal,
  );
  return {
    isNamed: () => checks.platforms.chosen()?.spec?.objectStore !== undefined,
    async current() {
      await synced;
      return current();
    },
    async stop() {
      onSynced();
      ending.abort(new Error('stopped'));
      checks.trying?.abort.abort(ending.signal.reason);
      checks.cancelTimer();
      await done;
      await working;
    },
  };
}

/** Opens the store that counts, once for each version of what git says of it; one that could not be opened is opened again. */
function currentStore({ platforms, open }: Pick<Checks, 'platforms' | 'open'>): () => Promise<BlobStore> {
  let opened: { readonly version: string; readonly store: Promise<BlobStore> } | undefined;
  return () => {
    const chosen = platforms.chosen();
    const settings = chosen?.spec?.objectStore;
    if (chosen === undefined || settings === undefined) {
      const message = 'no object store is named: set spec.objectStore of the Platform in git';
      return Promise.reject(new StalledError('NoObjectStore', message));
    }
    const version = versionOf(chosen);
    if (opened?.version !== version) {
      const store = open(settings, chosen.metadata.namespace ?? '');
      const mine = { version, store };
      opened = mine;
      store.catch(() => {
        if (opened === mine) opened = undefined;
      });
    }
    return opened.store;
  };
}

/** Nobody waits for what a setting that is no more can do. */
function dropOutdated(checks: Checks): void {
  const chosen = checks.platforms.chosen();
  if (checks.trying === undefined || checks.trying.version === (chosen && versionOf(chosen))) return;
  checks.trying.abort.abort(new Error('the setting has changed'));
}

function versionOf({ metadata: { namespace, name, uid, generation } }: Platform): string {
  return `${namespace}/${name} ${uid} ${generation}`;
}

/** Tries what is due, and writes what differs. Rejects never: what cannot be written is tried again. */
async function pass(checks: Checks, wake: () => void): Promise<void> {
  const { clock, log, ending } = checks;
  checks.cancelTimer();
  const chosen = checks.platforms.chosen();
  const settings = chosen?.spec?.objectStore;
  if (chosen === undefined || settings === undefined) checks.found = undefined;
  else {
    const version = versionOf(chosen);
    if (checks.found?.version !== version || clock.now() >= checks.found.dueAt) {
      const outcome = await tried(checks, settings, chosen);
      // Cut off: what took its place is looked at in the next pass.
      if (outcome === undefined) return;
      const pauseMs = outcome.status === 'True' ? OBJECT_STORE_CHECK_MS : OBJECT_STORE_RETRY_MS;
      tellLog(checks, outcome);
      checks.found = { version, outcome, dueAt: clock.now() + pauseMs };
    }
  }
  let dueAt = checks.found?.dueAt;
  try {
    for (const platform of checks.platforms.all()) await write(checks, platform);
  } catch (error) {
    log.write('warn', 'the state of the object store could not be written', { error: String(error) });
    dueAt = clock.now() + OBJECT_STORE_RETRY_MS;
  }
  if (dueAt !== undefined && !ending.aborted) checks.cancelTimer = clock.at(dueAt, wake);
}

async function tried(checks: Checks, settings: ObjectStoreSettings, platform: Platform): Promise<Outcome | undefined> {
  const abort = new AbortController();
  checks.trying = { version: versionOf(platform), abort };
  const { namespace = '' } = platform.metadata;
  try {
    const store = await tryStore(() => checks.open(settings, namespace), checks, abort.signal);
    return usable(store.place);
  } catch (error) {
    return abort.signal.aborted ? undefined : notUsable(error);
  } finally {
    checks.trying = undefined;
  }
}

function tellLog({ found, log }: Checks, { status, reason, message }: Outcome): void {
  const isNews = found?.outcome.status !== status || found.outcome.message !== message;
  if (!isNews) log.write('debug', 'the object store is as it was', { reason });
  else if (status === 'True') log.write('info', 'the object store can be used', { message });
  else log.write('warn', 'the object store cannot be used', { reason, message });
}

async function write({ cluster, clock, found }: Checks, platform: Platform): Promise<void> {
  const { namespace = '', name, resourceVersion } = platform.metadata;
  const isFound = found?.version === versionOf(platform);
  const patch = conditionPatch(platform, isFound ? found.outcome : undefined, clock.now());
  if (patch === undefined) return;
  const key = { kind: 'Platform', namespace, name };
  const isSame = resourceVersion === undefined ? {} : { if: { resourceVersion } };
  try {
    await cluster.write([{ op: 'patchStatus', key, patch, ...isSame }], { discard: true });
  } catch (error) {
    // It has changed or gone: the news of that brings the next pass.
    if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
  }
}
