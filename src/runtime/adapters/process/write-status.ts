import { type Clock, ConflictError, type Log } from '../../../base/index.ts';
import {
  type Cluster,
  InvalidError,
  type MergePatch,
  NotFoundError,
  type ObjectKey,
  patchStatus,
} from '../../../cluster/index.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/**
 * Writes a pod's status and resolves when it is durable, or when the pod with this uid is gone (false). Any other
 * refusal (a full disk, a lost connection) is tried again until it is taken or `isStopped`: an end must not be forgotten.
 */
export async function writeStatus(
  to: { readonly cluster: Cluster; readonly clock: Clock; readonly log: Log; isStopped(): boolean },
  key: ObjectKey,
  uid: string,
  patch: MergePatch,
): Promise<boolean> {
  for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
    try {
      await patchStatus(to.cluster, key, patch, { uid });
      return true;
    } catch (error) {
      if (error instanceof NotFoundError || error instanceof ConflictError) return false;
      to.log.write('warn', 'a pod status could not be written', { pod: key.name, error: String(error) });
      if (error instanceof InvalidError || to.isStopped()) return false;
    }
    await new Promise<void>((resolve) => to.clock.at(to.clock.now() + delayMs, resolve));
  }
}
