import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEmptyPlan, type PlanSummary, planLines, readPlanLines } from '../../src/cluster/index.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const kind = fc.constantFrom('Task', 'Workflow', 'LaunchPlan');
/** One line, as a pusher's terminal shows it, which takes blanks at its end away. */
const text = fc.string({ maxLength: 20 }).map((given) => given.replace(/[\s\u0085\u2028\u2029]+/g, ' ').trim());
const plan: fc.Arbitrary<PlanSummary> = fc.record(
  {
    namespace: name,
    changes: fc.array(
      fc.record({ action: fc.constantFrom('create', 'update', 'restore', 'remove'), kind, name, file: text }),
    ),
    unchanged: fc.nat(),
    waiting: fc.array(fc.record({ kind, name, reason: text })),
    held: fc.record({ count: fc.nat(), of: fc.nat(), reason: text }),
  },
  { requiredKeys: ['namespace', 'changes', 'unchanged', 'waiting'] },
);

describe('the lines of a plan', () => {
  it('are read back as the plan, whatever stands around them', () => {
    fc.assert(
      fc.property(plan, (given) => {
        const lines = ['pipectl: a warning', ...planLines(given), 'pipectl: this was a plan, nothing was changed'];
        expect(readPlanLines(lines)).toEqual(given);
      }),
    );
  });

  it('begin with counts', () => {
    const changes = [
      { action: 'create', kind: 'Task', name: 'a', file: 'x.yaml' },
      { action: 'remove', kind: 'Schedule', name: 'b', file: 'y.yaml' },
    ] as const;
    const lines = planLines({ namespace: 'shop-production', changes, unchanged: 7, waiting: [] });
    expect(lines).toEqual([
      'shop-production: 1 to create, 1 to remove, 7 unchanged',
      '  create  Task/a x.yaml',
      '  remove  Schedule/b y.yaml',
    ]);
  });

  it('of something else are no plan', () => {
    expect(readPlanLines(['pipectl: 3f2c1ab is not valid:', '', 'PIPE-REF-001 …'])).toBeUndefined();
  });

  it('tell when nothing would change', () => {
    const empty: PlanSummary = { namespace: 'a-b', changes: [], unchanged: 3, waiting: [] };
    expect(isEmptyPlan(empty)).toBe(true);
    expect(isEmptyPlan({ ...empty, held: { count: 1, of: 2, reason: 'x' } })).toBe(false);
    expect(isEmptyPlan({ ...empty, waiting: [{ kind: 'Task', name: 'a', reason: 'prune: confirm' }] })).toBe(false);
  });
});
