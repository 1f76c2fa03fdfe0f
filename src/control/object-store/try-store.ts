import { type Clock, OBJECT_STORE_TIMEOUT_MS, type Random, StalledError, WaitError } from '../../base/index.ts';
import { BLOB_STALLED, type BlobStore, bytesContent, readBytes } from '../../blobs/index.ts';

/** Of the blob that a try stores. */
const TRIAL_BYTES = 32;

/**
 * Does all that values need, with a blob that is nobody's: stores, reads, lists and deletes it. Errors: those of BlobStore;
 * WaitError when it takes longer than OBJECT_STORE_TIMEOUT_MS; the reason of the signal.
 */
export async function tryStore(
  open: () => Promise<BlobStore>,
  { clock, random }: { readonly clock: Clock; readonly random: Pick<Random, 'bytes'> },
  signal: AbortSignal,
): Promise<BlobStore> {
  const ending = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    ending.abort(reason);
    // A folder behind a network that hangs hears of no signal.
    reject(reason);
  };
  const onAbort = (): void => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.at(clock.now() + OBJECT_STORE_TIMEOUT_MS, () =>
    end(new WaitError(`the object store has not answered for ${OBJECT_STORE_TIMEOUT_MS / 1_000} s`, 0)),
  );
  try {
    const work = storeReadDelete(open, random, ending.signal);
    // When it is given up, nobody else hears of how it ends.
    work.catch(() => undefined);
    return await Promise.race([work, ended]);
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

async function storeReadDelete(
  open: () => Promise<BlobStore>,
  random: Pick<Random, 'bytes'>,
  signal: AbortSignal,
): Promise<BlobStore> {
  const store = await open();
  signal.throwIfAborted();
  // Random, so that two control planes that share a store do not take each other's away.
  const { digest } = await store.put(bytesContent(random.bytes(TRIAL_BYTES)), signal);
  try {
    await readBytes(store.get(digest, signal), TRIAL_BYTES);
    let isListed = false;
    for await (const entry of store.list(digest, signal)) isListed ||= entry.digest === digest;
    if (!isListed) {
      throw new StalledError(BLOB_STALLED.unusable, `a blob that was stored is not listed in ${store.place}`);
    }
  } catch (error) {
    // What made reading fail is told, whatever becomes of this.
    await store.delete(digest).catch(() => undefined);
    throw error;
  }
  await store.delete(digest, signal);
  return store;
}
