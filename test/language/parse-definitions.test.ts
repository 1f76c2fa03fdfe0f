import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/base/index.ts';
import {
  type DefinitionKind,
  type DefinitionOf,
  type ParsedFile,
  parseDefinitions,
  printType,
} from '../../src/language/index.ts';

function parse(text: string): ParsedFile {
  return parseDefinitions({ path: 'pipelines/x.yaml', bytes: new TextEncoder().encode(text) });
}

/** The one document of a text that has no findings. */
function one<K extends DefinitionKind>(kind: K, text: string): DefinitionOf<K> {
  const { documents, diagnostics } = parse(`apiVersion: pipectl.dev/v1\nkind: ${kind}\n${text}`);
  expect(diagnostics).toEqual([]);
  return documents[0] as DefinitionOf<K>;
}

/** `CODE@line:column message`, in the order told. */
function told(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, span, message }) => `${code}@${span?.line}:${span?.column} ${message}`);
}

describe('parseDefinitions reads', () => {
  it('a project', () => {
    const { name, spec } = one(
      'Project',
      'metadata: { name: ticketing }\nspec: { paths: [pipelines], domains: { production: { ref: main }, development: { ref: "*" } } }',
    );
    expect(name).toBe('ticketing');
    expect(spec).toEqual({
      paths: ['pipelines'],
      domains: new Map([
        ['production', { ref: 'main' }],
        ['development', { ref: '*' }],
      ]),
    });
  });

  it('a task with all its fields', () => {
    const { spec, labels, description } = one(
      'Task',
      `metadata: { name: add-two, description: Adds., labels: { team: data } }
spec:
  description: Adds two.
  inputs:  { a: integer, b: { type: "list<integer>", default: [1, 9007199254740993], description: Numbers. } }
  outputs: { b: string }
  source: tasks/
  run: { image: "python:3.12-slim", command: [python, add_two.py], env: { MODE: fast } }
  retries:  { limit: 3, backoff: { initial: 1s, factor: 2, max: 1m } }
  timeout:  { queue: 10m, run: 5m, total: 30m }
  cache:    { serialize: true, ttl: 30d }
  resources: { requests: { cpu: 0.1, memory: 300Mi }, limits: { memory: 500Mi } }`,
    );
    expect([...spec.inputs].map(([name, { type, ...rest }]) => [name, printType(type), rest])).toEqual([
      ['a', 'integer', {}],
      ['b', 'list<integer>', { default: [1, '9007199254740993'], description: 'Numbers.' }],
    ]);
    expect({ ...spec, inputs: 0, outputs: 0 }).toEqual({
      description: 'Adds two.',
      inputs: 0,
      outputs: 0,
      source: 'tasks/',
      run: { image: 'python:3.12-slim', command: ['python', 'add_two.py'], env: { MODE: 'fast' } },
      retries: { limit: 3, backoff: { initialMs: 1000, factor: 2, maxMs: 60_000 } },
      timeout: { queueMs: 600_000, runMs: 300_000, totalMs: 1_800_000 },
      cache: { serialize: true, ttlMs: 2_592_000_000 },
      resources: { requests: { cpu: '0.1', memory: '300Mi' }, limits: { memory: '500Mi' } },
    });
    expect({ labels, description }).toEqual({ labels: { team: 'data' }, description: 'Adds.' });
  });

  it('short forms of a task', () => {
    const { spec } = one('Task', 'metadata: { name: a }\nspec: { run: { command: [a] }, retries: 2, cache: true }');
    expect(spec).toMatchObject({
      retries: { limit: 2 },
      cache: { serialize: false },
      inputs: new Map(),
      outputs: new Map(),
    });
    expect(one('Task', 'metadata: { name: a }\nspec: { run: { command: [a] }, cache: false }').spec).not.toHaveProperty(
      'cache',
    );
  });

  it('a workflow with each kind of node', () => {
    const { spec } = one(
      'Workflow',
      `metadata: { name: w }
spec:
  inputs: { a: list<integer> }
  outputs: { short: "\${{ nodes.sum.outputs.x }}", long: { value: { k: [1] }, type: "map<list<integer>>" } }
  failurePolicy: failAfterExecutable
  nodes:
    each: { map: { task: add, over: { a: "\${{ inputs.a }}" }, with: { b: 1 }, concurrency: 5, minSuccessRatio: 0.9 }, retries: 1, cache: false }
    join: { task: join, needs: [each], with: { parts: "\${{ nodes.each.outputs.b }}", __proto__: 2 }, timeout: { run: 1m } }
    sum: { description: Adds., compute: { x: "\${{ inputs.a.size() }}", y: null } }`,
    );
    expect(spec.failurePolicy).toBe('failAfterExecutable');
    expect([...spec.outputs]).toMatchObject([
      ['short', { value: '${{ nodes.sum.outputs.x }}', isLong: false }],
      ['long', { value: { k: [1] }, isLong: true, type: { kind: 'map' } }],
    ]);
    expect([...spec.nodes.values()]).toEqual([
      {
        id: 'each',
        kind: 'map',
        needs: [],
        map: {
          task: 'add',
          over: new Map([['a', '${{ inputs.a }}']]),
          with: new Map([['b', 1]]),
          concurrency: 5,
          minSuccessRatio: 0.9,
        },
        retries: { limit: 1 },
        cache: false,
      },
      {
        id: 'join',
        kind: 'task',
        task: 'join',
        needs: ['each'],
        with: new Map<string, unknown>([
          ['parts', '${{ nodes.each.outputs.b }}'],
          ['__proto__', 2],
        ]),
        timeout: { runMs: 60_000 },
      },
      {
        id: 'sum',
        kind: 'compute',
        needs: [],
        description: 'Adds.',
        compute: new Map<string, unknown>([
          ['x', '${{ inputs.a.size() }}'],
          ['y', null],
        ]),
      },
    ]);
  });

  it('a launch plan, a schedule and a platform', () => {
    expect(
      one(
        'LaunchPlan',
        'metadata: { name: n }\nspec: { workflow: w, inputs: { default: { a: [1] }, fixed: { b: x } }, maxParallelism: 50, concurrency: { limit: 1 } }',
      ).spec,
    ).toEqual({
      workflow: 'w',
      inputs: { default: new Map([['a', [1]]]), fixed: new Map([['b', 'x']]) },
      maxParallelism: 50,
      concurrency: { limit: 1, whenFull: 'queue' },
    });
    expect(
      one(
        'Schedule',
        'metadata: { name: n }\nspec: { launchPlan: n, cron: "0 2 * * *", timeZone: Europe/Berlin, start: 2026-01-01T00:00:00+01:00, catchUp: { policy: all, limit: 100, window: 24h }, spread: 5m, kickoffTime: day }',
      ).spec,
    ).toEqual({
      launchPlan: 'n',
      cron: '0 2 * * *',
      timeZone: 'Europe/Berlin',
      start: '2025-12-31T23:00:00.000Z',
      spreadMs: 300_000,
      catchUp: { policy: 'all', limit: 100, windowMs: 86_400_000 },
      inputs: new Map(),
      kickoffTime: 'day',
      active: true,
    });
    expect(one('Schedule', 'metadata: { name: n }\nspec: { launchPlan: n, every: 15m, active: false }').spec).toEqual({
      launchPlan: 'n',
      everyMs: 900_000,
      timeZone: 'UTC',
      catchUp: { policy: 'latest' },
      inputs: new Map(),
      active: false,
    });
    expect(
      one(
        'Platform',
        'metadata: { name: default }\nspec: { propeller: { workers: 500, maxParallelism: 25, sharding: { strategy: project, shards: [{ ids: [a, b] }, { ids: ["*"] }] }, autoscale: { min: 1, max: 8, freeWorkersTarget: 0.25 } } }',
      ).spec,
    ).toEqual({
      propeller: {
        workers: 500,
        maxParallelism: 25,
        sharding: { strategy: 'project', shards: [{ ids: ['a', 'b'] }, { ids: ['*'] }] },
        autoscale: { min: 1, max: 8, freeWorkersTarget: 0.25 },
      },
    });
  });

  it('later documents without an apiVersion', () => {
    const { documents, diagnostics } = parse(
      '---\n# nothing\n---\napiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: a }\nspec: { run: { command: [a] } }\n---\nkind: Task\nmetadata: { name: b }\nspec: { run: { command: [b] } }\n',
    );
    expect(diagnostics).toEqual([]);
    expect(documents.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['Task/a', 'Task/b']);
  });
});

