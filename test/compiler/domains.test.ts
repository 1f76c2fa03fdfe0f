import { describe, expect, it } from 'vitest';
import { closureIn, type EntityClosure } from '../../src/compiler/index.ts';
import { LINT_CODES } from '../../src/language/diagnostics/lint-codes.ts';
import { type Answer, type Commit, compileAll, compileChange } from './commit.ts';

const WORKFLOW = `kind: Workflow
metadata: { name: load }
spec: { inputs: { region: string, rows: integer, day: "datetime?" }, nodes: { one: { compute: { x: "\${{ inputs.region }}" } } } }`;

const PLAN = `kind: LaunchPlan
metadata: { name: load }
spec: { workflow: load, inputs: { default: { rows: "\${{ domain.values.rows * 2 }}" }, fixed: { region: "\${{ domain.values.region }}-\${{ domain.name }}" } } }`;

const SCHEDULE = `kind: Schedule
metadata: { name: nightly }
spec: { launchPlan: load, every: 1d, inputs: { rows: "\${{ domain.values.rows }}" } }`;

const LARGE = `kind: LaunchPlan
metadata: { name: load, domains: [production] }
spec: { workflow: load, maxParallelism: 50, inputs: { default: { region: us, rows: 1000 } } }`;

const SMALL = `kind: LaunchPlan
metadata: { name: load }
spec: { workflow: load, inputs: { default: { region: eu, rows: 1 } } }`;

const PLAIN_SCHEDULE = `kind: Schedule
metadata: { name: nightly }
spec: { launchPlan: load, every: 1d }`;

const VALUES = {
  production: 'ref: main, values: { region: us, rows: 1000 }',
  development: 'ref: develop, values: { region: eu, rows: 5 }',
  review: 'ref: "feature/*", values: { region: eu, rows: 1 }',
};
const BARE = { production: 'ref: main', development: 'ref: develop' };

const LINTS_OFF = LINT_CODES.map(({ code }) => `${code}: off`).join(', ');

