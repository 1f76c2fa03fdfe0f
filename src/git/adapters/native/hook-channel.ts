import type { Duplex, Readable, Writable } from 'node:stream';
import {
  type Log,
  MAX_PUSH_HEAD_BYTES,
  MAX_PUSH_REFS,
  MAX_VERDICT_LINES,
  PUSH_DECISION_TIMEOUT_MS,
} from '../../../base/index.ts';
import { isOid, type ObjectReader, type PushVerdict, type RefUpdate } from '../../index.ts';
import { type BatchClient, createBatchClient } from './batch.ts';
import { createPushReader, type PushTarget } from './push-reader.ts';
import { watchRefMove } from './ref-move.ts';

/** The control plane's ends of the three pipes; see hooks.ts. */
export interface HookPipes {
  readonly fromHook: Readable;
  readonly toObjects: Writable;
  readonly toHook: Writable;
}

export interface HookHandler {
  decide(updates: readonly RefUpdate[], objects: ObjectReader): Promise<PushVerdict>;
  landed(updates: readonly RefUpdate[]): Promise<readonly string[]>;
}

/** Where the conversation with one push's hooks stands: `deciding` until the hook is asked for objects, if it is. */
type Phase = 'head' | 'deciding' | 'objects' | 'trailer' | 'closed';

const NEWLINE = 0x0a;

/** One push's conversation with its hooks. */
interface Conversation {
  readonly pipes: HookPipes;
  readonly handler: HookHandler;
  readonly target: PushTarget;
  readonly log: Log;
  readonly client: BatchClient;
  phase: Phase;
  /** Bytes of a head or trailer that is not complete. */
  head: Buffer;
  /** What came of the refs that moved, once somebody saw them move. */
  landing: Promise<readonly string[]> | undefined;
  endWatch: () => void;
}

/** Speaks with the hooks of one receive-pack until its pipes close. Every failure ends as a refusal. */
export function serveHooks(pipes: HookPipes, handler: HookHandler, target: PushTarget, log: Log): void {
  const { fromHook, toObjects, toHook } = pipes;
  const client = createBatchClient(
    (text) => toObjects.write(text),
    () => fromHook.destroy(),
  );
  const talk: Conversation = {
    pipes,
    handler,
    target,
    log,
    client,
    phase: 'head',
    head: Buffer.alloc(0),
    landing: undefined,
    endWatch: () => undefined,
  };
  fromHook.on('data', (chunk: Buffer) => receive(talk, chunk));
  fromHook.on('close', () => {
    talk.phase = 'closed';
    talk.endWatch();
    client.end('the push went away');
    toObjects.destroy();
  });
  for (const pipe of [fromHook, toObjects, toHook]) pipe.on('error', () => undefined);
}

function receive(talk: Conversation, chunk: Buffer): void {
  if (talk.phase === 'objects') talk.client.receive(chunk);
  if (talk.phase === 'objects' || talk.phase === 'closed') return;
  talk.head = talk.head.length === 0 ? chunk : Buffer.concat([talk.head, chunk]);
  if (talk.head.length > MAX_PUSH_HEAD_BYTES) {
    talk.pipes.toHook.end(verdictText(refusal('pipectl: too many refs in one push: push fewer at a time')));
    talk.phase = 'closed';
    return;
  }
  if (talk.phase === 'trailer') onTrailer(talk);
  if (talk.phase === 'head') onHead(talk);
}

/** After the objects comes one line, `end <status>`, and then perhaps the head of post-receive. */
function onTrailer(talk: Conversation): void {
  const at = talk.head.indexOf(NEWLINE);
  if (at < 0) return;
  talk.head = talk.head.subarray(at + 1);
  talk.phase = 'head';
}

function onHead(talk: Conversation): void {
  const at = talk.head.indexOf('\n\n');
  if (at < 0) return;
  const lines = talk.head.subarray(0, at).toString('utf8').split('\n');
  talk.head = talk.head.subarray(at + 2);
  const [hook, quarantine = ''] = (lines[0] ?? '').split(' ');
  const updates = parseUpdates(lines.slice(1));
  if (hook === 'pre-receive') {
    talk.phase = 'deciding';
    void answerPreReceive(talk, quarantine, updates);
  } else void answerPostReceive(talk, updates ?? []);
}

/** The reader of the hook's own `git cat-file`, which starts when it is first wanted. */
function hookedReader(talk: Conversation): ObjectReader {
  if (talk.phase === 'deciding') {
    talk.phase = 'objects';
    talk.pipes.toHook.write('objects\n');
  }
  return talk.client;
}

