import { describe, expect, it } from 'vitest';
import { diffTexts, edited, PIPELINE } from './sides.ts';

const SPELLINGS: readonly (readonly [name: string, from: string, to: string])[] = [
  ['comments', 'kind: Workflow', '# etl\nkind: Workflow # the one'],
  ['quotes', 'name: etl', 'name: "etl"'],
  ['block and flow style', 'spec: { workflow: etl, inputs', 'spec:\n  { "workflow": etl,\n    inputs'],
  [
    'the order of keys',
    'kind: Task\nmetadata: { name: clean, labels: { team: sales } }',
    'metadata: { labels: { team: sales }, name: clean }\nkind: Task',
  ],
  [
    'the order of nodes and inputs',
    'day: datetime, limit: { type: integer, default: 10 }',
    'limit: { default: 10, type: integer }, day: datetime',
  ],
  ['the long form of a type', 'day: datetime, limit', 'day: { type: datetime }, limit'],
  ['the order of an enum', 'enum<full|part>', 'enum<part|full>'],
  ['a duration', 'run: 5m', 'run: 300s'],
  ['a duration in ISO 8601', 'spread: 5m', 'spread: PT5M'],
  ['a duration as the default of an input', 'default: 5m', 'default: 300s'],
  ['a duration that a plan gives', 'wait: 10m', 'wait: 600s'],
  ['a quantity of memory', '1Gi', '1024Mi'],
  ['a quantity of cpu', '500m', '0.5'],
  ['a cron', '"0 2 * * *"', '"00 02 * * *"'],
  ['names in a cron', '"0 2 * * *"', '"0 2 * jan-dec *"'],
  ['white space in an expression', 'nodes.clean.outputs.rows * 2', 'nodes.clean.outputs.rows*2'],
  ['parentheses in an expression', 'nodes.clean.outputs.rows * 2', '(nodes.clean.outputs.rows) * (2)'],
  ['brackets in an expression', '{{ inputs.day }}', '{{inputs["day"]}}'],
  [
    'defaults that are written out',
    'limit: 2, backoff: { initial: 1s }',
    'limit: 2, backoff: { initial: 1s, factor: 2, max: 1m }',
  ],
  ['defaults of a schedule', 'spread: 5m', 'spread: 5m, active: true, catchUp: { policy: latest }'],
  ['an empty list of needs', ', needs: []', ''],
  ['a trailing slash of a folder', 'source: tasks', 'source: ./tasks/'],
];

describe('another spelling', () => {
  it.each(SPELLINGS)('of %s is no change', (_name, from, to) => {
    for (const [before, after] of [
      [PIPELINE, edited(from, to)],
      [edited(from, to), PIPELINE],
    ] as const) {
      const diff = diffTexts(before, after);
      expect(diff).toMatchObject({ added: [], removed: [], renamed: [], changed: [], breaks: [], affected: [] });
      expect(diff.level).toBeUndefined();
    }
  });

  it('stays unseen beside a change', () => {
    const both = edited('1Gi', '1024Mi', edited('python:3.12', 'python:3.13'));
    expect(diffTexts(PIPELINE, both).changed.flatMap(({ changes }) => changes.map(({ kind }) => kind))).toEqual([
      'image',
    ]);
  });

  it('as @daily is the same as five fields', () => {
    const daily = edited('"0 2 * * *"', '"@daily"');
    expect(diffTexts(daily, edited('"0 2 * * *"', '"0 0 * * *"')).level).toBeUndefined();
    expect(diffTexts(daily, edited('"0 2 * * *"', '"0 0 * * 0"')).level).toBe('behaviour');
  });
});
