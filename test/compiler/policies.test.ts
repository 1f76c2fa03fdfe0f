import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { factsOf, factsTypeOf } from '../../src/compiler/policy-facts.ts';
import { objectOf, objectTypeOf } from '../../src/compiler/policy-object.ts';
import { checkValue, type Definition, parseDefinitions } from '../../src/language/index.ts';
import { commitOf, compileAll } from './commit.ts';

const DIGEST = `sha256:${'6f'.repeat(32)}`;
const DEFINITIONS = [
  `kind: Task\nmetadata: { name: add, labels: { team: data } }\nspec:\n  outputs: { n: integer }\n  run: { image: "python:3.12", command: [add] }\n  retries: 2\n  timeout: { run: 90m }\n  resources: { requests: { cpu: 500m }, limits: { memory: 2Gi, nvidia.com/gpu: 1 } }`,
  `kind: Workflow\nmetadata: { name: sums }\nspec:\n  outputs: { n: "\${{ nodes.one.outputs.n }}" }\n  nodes:\n    one: { task: add, resources: { limits: { memory: 8Gi } } }`,
  'kind: LaunchPlan\nmetadata: { name: plan }\nspec: { workflow: sums, maxParallelism: 7 }',
  'kind: Schedule\nmetadata: { name: often, labels: { tier: gold } }\nspec:\n  launchPlan: plan\n  cron: "*/10 * * * *"\n  timeZone: Europe/Berlin',
  'kind: Platform\nmetadata: { name: default }\nspec: { propeller: { workers: 10 } }',
];

/** Findings of a policy of one rule, as `code@line:column message`. */
function judge(rule: string, ...more: readonly string[]): readonly string[] {
  const policy = `kind: Policy\nmetadata: { name: p }\nspec:\n  rules:\n    - { name: r, message: broken, ${rule} }`;
  return compileAll(commitOf(policy, ...DEFINITIONS, ...more)).diagnostics.map(
    ({ code, message, span }) => `${code}@${span?.line}:${span?.column} ${message}`,
  );
}

const KEPT: readonly string[] = [];

describe('rules', () => {
  it.each<readonly [string, string, readonly string[]]>([
    ['true of all kinds', 'assert: size(object.metadata.name) > 0', KEPT],
    ['of a number of cores', 'match: { kinds: [Task] }, assert: facts.requests.cpu == 0.5', KEPT],
    ['of bytes', 'match: { kinds: [Task] }, assert: facts.limits.memory == quantity("2Gi")', KEPT],
    ['of other resources', 'match: { kinds: [Task] }, assert: \'facts.limits.others["nvidia.com/gpu"] == 1.0\'', KEPT],
    ['of a duration', 'match: { kinds: [Task] }, assert: object.spec.timeout.run == duration("1h30m")', KEPT],
    ['of a default', 'match: { kinds: [Task] }, assert: object.spec.retries.backoff.factor == 2.0', KEPT],
    ['of a tag', 'match: { kinds: [Task] }, assert: facts.image != null && facts.image.tag == "3.12"', KEPT],
    [
      'of what a node overrides',
      'match: { kinds: [Workflow] }, assert: \'facts.nodes[0].limits.memory == quantity("8Gi")\'',
      KEPT,
    ],
    ['of the platform', 'match: { kinds: [Platform] }, assert: object.spec.propeller.maxParallelism == 25', KEPT],
    ['of the project', 'match: { kinds: [Project] }, assert: \'"production" in object.spec.domains\'', KEPT],
    ['of policies', 'match: { kinds: [Policy] }, assert: "object.spec.rules.all(r, r.severity == \\"error\\")"', KEPT],
    ['in braces', 'match: { kinds: [Schedule] }, assert: "${{ object.spec.active }}"', KEPT],
    [
      'broken, at the value that is read',
      'match: { kinds: [Schedule] }, assert: object.spec.timeZone == "UTC"',
      ['PIPE-POLICY-001@33:13 broken'],
    ],
    [
      'broken, at what a fact is made of',
      'match: { kinds: [Schedule] }, assert: facts.minIntervalSeconds > 600',
      ['PIPE-POLICY-001@32:9 broken'],
    ],
    [
      'broken, at the name when nothing is written',
      'match: { kinds: [LaunchPlan] }, assert: object.spec.concurrency != null',
      ['PIPE-POLICY-001@25:19 broken'],
    ],
    [
      'broken, as a warning',
      'severity: warning, match: { kinds: [Task] }, assert: facts.isImagePinned',
      ['PIPE-POLICY-002@12:17 broken'],
    ],
    [
      'of one label',
      'match: { labels: { team: data } }, assert: object.kind == "Schedule"',
      ['PIPE-POLICY-001@8:7 broken'],
    ],
    ['of any value of a label', 'match: { labels: { tier: "*" } }, assert: object.kind == "Schedule"', KEPT],
    ['of another value', 'match: { labels: { team: web } }, assert: object.kind == ""', KEPT],
    [
      'that let a label off',
      'match: { kinds: [Schedule] }, except: { labels: { tier: gold } }, assert: object.kind == ""',
      KEPT,
    ],
    [
      'that let another off',
      'match: { kinds: [Schedule] }, except: { labels: { tier: tin } }, assert: object.spec.timeZone == ""',
      ['PIPE-POLICY-001@33:13 broken'],
    ],
    [
      'under a condition',
      'match: { kinds: [Schedule], expression: "!object.spec.active" }, assert: object.kind == ""',
      KEPT,
    ],
    [
      'that fail',
      'match: { kinds: [Schedule] }, assert: object.metadata.labels.team == "data"',
      [
        'PIPE-POLICY-003@6:15 rule "r" of policy "p" cannot be evaluated for Schedule "often": there is no "team" in this value',
      ],
    ],
  ])('%s', (_name, rule, found) => {
    expect(judge(rule)).toEqual(found);
  });

  it('see tasks that branches of a switch and the failure handler run, with what is overridden there', () => {
    const large = 'resources: { limits: { memory: 64Gi } }';
    const rule =
      'match: { kinds: [Workflow] }, assert: \'facts.nodes.all(n, n.limits.memory != null && n.limits.memory < quantity("16Gi"))\'';
    const hidden = (nodes: string, more = ''): string =>
      `kind: Workflow\nmetadata: { name: hidden }\nspec: { inputs: { b: boolean }, nodes: { ${nodes} }${more} }`;
    const inBranch = `pick: { switch: [{ when: "\${{ inputs.b }}", then: { task: add, ${large} } }], else: { task: add } }`;
    const inElse = `pick: { switch: [{ when: "\${{ inputs.b }}", then: { task: add } }], else: { task: add, ${large} } }`;
    const calm = 'one: { task: add }';
    const judged = [
      hidden(calm),
      hidden(inBranch),
      hidden(inElse),
      hidden(calm, `, onFailure: { task: add, ${large} }`),
    ];
    const counts = judged.map((text) => judge(rule, text).filter((line) => line.startsWith('PIPE-POLICY-001')).length);
    expect(counts).toEqual([0, 1, 1, 1]);
  });

  it('have a message with values', () => {
    const rule = 'match: { kinds: [Schedule] }, assert: object.spec.timeZone == "UTC"';
    const text = rule.concat(', message: "${{ object.metadata.name }} ticks in ${{ object.spec.timeZone }}"');
    const policy = `kind: Policy\nmetadata: { name: p }\nspec: { rules: [{ name: r, ${text} }] }`;
    const [found] = compileAll(commitOf(policy, ...DEFINITIONS)).diagnostics;
    expect(found?.message).toBe('often ticks in Europe/Berlin');
    expect(found?.related).toMatchObject([{ message: 'rule "r" of policy "p"' }]);
  });
});

