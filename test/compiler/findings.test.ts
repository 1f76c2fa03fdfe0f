import { describe, expect, it } from 'vitest';
import { type Commit, commitOf, compileAll, PROJECT_TEXT } from './commit.ts';

const ADD = `
kind: Task
metadata: { name: add }
spec: { inputs: { a: integer, b: { type: integer, default: 1 }, c: "string?" }, outputs: { sum: integer }, run: { command: [sh, add.sh] } }`;
const JOIN = `
kind: Task
metadata: { name: join }
spec: { inputs: { parts: list<integer> }, outputs: { text: string }, run: { command: [sh, join.sh] } }`;
const SUMS = `
kind: Workflow
metadata: { name: sums }
spec: { inputs: { n: integer, at: "datetime?" }, outputs: { x: "\${{ inputs.n }}" }, nodes: { one: { compute: { x: 1 } } } }`;
const PLAN = `
kind: LaunchPlan
metadata: { name: plan }
spec: { workflow: sums }`;

/** A workflow of these lines, which begin at line 16, column 5, after the tasks. */
function nodes(...lines: readonly string[]): Commit {
  const body = lines.map((line) => `    ${line}`).join('\n');
  return commitOf(
    ADD,
    JOIN,
    `\nkind: Workflow\nmetadata: { name: w }\nspec:\n  inputs: { n: integer, xs: list<integer> }\n  nodes:\n${body}`,
  );
}

/** Findings as `code@line:column`, in order. */
function places(commit: Commit): readonly string[] {
  return compileAll(commit).diagnostics.map(({ code, span }) =>
    span === undefined ? code : `${code}@${span.line}:${span.column}`,
  );
}

