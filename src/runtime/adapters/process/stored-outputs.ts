import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import {
  type BlobRef,
  MAX_SPLIT_HEAP_MB,
  OUTPUTS_STORE_PATIENCE_MS,
  STORE_RETRY_MS,
  StalledError,
} from '../../../base/index.ts';
import { fileContent } from '../../../blobs/index.ts';
import { ANNOTATION } from '../../../cluster/index.ts';
import { REASON } from '../../reasons.ts';
import { type Agent, objectStoreOf } from './agent-state.ts';
import type { Attempt } from './attempt.ts';
import type { EndedEvent } from './protocol.ts';
import type { SplitAnswer, SplitRequest } from './split-outputs.ts';

/** Of an attempt whose outputs file is too large for its pod. */
export interface LargeEnd extends EndedEvent {
  readonly outputsFile: string;
}

/**
 * Puts what has no room in the pod into the object store, where it is durable before the pod tells of it, and gives the end
 * that the pod is to tell. While the store does not take it, it is tried again for a while; then the end is a failure of
 * the system. Undefined: the agent stops, and its successor finds the end in the journal.
 */
export async function storeOutputs(agent: Agent, attempt: Attempt, event: LargeEnd): Promise<EndedEvent | undefined> {
  const { outputsFile, ...end } = event;
  const filePrefix = `${outputsFile}.`;
  const { clock, log } = agent.options;
  const giveUpAt = clock.now() + OUTPUTS_STORE_PATIENCE_MS;
  const files: string[] = [outputsFile];
  for (;;) {
    if (agent.isStopping) return undefined;
    try {
      const split = await splitInThread(agent, { path: outputsFile, types: typesOf(attempt), filePrefix });
      if (split.kind === 'problem') {
        await removeAll(files);
        return { ...end, reason: REASON.invalidOutputs, note: split.message };
      }
      files.push(...Object.values(split.files));
      const storedOutputs = await putAll(agent, split.files);
      await removeAll(files);
      return { ...end, outputs: split.text, storedOutputs };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return { ...end, exitCode: 137, reason: REASON.lost, note: 'its outputs file is gone' };
      }
      const isFinal = error instanceof StalledError && error.reason === TOO_LARGE;
      if (isFinal || attempt.isUnwanted || attempt.isDeleted || clock.now() >= giveUpAt) {
        await removeAll(files);
        const reason = isFinal ? REASON.outputsTooLarge : REASON.outputsNotStored;
        return { ...end, reason, note: isFinal ? why : `its outputs could not be stored: ${why}` };
      }
      log.write('warn', 'outputs wait for the object store', { pod: attempt.key.name, error: why });
      await new Promise<void>((resolve) => clock.at(clock.now() + STORE_RETRY_MS, resolve));
    }
  }
}

/** A pod that somebody has changed declares nothing. */
function typesOf({ pod }: Attempt): SplitRequest['types'] {
  try {
    return JSON.parse(pod.metadata.annotations?.[ANNOTATION.outputTypes] ?? '{}') as SplitRequest['types'];
  } catch {
    return {};
  }
}

async function putAll(agent: Agent, files: Readonly<Record<string, string>>): Promise<Record<string, BlobRef>> {
  const stored: Record<string, BlobRef> = {};
  for (const [name, path] of Object.entries(files)) {
    const { digest, sizeBytes } = await objectStoreOf(agent).put(fileContent(path));
    stored[name] = { digest, sizeBytes };
  }
  return stored;
}

async function removeAll(files: readonly string[]): Promise<void> {
  // What stays goes with its folder.
  await Promise.all(files.map((path) => rm(path, { force: true }).catch(() => {})));
}

/** One at a time: each may take all the memory that a thread is given. */
function splitInThread(agent: Agent, request: SplitRequest): Promise<SplitAnswer> {
  const turn = agent.splitting.then(() => runThread(request));
  agent.splitting = turn.catch(() => undefined);
  return turn;
}

function runThread(request: SplitRequest): Promise<SplitAnswer> {
  const file = import.meta.url.endsWith('.ts') ? './split-outputs-worker.ts' : './split-outputs-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: MAX_SPLIT_HEAP_MB },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', (error: NodeJS.ErrnoException) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const message = `reading its outputs takes more than ${MAX_SPLIT_HEAP_MB} MiB of memory; give out less, or fewer and larger values`;
      reject(isMemory ? new StalledError(TOO_LARGE, message) : error);
    });
    worker.once('exit', () => reject(new Error('the thread that splits outputs ended')));
  });
}

const TOO_LARGE = 'OutputsTooLarge';
