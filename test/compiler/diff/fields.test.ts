import { describe, expect, it } from 'vitest';
import { diffCommits } from '../../../src/compiler/index.ts';
import { commitOf } from '../commit.ts';
import { changeLines, diffTexts, edited, PIPELINE, sideOf } from './sides.ts';

const ONE_FIELD: readonly (readonly [name: string, from: string, to: string, line: string])[] = [
  ['an image', 'python:3.12', 'python:3.13', 'Task/clean spec.run.image image behaviour "python:3.12" → "python:3.13"'],
  [
    'a command',
    '[python, clean.py]',
    '[python, wash.py]',
    'Task/clean spec.run.command command behaviour ["python","clean.py"] → ["python","wash.py"]',
  ],
  ['the environment', 'LANG: C', 'LANG: de', 'Task/clean spec.run.env.LANG environment behaviour "C" → "de"'],
  ['a quantity', '1Gi', '2Gi', 'Task/clean spec.resources.requests.memory resources behaviour "1Gi" → "2Gi"'],
  ['retries', 'limit: 2,', 'limit: 3,', 'Task/clean spec.retries.limit retries behaviour 2 → 3'],
  ['a timeout', 'run: 5m', 'run: 6m', 'Task/clean spec.timeout.run timeout behaviour "5m" → "6m"'],
  ['a cache', 'ttl: 1d', 'ttl: 2d', 'Task/clean spec.cache.ttl cache behaviour "24h" → "48h"'],
  ['a label', 'team: sales', 'team: ops', 'Task/clean metadata.labels.team label behaviour "sales" → "ops"'],
  [
    'a description',
    'name: etl }',
    'name: etl, description: Clean and count }',
    'Workflow/etl metadata.description description cosmetic ∅ → "Clean and count"',
  ],
  ['a default', 'default: 10 }', 'default: 11 }', 'Task/clean spec.inputs.limit.default default behaviour 10 → 11'],
  [
    'the description of an input',
    'default: 10 }',
    'default: 10, description: x }',
    'Task/clean spec.inputs.limit.description description cosmetic ∅ → "x"',
  ],
  ['a literal of a node', 'limit: 5', 'limit: 6', 'Workflow/etl spec.nodes.clean.with.limit value behaviour 5 → 6'],
  [
    'an expression',
    'rows * 2',
    'rows * 3',
    'Workflow/etl spec.nodes.count.compute.twice expression behaviour "${{ nodes.clean.outputs.rows * 2 }}" → "${{ nodes.clean.outputs.rows * 3 }}"',
  ],
  [
    'a field of an item of a list',
    'b: y',
    'b: z',
    'Workflow/etl spec.nodes.count.compute.table.1.b value behaviour "y" → "z"',
  ],
  [
    'an item more',
    '[{ a: 1, b: x },',
    '[{ a: 1, b: x }, { a: 3, b: w },',
    'Workflow/etl spec.nodes.count.compute.table.1 value behaviour ∅ → {"a":3,"b":"w"}',
  ],
  [
    'a value of a plan',
    'wait: 10m',
    'wait: 20m',
    'LaunchPlan/nightly spec.inputs.default.wait value behaviour "10m" → "20m"',
  ],
  [
    'a setting',
    'maxParallelism: 5',
    'maxParallelism: 6',
    'LaunchPlan/nightly spec.maxParallelism setting behaviour 5 → 6',
  ],
  ['a cron', '0 2 * * *', '0 3 * * *', 'Schedule/nightly spec.cron scheduleTime behaviour "0 2 * * *" → "0 3 * * *"'],
  [
    'a zone',
    'Europe/Berlin',
    'Europe/Paris',
    'Schedule/nightly spec.timeZone scheduleTime behaviour "Europe/Berlin" → "Europe/Paris"',
  ],
  ['a spread', 'spread: 5m', 'spread: 6m', 'Schedule/nightly spec.spread scheduleTime behaviour "5m" → "6m"'],
  ['a setting taken away', ', spread: 5m', '', 'Schedule/nightly spec.spread scheduleTime behaviour "5m" → ∅'],
  [
    'a new node',
    '    count:\n',
    '    more: { compute: { x: 1 } }\n    count:\n',
    'Workflow/etl spec.nodes.more node behaviour ∅ → {"kind":"compute","compute":{"x":1}}',
  ],
  [
    'a new input with a default',
    'day: datetime, limit',
    'day: datetime, region: { type: string, default: eu }, limit',
    'Task/clean spec.inputs.region input behaviour ∅ → {"type":"string","default":"eu"}',
  ],
];