describe('findings of workflows', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['nothing wrong', ['one: { task: add, with: { a: "${{ inputs.n }}" } }'], []],
    ['an unknown task', ['one: { task: ad }'], ['PIPE-REF-001@15:18']],
    ['a missing input', ['one: { task: add }'], ['PIPE-INPUT-001@15:5']],
    ['an unknown input', ['one: { task: add, with: { a: 1, d: 2 } }'], ['PIPE-INPUT-002@15:37']],
    ['a literal of a wrong type', ['one: { task: add, with: { a: x } }'], ['PIPE-INPUT-003@15:34']],
    ['an expression of a wrong type', ['one: { task: add, with: { a: "${{ inputs.xs }}" } }'], ['PIPE-EXPR-004@15:39']],
    ['an unknown name', ['one: { task: add, with: { a: "${{ 1 + inputs.m }}" } }'], ['PIPE-EXPR-003@15:43']],
    ['bad syntax', ['one: { task: add, with: { a: "${{ 1 + * }}" } }'], ['PIPE-EXPR-002@15:43']],
    [
      'several faults at once',
      ['one: { task: ad, with: { a: "${{ 1 + }}" } }', 'two: { task: add, with: { d: 1 } }'],
      ['PIPE-REF-001@15:18', 'PIPE-EXPR-002@15:41', 'PIPE-INPUT-001@16:5', 'PIPE-INPUT-002@16:31'],
    ],
    [
      'a circle',
      ['one: { compute: { x: "${{ nodes.two.outputs.x }}" } }', 'two: { needs: [one], compute: { x: 1 } }'],
      ['PIPE-DAG-001@15:5'],
    ],
    [
      'two circles',
      [
        'one: { needs: [two], compute: { x: 1 } }',
        'two: { needs: [one, three], compute: { x: 1 } }',
        'three: { needs: [three], compute: { x: 1 } }',
      ],
      ['PIPE-DAG-001@15:5', 'PIPE-DAG-001@17:5'],
    ],
    ['an unknown node to need', ['one: { needs: [none], compute: { x: 1 } }'], ['PIPE-DAG-002@15:20']],
    [
      'an unknown output',
      ['one: { task: add, with: { a: 1 } }', 'two: { compute: { x: "${{ nodes.one.outputs.total }}" } }'],
      ['PIPE-EXPR-003@16:31'],
    ],
    [
      'a node that comes later by name only',
      ['one: { compute: { x: "${{ nodes.twoo.outputs.sum }}" } }', 'two: { task: add, with: { a: 1 } }'],
      ['PIPE-EXPR-003@15:31'],
    ],
    [
      'one fault once, however often it is read',
      [
        'one: { compute: { x: "${{ inputs.m }}" } }',
        'two: { compute: { x: "${{ nodes.one.outputs.x }}" } }',
        'three: { task: add, with: { a: "${{ nodes.two.outputs.x }}" } }',
      ],
      ['PIPE-EXPR-003@15:31'],
    ],
    [
      'a map over what is no list',
      ['all: { map: { task: add, over: { a: "${{ inputs.n }}" } } }'],
      ['PIPE-EXPR-004@15:46'],
    ],
    [
      'a map with an input twice',
      ['all: { map: { task: add, over: { a: "${{ inputs.xs }}" }, with: { a: 1 } } }'],
      ['PIPE-INPUT-004@15:71'],
    ],
    [
      'lists with holes where none are taken',
      [
        'all: { map: { task: add, over: { a: "${{ inputs.xs }}" }, minSuccessRatio: 0.5 } }',
        'end: { task: join, with: { parts: "${{ nodes.all.outputs.sum }}" } }',
      ],
      ['PIPE-EXPR-004@16:44'],
    ],
    [
      'lists without holes',
      [
        'all: { map: { task: add, over: { a: "${{ inputs.xs }}" } } }',
        'end: { task: join, with: { parts: "${{ nodes.all.outputs.sum }}" } }',
      ],
      [],
    ],
    ['a value without a type', ['one: { compute: { x: [] } }'], ['PIPE-EXPR-004@15:26']],
  ])('%s', (_name, lines, found) => {
    expect(places(nodes(...lines))).toEqual(found);
  });

  it('names the whole circle and each node in it', () => {
    const commit = nodes(
      'one: { needs: [two], compute: { x: 1 } }',
      'two: { needs: [three], compute: { x: 1 } }',
      'three: { needs: [one], compute: { x: 1 } }',
    );
    const [finding] = compileAll(commit).diagnostics;
    expect(finding?.message).toBe('nodes need each other in a circle: one needs two needs three needs one');
    expect(finding?.related?.map(({ span }) => span.line)).toEqual([16, 17]);
  });

  it('compares the request of a node with the limit of its task', () => {
    const task = `kind: Task\nmetadata: { name: t }\nspec: { run: { command: [sh] }, resources: { limits: { memory: 1Gi } } }`;
    const workflow = `kind: Workflow\nmetadata: { name: w }\nspec: { nodes: { one: { task: t, resources: { requests: { memory: 2Gi } } } } }`;
    expect(places(commitOf(task, workflow))).toEqual(['PIPE-VALUE-005@8:45']);
  });
});

describe('findings of launch plans and schedules', () => {
  const plan = (spec: string) =>
    commitOf(SUMS, `kind: LaunchPlan\nmetadata: { name: plan }\nspec: { workflow: sums, ${spec} }`);
  const schedule = (spec: string) =>
    commitOf(SUMS, PLAN, `kind: Schedule\nmetadata: { name: s }\nspec: { launchPlan: plan, ${spec} }`);

  it.each<readonly [string, Commit, readonly string[]]>([
    ['a plan without inputs', plan('maxParallelism: 3'), []],
    ['a default of a wrong type', plan('inputs: { default: { n: x } }'), ['PIPE-INPUT-003@8:49']],
    ['an unknown fixed input', plan('inputs: { fixed: { m: 1 } }'), ['PIPE-INPUT-002@8:44']],
    ['an input that is both', plan('inputs: { fixed: { n: 1 }, default: { n: 1 } }'), ['PIPE-INPUT-004@8:44']],
    ['a complete schedule', schedule('every: 1h, inputs: { n: 1 }, kickoffTime: at'), []],
    ['an incomplete one', schedule('every: 1h'), ['PIPE-INPUT-001@12:21']],
    [
      'an unknown plan',
      commitOf(SUMS, 'kind: Schedule\nmetadata: { name: s }\nspec: { launchPlan: sums, every: 1h }'),
      ['PIPE-REF-001@8:21'],
    ],
    [
      'a kickoff time for another type',
      schedule('every: 1h, inputs: { n: 1 }, kickoffTime: n'),
      ['PIPE-INPUT-003@12:69'],
    ],
    ['a kickoff time for no input', schedule('every: 1h, inputs: { n: 1 }, kickoffTime: a'), ['PIPE-INPUT-002@12:69']],
    [
      'a kickoff time that is given too',
      schedule('every: 1h, inputs: { n: 1, at: 2026-01-01T00:00:00Z }, kickoffTime: at'),
      ['PIPE-INPUT-004@12:95'],
    ],
    ['a wrong hour', schedule('cron: "0 25 * * *", inputs: { n: 1 }'), ['PIPE-CRON-001@12:36']],
    ['a day that never comes', schedule('cron: "0 0 30 2 *", inputs: { n: 1 }'), ['PIPE-CRON-001@12:33']],
    ['a leap day on a Monday', schedule('cron: "0 0 29 2 1#5", inputs: { n: 1 }'), []],
    ['an unknown zone', schedule('every: 1h, timeZone: Berlin, inputs: { n: 1 }'), ['PIPE-CRON-002@12:48']],
  ])('%s', (_name, commit, found) => {
    expect(places(commit)).toEqual(found);
  });
});

