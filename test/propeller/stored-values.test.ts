import { describe, expect, it } from 'vitest';
import type { BlobRef, Json } from '../../src/base/index.ts';
import { StoredValue } from '../../src/language/index.ts';
import { cacheKey } from '../../src/propeller/cache-key.ts';
import { expr, taskClosure, workflow } from './closures.ts';
import { createWorld, end, livePods, nodeOf, settle, statusOf, type World } from './world.ts';

/** Outputs that are in the object store, as the engine sees them: references, and never what they stand for. */

const BLOB: BlobRef = { digest: 'a'.repeat(64), sizeBytes: 3_000_000 };
const X = expr('nodes.one.outputs.x');

/** Runs `one`, whose output is in the store, up to what follows of it. */
function afterOne(world: World): World {
  settle(world);
  const [pod] = livePods(world);
  if (pod === undefined) throw new Error('no pod is live');
  end(world, pod, { text: '{}', storedOutputs: { x: BLOB } });
  settle(world);
  return world;
}

describe('an output in the object store', () => {
  it('is handed to a task, and out of the workflow, by its reference', () => {
    const world = afterOne(
      createWorld(
        workflow(
          { one: { kind: 'task' }, two: { kind: 'task', with: { a: X }, needs: ['one'] } },
          { outputs: { total: { type: 'integer', value: X } } },
        ),
      ),
    );
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Succeeded', outputs: {}, storedOutputs: { x: BLOB } });
    const [two] = livePods(world);
    expect(two?.inputs).toEqual({ a: BLOB });
    end(world, two as never, { text: 'x=1' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: {}, storedOutputs: { total: BLOB } });
  });

  it.each([
    ['an operator', expr('nodes.one.outputs.x + 1')],
    ['a choice', expr('true ? nodes.one.outputs.x : 0')],
    ['all outputs together', expr('json(nodes.one.outputs).x == json(1) ? 1 : 2')],
    ['a comparison', expr('nodes.one.outputs == nodes.one.outputs ? 1 : 2')],
  ])('cannot be looked into by %s', (_, a) => {
    const world = afterOne(
      createWorld(workflow({ one: { kind: 'task' }, two: { kind: 'task', with: { a }, needs: ['one'] } })),
    );
    const { phase, error } = nodeOf(world, 'two') ?? {};
    expect({ phase, reason: error?.reason }).toEqual({ phase: 'Failed', reason: 'InvalidInputs' });
    expect(error?.message).toMatch(/"x" is so large that it is in the object store: only a task can read it/);
  });

  it('gives a key of its own to what is made from it', () => {
    const task = taskClosure({});
    const stored = new StoredValue(BLOB) as unknown as Json;
    const key = cacheKey(task, { a: stored });
    expect(cacheKey(task, { a: new StoredValue({ ...BLOB }) as unknown as Json })).toBe(key);
    expect(cacheKey(task, { a: BLOB as unknown as Json })).not.toBe(key);
    expect(cacheKey(task, { b: stored })).not.toBe(key);
    expect(cacheKey(task, { a: new StoredValue({ ...BLOB, digest: 'b'.repeat(64) }) as unknown as Json })).not.toBe(
      key,
    );
    expect(cacheKey(task, { a: stored, b: 1 }, ['a'])).toBe(cacheKey(task, { b: 1 }));
  });
});
