import { describe, expect, it } from 'vitest';
import {
  checkChange,
  checkObject,
  type Execution,
  InvalidError,
  type NodeSignal,
  newExecution,
  signalValue,
} from '../../src/cluster/index.ts';

const EXECUTION = newExecution({
  namespace: 'shop-production',
  name: 'release-1',
  repository: 'shop',
  commit: 'c'.repeat(40),
  workflow: 'release',
  closure: 'd'.repeat(64),
  inputs: {},
  trigger: { kind: 'manual' },
});

function withSignals(signals: unknown): Execution {
  return { ...EXECUTION, spec: { ...EXECUTION.spec, signals: signals as Record<string, NodeSignal> } };
}

function refusal(before: Execution, after: Execution): string | undefined {
  try {
    checkChange(before, after);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidError);
    return (error as Error).message;
  }
}

const APPROVED = { gate: { decision: 'approve', by: 'ann', at: '2026-01-02T03:04:05.000Z' } };

describe('signals of an execution', () => {
  it.each([
    ['a decision', { gate: { decision: 'reject', reason: 'too early' } }],
    ['a value', { limit: { value: { a: [1] }, by: 'ann' } }],
    ['a value with nulls as text', { limit: { valueText: '{"a":null}' } }],
    ['a null', { limit: {} }],
    ['a node of an inline workflow', { 'parent/gate': { decision: 'approve' } }],
    ['a node by an odd name', JSON.parse('{"__proto__": {"value": 1}, "constructor": {"value": 2}}')],
  ])('takes %s', (_, signals) => {
    expect(refusal(EXECUTION, withSignals(signals))).toBeUndefined();
  });

  it.each([
    ['a list', [], 'must be a map'],
    ['text', { gate: 'approve' }, 'must be an object'],
    ['an unknown decision', { gate: { decision: 'maybe' } }, 'must be approve or reject'],
    ['an unknown field', { gate: { decision: 'approve', who: 'ann' } }, 'is no field of a signal'],
    ['two answers', { gate: { decision: 'approve', value: 1 } }, 'has decision and value'],
    ['a time that is none', { gate: { decision: 'approve', at: 'now' } }, 'must be a time'],
    ['text that is no JSON', { gate: { valueText: '{' } }, 'is not JSON'],
    ['a long reason', { gate: { decision: 'approve', reason: 'x'.repeat(5_000) } }, 'must have at most 4096'],
    ['a huge value', { gate: { value: 'x'.repeat(1024 * 1024) } }, 'must have at most 1048576 bytes'],
    ['no path', { '': { value: 1 } }, 'is no path'],
    [
      'too many nodes',
      Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`n${i}`, { value: i }])),
      'at most 1000 nodes',
    ],
  ])('refuses %s', (_, signals, message) => {
    expect(refusal(EXECUTION, withSignals(signals))).toContain(message);
  });

  it('keeps the first answer, and tells whose it was', () => {
    const after = withSignals({ gate: { decision: 'reject', by: 'bob' } });
    const message = refusal(withSignals(APPROVED), after);
    expect(message).toContain('approved already by ann at 2026-01-02T03:04:05.000Z; the first answer counts');
  });

  it('takes the same answer twice, others beside it, and its removal', () => {
    const before = withSignals(APPROVED);
    expect(refusal(before, withSignals({ ...APPROVED }))).toBeUndefined();
    expect(refusal(before, withSignals({ ...APPROVED, other: { value: 1 } }))).toBeUndefined();
    expect(refusal(before, withSignals({}))).toBeUndefined();
  });

  it('lets nothing else of the spec change beside them', () => {
    const after = withSignals(APPROVED);
    const other = { ...after, spec: { ...after.spec, workflow: 'other' } };
    expect(refusal(EXECUTION, other)).toContain('only spec.desired and spec.signals');
  });

  it('are checked at the creation as well', () => {
    expect(() => checkObject(withSignals(APPROVED))).not.toThrow();
    expect(() => checkObject(withSignals({ gate: 'approve' }))).toThrow('must be an object');
  });

  it('reads values as they were meant', () => {
    expect(signalValue({ value: 7 })).toBe(7);
    expect(signalValue({})).toBeNull();
    expect(signalValue({ valueText: '{"a":null}' })).toEqual({ a: null });
    expect(signalValue({ valueText: '{' })).toBeUndefined();
  });
});

describe('the priority of an execution', () => {
  it.each([[-100], [0], [100]])('takes %d', (priority) => {
    expect(() => checkObject({ ...EXECUTION, spec: { ...EXECUTION.spec, priority } })).not.toThrow();
  });

  it.each([[-101], [101], [1.5], ['high']])('refuses %s', (priority) => {
    const execution = { ...EXECUTION, spec: { ...EXECUTION.spec, priority } };
    expect(() => checkObject(execution)).toThrow('must be an integer from -100 to 100');
  });
});
