import { parentPort, workerData } from 'node:worker_threads';
import { openProjectionWriter, type ProjectionChunk } from './database.ts';

/** Answer to one chunk; `error` holds what a StalledError is made of on the other side. */
export interface ProjectionAnswer {
  readonly error?: { readonly message: string; readonly errcode?: number };
}

/** The projecting thread: one transaction per message, answered when it is on the disk. */
const port = parentPort;
if (port === null) throw new Error('projection-worker runs as a worker thread only');
const writer = openProjectionWriter((workerData as { path: string }).path);

port.on('message', (chunk: ProjectionChunk | 'close') => {
  if (chunk === 'close') {
    writer.close();
    port.close();
    return;
  }
  port.postMessage(answer(chunk));
});

function answer(chunk: ProjectionChunk): ProjectionAnswer {
  try {
    writer.commit(chunk);
    return {};
  } catch (error) {
    const { message, errcode } = error as { message: string; errcode?: number };
    return { error: { message, ...(errcode !== undefined && { errcode }) } };
  }
}
