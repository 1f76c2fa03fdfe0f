import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommitDiff } from '../../../src/compiler/index.ts';
import { diffCommits } from '../../../src/compiler/index.ts';
import { commitOf } from '../commit.ts';
import { diffTexts, sideOf } from './sides.ts';

/** What a generated commit is written from: references always lead somewhere. */
interface Plan {
  readonly tasks: readonly { readonly command: number; readonly image: number; readonly memory: number }[];
  readonly workflows: readonly { readonly task: number; readonly factor: number; readonly node: number }[];
  readonly plans: readonly { readonly workflow: number; readonly value: number }[];
  readonly schedules: readonly { readonly plan: number; readonly hour: number }[];
}

/** How the same is written: names, and one of several spellings of each value. */
interface Style {
  readonly prefix: string;
  readonly isLong: boolean;
  readonly isReversed: boolean;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  tasks: fc.array(fc.record({ command: fc.nat(3), image: fc.nat(2), memory: fc.nat(2) }), {
    minLength: 1,
    maxLength: 4,
  }),
  workflows: fc.array(fc.record({ task: fc.nat(), factor: fc.nat(3), node: fc.nat(1) }), {
    minLength: 1,
    maxLength: 3,
  }),
  plans: fc.array(fc.record({ workflow: fc.nat(), value: fc.nat(3) }), { minLength: 1, maxLength: 3 }),
  schedules: fc.array(fc.record({ plan: fc.nat(), hour: fc.nat(23) }), { maxLength: 3 }),
});
const styles: fc.Arbitrary<Style> = fc.record({
  prefix: fc.constantFrom('x', 'y-z'),
  isLong: fc.boolean(),
  isReversed: fc.boolean(),
});
const PLAIN: Style = { prefix: 'x', isLong: false, isReversed: false };

function written(plan: Plan, { prefix, isLong, isReversed }: Style): string {
  const at = <T>(list: readonly T[], index: number): number => index % list.length;
  const documents = [
    ...plan.tasks.map(({ command, image, memory }, index) => {
      const size = isLong ? `${(memory + 1) * 1024}Mi` : `${memory + 1}Gi`;
      const run = `run: { image: "i:${image}", command: [run, "${command}"] }`;
      const rest = `inputs: { n: ${isLong ? '{ type: integer }' : 'integer'} }, outputs: { n: integer }`;
      const resources = `resources: { requests: { memory: ${size} } }, timeout: { run: ${isLong ? '300s' : '5m'} }`;
      const parts = [run, rest, resources, `retries: { limit: ${index} }`];
      return ['Task', `${prefix}-t${index}`, (isReversed ? parts.reverse() : parts).join(', ')];
    }),
    ...plan.workflows.map(({ task, factor, node }, index) => {
      const expression = isLong ? `(nodes.n${node}.outputs.n)*${factor}` : `nodes.n${node}.outputs.n * ${factor}`;
      const inputs = 'inputs: { n: integer, wait: { type: duration, default: 1h } }';
      const nodes = `nodes: { n${node}: { task: ${prefix}-t${at(plan.tasks, task)}, with: { n: "\${{ inputs.n }}" } } }`;
      const parts = [inputs, `outputs: { w${index}: "\${{ ${expression} }}" }`, nodes];
      return ['Workflow', `${prefix}-w${index}`, (isReversed ? parts.reverse() : parts).join(', ')];
    }),
    ...plan.plans.map(({ workflow, value }, index) => {
      const wait = isLong ? `${(value + 1) * 60}m` : `${value + 1}h`;
      const inputs = `inputs: { default: { n: ${index} }, fixed: { wait: ${wait} } }`;
      return ['LaunchPlan', `${prefix}-p${index}`, `workflow: ${prefix}-w${at(plan.workflows, workflow)}, ${inputs}`];
    }),
    ...plan.schedules.map(({ plan: of, hour }, index) => {
      const cron = isLong ? `0${index} ${hour} * * *` : `${index} ${hour} * * *`;
      return ['Schedule', `${prefix}-s${index}`, `launchPlan: ${prefix}-p${at(plan.plans, of)}, cron: "${cron}"`];
    }),
  ];
  return (isReversed ? documents.reverse() : documents)
    .map(([kind, name, spec]) => `kind: ${kind}\nmetadata: { name: ${name} }\nspec: { ${spec} } # ${isLong}\n`)
    .join('---\n');
}

