import { enableCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';

// A thread does not take this from the one that starts it. What has been compiled before is loaded in two thirds of the time.
enableCompileCache();
const port = parentPort;
if (port === null) throw new Error('check-worker runs as a worker thread only');
const { serveChecks } = await import('./serve-checks.ts');
serveChecks(port);
