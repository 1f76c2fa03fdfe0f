import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskClosure } from '../../src/compiler/closure.ts';
import { cacheKey, isCached } from '../../src/propeller/cache-key.ts';
import { taskClosure } from './closures.ts';

const TASK = taskClosure({ source: { path: 'tasks', tree: 'a'.repeat(40) } });
const KEY = cacheKey(TASK, { a: 1 });

describe('the key of a cached task', () => {
  it.each<[string, Partial<TaskClosure>]>([
    ['retries', { retries: { limit: 5, backoff: { initialMs: 1, factor: 1, maxMs: 1 } } }],
    ['timeouts', { timeout: { runMs: 1_000 } }],
    ['resources', { resources: { limits: { memory: '1Gi' } } }],
    ['the cache itself', { cache: { serialize: true, ttlMs: 1 } }],
    ['interruptible', { interruptible: true }],
    ['the place of the source', { source: { path: 'elsewhere', tree: 'a'.repeat(40) } }],
    ['defaults and descriptions', { inputs: { a: { type: 'integer', default: 3, description: 'A number.' } } }],
  ])('is free of %s', (_, changes) => {
    expect(cacheKey({ ...TASK, ...changes }, { a: 1 })).toBe(KEY);
  });

  it.each<[string, Partial<TaskClosure>]>([
    ['the name', { name: 'other' }],
    ['the command', { run: { command: ['./work', '-v'] } }],
    ['the image', { run: { command: ['./work'], image: 'local@sha256:1' } }],
    ['the environment', { run: { command: ['./work'], env: { A: '1' } } }],
    ['the content of the source', { source: { path: 'tasks', tree: 'b'.repeat(40) } }],
    ['the type of an input', { inputs: { a: { type: 'float' } } }],
    ['the type of an output', { outputs: { x: { type: 'string' } } }],
  ])('changes with %s', (_, changes) => {
    expect(cacheKey({ ...TASK, ...changes }, { a: 1 })).not.toBe(KEY);
  });

  it('changes with each input but those ignored, in whatever order they come', () => {
    const values = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), fc.jsonValue());
    fc.assert(
      fc.property(values, values, (one, two) => {
        const reversed = Object.fromEntries(Object.entries(one).reverse());
        const keyOne = cacheKey(TASK, one as never);
        expect(cacheKey(TASK, reversed as never)).toBe(keyOne);
        const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(two));
        expect(cacheKey(TASK, two as never) === keyOne).toBe(isSame);
        const { a: _, ...rest } = one;
        expect(cacheKey(TASK, one as never, ['a'])).toBe(cacheKey(TASK, rest as never, ['a']));
      }),
    );
  });
});

/** With sorted keys at all depths, as entries, so that no name is special. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.entries(value)
    .map(([key, member]) => [key, sorted(member)])
    .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
}

describe('a cache', () => {
  it('is of tasks that ask for it and have outputs', () => {
    const cache = { serialize: false };
    expect(isCached(taskClosure({ cache }))).toBe(true);
    expect(isCached(taskClosure())).toBe(false);
    expect(isCached(taskClosure({ cache, outputs: {} }))).toBe(false);
  });
});
