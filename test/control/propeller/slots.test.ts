import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRIORITY_AGE_MS } from '../../../src/base/index.ts';
import { type Execution, newExecution } from '../../../src/cluster/index.ts';
import { createSlots, type Slots } from '../../../src/control/propeller/slots.ts';

const START = Date.parse('2026-01-02T03:04:05.000Z');

function execution(name: string, createdMs: number, priority?: number): Execution {
  const made = newExecution({
    namespace: 'shop-production',
    name,
    repository: 'shop',
    commit: 'c'.repeat(40),
    workflow: 'etl',
    closure: 'd'.repeat(64),
    inputs: {},
    launchPlan: 'nightly',
    concurrency: { limit: 1, whenFull: 'queue' },
    trigger: { kind: 'manual' },
    ...(priority !== undefined && { priority }),
  });
  return { ...made, metadata: { ...made.metadata, creationTimestamp: new Date(START + createdMs).toISOString() } };
}

/** The names in the order in which they get the only place, when all of them ask while another one has it. */
function order(waiting: readonly Execution[]): readonly string[] {
  const slots: Slots = createSlots();
  slots.open();
  expect(slots.admit('first', execution('first', -1))).toEqual({ kind: 'Admit' });
  const byName = new Map(waiting.map((one) => [one.metadata.name, one]));
  for (const one of waiting) expect(slots.admit(one.metadata.name, one)?.kind).toBe('Hold');
  const admitted: string[] = [];
  for (let [next] = slots.release('first'); next !== undefined; [next] = slots.release(next)) {
    expect(slots.admit(next, byName.get(next)!)).toEqual({ kind: 'Admit' });
    admitted.push(next);
  }
  return admitted;
}

describe('the line for a place of a launch plan', () => {
  it.each([
    ['goes by creation', [execution('a', 0), execution('b', 1), execution('c', 2)], ['a', 'b', 'c']],
    ['lets a higher priority go first', [execution('a', 0), execution('b', 1, 5)], ['b', 'a']],
    ['lets a lower priority go last', [execution('a', 0, -1), execution('b', 1)], ['b', 'a']],
    [
      'counts waiting as priority, so that none starves',
      [execution('old', 0), execution('new', 10 * PRIORITY_AGE_MS + 1, 10), execution('newer', 0, 10)],
      ['newer', 'old', 'new'],
    ],
    ['keeps the order of asking within one moment', [execution('b', 0), execution('a', 0)], ['b', 'a']],
  ])('%s', (_, waiting, expected) => {
    expect(order(waiting)).toEqual(expected);
  });

  it.each(['queue', 'skip'] as const)(
    'lets nobody begin of a newer version, that allows more, before all can see that the older one has begun: %s',
    (whenFull) => {
      const slots = createSlots();
      const of = (made: Execution, limit: number) => ({
        ...made,
        spec: { ...made.spec, concurrency: { limit, whenFull } },
      });
      const [older, newer] = [of(execution('older', 0), 1), of(execution('newer', 1), 2)];
      slots.admit('older', older);
      slots.admit('newer', newer);
      expect(slots.open()).toEqual(['older', 'newer']);
      expect(slots.admit('older', older)).toEqual({ kind: 'Admit' });
      expect(slots.admit('newer', newer)?.kind).toBe('Hold');
      expect(slots.behind('older')).toEqual(['newer']);
      expect(slots.admit('newer', newer)).toEqual({ kind: 'Admit' });
    },
  );

  it('goes on without those who left it', () => {
    const slots = createSlots();
    slots.open();
    slots.admit('first', execution('first', 0));
    for (const name of ['a', 'b', 'c']) slots.admit(name, execution(name, 1));
    slots.release('a');
    slots.release('b');
    expect(slots.release('first')).toEqual(['c']);
  });

  it('goes on behind who was woken once when two left', () => {
    const slots = createSlots();
    slots.open();
    const two = (name: string): Execution => {
      const { metadata, spec } = execution(name, 0);
      return { ...execution(name, 0), metadata, spec: { ...spec, concurrency: { limit: 2, whenFull: 'queue' } } };
    };
    for (const name of ['a', 'b', 'c', 'd']) slots.admit(name, two(name));
    for (const name of ['a', 'b']) expect(slots.release(name)).toEqual(['c']);
    expect(slots.admit('c', two('c'))).toEqual({ kind: 'Admit' });
    expect(slots.behind('c')).toEqual(['d']);
    expect(slots.admit('d', two('d'))).toEqual({ kind: 'Admit' });
    expect(slots.behind('d')).toEqual([]);
  });

  it('admits each once, whatever comes and goes', () => {
    const step = fc.record({ name: fc.integer({ min: 0, max: 6 }), leaves: fc.boolean(), priority: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = createSlots();
        slots.open();
        const running = new Set<string>();
        const waiting = new Set<string>();
        const admit = (name: string, priority: number): void => {
          const seen = slots.admit(name, execution(name, 0, priority));
          if (seen?.kind === 'Admit') {
            running.add(name);
            waiting.delete(name);
          } else waiting.add(name);
          expect(running.size).toBeLessThanOrEqual(1);
        };
        for (const { name: number, leaves, priority } of steps) {
          const name = `e${number}`;
          if (!leaves) {
            if (!running.has(name)) admit(name, priority);
            continue;
          }
          running.delete(name);
          waiting.delete(name);
          const [next] = slots.release(name);
          if (next !== undefined && running.size === 0) admit(next, priority);
          // A free place and somebody who waits: it must be the one who was told.
          expect(running.size === 0 && waiting.size > 0).toBe(false);
        }
      }),
    );
  });
});

