import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json, MAX_MAP_SIZE } from '../../src/base/index.ts';
import type { Execution, MergePatch, SubtaskOutputs } from '../../src/cluster/index.ts';
import {
  type Effect,
  type EngineState,
  type Observation,
  restore,
  step,
  type Terminated,
} from '../../src/propeller/index.ts';
import { executionOf, expr, literal, planOf, taskClosure, workflow } from './closures.ts';

const SETTINGS = { maxParallelism: 25, maxStreak: 1 };
const NOW = Date.parse('2026-01-02T03:04:05Z');

/** What the engine wrote, as a cluster would hold it. */
interface Written {
  status: Record<string, Json>;
  readonly kept: Map<string, Map<number, SubtaskOutputs>>;
  bytes: number;
  transitions: number;
  largestMap: number;
}

function patchInPlace(target: Record<string, Json>, patch: Readonly<Record<string, Json>>): void {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete target[key];
    else if (isJsonObject(value)) {
      if (!isJsonObject(target[key])) target[key] = {};
      patchInPlace(target[key] as Record<string, Json>, value);
    } else target[key] = value;
  }
}

function write(written: Written, delta: MergePatch | undefined, effects: readonly Effect[]): void {
  const text = JSON.stringify(delta ?? {});
  written.bytes += text.length;
  patchInPlace(written.status, JSON.parse(text) as Record<string, Json>);
  for (const effect of effects) {
    if (effect.kind !== 'KeepResults') continue;
    written.bytes += JSON.stringify(effect.results).length;
    const its = written.kept.get(effect.path) ?? new Map<number, SubtaskOutputs>();
    written.kept.set(effect.path, its);
    for (const [index, [outputs]] of Object.entries(effect.results)) its.set(Number(index), outputs);
  }
}

type Live = Map<number, number>;

/** Subtasks that end now: some of the live ones, in no order. One of eleven attempts fails. */
function endSome(live: Live, turn: number): Observation[] {
  const ended: Observation[] = [];
  for (const [index, attempt] of live) {
    if ((index * 2_654_435_761 + turn * 40_503) % 7 !== 0) continue;
    const isFailed = (index * 31 + attempt * 17) % 11 === 0;
    const end: Terminated = isFailed
      ? { kind: 'Terminated', exitCode: 1, reason: 'Error', message: '' }
      : { kind: 'Terminated', exitCode: 0, reason: 'Completed', message: `x=${index}` };
    live.delete(index);
    ended.push({ kind: 'Attempt', node: 0, index, attempt, seen: end });
  }
  return ended;
}

describe('the largest map', () => {
  it('has a small state all its life, writes little for each subtask, and goes on after a restart', () => {
    const task = taskClosure({ retries: { limit: 3, backoff: { initialMs: 1_000, factor: 1, maxMs: 1_000 } } });
    const over = literal(Array.from({ length: MAX_MAP_SIZE }, (_, i) => i));
    const closure = workflow(
      {
        each: { kind: 'map', over, task, concurrency: 2_000, minSuccessRatio: 0.9 },
        after: { kind: 'compute', values: { n: expr('size(nodes.each.outputs.x)') }, needs: ['each'] },
      },
      { outputs: { n: { type: 'integer', value: expr('nodes.after.outputs.n') } } },
    );
    const plan = planOf(closure);
    const execution = (): Execution => ({ ...executionOf(closure), status: structuredClone(written.status) as never });
    const written: Written = { status: {}, kept: new Map(), bytes: 0, transitions: 0, largestMap: 0 };
    let state: EngineState = restore(plan, executionOf(closure), NOW).state;
    const live: Live = new Map();
    let inbox: Observation[] = [{ kind: 'Admit' }];
    for (let turn = 0, now = NOW; written.status.phase !== 'Succeeded'; turn++) {
      if (turn % 150 === 149) {
        const restored = restore(plan, execution(), now, undefined, written.kept);
        expect(restored.expected.length).toBe(live.size + inbox.length);
        state = restored.state;
      }
      const result = step(state, inbox, now, SETTINGS);
      write(written, result.delta, result.effects);
      written.transitions += result.transitions;
      for (const effect of result.effects) {
        if (effect.kind === 'StartAttempt') live.set(effect.index, effect.attempt);
      }
      expect(live.size).toBeLessThanOrEqual(2_000);
      if (turn % 20 === 0) {
        const { each } = written.status.nodes as Record<string, Json>;
        written.largestMap = Math.max(written.largestMap, JSON.stringify(each).length);
      }
      inbox = endSome(live, turn);
      now += 100;
      if (turn > 10_000) throw new Error('it does not end');
    }
    expect(written.status.outputs).toEqual({ n: MAX_MAP_SIZE });
    expect(written.largestMap).toBeLessThan(150_000);
    expect(written.transitions).toBeGreaterThan(2 * MAX_MAP_SIZE);
    expect(written.bytes / written.transitions).toBeLessThan(300);
  });

  it('writes little even when its subtasks end one at a time', () => {
    const over = literal(Array.from({ length: MAX_MAP_SIZE }, (_, i) => i));
    const closure = workflow({ each: { kind: 'map', over, task: taskClosure(), concurrency: 100 } });
    const written: Written = { status: {}, kept: new Map(), bytes: 0, transitions: 0, largestMap: 0 };
    const { state } = restore(planOf(closure), executionOf(closure), NOW);
    step(state, [{ kind: 'Admit' }], NOW, SETTINGS);
    for (let index = 0; index < 1_000; index++) {
      const seen: Terminated = { kind: 'Terminated', exitCode: 0, reason: 'Completed', message: `x=${index}` };
      const ended: Observation = { kind: 'Attempt', node: 0, index, attempt: 1, seen };
      const result = step(state, [ended], NOW, SETTINGS);
      write(written, result.delta, result.effects);
      // Its end, and the start of the next one.
      expect(result.transitions).toBe(2);
      written.transitions += result.transitions;
    }
    expect(written.bytes / written.transitions).toBeLessThan(150);
  });
});
