import { describe, expect, it } from 'vitest';
import type { Execution } from '../../src/cluster/index.ts';
import { type Existing, lostSince, wrongAttempts, wrongEnds } from './check.ts';
import { type Ledger, newLedger, noteExecution } from './ledger.ts';

/** The checker finds each kind of loss: what it has never seen wrong it could not see at all. */

const SPEC = {
  repository: 'shop',
  commit: 'c',
  workflow: 'leaf',
  closure: 'd',
  inputs: { n: 1 },
  trigger: { kind: 'manual' },
} as unknown as Execution['spec'];

function execution(over: { spec?: object; status?: object; metadata?: object } = {}): Execution {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Execution',
    metadata: { name: 'e', namespace: 'n', uid: 'u', resourceVersion: '7', ...over.metadata },
    spec: { ...SPEC, ...over.spec },
    status: { phase: 'Running', ...over.status } as NonNullable<Execution['status']>,
  };
}

const ENDED = { status: { phase: 'Succeeded', finishedAt: '2026-01-01T00:00:00.000Z', outputs: { y: 2 } } };

function existing(executions: readonly Execution[], more: Partial<Existing> = {}): Existing {
  return { executions, revisions: new Set(['c1']), cacheEntries: new Set(), version: 10, ...more };
}

/** All that one execution and one push can have been acknowledged for. */
function ledger(): Ledger {
  const all = newLedger();
  all.asked.set('e', { workflow: 'leaf', n: 1 });
  all.created.add('e');
  all.pushed.add('c1');
  return all;
}

function answered(): Ledger {
  const all = ledger();
  all.answers.set('e', new Map([['ask', { value: 5 }]]));
  return all;
}

function ended(): Ledger {
  const all = ledger();
  noteExecution(all, execution(ENDED), true);
  return all;
}

function withSet(fill: (all: Ledger) => void): Ledger {
  const all = ledger();
  fill(all);
  return all;
}

describe('what was acknowledged', () => {
  it.each<readonly [string, Ledger, Existing, RegExp]>([
    ['a created execution', ledger(), existing([]), /e was created and is lost/],
    [
      'an execution with other inputs',
      ledger(),
      existing([execution({ spec: { inputs: { n: 2 } } })]),
      /not what was asked/,
    ],
    ['an answer', answered(), existing([execution()]), /lost the answer to ask/],
    [
      'another answer',
      answered(),
      existing([execution({ spec: { signals: { ask: { value: 6 } } } })]),
      /lost the answer/,
    ],
    ['an abort', withSet((all) => all.aborted.add('e')), existing([execution()]), /forgotten its abort/],
    ['an end', ended(), existing([execution({ metadata: { uid: 'other' } })]), /had ended Succeeded and is lost/],
    ['a deletion', withSet((all) => all.deleted.add('u')), existing([execution()]), /u was deleted and is back/],
    [
      'a deleted cache entry',
      withSet((all) => all.deleted.add('entry')),
      existing([execution()], { cacheEntries: new Set(['entry']) }),
      /entry was deleted and is back/,
    ],
    ['a push', ledger(), existing([execution()], { revisions: new Set() }), /c1 was pushed and is not registered/],
    ['the order of versions', ended(), existing([execution(ENDED)], { version: 6 }), /at version 6, 7 was seen/],
    [
      'that nobody asked',
      ledger(),
      existing([execution(), execution({ metadata: { name: 'x', uid: 'v' } })]),
      /nobody asked for x/,
    ],
  ])('is missed: %s', (_, acknowledged, there, told) => {
    expect(lostSince(acknowledged, there)).toEqual([expect.stringMatching(told)]);
  });

  it('is found when all is there, archived or deleted on demand', () => {
    expect(lostSince(ended(), existing([execution(ENDED)]))).toEqual([]);
    const signals = { ask: { value: 5, by: 'ann' } };
    expect(lostSince(answered(), existing([execution({ spec: { signals } })]))).toEqual([]);
    const gone = withSet((all) => all.deletions.add('e'));
    expect(lostSince(gone, existing([]))).toEqual([]);
  });
});

describe('what is seen of an execution', () => {
  it.each<readonly [string, Execution, RegExp]>([
    ['another end', execution({ status: { ...ENDED.status, phase: 'Failed' } }), /and later/],
    ['other outputs', execution({ status: { ...ENDED.status, outputs: { y: 3 } } }), /and later/],
    ['life after the end', execution(), /had ended Succeeded and is Running/],
    ['an older version', execution({ ...ENDED, metadata: { resourceVersion: '6' } }), /went back from version 7 to 6/],
    ['another object of its name', execution({ ...ENDED, metadata: { uid: 'w' } }), /was made anew/],
  ])('must not become %s', (_, later, told) => {
    const all = ended();
    noteExecution(all, later, true);
    expect(all.problems).toEqual([expect.stringMatching(told)]);
  });
});

describe('an execution that had the time to end', () => {
  const flow = (status: object, spec = {}): Execution => execution({ spec: { workflow: 'gate', ...spec }, status });
  it.each<readonly [string, Execution, RegExp]>([
    ['is told that still runs', flow({}), /does not end/],
    ['is told that failed', flow({ phase: 'Failed', error: { reason: 'Lost' } }), /ended Failed.*Lost/],
    ['is told whose outputs are wrong', flow({ phase: 'Succeeded', outputs: { sum: 1 } }), /gave .* not/],
  ])('%s', (_, wrong, told) => {
    expect(wrongEnds(newLedger(), [wrong])).toEqual([expect.stringMatching(told)]);
  });

  it('is right with its outputs, or aborted', () => {
    expect(wrongEnds(newLedger(), [flow({ phase: 'Succeeded', outputs: { sum: 9 } })])).toEqual([]);
    expect(wrongEnds(newLedger(), [flow({ phase: 'Aborted' }, { desired: 'Aborted' })])).toEqual([]);
  });
});

describe('what tasks wrote', () => {
  it('shows attempts that started twice and things done at once', () => {
    expect(wrongAttempts('start e a 1 1 10\nend e a 1 1 10\nstart e a 1 2 11\n')).toEqual([]);
    expect(wrongAttempts('start e a 1 1 10\nstart e a 1 1 11\n')).toEqual(['start e a 1 1 11: started before']);
    expect(wrongAttempts('overlap e a 1 2 12\n')).toEqual(['overlap e a 1 2 12: while another was at it']);
  });
});