/** What there is to tell of a comparison, without the words of either direction. */
function shape({ added, removed, renamed, changed }: CommitDiff): unknown {
  return {
    added: added.map(({ kind, name }) => `${kind}/${name}`),
    removed: removed.map(({ kind, name }) => `${kind}/${name}`),
    renamed: renamed.map(({ kind, from, to, similarity }) => `${kind} ${from.name} ${to.name} ${similarity}`).sort(),
    changed: changed
      .flatMap(({ kind, name, previousName, changes }) => {
        const pair = [previousName ?? name, name].join(' ');
        return changes.map(({ path, before, after }) =>
          JSON.stringify([kind, pair, path, before ?? '∅', after ?? '∅']),
        );
      })
      .sort(),
  };
}

function swapped({ added, removed, renamed, changed, ...rest }: CommitDiff): CommitDiff {
  return {
    ...rest,
    added: removed,
    removed: added,
    renamed: renamed.map((each) => ({ ...each, from: each.to, to: each.from })),
    changed: changed.map(({ previousName, name, changes, renamedNodes, ...entity }) => ({
      ...entity,
      renamedNodes: renamedNodes.map(({ from, to }) => ({ from: to, to: from })),
      name: previousName ?? name,
      ...(previousName !== undefined && { previousName: name }),
      changes: changes.map(({ before, after, path, ...change }) => ({
        ...change,
        // Fields of a renamed node stand under its new id.
        path: path.map((part, at) => (at === 2 ? (renamedNodes.find(({ to }) => to === part)?.from ?? part) : part)),
        ...(after !== undefined && { before: after }),
        ...(before !== undefined && { after: before }),
      })),
    })),
  };
}

describe('a comparison', () => {
  it('of a commit with itself tells nothing', () => {
    fc.assert(
      fc.property(plans, styles, (plan, style) => {
        const text = written(plan, style);
        const diff = diffTexts(text, text);
        expect(diff).toMatchObject({ added: [], removed: [], renamed: [], moved: [], changed: [], breaks: [] });
        expect(diff.affected).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('tells nothing of formatting and spelling, and of new names no more than the names', () => {
    fc.assert(
      fc.property(plans, styles, styles, (plan, one, other) => {
        const sides = [one, other].map((style) => sideOf(commitOf(written(plan, style))));
        expect(sides.flatMap(({ codes }) => codes)).toEqual([]);
        const diff = diffCommits(sides[0]!.side, sides[1]!.side);
        const { tasks, workflows, plans: launchPlans, schedules } = plan;
        const entities = [tasks, workflows, launchPlans, schedules].reduce((sum, list) => sum + list.length, 0);
        expect(diff.renamed.map(({ similarity }) => similarity)).toEqual(
          Array.from({ length: one.prefix === other.prefix ? 0 : entities }, () => 1),
        );
        expect(diff).toMatchObject({ added: [], removed: [], changed: [], breaks: [], affected: [] });
      }),
      { numRuns: 80 },
    );
  });

  it('is mirrored when the commits are swapped', () => {
    fc.assert(
      fc.property(plans, plans, styles, (one, other, style) => {
        const before = sideOf(commitOf(written(one, PLAIN))).side;
        const after = sideOf(commitOf(written(other, style))).side;
        expect(shape(diffCommits(after, before))).toEqual(shape(swapped(diffCommits(before, after))));
      }),
      { numRuns: 100 },
    );
  });

  it('looks only at what differs', () => {
    const many = Array.from({ length: 300 }, (_, index) => {
      return `kind: Task\nmetadata: { name: t${index} }\nspec: { run: { command: [run, "${index}"] } }\n`;
    });
    const before = commitOf();
    const file = (text: string): string => `apiVersion: pipectl.dev/v1\n${text}`;
    const filesOf = (texts: readonly string[]): Map<string, string> =>
      new Map([...before.files, ...texts.map((text, at) => [`pipelines/${at}.yaml`, file(text)] as const)]);
    const changed = many.with(7, (many[7] as string).replace('run,', 'walk,'));
    const looked = new Set<string>();
    const counting = ({ side }: ReturnType<typeof sideOf>): ReturnType<typeof sideOf>['side'] => ({
      ...side,
      definition: (key) => {
        looked.add(key);
        return side.definition(key);
      },
    });
    const diff = diffCommits(
      counting(sideOf({ ...before, files: filesOf(many) })),
      counting(sideOf({ ...before, files: filesOf(changed) })),
    );
    expect(diff.changed.map(({ name }) => name)).toEqual(['t7']);
    expect([...looked]).toEqual(['Task/t7']);
  });
});
