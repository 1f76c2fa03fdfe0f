import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DesiredDefinition,
  type LiveDefinition,
  type Plan,
  planChanges,
  printPlan,
} from '../../../src/control/reconciler/index.ts';

function definition(text: string, more: Partial<LiveDefinition> = {}): LiveDefinition {
  const [kind, name] = text.split('/') as [DesiredDefinition['kind'], string];
  return { kind, name, digest: 'a', file: 'a.yaml', ...more };
}

describe('planChanges', () => {
  it('applies what is referred to first, and removes it last', () => {
    const all = ['Schedule/s', 'LaunchPlan/l', 'Workflow/w', 'Task/t', 'Platform/p'].map((text) => definition(text));
    expect(printPlan(planChanges(all, []))).toEqual([
      'create Platform/p',
      'create Task/t',
      'create Workflow/w',
      'create LaunchPlan/l',
      'create Schedule/s',
    ]);
    expect(printPlan(planChanges([], all))).toEqual([
      'prune Schedule/s',
      'prune LaunchPlan/l',
      'prune Task/t',
      'prune Workflow/w',
      'prune Platform/p',
    ]);
  });

  it.each<[string, LiveDefinition, LiveDefinition, string[]]>([
    ['an equal definition', definition('Task/t'), definition('Task/t'), []],
    ['another closure', definition('Task/t', { digest: 'b' }), definition('Task/t'), ['update Task/t']],
    ['another file', definition('Task/t', { file: 'b.yaml' }), definition('Task/t'), ['restore Task/t']],
    ['an edit by hand', definition('Task/t'), definition('Task/t', { isEdited: true }), ['restore Task/t']],
  ])('for %s', (_name, desired, live, lines) => {
    expect(printPlan(planChanges([desired], [live]))).toEqual(lines);
  });

  it.each<[string, number, number, boolean, number]>([
    ['all that there is, which no commit means', 3, 0, false, 0],
    ['half of many', 20, 10, false, 10],
    ['more than half of many', 20, 9, false, 0],
    ['more than half of a few', 9, 1, false, 8],
    ['more than half of many, as a person wants it', 20, 9, true, 11],
  ])('removes %s only when that is meant', (_name, active, wanted, isConfirmed, pruned) => {
    const all = Array.from({ length: active }, (_, n) => definition(`Task/t${n}`));
    const plan = planChanges(all.slice(0, wanted), all, { isConfirmed, active, wanted });
    expect(plan.waves.flat()).toHaveLength(pruned);
    expect(plan.held?.count).toBe(pruned === 0 ? active - wanted : undefined);
  });

  const kind = fc.constantFrom<DesiredDefinition['kind']>('Platform', 'Task', 'Workflow', 'LaunchPlan', 'Schedule');
  const one = fc.record({
    kind,
    name: fc.constantFrom('a', 'b', '__proto__', 'constructor'),
    digest: fc.constantFrom('1', '2'),
    file: fc.constantFrom('x', 'y'),
  });
  const many = fc.uniqueArray(one, { selector: ({ kind: of, name }) => `${of}/${name}`, maxLength: 12 });

  it('carried out leads to the desired state, and then plans nothing', () => {
    fc.assert(
      fc.property(many, many, (desired, live) => {
        const after = carryOut(planChanges(desired, live), live);
        expect(planChanges(desired, after).waves).toEqual([]);
        expect(after.map(idOf).sort()).toEqual(desired.map(idOf).sort());
      }),
    );
  });

  function idOf({ kind: of, name }: DesiredDefinition): string {
    return `${of}/${name}`;
  }
  function carryOut(plan: Plan, live: readonly LiveDefinition[]): LiveDefinition[] {
    const objects = new Map(live.map((object) => [idOf(object), object]));
    for (const change of plan.waves.flat()) {
      if (change.action === 'prune') objects.delete(idOf(change.from));
      else objects.set(idOf(change.to), change.to);
    }
    return [...objects.values()];
  }
});
