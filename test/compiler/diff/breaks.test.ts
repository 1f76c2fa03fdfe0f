import { describe, expect, it } from 'vitest';
import { diffCommits } from '../../../src/compiler/index.ts';
import { commitOf } from '../commit.ts';
import { breakLines, diffTexts, edited, PIPELINE, sideOf } from './sides.ts';

const BREAKS: readonly (readonly [
  name: string,
  edits: readonly (readonly [string, string])[],
  lines: readonly string[],
])[] = [
  [
    'an input that is gone and still given',
    [[', limit: { type: integer, default: 10 }', '']],
    ['Task/clean inputRemoved limit breaking', '  broken Workflow/etl: task "clean" has no input "limit"'],
  ],
  [
    'an input that is gone, and no caller gives it any more',
    [
      [', limit: { type: integer, default: 10 }', ''],
      [', limit: 5', ''],
    ],
    ['Task/clean inputRemoved limit behaviour', '  adapted Workflow/etl: task "clean" has no input "limit"'],
  ],
  [
    'an input that must be given now',
    [['day: datetime, limit', 'day: datetime, region: string, limit']],
    [
      'Task/clean inputRequired region breaking',
      '  broken Workflow/etl: task "clean" wants the input "region" (string), and node "clean" does not give it',
    ],
  ],
  [
    'an input of a workflow that a plan passes on to its schedule',
    [['    wait:', '    region: string\n    wait:']],
    [
      'Workflow/etl inputRequired region breaking',
      '  inherits LaunchPlan/nightly: its input "region" must be given as well',
      '  broken Schedule/nightly through LaunchPlan/nightly: launch plan "nightly" wants the input "region" (string), and the schedule does not give it',
    ],
  ],
  [
    'the same, where the plan gives it in the same commit',
    [
      ['    wait:', '    region: string\n    wait:'],
      ['default: { wait: 10m }', 'default: { wait: 10m, region: eu }'],
    ],
    [
      'Workflow/etl inputRequired region breaking',
      '  adapted LaunchPlan/nightly: its input "region" must be given as well',
      '  adapted Schedule/nightly through LaunchPlan/nightly: launch plan "nightly" wants the input "region" (string), and the schedule does not give it',
    ],
  ],
  [
    'another type of an input that a tick gives',
    [['  inputs:\n    day: datetime', '  inputs:\n    day: string']],
    [
      'Workflow/etl inputType day breaking',
      '  inherits LaunchPlan/nightly: its input "day" is string as well, no longer datetime',
      '  broken Schedule/nightly through LaunchPlan/nightly: kickoffTime gives a datetime; the input "day" is string',
    ],
  ],
  [
    'an output of other values',
    [['enum<full|part>', 'enum<full|part|none>']],
    ['Task/clean outputType mode behaviour'],
  ],
  [
    'an output that is read and gone',
    [['rows: integer, ', '']],
    ['Task/clean outputRemoved rows breaking', '  broken Workflow/etl: node "clean" has no output "rows"'],
  ],
];

describe('an interface', () => {
  it.each(BREAKS)('breaks by %s', (_name, edits, lines) => {
    const after = edits.reduce((text, [from, to]) => edited(from, to, text), PIPELINE);
    expect(breakLines(diffTexts(PIPELINE, after))).toEqual(lines);
  });

  it('says where a broken caller stands in the new commit, and an adapted one in the old', () => {
    const gone = edited(', limit: { type: integer, default: 10 }', '');
    const [broken] = diffTexts(PIPELINE, `# moved down\n${gone}`).breaks;
    expect(broken?.affected).toMatchObject([{ state: 'broken', file: 'pipelines/all.yaml', line: 24 }]);
    const [adapted] = diffTexts(PIPELINE, `# moved down\n${edited(', limit: 5', '', gone)}`).breaks;
    expect(adapted?.affected).toMatchObject([{ state: 'adapted', file: 'pipelines/all.yaml', line: 22 }]);
  });

  it('narrows by an optional type that no longer is, and widens the other way without a break', () => {
    const optional = edited('limit: { type: integer, default: 10 }', 'limit: integer?');
    const required = edited('limit: { type: integer, default: 10 }', 'limit: integer');
    expect(breakLines(diffTexts(optional, required))).toEqual(['Task/clean inputNarrowed limit behaviour']);
    expect(breakLines(diffTexts(required, optional))).toEqual([]);
  });

  it('of a workflow that is gone breaks its plan, which may be gone as well', () => {
    const lines = PIPELINE.split('---\n');
    expect(breakLines(diffTexts(PIPELINE, [lines[0], lines[2], lines[3]].join('---\n')))).toEqual([
      'Workflow/etl entityRemoved breaking',
      '  broken LaunchPlan/nightly: there is no workflow "etl" in this commit',
    ]);
    expect(breakLines(diffTexts(PIPELINE, lines[0] as string))).toEqual([
      'Workflow/etl entityRemoved breaking',
      '  removed LaunchPlan/nightly: there is no workflow "etl" in this commit',
      'LaunchPlan/nightly entityRemoved breaking',
      '  removed Schedule/nightly: there is no launch plan "nightly" in this commit',
    ]);
  });

  it('counts a caller whose document has errors of its own as broken', () => {
    const after = edited(', limit: { type: integer, default: 10 }', '', edited('    wait: {', '    wait: 3 # {'));
    const diff = diffTexts(PIPELINE, after);
    expect(diff.unreadable).toEqual(['Workflow/etl']);
    expect(breakLines(diff)).toEqual([
      'Task/clean inputRemoved limit breaking',
      '  broken Workflow/etl: task "clean" has no input "limit"',
    ]);
  });

  it('does not break by a rename that all callers follow, nor by an interface that grows', () => {
    const renamed = edited('task: clean', 'task: wash', edited('name: clean', 'name: wash'));
    expect(breakLines(diffTexts(PIPELINE, renamed))).toEqual([]);
    expect(breakLines(diffTexts(PIPELINE, edited('rows: integer', 'rows: integer, more: string?')))).toEqual([]);
  });

  it('reaches callers through sub-workflows and child executions', () => {
    const callers = `---
kind: Workflow
metadata: { name: outer }
spec:
  inputs: { day: datetime }
  outputs: {}
  nodes:
    inner: { workflow: etl, with: { day: "\${{ inputs.day }}" } }
---
kind: Workflow
metadata: { name: parent }
spec:
  inputs: { day: datetime }
  outputs: {}
  nodes:
    child: { launchPlan: nightly, with: { day: "\${{ inputs.day }}" } }
`;
    const before = sideOf(commitOf(PIPELINE + callers));
    const after = sideOf(commitOf(edited('    wait:', '    region: string\n    wait:', PIPELINE + callers)));
    expect(before.codes).toEqual([]);
    const states = diffCommits(before.side, after.side).breaks.map(({ entity, affected }) => [
      entity.name,
      affected.map(({ kind, name, state, through }) => `${state} ${kind}/${name} ${through ?? ''}`.trim()),
    ]);
    expect(states).toEqual([
      [
        'etl',
        [
          'broken Workflow/outer',
          'broken Workflow/parent LaunchPlan/nightly',
          'inherits LaunchPlan/nightly',
          'broken Schedule/nightly LaunchPlan/nightly',
        ],
      ],
    ]);
  });
});