async function answerPreReceive(
  talk: Conversation,
  quarantine: string,
  updates: readonly RefUpdate[] | undefined,
): Promise<void> {
  const { toObjects, toHook } = talk.pipes;
  const verdict = await decide(talk, quarantine, updates);
  // The reader has answered all it was asked: what follows on the pipe is the trailer.
  talk.client.end('the decision is made');
  if (talk.phase === 'objects') talk.phase = 'trailer';
  if (talk.phase === 'deciding') talk.phase = 'head';
  toObjects.end();
  if (!verdict.accepted) {
    toHook.end(verdictText(verdict));
    return;
  }
  toHook.write(verdictText(verdict));
  // Of several refs git may move some.
  const [update, ...more] = updates ?? [];
  if (update !== undefined && more.length === 0) {
    talk.endWatch = watchRefMove(talk.target.gitDir, update, () => void land(talk, [update]));
  }
}

async function decide(
  talk: Conversation,
  quarantine: string,
  updates: readonly RefUpdate[] | undefined,
): Promise<PushVerdict> {
  if (updates === undefined) return refusal(`pipectl: a push moves 1 to ${MAX_PUSH_REFS} refs: push fewer at a time`);
  try {
    const { reader, settled } = trackReads(createPushReader(quarantine, talk.target, () => hookedReader(talk)));
    const verdict = await within(PUSH_DECISION_TIMEOUT_MS, talk.handler.decide(updates, reader));
    await settled();
    return verdict;
  } catch (error) {
    talk.client.end('the decision failed');
    talk.pipes.fromHook.destroy();
    talk.log.write('error', 'a push could not be decided', { error: String(error) });
    return refusal(`pipectl: ${(error as Error).message}`);
  }
}

/** Tells once that refs moved, whoever sees it first. */
function land(talk: Conversation, updates: readonly RefUpdate[]): Promise<readonly string[]> {
  talk.endWatch();
  talk.landing ??= talk.handler.landed(updates);
  // Who waits for it is told of the failure; when nobody does, a resync makes up for it.
  talk.landing.catch(() => undefined);
  return talk.landing;
}

async function answerPostReceive(talk: Conversation, updates: readonly RefUpdate[]): Promise<void> {
  const { pipes, log } = talk;
  try {
    pipes.toHook.write(linesText(await land(talk, updates)));
  } catch (error) {
    log.write('error', 'the refs of a push moved, but could not be noted', { error: String(error) });
    pipes.toHook.write(
      linesText([`pipectl: the push is stored; it becomes active later: ${(error as Error).message}`]),
    );
  }
}

/** The three pipes of a child that was started with `pipe` at 3, 4 and 5. */
export function hookPipes(stdio: readonly (Readable | Writable | null | undefined)[]): HookPipes {
  const [, , , fromHook, toObjects, toHook] = stdio as readonly Duplex[];
  return { fromHook: fromHook as Duplex, toObjects: toObjects as Duplex, toHook: toHook as Duplex };
}

/** A reader that knows when all it was asked has been answered. */
function trackReads(objects: ObjectReader): { readonly reader: ObjectReader; settled(): Promise<void> } {
  const open = new Set<Promise<unknown>>();
  return {
    reader: {
      read(oid, maxBytes) {
        const reading = objects.read(oid, maxBytes);
        open.add(reading);
        const done = () => open.delete(reading);
        reading.then(done, done);
        return reading;
      },
    },
    async settled() {
      await Promise.allSettled(open);
    },
  };
}

function parseUpdates(lines: readonly string[]): readonly RefUpdate[] | undefined {
  if (lines.length === 0 || lines.length > MAX_PUSH_REFS) return undefined;
  const updates: RefUpdate[] = [];
  for (const line of lines) {
    const before = line.slice(0, 40);
    const after = line.slice(41, 81);
    if (!isOid(before) || !isOid(after)) return undefined;
    updates.push({ before, after, ref: line.slice(82) });
  }
  return updates;
}

function refusal(line: string): PushVerdict {
  return { accepted: false, lines: [line, 'pipectl: rejected, nothing was changed'] };
}

/** Accepted: a word, then marked lines and a dot, as the pipe stays open. Rejected: a word and the text to its end. */
function verdictText(verdict: PushVerdict): string {
  if (verdict.accepted) return `accept\n${linesText(verdict.lines)}`;
  return `reject\n${verdict.lines.slice(0, MAX_VERDICT_LINES).map(oneLine).join('\n')}\n`;
}

function linesText(lines: readonly string[]): string {
  return `${lines
    .slice(0, MAX_VERDICT_LINES)
    .map((line) => ` ${oneLine(line)}\n`)
    .join('')}.\n`;
}

function oneLine(line: string): string {
  return line.replaceAll(/[\r\n]+/g, ' ');
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no decision within ${timeoutMs / 1000} s: push again`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