describe('findings of a commit', () => {
  const rooted = (text: string, folders: readonly string[] = []): Commit => ({
    files: new Map([['pipectl.yaml', text]]),
    folders: new Map(folders.map((folder) => [folder, 'a'.repeat(40)])),
  });

  it.each<readonly [string, Commit, readonly string[]]>([
    ['no project file', { files: new Map(), folders: new Map() }, ['PIPE-PROJ-001']],
    [
      'no project in it',
      rooted('apiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: t }\nspec: { run: { command: [sh] } }\n'),
      ['PIPE-PROJ-001@3:19'],
    ],
    ['a broken project', rooted(PROJECT_TEXT.replace('paths', 'path')), ['PIPE-SCHEMA-004@4:9']],
    ['a path that leaves', rooted(PROJECT_TEXT.replace('[pipelines]', '[pipelines, /etc]')), ['PIPE-PROJ-003@4:28']],
    [
      'a project in another file',
      { ...commitOf(ADD, PROJECT_TEXT.split('\n').slice(1).join('\n')) },
      ['PIPE-PROJ-002@7:19'],
    ],
    ['a name twice', commitOf(ADD, ADD), ['PIPE-REF-002@7:19']],
    ['a folder that is not there', commitOf(ADD.replace('run:', 'source: scripts, run:')), ['PIPE-REF-003@4:116']],
    ['a folder that is', commitOf(ADD.replace('run:', 'source: ./tasks/, run:')), []],
    ['a folder above', commitOf(ADD.replace('run:', 'source: tasks/../.., run:')), ['PIPE-REF-004@4:116']],
    [
      'broken YAML beside a workflow that uses a broken task',
      commitOf(
        ADD.replace('outputs:', 'output:'),
        'kind: Workflow\nmetadata: { name: w }\nspec: { nodes: { one: { task: add }, two: { task: none } } }',
      ),
      ['PIPE-SCHEMA-004@4:81', 'PIPE-REF-001@8:51'],
    ],
  ])('%s', (_name, commit, found) => {
    expect([...places(commit)].sort()).toEqual([...found].sort());
  });

  it('reads neither hidden files nor files outside of its paths', () => {
    const { files, folders } = commitOf(ADD);
    const broken = 'kind: [';
    const others = [
      '.github/x.yaml',
      'pipelines/.hidden.yaml',
      'pipelines/.d/x.yml',
      'other/x.yaml',
      'pipelines/x.json',
    ];
    const commit = { files: new Map([...files, ...others.map((path) => [path, broken] as const)]), folders };
    expect(compileAll(commit)).toMatchObject({ kind: 'compiled', diagnostics: [] });
  });

  it('is rejected for a file that is not text', () => {
    const { files, folders } = commitOf(ADD);
    const commit = { files: new Map([...files, ['pipelines/x.yaml', '\u0000']]), folders };
    expect(compileAll(commit).kind).toBe('rejected');
  });
});