describe('rules that are wrong', () => {
  it.each<readonly [string, string, string]>([
    ['read an unknown field', 'match: { kinds: [Task] }, assert: object.spec.cron == ""', 'PIPE-EXPR-003'],
    ['read what some kinds lack', 'match: { kinds: [Task, Schedule] }, assert: object.spec.active', 'PIPE-EXPR-003'],
    ['read an unknown name', 'assert: inputs.x == 1', 'PIPE-EXPR-003'],
    ['are no condition', 'assert: object.kind', 'PIPE-EXPR-004'],
    ['use what may be null', 'match: { kinds: [Task] }, assert: facts.limits.cpu < 2.0', 'PIPE-EXPR-004'],
    ['cannot be read', 'assert: object.kind ==', 'PIPE-EXPR-002'],
  ])('%s', (_name, rule, code) => {
    expect(judge(rule).map((line) => line.slice(0, 13))).toEqual([code]);
  });

  it('say which kinds have the fault', () => {
    const [found] = judge('match: { kinds: [Task, Schedule] }, assert: object.spec.active');
    expect(found).toContain('for Task: there is no field "active"');
  });
});

describe('what rules see', () => {
  const root = join(import.meta.dirname, '../../examples');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => /\.ya?ml$/.test(path));
  const documents = files.flatMap((path): readonly Definition[] => {
    return parseDefinitions({ path, bytes: readFileSync(join(root, path)) }).documents;
  });
  const compiled = compileAll(commitOf(...DEFINITIONS));
  const closures = compiled.kind === 'compiled' ? compiled.changed.map(({ closure }) => closure) : [];

  it('has the type that it is said to have', () => {
    const own = parseDefinitions({
      path: 'a.yaml',
      bytes: new TextEncoder().encode(`apiVersion: pipectl.dev/v1\n${DEFINITIONS.join('\n---\n')}`),
    });
    const subjects = own.documents.map((definition) => {
      const closure = closures.find(({ kind, name }) => kind === definition.kind && name === definition.name);
      return { definition, ...(closure !== undefined && { closure }) };
    });
    const bare = documents.filter(({ kind }) => kind !== 'Task').map((definition) => ({ definition }));
    for (const subject of [...subjects, ...bare]) {
      const { kind } = subject.definition;
      expect(checkValue(objectOf(subject), objectTypeOf(kind))).toMatchObject({ kind: 'ok' });
      if (subject.definition.kind === 'Project' || 'closure' in subject)
        expect(checkValue(factsOf(subject), factsTypeOf(kind))).toMatchObject({ kind: 'ok' });
    }
    expect(new Set([...subjects, ...bare].map(({ definition }) => definition.kind)).size).toBe(7);
  });

  it('pins by a digest', () => {
    const pinned = DEFINITIONS.map((text) => text.replace('python:3.12', `python:3.12@${DIGEST}`));
    const policy =
      'kind: Policy\nmetadata: { name: p }\nspec: { rules: [{ name: r, message: m, match: { kinds: [Task] }, assert: facts.isImagePinned }] }';
    expect(compileAll(commitOf(policy, ...pinned)).kind).toBe('compiled');
    expect(compileAll(commitOf(policy, ...DEFINITIONS)).kind).toBe('rejected');
  });
});
