import { expect, test } from 'vitest';
import { IDLE_MEMORY } from '../../src/base/index.ts';
import { releaseIdleMemory } from '../../src/main/idle-memory.ts';

/** Whether garbage is still there after a burst is said to be over. */
async function isKept(stopBytes: number): Promise<boolean> {
  const garbage = new WeakRef({ text: 'of a burst' });
  // Who made it may use it until it has answered.
  await new Promise((resolve) => setImmediate(resolve));
  const memory = releaseIdleMemory({ ...IDLE_MEMORY, worthBytes: Number.NEGATIVE_INFINITY, stopBytes });
  memory.afterBurst();
  memory.stop();
  return garbage.deref() !== undefined;
}

test('what a burst leaves behind is collected at once', async () => {
  expect(await isKept(Number.POSITIVE_INFINITY)).toBe(false);
});

test('a heap that takes long to collect is left alone', async () => {
  expect(await isKept(0)).toBe(true);
});
