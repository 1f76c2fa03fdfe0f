import { describe, expect, it } from 'vitest';
import { compileAll } from './commit.ts';

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: p }
spec: { paths: [p], domains: { production: { ref: main } } }
`;

const TASKS = ['load', 'clean'].map(
  (name) =>
    `apiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: ${name} }\nspec: { run: { command: [sh] } }\n---\n`,
);

/** Errors as `CODE help`. */
function helps(text: string): readonly string[] {
  const files = new Map([
    ['pipectl.yaml', PROJECT],
    ['p/all.yaml', `${TASKS.join('')}${text}`],
  ]);
  const { diagnostics } = compileAll({ files, folders: new Map() });
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code, help }) => `${code} ${help}`);
}

const workflow = (node: string): string =>
  `kind: Workflow\nmetadata: { name: w }\nspec: { nodes: { a: { ${node} }, l: { task: load }, c: { task: clean } } }`;

describe('an error says what to write', () => {
  it.each([
    ['a misspelt field, once', workflow('tsk: load'), 'PIPE-SCHEMA-004 did you mean "task"?'],
    [
      'a misspelt field that must be there',
      workflow('approve: { mesage: go }'),
      'PIPE-SCHEMA-004 did you mean "message"?',
    ],
    [
      'a value for a map',
      workflow('task: load, timeout: 5m'),
      'PIPE-SCHEMA-006 for example {"run":"30m","total":"2h"}; its fields are queue, run, total',
    ],
    [
      'bytes as people write them',
      workflow('task: load, resources: { limits: { memory: 5 GB } }'),
      'PIPE-VALUE-003 write 5Gi (powers of 1024) or 5G (powers of 1000)',
    ],
    [
      'a quantity with a space',
      workflow('task: load, resources: { limits: { cpu: 500 m } }'),
      'PIPE-VALUE-003 write 500m',
    ],
    ['a name like none', workflow('task: publish'), 'PIPE-REF-001 the tasks of this commit are clean, load'],
    ['a name like one', workflow('task: lod'), 'PIPE-REF-001 did you mean "load"?'],
    [
      'a name of the only one',
      `${workflow('task: load')}\n---\nkind: LaunchPlan\nmetadata: { name: p }\nspec: { workflow: nightly }`,
      'PIPE-REF-001 the only workflow of this commit is "w"',
    ],
    [
      'a time zone',
      `${workflow('task: load')}\n---\nkind: LaunchPlan\nmetadata: { name: p }\nspec: { workflow: w }\n---\nkind: Schedule\nmetadata: { name: s }\nspec: { launchPlan: p, cron: "0 2 * * *", timeZone: Europe/Berln }`,
      'PIPE-CRON-002 did you mean "Europe/Berlin"?',
    ],
  ])('of %s', (_name, text, help) => {
    expect(helps(text)).toEqual([help]);
  });

  it('of a node whose own task is misspelt', () => {
    const nodes = 'train: { task: lod }, next: { compute: { x: "${{ nodes.trian.outputs.x }}" } }';
    expect(helps(`kind: Workflow\nmetadata: { name: w }\nspec: { nodes: { ${nodes} } }`)).toEqual([
      'PIPE-REF-001 did you mean "load"?',
      'PIPE-EXPR-003 did you mean "train"?',
    ]);
  });
});
