import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/base/index.ts';
import { type ParsedFile, parseDefinitions } from '../../src/language/index.ts';

function parse(text: string): ParsedFile {
  return parseDefinitions({ path: 'pipelines/x.yaml', bytes: new TextEncoder().encode(text) });
}

/** `CODE@line:column message`, in the order told. */
function told(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, span, message }) => `${code}@${span?.line}:${span?.column} ${message}`);
}

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
      'maps where names belong',
      'kind: Workflow\nmetadata: { name: a }\nspec: { nodes: { n: { task: t, needs: [{ a: 1 }, { a: 2 }] } } }',
      ['PIPE-SCHEMA-006@4:40 expected text, found a map', 'PIPE-SCHEMA-006@4:50 expected text, found a map'],
    ],
    [
      'one id in two shards',
      'kind: Platform\nmetadata: { name: a }\nspec: { propeller: { sharding: { strategy: domain, shards: [{ ids: [a, "*"] }, { ids: [a] }] } } }',
      ['PIPE-VALUE-008@4:88 "a" is in two shards'],
    ],
    [
      'an object store that is two, or none',
      'kind: Platform\nmetadata: { name: a }\nspec: { objectStore: { folder: { path: /a }, s3: { bucket: abc } } }',
      ['PIPE-SCHEMA-010@4:46 "spec.objectStore": "folder" and "s3" are given together'],
    ],
    [
      'an object store that is none',
      'kind: Platform\nmetadata: { name: a }\nspec: { objectStore: {} }',
      ['PIPE-SCHEMA-010@4:9 "spec.objectStore": none of "folder" and "s3" is given'],
    ],
    [
      'a folder that is not from the root, or goes up',
      'kind: Platform\nmetadata: { name: a }\nspec: { objectStore: { folder: { path: blobs } } }\n---\nkind: Platform\nmetadata: { name: b }\nspec: { objectStore: { folder: { path: /srv/../etc } } }',
      [
        'PIPE-SCHEMA-009@4:40 "blobs" is not a valid path of a folder',
        'PIPE-SCHEMA-009@8:40 "/srv/../etc" is not a valid path of a folder',
      ],
    ],
    [
      'a bucket whose name, prefix and address do not do',
      'kind: Platform\nmetadata: { name: a }\nspec: { objectStore: { s3: { bucket: My_Bucket, prefix: /a, endpoint: "https://u:p@store", region: "EU 1" } } }',
      [
        'PIPE-SCHEMA-009@4:38 "My_Bucket" is not a valid name of a bucket',
        'PIPE-SCHEMA-009@4:57 "/a" is not a valid prefix of keys',
        'PIPE-SCHEMA-009@4:71 "https://u:p@store" is not a valid address of an object store',
        'PIPE-SCHEMA-009@4:100 "EU 1" is not a valid region',
      ],
    ],
    [
      'an access key in git',
      'kind: Platform\nmetadata: { name: a }\nspec: { objectStore: { s3: { bucket: abc, credentials: { accessKeyId: AKIA, secretAccessKey: { secret: { name: s, key: k } } } } } }',
      ['PIPE-NOTIFY-001@4:71 "spec.objectStore.s3.credentials.accessKeyId" is to name a secret, and has text instead'],
    ],
    [
      'a bucket before an address, and one with a dot before a name',
      'kind: Platform\nmetadata: { name: a }\nspec: { objectStore: { s3: { bucket: abc, endpoint: "http://[::1]:9000" } } }\n---\nkind: Platform\nmetadata: { name: b }\nspec: { objectStore: { s3: { bucket: a.b.c, region: eu-west-1 } } }',
      [
        'PIPE-VALUE-010@4:53 the address [::1] cannot have a bucket before it',
        'PIPE-VALUE-010@8:38 no certificate for s3.eu-west-1.amazonaws.com is good for "a.b.c.s3.eu-west-1.amazonaws.com", since the bucket has a dot',
      ],
    ],
  ])('%s', (_name, text, expected) => {
    const { documents, diagnostics } = parse(HEAD + text);
    expect(told(diagnostics)).toEqual(expected);
    expect(documents).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    [
      'an expression in braces without quotes, and no echo of it',
      'spec: { nodes: { a: { task: t, with: { x: ${{ inputs.x }} } } } }\nmore:\n  text: 1',
      ['PIPE-YAML-010@2:43 an expression inside braces or brackets, or with ": " inside, needs quotes'],
    ],
    [
      'a conditional expression without quotes',
      'spec:\n  x: ${{ inputs.x ? 1 : 2 }}',
      ['PIPE-YAML-010@3:6 an expression inside braces or brackets, or with ": " inside, needs quotes'],
    ],
    [
      'a cron expression without quotes',
      'cron: */5 * * * *',
      ['PIPE-YAML-010@2:7 text that begins with * needs quotes'],
    ],
    [
      'a lone star',
      'kind: Project\nmetadata: { name: a }\nspec: { paths: [a], domains: { d: { ref: * } } }',
      ['PIPE-YAML-012@4:42 text that begins with * is an alias unless it is in quotes'],
    ],
    [
      'a name of cron without quotes',
      'cron: @hourly',
      ['PIPE-YAML-010@2:7 text cannot begin with @ unless it is in quotes'],
    ],
    ['text with a colon', 'description: does: this', ['PIPE-YAML-010@2:14 a second ": " stands in this line']],
    [
      'a line out of line',
      'spec:\n  run:\n    command: [a]\n   env: 1',
      ['PIPE-YAML-010@5:1 this line is not indented like its neighbours'],
    ],
    ['an open quote', 'spec: "abc\n', ['PIPE-YAML-010@2:7 the quote " is not closed']],
    ['an open bracket', 'spec: [a\nkind: Task', ['PIPE-YAML-010@3:1 expected a closing ]']],
    [
      'list items below a value',
      'run:\n  command: a\n  - b',
      ['PIPE-YAML-010@4:1 list items stand where a key belongs'],
    ],
  ])('what broke the text: %s', (_name, text, expected) => {
    expect(told(parse(`apiVersion: pipectl.dev/v1\n${text}`).diagnostics)).toEqual(expected);
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
      'PIPE-YAML-010@13:1 expected a closing ]',
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

  it.each([
    ['ls', '[ls]'],
    ['sh nap.sh  --fast', '[sh, nap.sh, --fast]'],
    ['\'sh -c "ls | wc"\'', '[sh -c "ls | wc"]'],
  ])('how a command %s is written as a list', (command, list) => {
    const { diagnostics } = parse(`${HEAD}kind: Task\nmetadata: { name: a }\nspec: { run: { command: ${command} } }`);
    expect(diagnostics.map(({ help }) => help)).toEqual([`put it in brackets: ${list}`]);
  });

  it('frames without the line end, and cut', () => {
    const { diagnostics } = parse(`${HEAD}kind: Nope\r\nmetadata: 1 # ${'x'.repeat(1000)}\r\n`);
    expect(diagnostics[0]?.frame).toBe('kind: Nope');
    expect(diagnostics[0]?.span).toEqual({ file: 'pipelines/x.yaml', line: 2, column: 7, endLine: 2, endColumn: 11 });
  });
});
