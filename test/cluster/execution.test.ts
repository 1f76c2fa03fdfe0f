import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHARD_KEYS } from '../../src/base/index.ts';
import { executionName, LABEL, newExecution, shardKey } from '../../src/cluster/index.ts';

const REQUEST = {
  namespace: 'ticketing-production',
  name: 'demand-x7k2pq',
  repository: 'ticketing',
  commit: 'c'.repeat(40),
  workflow: 'demand',
  closure: 'd'.repeat(64),
  inputs: { days: 7 },
  trigger: { kind: 'manual' },
} as const;

function bytesOf(sequence: readonly number[]) {
  let next = 0;
  return {
    bytes: (size: number) => Uint8Array.from({ length: size }, () => sequence[next++ % sequence.length]!),
    unit: () => 0,
  };
}

describe('newExecution', () => {
  it('labels the execution with what it comes from and its shard key', () => {
    const execution = newExecution({
      ...REQUEST,
      launchPlan: 'nightly',
      trigger: { kind: 'schedule', schedule: 'at-two', tick: '2026-01-02T02:00:00.000Z' },
    });
    expect(execution.metadata.labels).toEqual({
      [LABEL.repository]: 'ticketing',
      [LABEL.workflow]: 'demand',
      [LABEL.launchPlan]: 'nightly',
      [LABEL.schedule]: 'at-two',
      [LABEL.shardKey]: String(shardKey('ticketing-production', 'demand-x7k2pq')),
    });
  });

  it('leaves out what the request does not say', () => {
    const { metadata, spec } = newExecution(REQUEST);
    expect(Object.keys(spec)).toEqual(['repository', 'commit', 'workflow', 'closure', 'inputs', 'trigger']);
    expect(metadata.labels).not.toHaveProperty(LABEL.launchPlan);
  });
});

describe('executionName', () => {
  it('is a label value for every workflow name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,70}[a-z0-9])?$/), fc.array(fc.nat(255)), (prefix, bytes) => {
        // 0 is always fair, so the loop ends.
        const name = executionName(prefix, bytesOf([...bytes, 0]));
        expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      }),
    );
  });

  it('skips the bytes that would make some characters more likely', () => {
    expect(executionName('demand', bytesOf([255, 243, 0, 1, 2, 3, 4, 5]))).toBe('demand-bcdfgh');
  });
});

describe('shardKey', () => {
  it('spreads executions over the key space', () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => shardKey('ns', `demand-${at}`));
    expect(Math.min(...keys)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...keys)).toBeLessThan(SHARD_KEYS);
    expect(new Set(keys).size).toBeGreaterThan(SHARD_KEYS * 0.95);
  });
});
