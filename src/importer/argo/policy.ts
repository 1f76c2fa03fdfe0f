import type { Json } from '../../base/index.ts';
import { recordOf } from '../cel-text.ts';
import { type Cursor, field, textIn, textOf } from '../cursor.ts';
import { durationOf } from '../duration-text.ts';
import type { Notes } from '../notes.ts';
import type { ArgoTemplate } from './model.ts';

const MAX_RETRIES = 100;

/** `retryStrategy` → `retries`. */
export function retriesOf(notes: Notes, { at }: ArgoTemplate): Json | undefined {
  const strategy = field(at, 'retryStrategy');
  if (strategy === undefined) return undefined;
  const limit = limitOf(notes, strategy);
  const policy = field(strategy, 'retryPolicy');
  if (policy !== undefined && ['OnError', 'OnTransientError'].includes(textOf(policy) ?? '')) {
    notes.changed(policy, {
      construct: `retryPolicy ${textOf(policy)}`,
      message: 'failures of the system have a retry budget of their own, so these retries are left out',
    });
    return undefined;
  }
  const backoff = field(strategy, 'backoff');
  if (backoff === undefined) return limit;
  const initial = durationIn(notes, backoff, 'duration');
  const factor = Number(textIn(backoff, 'factor') ?? '1');
  const max = durationIn(notes, backoff, 'cap');
  const longest = field(backoff, 'maxDuration');
  if (longest !== undefined) {
    notes.lost(longest, {
      construct: 'maxDuration',
      message: 'the time that all retries may take together is not part of the back-off',
      instead: 'set timeout.total of the task',
    });
  }
  const wait = recordOf([
    ['initial', initial],
    ['factor', factor >= 1 && factor <= 100 ? factor : undefined],
    ['max', max],
  ]);
  return recordOf([
    ['limit', limit],
    ['backoff', wait],
  ]);
}

function limitOf(notes: Notes, strategy: Cursor): number {
  const at = field(strategy, 'limit');
  const text = textOf(at);
  const limit = text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
  if (limit !== undefined && limit <= MAX_RETRIES) return limit;
  notes.changed(at ?? strategy, {
    construct: text === undefined ? 'retryStrategy without a limit' : `limit ${text}`,
    message: `a task is retried at most ${MAX_RETRIES} times`,
    isKey: true,
  });
  return MAX_RETRIES;
}

function durationIn(notes: Notes, cursor: Cursor, name: string): string | undefined {
  const at = field(cursor, name);
  const duration = durationOf(textOf(at));
  if (at !== undefined && duration === undefined)
    notes.lost(at, { construct: name, message: 'this is not a duration', instead: 'write for example 30s' });
  return duration;
}

/** `activeDeadlineSeconds` bounds each attempt, `timeout` all of them with the wait for a machine. */
export function timeoutOf(notes: Notes, { at }: ArgoTemplate): Json | undefined {
  const run = durationIn(notes, at, 'activeDeadlineSeconds');
  const total = durationIn(notes, at, 'timeout');
  if (run === undefined && total === undefined) return undefined;
  return recordOf([
    ['run', run],
    ['total', total],
  ]);
}

/** Fields of a suspend template: a wait, or a person's word. */
export function suspendOf(notes: Notes, { at, name }: ArgoTemplate): Json {
  const suspend = field(at, 'suspend');
  const wait = suspend === undefined ? undefined : durationIn(notes, suspend, 'duration');
  if (wait !== undefined) return recordOf([['sleep', wait]]);
  return recordOf([['approve', recordOf([['message', `${name}: go on?`]])]]);
}
