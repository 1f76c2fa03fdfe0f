import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { MAX_ARCHIVED_BYTES } from '../../../base/index.ts';

/**
 * Text that most executions and pods hold much of: what repeats it is packed as a reference to it. Part of the file's
 * format: a change of one character needs a new format.
 */
const DICTIONARY = Buffer.from(
  '"spec":{"restartPolicy":"Never","containers":[{"name":"task","image":"","command":[],"resources":{"requests":{"cpu":"100m","memory":"256Mi"}}}]},"status":{"phase":"Failed","conditions":[{"type":"Ready","status":"False","reason":"PodCompleted","message":"","lastTransitionTime":"2026-01-01T00:00:00.000Z"}],"containerStatuses":[{"name":"task","ready":false,"restartCount":0,"image":"","state":{"terminated":{"exitCode":1,"signal":9,"reason":"Error","startedAt":"2026-01-01T00:00:00.000Z","finishedAt":"2026-01-01T00:00:00.000Z"}}}]}},{"apiVersion":"v1","kind":"Pod","metadata":{"name":"","namespace":"","uid":"","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"pipectl.dev/execution":"","pipectl.dev/node":"","pipectl.dev/attempt":"1","pipectl.dev/workflow":""},"annotations":{"pipectl.dev/execution":"","pipectl.dev/map-index":"0","pipectl.dev/abort":"RunTimeout: it ran longer than its run timeout of "}},"error":{"reason":"NonZeroExit","message":"its command exited with code 1","exitCode":1,"node":""},"map":{"size":1,"succeeded":1,"failed":0,"running":0},"attempt":2,"systemFailures":1,"phase":"Skipped"},"phase":"Cached","phase":"Recovered","phase":"TimedOut","phase":"Aborted","apiVersion":"pipectl.dev/v1","kind":"Execution","metadata":{"namespace":"","name":"","labels":{"pipectl.dev/repository":"","pipectl.dev/workflow":"","pipectl.dev/launch-plan":"","pipectl.dev/schedule":"","pipectl.dev/shard-key":""},"uid":"","creationTimestamp":"2026-01-01T00:00:00Z","generation":1,"resourceVersion":""},"spec":{"repository":"","commit":"","workflow":"","closure":"","launchPlan":"","inputs":{},"maxParallelism":25,"concurrency":{"limit":1,"whenFull":"queue"},"trigger":{"kind":"schedule","schedule":"","tick":"2026-01-01T00:00:00.000Z"},"trigger":{"kind":"manual","by":""}},"status":{"phase":"Succeeded","startedAt":"2026-01-01T00:00:00.000Z","nodeCount":1,"cost":{"attemptSeconds":1},"nodes":{"":{"phase":"Succeeded","outputs":{}},"":{"phase":"Succeeded","attempt":1,"startedAt":"2026-01-01T00:00:00.000Z","runningAt":"2026-01-01T00:00:00.000Z","finishedAt":"2026-01-01T00:00:00.000Z","outputs":{}}},"outputs":{},"finishedAt":"2026-01-01T00:00:00.000Z"}}',
);

/** Most texts are short: to make the compressor's usual tables would cost more than to fill these. */
const SHORT = { maxLength: 8_192, options: { dictionary: DICTIONARY, level: 4, windowBits: 13, memLevel: 5 } };
const LONG = { dictionary: DICTIONARY, level: 6 };

/** JSON text in a small form. */
export function pack(text: string): Uint8Array {
  return deflateRawSync(text, text.length <= SHORT.maxLength ? SHORT.options : LONG);
}

/** The text of what `pack` made. Throws for anything else, and for text over MAX_ARCHIVED_BYTES. */
export function unpack(packed: Uint8Array): string {
  return inflateRawSync(packed, { dictionary: DICTIONARY, maxOutputLength: MAX_ARCHIVED_BYTES }).toString();
}