describe('parseDefinitions tells', () => {
  const HEAD = 'apiVersion: pipectl.dev/v1\n';

  it.each<[string, string, string[]]>([
    ['an unknown kind', 'kind: WorkFlow\nmetadata: { name: a }', ['PIPE-SCHEMA-003@2:7 there is no kind "WorkFlow"']],
    ['no kind', 'metadata: { name: a }', ['PIPE-SCHEMA-003@1:1 the document does not say its kind']],
    ['a kind that is a list', 'kind: [Task]', ['PIPE-SCHEMA-003@2:7 the kind is not text']],
    [
      'no metadata and no spec',
      'kind: Task',
      [
        'PIPE-SCHEMA-005@1:1 the document lacks the field "metadata"',
        'PIPE-SCHEMA-005@1:1 the document lacks the field "spec"',
      ],
    ],
    [
      'an unknown top-level field',
      'kind: Task\nmetadata: { name: a }\nspecs: 1\nspec: { run: { command: [a] } }',
      ['PIPE-SCHEMA-004@4:1 there is no field "specs" in the document'],
    ],
    [
      'a list where a map belongs',
      'kind: Task\nmetadata: { name: a }\nspec: []',
      ['PIPE-SCHEMA-006@4:7 expected a map, found a list'],
    ],
    [
      'text where a list belongs',
      'kind: Task\nmetadata: { name: a }\nspec: { run: { command: ls } }',
      ['PIPE-SCHEMA-006@4:25 expected a list, found the text "ls"'],
    ],
    [
      'nothing where a map belongs, at its key',
      'kind: Task\nmetadata: { name: a }\nspec:\n',
      ['PIPE-SCHEMA-006@4:1 expected a map, found null'],
    ],
    [
      'a record type without quotes',
      'kind: Task\nmetadata: { name: a }\nspec: { inputs: { a: { x: integer } }, run: { command: [a] } }',
      [
        'PIPE-SCHEMA-005@4:19 "spec.inputs.a" lacks the field "type"',
        'PIPE-SCHEMA-004@4:24 there is no field "x" in "spec.inputs.a"',
      ],
    ],
    [
      'a bad type at its place in the text',
      'kind: Task\nmetadata: { name: a }\nspec:\n  inputs:\n    a: "list<integr>"\n    b: { type: list<string }\n  run: { command: [a] }',
      ['PIPE-TYPE-001@6:14 there is no type "integr"', 'PIPE-TYPE-001@7:26 expected `>`, but the type ends'],
    ],
    [
      'each problem of a default',
      'kind: Task\nmetadata: { name: a }\nspec:\n  inputs: { a: { type: list<integer>, default: [1, x, 2.5] } }\n  run: { command: [a] }',
      [
        'PIPE-VALUE-001@5:52 the default does not fit its type: expected an integer, found the text "x"',
        'PIPE-VALUE-001@5:55 the default does not fit its type: expected an integer, found the number 2.5',
      ],
    ],
    [
      'two kinds of one node',
      'kind: Workflow\nmetadata: { name: a }\nspec: { nodes: { n: { task: a, compute: { x: 1 } } } }',
      ['PIPE-SCHEMA-010@4:32 "spec.nodes.n": "task" and "compute" are given together'],
    ],
    [
      'both cron and every',
      'kind: Schedule\nmetadata: { name: a }\nspec: { launchPlan: a, cron: "* * * * *", every: 1m }',
      ['PIPE-SCHEMA-010@4:43 "spec": "cron" and "every" are given together'],
    ],
    [
      'with beside map',
      'kind: Workflow\nmetadata: { name: a }\nspec: { nodes: { n: { map: { task: t, over: { a: [1] } }, with: { b: 1 } } } }',
      ['PIPE-SCHEMA-014@4:59 a "map" node has no "with"'],
    ],
    [
      'bad names of nodes and inputs',
      'kind: Workflow\nmetadata: { name: a }\nspec: { inputs: { max-depth: integer }, nodes: { myNode: { task: t } } }',
      [
        'PIPE-SCHEMA-009@4:19 "max-depth" is not a valid identifier',
        'PIPE-SCHEMA-009@4:50 "myNode" is not a valid name',
      ],
    ],
    [
      'an expression in a name',
      'kind: Workflow\nmetadata: { name: a }\nspec: { nodes: { n: { task: "${{ inputs.t }}" } } }',
      ['PIPE-EXPR-001@4:29 no expression may stand here'],
    ],
    [
      'an expression in the environment',
      'kind: Task\nmetadata: { name: a }\nspec: { run: { command: [a], env: { A: "${{ inputs.a }}" } } }',
      ['PIPE-EXPR-001@4:40 no expression may stand in "run"'],
    ],
    [
      'a zero timeout',
      'kind: Task\nmetadata: { name: a }\nspec: { run: { command: [a] }, timeout: { run: 0s } }',
      ['PIPE-VALUE-002@4:48 this duration must be more than zero'],
    ],
    [
      'one id in two shards',
      'kind: Platform\nmetadata: { name: a }\nspec: { propeller: { sharding: { strategy: domain, shards: [{ ids: [a, "*"] }, { ids: [a] }] } } }',
      ['PIPE-VALUE-008@4:88 "a" is in two shards'],
    ],
  ])('%s', (_name, text, expected) => {
    const { documents, diagnostics } = parse(HEAD + text);
    expect(told(diagnostics)).toEqual(expected);
    expect(documents).toEqual([]);
  });

  it('all findings of all documents at once, and keeps the valid ones', () => {
    const { documents, broken, diagnostics } = parse(`${HEAD}kind: Task
metadata: { name: bad }
spec: { run: { command: [a] }, retrys: 1, timeout: { run: soon } }
---
kind: Task
metadata: { name: good }
spec: { run: { command: [a] } }
---
kind: Workflow
metadata: { name: unclosed }
spec: { nodes: [
---
kind: Task
metadata: { name: last }
spec: { run: { command: [1] } }
`);
    expect(told(diagnostics)).toEqual([
      'PIPE-SCHEMA-004@4:32 there is no field "retrys" in "spec"',
      'PIPE-VALUE-002@4:59 "soon" is not a duration',
      expect.stringMatching(/^PIPE-YAML-010@/),
      expect.stringMatching(/^PIPE-YAML-010@/),
      'PIPE-SCHEMA-006@16:26 expected text, found the number 1',
    ]);
    expect(documents.map(({ name }) => name)).toEqual(['good']);
    expect(broken.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['Task/bad', 'Workflow/unclosed', 'Task/last']);
    expect(broken[1]?.declaredAt().span).toMatchObject({ line: 11, column: 19, endColumn: 27 });
  });

  it('a warning without refusing the document', () => {
    const { documents, diagnostics } = parse(
      `${HEAD}kind: Task\nmetadata: { name: a }\nspec: { run: { command: [a] }, resources: { limits: { memory: 400m } } }`,
    );
    expect(diagnostics).toMatchObject([{ code: 'PIPE-VALUE-007', severity: 'warning', help: 'did you mean "400Mi"?' }]);
    expect(documents).toHaveLength(1);
  });

  it('frames without the line end, and cut', () => {
    const { diagnostics } = parse(`${HEAD}kind: Nope\r\nmetadata: 1 # ${'x'.repeat(1000)}\r\n`);
    expect(diagnostics[0]?.frame).toBe('kind: Nope');
    expect(diagnostics[0]?.span).toEqual({ file: 'pipelines/x.yaml', line: 2, column: 7, endLine: 2, endColumn: 11 });
  });
});

