import { describe, expect, it } from 'vitest';
import { commitOf } from '../commit.ts';
import { changeLines, diffTexts, edited, PIPELINE, sideOf } from './sides.ts';

/** A workflow with every sort of node that waits, chooses or calls, and a policy. */
const KINDS = `${PIPELINE}---
kind: Workflow
metadata: { name: kinds }
spec:
  inputs: { day: datetime, size: { type: integer, default: 1 } }
  outputs: {}
  onFailure: { task: clean, with: { day: "\${{ inputs.day }}", limit: 1 } }
  nodes:
    rest: { sleep: 5m }
    ask: { signal: { type: "enum<yes|no>", timeout: 1h, default: yes } }
    go: { approve: { message: "Clean \${{ inputs.size }}?", timeout: 2h } }
    inner: { workflow: etl, with: { day: "\${{ inputs.day }}", wait: 5m }, when: "\${{ inputs.size > 1 }}" }
    child: { launchPlan: nightly, with: { day: "\${{ inputs.day }}" } }
    choose:
      switch:
        - when: "\${{ inputs.size > 10 }}"
          then: { task: clean, with: { day: "\${{ inputs.day }}", limit: 100 } }
        - when: "\${{ inputs.size > 5 }}"
          then: { fail: too few }
        - when: "\${{ inputs.size > 3 }}"
          then: { workflow: etl, with: { day: "\${{ inputs.day }}", wait: 7m } }
      else: { compute: { x: 1 } }
---
kind: Policy
metadata: { name: house }
spec:
  rules:
    - name: pinned
      match: { kinds: [Task] }
      assert: size(object.metadata.name) > 1
      message: a name
    - name: limited
      match: { kinds: [Workflow, LaunchPlan] }
      assert: size(object.metadata.name) < 60
      message: a short name
`;

const CHANGES: readonly (readonly [name: string, from: string, to: string, line: string])[] = [
  ['a sleep', 'sleep: 5m', 'sleep: 6m', 'Workflow/kinds spec.nodes.rest.sleep setting behaviour "5m" → "6m"'],
  [
    'the type of a signal',
    'enum<yes|no>',
    'enum<yes|no|later>',
    'Workflow/kinds spec.nodes.ask.signal.type type behaviour "enum<yes|no>" → "enum<yes|no|later>"',
  ],
  [
    'the wait for an approval',
    'timeout: 2h',
    'timeout: 3h',
    'Workflow/kinds spec.nodes.go.approve.timeout timeout behaviour "2h" → "3h"',
  ],
  [
    'a condition',
    'inputs.size > 1 ',
    'inputs.size > 2 ',
    'Workflow/kinds spec.nodes.inner.when expression behaviour "${{ inputs.size > 1 }}" → "${{ inputs.size > 2 }}"',
  ],
  [
    'a value of a sub-workflow',
    'wait: 5m }, when',
    'wait: 6m }, when',
    'Workflow/kinds spec.nodes.inner.with.wait value behaviour "5m" → "6m"',
  ],
  [
    'a branch of a switch',
    'limit: 100',
    'limit: 200',
    'Workflow/kinds spec.nodes.choose.switch.0.then.with.limit value behaviour 100 → 200',
  ],
  ['the failure handler', 'limit: 1 }', 'limit: 2 }', 'Workflow/kinds spec.onFailure.with.limit value behaviour 1 → 2'],
  [
    'a rule of a policy',
    'name) < 60',
    'name) < 50',
    'Policy/house spec.rules.1.assert expression behaviour "size(object.metadata.name) < 60" → "size(object.metadata.name) < 50"',
  ],
];

const SPELLINGS: readonly (readonly [name: string, from: string, to: string])[] = [
  ['a sleep', 'sleep: 5m', 'sleep: 300s'],
  ['a value of a sub-workflow', 'wait: 5m }, when', 'wait: 300s }, when'],
  ['a value of a branch', 'wait: 7m', 'wait: 420s'],
  ['a timeout', 'timeout: 2h', 'timeout: 120m'],
  ['a condition', 'inputs.size > 1 ', '(inputs.size)>1'],
  ['a rule', 'size(object.metadata.name) < 60', 'size(object.metadata["name"])<60'],
  ['kinds of a rule', '[Workflow, LaunchPlan]', '[LaunchPlan, Workflow]'],
];

describe('a node of every kind', () => {
  it('is there to be changed', () => {
    expect(sideOf(commitOf(KINDS)).codes).toEqual([]);
  });

  it.each(CHANGES)('tells %s', (_name, from, to, line) => {
    expect(changeLines(diffTexts(KINDS, edited(from, to, KINDS)))).toEqual([line]);
  });

  it.each(SPELLINGS)('ignores another spelling of %s', (_name, from, to) => {
    const diff = diffTexts(KINDS, edited(from, to, KINDS));
    expect(changeLines(diff)).toEqual([]);
    expect(diff.level).toBeUndefined();
  });

  it('tells a branch that came in between', () => {
    const more =
      '- when: "${{ inputs.size > 7 }}"\n          then: { fail: few }\n        - when: "${{ inputs.size > 5';
    const diff = diffTexts(KINDS, edited('- when: "${{ inputs.size > 5', more, KINDS));
    expect(changeLines(diff)).toHaveLength(1);
    expect(changeLines(diff)[0]).toContain('spec.nodes.choose.switch.1 setting behaviour ∅ → ');
  });

  it('follows renames of what it calls', () => {
    const renamed = KINDS.replaceAll('name: clean', 'name: wash')
      .replaceAll('task: clean', 'task: wash')
      .replaceAll('name: etl', 'name: load')
      .replaceAll('workflow: etl', 'workflow: load')
      .replaceAll('name: nightly', 'name: daily')
      .replaceAll('launchPlan: nightly', 'launchPlan: daily');
    const diff = diffTexts(KINDS, renamed);
    expect(diff.renamed.map(({ similarity }) => similarity)).toEqual([1, 1, 1, 1]);
    expect(diff).toMatchObject({ added: [], removed: [], changed: [], breaks: [], affected: [] });
  });
});