/** A commit with a file for each document, named `a`, `b`, …. */
function commitOf(domains: Readonly<Record<string, string>>, ...documents: readonly string[]): Commit {
  const listed = Object.entries(domains).map(([name, domain]) => `    ${name}: { ${domain} }`);
  const project = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec:
  paths: [pipelines]
  lints: { ${LINTS_OFF} }
  domains:
${listed.join('\n')}
`;
  const files = documents.map((text, at): readonly [string, string] => [
    `pipelines/${'abcdefgh'[at]}.yaml`,
    `apiVersion: pipectl.dev/v1\n${text}\n`,
  ]);
  return { files: new Map([['pipectl.yaml', project], ...files]), folders: new Map() };
}

function closureOf(answer: Answer, key: string): EntityClosure {
  if (answer.kind !== 'compiled') throw new Error(JSON.stringify(answer.diagnostics, null, 1));
  const digest = answer.index.entries.get(key)?.digest;
  const found = answer.changed.find((entity) => entity.digest === digest);
  if (found === undefined) throw new Error(`there is no ${key}`);
  return found.closure;
}

function told(answer: Answer): readonly string[] {
  return answer.diagnostics.map(({ code, message }) => `${code}: ${message}`);
}

describe('values of domains', () => {
  it('stand in a launch plan as each domain has them', () => {
    const closure = closureOf(compileAll(commitOf(VALUES, WORKFLOW, PLAN)), 'LaunchPlan/load');
    expect(closureIn(closure, 'shop-production')).toMatchObject({
      inputs: { rows: { type: 'integer', default: 2000 } },
      fixedInputs: { region: 'us-production' },
    });
    expect(closureIn(closure, 'shop-development')).toMatchObject({
      inputs: { rows: { default: 10 } },
      fixedInputs: { region: 'eu-development' },
    });
    expect(closureIn(closure, 'shop-review')).not.toHaveProperty('byNamespace');
  });

  it('stand in a schedule as each domain has them', () => {
    const closure = closureOf(compileAll(commitOf(VALUES, WORKFLOW, PLAN, SCHEDULE)), 'Schedule/nightly');
    expect(closureIn(closure, 'shop-production')).toMatchObject({ inputs: { rows: 1000 } });
    expect(closureIn(closure, 'shop-development')).toMatchObject({ inputs: { rows: 5 } });
  });

  it('are to be given by hand where a domain that only registers has none', () => {
    const domains = { ...VALUES, review: 'ref: "feature/*", values: { region: eu }' };
    const closure = closureOf(compileAll(commitOf(domains, WORKFLOW, PLAN)), 'LaunchPlan/load');
    expect(closureIn(closure, 'shop-review')).toMatchObject({ inputs: { rows: { type: 'integer' } } });
    expect(closureIn(closure, 'shop-review')).not.toHaveProperty('inputs.rows.default');
  });

  it.each([
    [
      'a value that no domain has',
      [WORKFLOW, PLAN.replace('domain.values.rows', 'domain.values.row')],
      'PIPE-EXPR-003: no domain has a value "row"',
    ],
    [
      'a value that does not fit',
      [WORKFLOW, PLAN.replace('domain.values.rows * 2', 'domain.values.region')],
      'PIPE-DOMAIN-010: in domain production the input "rows" does not fit: ',
    ],
    [
      'a domain read in a workflow',
      [WORKFLOW.replace('inputs.region }}', 'domain.name }}'), PLAN],
      'PIPE-EXPR-003: there is no "domain" here',
    ],
  ])('%s is told', (_, documents, expected) => {
    const found = told(compileAll(commitOf(VALUES, ...documents)));
    expect(
      found.some((finding) => finding.startsWith(expected)),
      found.join('\n'),
    ).toBe(true);
  });

  it('that a domain leaves out are told with the place of the domain, also of a change that did not touch it', () => {
    const domains = { ...VALUES, development: 'ref: develop, values: { region: eu }' };
    const before = commitOf(domains, WORKFLOW, SMALL);
    const after = commitOf(domains, WORKFLOW, PLAN);
    const base = compileAll(before);
    if (base.kind !== 'compiled') throw new Error('the base does not compile');
    const changed = compileChange(before, base.index, after);
    expect(changed.diagnostics).toEqual(compileAll(after).diagnostics);
    expect(changed.diagnostics[0]).toMatchObject({
      code: 'PIPE-DOMAIN-005',
      related: [{ span: { file: 'pipectl.yaml', line: 9 } }],
    });
  });

  it('that change recompile what reads them, and no more', () => {
    const before = commitOf(VALUES, WORKFLOW, PLAN, SCHEDULE);
    const after = commitOf({ ...VALUES, production: VALUES.production.replace('us', 'ap') }, WORKFLOW, PLAN, SCHEDULE);
    const base = compileAll(before);
    if (base.kind !== 'compiled') throw new Error('the base does not compile');
    const changed = compileChange(before, base.index, after);
    if (changed.kind !== 'compiled') throw new Error('the change does not compile');
    const digests = (index: typeof base.index) => new Map([...index.entries].map(([key, { digest }]) => [key, digest]));
    const [old, fresh] = [digests(base.index), digests(changed.index)];
    expect(
      [...fresh]
        .filter(([key, digest]) => old.get(key) !== digest)
        .map(([key]) => key)
        .sort(),
    ).toEqual(['LaunchPlan/load', 'Project/shop']);
  });
});

describe('definitions for some domains', () => {
  it('stand beside the one for all others', () => {
    const answer = compileAll(commitOf(BARE, WORKFLOW, SMALL, LARGE, PLAIN_SCHEDULE));
    if (answer.kind !== 'compiled') throw new Error(told(answer).join());
    expect([...answer.index.entries.keys()].sort()).toEqual([
      'LaunchPlan/load',
      'LaunchPlan/load@production',
      'Project/shop',
      'Schedule/nightly',
      'Workflow/load',
    ]);
    expect(answer.index.entries.get('LaunchPlan/load@production')).toMatchObject({
      name: 'load',
      domains: ['production'],
    });
  });

  it('are what others refer to in their domains', () => {
    const wanting = LARGE.replace('region: us, ', '');
    expect(told(compileAll(commitOf(BARE, WORKFLOW, SMALL, wanting, PLAIN_SCHEDULE)))).toEqual([
      'PIPE-INPUT-001: launch plan "load" of production wants the input "region" (string), and the schedule does not give it',
    ]);
  });

  it('run in their domains as nodes of a workflow', () => {
    const caller = `kind: Workflow
metadata: { name: all }
spec: { nodes: { one: { launchPlan: load } } }`;
    const answer = compileAll(commitOf(BARE, WORKFLOW, SMALL, LARGE, caller));
    const closure = closureOf(answer, 'Workflow/all');
    if (answer.kind !== 'compiled' || closure.kind !== 'Workflow') throw new Error(told(answer).join());
    const digestOf = (key: string) => answer.index.entries.get(key)?.digest;
    expect(closure.nodes[0]).toMatchObject({
      launchPlan: {
        byNamespace: {
          'shop-production': digestOf('LaunchPlan/load@production'),
          'shop-development': digestOf('LaunchPlan/load'),
        },
      },
    });
  });

  it.each([
    ['comes', [WORKFLOW, SMALL, PLAIN_SCHEDULE], [WORKFLOW, SMALL, PLAIN_SCHEDULE, LARGE]],
    ['goes', [WORKFLOW, SMALL, PLAIN_SCHEDULE, LARGE], [WORKFLOW, SMALL, PLAIN_SCHEDULE]],
    [
      'lacks what a schedule wants',
      [WORKFLOW, SMALL, PLAIN_SCHEDULE],
      [WORKFLOW, SMALL, PLAIN_SCHEDULE, LARGE.replace('region: us, ', '')],
    ],
    [
      'was the only one',
      [WORKFLOW, LARGE, PLAIN_SCHEDULE.replace('name: nightly', 'name: nightly, domains: [production]')],
      [WORKFLOW, LARGE, PLAIN_SCHEDULE],
    ],
    [
      'moves',
      [WORKFLOW, SMALL, PLAIN_SCHEDULE, LARGE],
      [WORKFLOW, SMALL, PLAIN_SCHEDULE, LARGE.replace('[production]', '[development]')],
    ],
    [
      'meets another',
      [WORKFLOW, SMALL, LARGE],
      [WORKFLOW, SMALL, LARGE, LARGE.replace('[production]', '[production, development]')],
    ],
  ])('of which one %s compile as a change as they do from nothing', (_, old, fresh) => {
    const [before, after] = [commitOf(BARE, ...old), commitOf(BARE, ...fresh)];
    const base = compileAll(before);
    if (base.kind !== 'compiled') throw new Error(told(base).join());
    const [change, whole] = [compileChange(before, base.index, after), compileAll(after)];
    expect(change.kind).toBe(whole.kind);
    expect(change.diagnostics).toEqual(whole.diagnostics);
    if (change.kind !== 'compiled' || whole.kind !== 'compiled') return;
    expect(new Map([...change.index.entries].sort())).toEqual(new Map([...whole.index.entries].sort()));
  });
});