describe('executions of a schedule whose ticks must not overlap', () => {
  const ofTick = (name: string, schedule: string, limit?: number): Execution => {
    const made = newExecution({
      namespace: 'shop-production',
      name,
      repository: 'shop',
      commit: 'c'.repeat(40),
      workflow: 'etl',
      closure: 'd'.repeat(64),
      inputs: {},
      launchPlan: 'nightly',
      trigger: { kind: 'schedule', schedule, tick: '2026-01-02T03:00:00.000Z' },
      overlap: 'queue',
      ...(limit !== undefined && { concurrency: { limit, whenFull: 'queue' } }),
    });
    return { ...made, metadata: { ...made.metadata, creationTimestamp: new Date(START).toISOString() } };
  };

  it('run one at a time, in order, and those of other schedules beside them', () => {
    const slots = createSlots();
    slots.open();
    expect(slots.admit('a1', ofTick('a1', 'a'))).toEqual({ kind: 'Admit' });
    expect(slots.admit('a2', ofTick('a2', 'a'))).toMatchObject({ kind: 'Hold' });
    expect(slots.admit('a3', ofTick('a3', 'a'))).toMatchObject({
      message: 'queued: schedule "a" already runs 1 of at most 1 execution',
    });
    expect(slots.admit('b1', ofTick('b1', 'b'))).toEqual({ kind: 'Admit' });
    expect(slots.release('a1')).toEqual(['a2']);
    expect(slots.admit('a3', ofTick('a3', 'a'))).toMatchObject({ kind: 'Hold' });
    expect(slots.admit('a2', ofTick('a2', 'a'))).toEqual({ kind: 'Admit' });
    expect(slots.release('a2')).toEqual(['a3']);
  });

  it('wait for the limit of their launch plan as well, each place for who comes first in its line', () => {
    const slots = createSlots();
    slots.open();
    const admit = (name: string) => slots.admit(name, ofTick(name, name.slice(0, 1), 2))?.kind;
    expect(['a1', 'a2', 'b1', 'c1'].map(admit)).toEqual(['Admit', 'Hold', 'Admit', 'Hold']);
    expect(slots.release('a1')).toEqual(['a2', 'c1']);
    // It has the place of its schedule now, and is behind in the line of the plan.
    expect(admit('a2')).toBe('Hold');
    expect(admit('c1')).toBe('Admit');
    expect(slots.release('b1')).toEqual(['a2']);
    expect(admit('a2')).toBe('Admit');
    expect(new Set(slots.holders())).toEqual(new Set(['a2', 'c1']));
  });
});
