import { describe, expect, it } from 'vitest';
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
        ['production', { ref: 'main', values: new Map() }],
        ['development', { ref: '*', values: new Map() }],
      ]),
      lints: new Map(),
    });
  });

  it('inputs that a cache ignores, named as inputs are', () => {
    const { spec } = one(
      'Task',
      'metadata: { name: a }\nspec: { inputs: { log_level: integer, Depth: integer }, run: { command: [sh] }, cache: { ignoreInputs: [log_level, Depth] } }',
    );
    expect(spec.cache).toEqual({ serialize: false, ignoreInputs: ['log_level', 'Depth'] });
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

  it.each<[string, unknown]>([
    ['folder: { path: /srv/blobs }', { folder: { path: '/srv/blobs' } }],
    [
      's3: { bucket: pipelines }',
      {
        s3: {
          bucket: 'pipelines',
          prefix: '',
          endpoint: 'https://s3.us-east-1.amazonaws.com',
          region: 'us-east-1',
          pathStyle: false,
        },
      },
    ],
    [
      's3: { bucket: a.b, prefix: x/y, endpoint: "https://store.example.com/s3/", region: cn-north-1, pathStyle: true, credentials: { accessKeyId: { secret: { name: s, key: id } }, secretAccessKey: { secret: { name: s, key: key } }, sessionToken: { secret: { name: s, key: token } } } }',
      {
        s3: {
          bucket: 'a.b',
          prefix: 'x/y/',
          endpoint: 'https://store.example.com/s3',
          region: 'cn-north-1',
          pathStyle: true,
          credentials: {
            accessKeyId: { secret: { name: 's', key: 'id' } },
            secretAccessKey: { secret: { name: 's', key: 'key' } },
            sessionToken: { secret: { name: 's', key: 'token' } },
          },
        },
      },
    ],
  ])('the object store of a platform with its defaults: %s', (text, objectStore) => {
    const { spec } = one('Platform', `metadata: { name: p }\nspec: { objectStore: { ${text} } }`);
    expect(spec).toEqual({ propeller: {}, objectStore });
  });

  it('__proto__ as a name like any other, in block and flow', () => {
    const { spec } = one(
      'LaunchPlan',
      'metadata: { name: n }\nspec: { workflow: w, inputs: { default: { __proto__: 1, a: [__proto__: 2] } } }',
    );
    expect(spec.inputs.default.get('__proto__')).toBe(1);
    expect(JSON.stringify(spec.inputs.default.get('a'))).toBe('[{"__proto__":2}]');
  });

  it('later documents without an apiVersion', () => {
    const { documents, diagnostics } = parse(
      '---\n# nothing\n---\napiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: a }\nspec: { run: { command: [a] } }\n---\nkind: Task\nmetadata: { name: b }\nspec: { run: { command: [b] } }\n',
    );
    expect(diagnostics).toEqual([]);
    expect(documents.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['Task/a', 'Task/b']);
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
