import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/base/index.ts';
import { type Execution, isTerminalPhase } from '../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../src/compiler/closure.ts';
import {
  type Effect,
  type LookupObservation,
  type Observation,
  pastOf,
  restore,
  step,
} from '../../src/propeller/index.ts';
import { executionOf, expr, literal, planOf, workflow } from './closures.ts';
import { mergePatch } from './merge-patch.ts';

/** What is cached or recovered gives the same as what is run, whatever the graph, the order of ends and the crashes. */

interface Sketch {
  readonly kind: 'task' | 'map' | 'compute';
  /** Which node before it it reads; none when there is none. */
  readonly reads: number;
  readonly cache: 'none' | 'plain' | 'serialize';
  readonly task: number;
}

const SKETCHES = fc.array(
  fc.record({
    kind: fc.constantFrom<Sketch['kind']>('task', 'task', 'map', 'compute'),
    reads: fc.nat(5),
    cache: fc.constantFrom<Sketch['cache']>('none', 'plain', 'serialize'),
    task: fc.nat(1),
  }),
  { minLength: 1, maxLength: 7 },
);

function closureOf(sketches: readonly Sketch[]): WorkflowClosure {
  const nodes: Record<string, Parameters<typeof workflow>[0][string]> = {};
  const valueAt = (at: number): string =>
    sketches[at]?.kind === 'map' ? `nodes.n${at}.outputs.x[0]` : `nodes.n${at}.outputs.x`;
  for (const [at, { kind, reads, cache, task }] of sketches.entries()) {
    const source = at === 0 ? undefined : valueAt(reads % at);
    const needs = at === 0 ? [] : [`n${reads % at}`];
    const settings = {
      run: { command: [`work-${task}`] },
      ...(cache !== 'none' && { cache: { serialize: cache === 'serialize' } }),
    };
    const a = source === undefined ? literal(1) : expr(`${source} % 3`);
    if (kind === 'compute')
      nodes[`n${at}`] = { kind, values: { x: source === undefined ? literal(5) : expr(source) }, needs };
    else if (kind === 'task') nodes[`n${at}`] = { kind, with: { a }, task: settings, needs };
    else {
      const over = source === undefined ? literal([1, 2, 1]) : expr(`[${source} % 3, 2, 1, 2]`);
      nodes[`n${at}`] = { kind, over, task: settings, concurrency: 2, needs };
    }
  }
  const outputs = Object.fromEntries(
    sketches.map((_, at) => [`o${at}`, { type: 'integer', value: expr(valueAt(at)) }] as const),
  );
  return workflow(nodes, { outputs });
}

interface Run {
  readonly execution: Execution;
  readonly started: number;
}

type Start = Extract<Effect, { kind: 'StartAttempt' }>;

/** Runs an execution to its end. `picks` decide which attempt ends next and where the engine crashes. */
function drive(
  closure: WorkflowClosure,
  cache: Map<string, string>,
  changes: Partial<Execution['spec']>,
  picks: readonly number[],
  from?: Execution,
): Run {
  const plan = planOf(closure);
  const past = from === undefined ? undefined : pastOf({ execution: from, plan, kept: new Map(), produced: new Map() });
  let execution = executionOf(closure, changes);
  let state = restore(plan, execution, 0, past).state;
  const live = new Map<string, Start>();
  let inbox: Observation[] = [{ kind: 'Admit' }];
  let started = 0;
  const reserved = new Map<string, string>();
  for (let round = 0; round < 1_000; round++) {
    const result = step(state, inbox, round * 10, {
      maxParallelism: 3,
      maxStreak: (picks[round] ?? 1) % 2 === 0 ? 1 : 100,
    });
    inbox = [];
    for (const effect of result.effects) {
      if (effect.kind === 'StartAttempt') live.set(effect.podName, effect);
      if (effect.kind === 'StartAttempt') started++;
      if (effect.kind === 'ReserveEntry') {
        expect(reserved.get(effect.key), 'a reserved entry is reserved again').toBeUndefined();
        reserved.set(effect.key, `${effect.path}/${effect.index}`);
      }
      if (effect.kind === 'FillEntry') {
        cache.set(effect.key, effect.outputs);
        reserved.delete(effect.key);
        inbox.push({ kind: 'CacheChange', key: effect.key });
      }
    }
    if (result.delta !== undefined) {
      const patch = JSON.parse(JSON.stringify(result.delta)) as Json;
      const status = mergePatch(execution.status as Json | undefined, patch);
      execution = { ...execution, status: status as never };
    }
    if (isTerminalPhase(execution.status?.phase ?? 'Pending')) return { execution, started };
    inbox.push(
      ...result.lookups.map((lookup): LookupObservation => {
        const { node, index, key, path } = lookup;
        const outputs = cache.get(key);
        const holder = reserved.get(key);
        const by = { execution: 'other', uid: 'u', node: 'n' };
        const isHeld = lookup.serialize && holder !== undefined && holder !== `${path}/${index}`;
        const found =
          outputs !== undefined
            ? ({ kind: 'Hit', outputs, by, at: undefined, version: '1' } as const)
            : isHeld
              ? ({ kind: 'Held', by } as const)
              : ({ kind: 'Miss', version: undefined } as const);
        return { kind: 'Lookup', node, index, key, found };
      }),
    );
    const pick = picks[round] ?? 1;
    if (pick % 3 === 0) {
      // A crash: what was asked and not answered is asked again.
      state = restore(plan, execution, round * 10, past).state;
      inbox = [];
    }
    const ending = [...live.values()][pick % Math.max(1, live.size)];
    if (ending !== undefined && !result.hasMore && inbox.length === 0) {
      live.delete(ending.podName);
      const { node, index, attempt } = ending;
      const message = `x=${Number(ending.inputs.a) + (ending.task.closure.run.command[0] === 'work-0' ? 1 : 10)}`;
      inbox.push({
        kind: 'Attempt',
        node,
        index,
        attempt,
        seen: { kind: 'Terminated', exitCode: 0, reason: 'Completed', message },
      });
    }
  }
  throw new Error(`it does not end: ${JSON.stringify(execution.status)}`);
}

const PICKS = fc.array(fc.nat(60), { minLength: 200, maxLength: 200 });

describe('what is reused', () => {
  it('gives the outputs that running gives', () => {
    fc.assert(
      fc.property(SKETCHES, PICKS, PICKS, (sketches, one, two) => {
        const closure = closureOf(sketches);
        const plain = drive(closure, new Map(), { cache: 'off' }, one);
        expect(plain.execution.status?.phase).toBe('Succeeded');
        const cache = new Map<string, string>();
        const first = drive(closure, cache, {}, two);
        const second = drive(closure, cache, {}, one);
        const anew = drive(closure, cache, { cache: 'overwrite' }, one);
        const recovered = drive(closure, new Map(), { cache: 'off' }, two, plain.execution);
        for (const { execution } of [first, second, anew, recovered]) {
          expect(execution.status?.outputs).toEqual(plain.execution.status?.outputs);
        }
        expect(anew.started).toBe(plain.started);
        expect(recovered.started).toBe(0);
        if (sketches.every(({ cache: of }) => of !== 'none')) expect(second.started).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('is computed once per key in one execution, where it is serialized', () => {
    fc.assert(
      fc.property(SKETCHES, PICKS, (sketches, picks) => {
        const serial = sketches.map((sketch) => ({ ...sketch, cache: 'serialize' as const }));
        const cache = new Map<string, string>();
        const { started } = drive(closureOf(serial), cache, {}, picks);
        expect(started).toBe(cache.size);
      }),
      { numRuns: 100 },
    );
  });
});
