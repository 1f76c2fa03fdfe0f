import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { STORE_RETRY_MS, StalledError } from '../../../base/index.ts';
import { BLOB_STALLED } from '../../../blobs/index.ts';
import { REASON } from '../../reasons.ts';
import { type Agent, neverStarted, objectStoreOf } from './agent-state.ts';
import type { Attempt } from './attempt.ts';
import { inputsPath, runtimeFolders } from './folders.ts';
import type { PodCommand } from './pod-command.ts';
import type { EndedEvent } from './protocol.ts';

export type LaidOut =
  | { readonly kind: 'ready'; readonly path: string }
  | { readonly kind: 'failed'; readonly end: EndedEvent }
  /** Its end is asked for, or the agent stops. */
  | { readonly kind: 'unwanted' };

/**
 * Writes the inputs file of an attempt that is given values of the object store. Waits while the store does not answer, and
 * tells why each time.
 */
export async function layOutInputs(
  agent: Agent,
  attempt: Attempt,
  tell: (why: string) => Promise<void>,
): Promise<LaidOut> {
  const { clock, folder } = agent.options;
  const path = inputsPath(runtimeFolders(folder), attempt.uid);
  while (!attempt.isUnwanted && !agent.isStopping) {
    try {
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      await pipeline(textOf(agent, attempt.command), createWriteStream(path, { mode: 0o600 }));
      return { kind: 'ready', path };
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      const why = error instanceof Error ? error.message : String(error);
      if (error instanceof StalledError && LOST.has(error.reason)) {
        const note = `an input that was kept in the object store cannot be read again: ${why}`;
        return { kind: 'failed', end: neverStarted(agent, attempt.uid, REASON.inputsLost, note) };
      }
      await tell(`its inputs cannot be read from the object store now: ${why}`);
      await new Promise<void>((resolve) => clock.at(clock.now() + STORE_RETRY_MS, resolve));
    }
  }
  return { kind: 'unwanted' };
}

const LOST: ReadonlySet<string> = new Set([BLOB_STALLED.missing, BLOB_STALLED.damaged]);

/** The inputs as one JSON object, each stored value by the very bytes that were recorded. */
async function* textOf(agent: Agent, { inputs, storedInputs = {} }: PodCommand): AsyncGenerator<string | Uint8Array> {
  let text = inputs.slice(0, -1);
  for (const [name, { digest }] of Object.entries(storedInputs)) {
    yield `${text}${text === '{' ? '' : ','}${JSON.stringify(name)}:`;
    yield* objectStoreOf(agent).get(digest);
    text = '';
  }
  yield `${text}}`;
}