describe('a field', () => {
  it.each(ONE_FIELD)('tells %s, typed and in normal form', (_name, from, to, line) => {
    expect(changeLines(diffTexts(PIPELINE, edited(from, to)))).toEqual([line]);
  });

  it('tells the content of a source folder', () => {
    const before = commitOf(PIPELINE);
    const after = { ...before, folders: new Map([['tasks', 'b'.repeat(40)]]) };
    const diff = diffCommits(sideOf(before).side, sideOf(after).side);
    expect(changeLines(diff)).toEqual([
      'Task/clean spec.source source behaviour "tasks@aaaaaaaaaaaa" → "tasks@bbbbbbbbbbbb"',
    ]);
    expect(diff.affected.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['Workflow/etl', 'LaunchPlan/nightly']);
  });

  it('tells the inferred type of an output where a task changed it', () => {
    const after = edited('rows: integer', 'rows: float', edited('rows * 2', 'rows * 2.0'));
    const diff = diffTexts(PIPELINE, after);
    expect(changeLines(diff)).toContain('Workflow/etl spec.outputs.rows.type type breaking "integer" → "float"');
  });
});

describe('an entity', () => {
  it('is added or removed, and that of something run by name is grave', () => {
    const more = `${PIPELINE}---\nkind: LaunchPlan\nmetadata: { name: weekly }\nspec: { workflow: etl, inputs: { fixed: { wait: 1h } } }\n---\nkind: Platform\nmetadata: { name: default }\nspec: { propeller: { workers: 10 } }\n`;
    const added = diffTexts(PIPELINE, more);
    expect(added.added.map(({ kind, level }) => [kind, level])).toEqual([
      ['Platform', 'behaviour'],
      ['LaunchPlan', 'behaviour'],
    ]);
    expect(added.level).toBe('behaviour');
    const removed = diffTexts(more, PIPELINE);
    expect(removed.removed.map(({ kind, level }) => [kind, level])).toEqual([
      ['Platform', 'behaviour'],
      ['LaunchPlan', 'breaking'],
    ]);
    expect(removed.level).toBe('breaking');
  });

  it('may move to another file without a change', () => {
    const before = commitOf(PIPELINE);
    const text = before.files.get('pipelines/all.yaml') as string;
    const after = { ...before, files: new Map([...before.files].filter(([path]) => path !== 'pipelines/all.yaml')) };
    after.files.set('pipelines/sub/etl.yaml', text);
    const diff = diffCommits(sideOf(before).side, sideOf(after).side);
    expect(diff.moved.map(({ kind, from, to }) => [kind, from, to])).toEqual(
      ['Task', 'Workflow', 'LaunchPlan', 'Schedule'].map((kind) => [
        kind,
        'pipelines/all.yaml',
        'pipelines/sub/etl.yaml',
      ]),
    );
    expect(diff).toMatchObject({ changed: [], added: [], removed: [], affected: [], level: 'cosmetic' });
  });

  it('with errors is told as not compared, and the others are', () => {
    const diff = diffTexts(PIPELINE, edited('maxParallelism: 5', 'maxParallelism: many', edited('3.12', '3.13')));
    expect(diff.unreadable).toEqual(['LaunchPlan/nightly']);
    expect(diff.removed).toEqual([]);
    expect(changeLines(diff)).toEqual(['Task/clean spec.run.image image behaviour "python:3.12" → "python:3.13"']);
  });

  it('of the project is compared as well', () => {
    const before = commitOf(PIPELINE);
    const project = (before.files.get('pipectl.yaml') as string).replace('ref: main', 'ref: trunk');
    const after = { ...before, files: new Map([...before.files, ['pipectl.yaml', project]]) };
    expect(changeLines(diffCommits(sideOf(before).side, sideOf(after).side))).toEqual([
      'Project/ticketing spec.domains.production.ref setting behaviour "main" → "trunk"',
    ]);
  });
});
