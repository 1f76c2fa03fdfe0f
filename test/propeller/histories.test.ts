import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTerminalPhase } from '../../src/cluster/index.ts';
import { type HistoryStep, parseHistory, replay } from './histories/history.ts';

/**
 * Histories of executions that ran with real processes, recorded by `npm run record-history`. What was observed then
 * must lead to the same statuses and effects for ever: an execution may live through any number of releases.
 */
const FILES = globSync(join(import.meta.dirname, 'histories', '*.jsonl')).sort();

describe('a recorded history', () => {
  it.each(FILES.map((file) => [basename(file, '.jsonl'), file]))('of %s is what it was', (_, file) => {
    const { head, steps } = parseHistory(readFileSync(file, 'utf8'));
    const deeds = replay(head, steps);
    for (const [at, did] of deeds.entries()) expect(did, `step ${at + 1}`).toEqual(steps[at]?.did);
    const phases = steps.flatMap(({ did }) => (did as { delta: { phase?: string } | null }).delta?.phase ?? []);
    expect(isTerminalPhase(phases.at(-1) ?? '')).toBe(true);
  });

  it('is there for each kind of node', () => {
    const kinds = new Set(
      FILES.flatMap((file) => parseHistory(readFileSync(file, 'utf8')).head.closure.nodes.map(({ kind }) => kind)),
    );
    expect([...kinds].sort()).toEqual(
      ['approve', 'compute', 'dynamic', 'launchPlan', 'map', 'signal', 'sleep', 'switch', 'task', 'workflow'].sort(),
    );
  });

  it('that was changed is not what it was', () => {
    const { head, steps } = parseHistory(readFileSync(FILES[0] as string, 'utf8'));
    const late = steps.map((step): HistoryStep => ({ ...step, now: step.now + 1 }));
    expect(replay(head, late)).not.toEqual(steps.map(({ did }) => did));
  });
});