describe('places', () => {
  const workflow = one(
    'Workflow',
    `metadata: { name: w }
spec:
  nodes:
    each-one:
      task: t
      with:
        plain: a \${{ inputs.x }}
        quoted: "say \${{ inputs.x }}"
        escaped: "\\t\${{ inputs.x }}"
        folded: >-
          some text
          \${{ inputs.x }}
        list: [1, "\${{ inputs.y }}"]
        empty:
`,
  );
  const inNode = (...path: (string | number)[]): (string | number)[] => ['spec', 'nodes', 'each-one', ...path];
  const text = (place: {
    readonly frame: string;
    readonly span: { readonly column: number; readonly endColumn: number };
  }): string => place.frame.slice(place.span.column - 1, place.span.endColumn - 1);

  it.each<[string, (string | number)[], string]>([
    ['a value', inNode('task'), 't'],
    ['a quoted value with its quotes', inNode('with', 'quoted'), '"say ${{ inputs.x }}"'],
    ['an item', inNode('with', 'list', 1), '"${{ inputs.y }}"'],
    ['an empty value, by its key', inNode('with', 'empty'), 'empty'],
    ['what is not there, by its nearest ancestor', inNode('with', 'list', 7), '[1, "${{ inputs.y }}"]'],
  ])('of %s', (_name, path, expected) => {
    expect(text(workflow.placeOf(path))).toBe(expected);
  });

  it('of a key', () => {
    expect(text(workflow.placeOfKey(inNode()))).toBe('each-one');
    expect(text(workflow.declaredAt())).toBe('w');
  });

  it.each<[string, number, string]>([
    ['plain', 2, '${{ inputs.x }}'],
    ['quoted', 4, '${{ inputs.x }}'],
    ['escaped', 1, '${{ inputs.x }}'],
    ['folded', 10, '${{ inputs.x }}'],
  ])('of a part of %s text', (name, start, expected) => {
    expect(text(workflow.placeOf(inNode('with', name), { start, end: start + expected.length }))).toBe(expected);
  });
});
