import fc from 'fast-check';
import { formatImagesLock } from '../../src/language/index.ts';

/** Texts of a work tree by path. */
export type Files = Readonly<Record<string, string>>;

const HEAD = 'apiVersion: pipectl.dev/v1\n';
const NAMES = [0, 1, 2, 3];
const name = fc.constantFrom(...NAMES);
const calendar = fc.constantFrom('calendars/a.dates', './calendars/a.dates', 'calendars/b.dates');

interface TaskFlags {
  readonly isLabelled: boolean;
  readonly has: 'nothing' | 'ignore' | 'image' | 'secret' | 'fault' | 'no folder';
}

function taskText(id: number, { isLabelled, has }: TaskFlags): string {
  return [
    has === 'ignore' ? '# pipectl: ignore PIPE-LINT-005\n' : '',
    `kind: Task\nmetadata: { name: t${id}${isLabelled ? ', labels: { team: a }' : ''} }\nspec:\n`,
    `  inputs: { n: integer }\n  outputs: { out: integer }\n  source: ${has === 'no folder' ? 'nowhere' : 'tasks'}\n`,
    `  run: { command: [sh]${has === 'image' ? ', image: "alpine:3"' : ''}${has === 'secret' ? ', env: { API_TOKEN: abcdefghijkl }' : ''} }\n`,
    has === 'fault' ? '  colour: blue\n' : '',
  ].join('');
}

interface NodeText {
  readonly runs: string;
  readonly value: 'input' | 'number' | 'node' | 'text';
  readonly isRetried: boolean;
}

function workflowText(id: number, nodes: readonly NodeText[], isIgnoring: boolean): string {
  const written = nodes.map(({ runs, value, isRetried }, at) => {
    const values = { input: '"${{ inputs.k }}"', number: '7', node: '', text: '"x"' };
    const given = value === 'node' && at > 0 ? `"\${{ nodes.n${at - 1}.outputs.out }}"` : values[value] || '8';
    const name = runs.startsWith('launchPlan') || runs.startsWith('workflow') ? 'k' : 'n';
    const settings = isRetried && runs.startsWith('task') ? '\n      retries: 2' : '';
    return `    n${at}:\n      ${runs}\n      with: { ${name}: ${given} }${settings}\n`;
  });
  const comment = isIgnoring ? ' # pipectl: ignore PIPE-LINT-003 known\n' : '\n';
  return `kind: Workflow\nmetadata: { name: w${id} }\nspec:\n  inputs:\n    k: integer${comment}  outputs: { out: "\${{ 1 }}" }\n  nodes:\n${written.join('')}`;
}

function planText(id: number, target: number): string {
  return `kind: LaunchPlan\nmetadata: { name: p${id} }\nspec: { workflow: w${target}, inputs: { default: { k: 1 } } }\n`;
}

function scheduleText(id: number, target: number, cron: string, calendar: string | null = null): string {
  const exclude = calendar === null ? '' : `, exclude: [{ calendar: ${calendar} }]`;
  return `kind: Schedule\nmetadata: { name: s${id} }\nspec: { launchPlan: p${target}, cron: "${cron}"${exclude} }\n`;
}

function policyText(id: number, severity: string): string {
  const rule = `match: { kinds: [Task] }, assert: '"team" in object.metadata.labels', message: no team, severity: ${severity}`;
  return `kind: Policy\nmetadata: { name: y${id} }\nspec:\n  rules:\n    - { name: team, ${rule} }\n`;
}

const NOISE = [
  'kind: Project\nmetadata: { name: other }\nspec: { paths: [x], domains: { a: { ref: main } } }\n',
  'kind: Tusk\n',
  'a: [\n',
  '',
];

const flags = (of: readonly TaskFlags['has'][]): fc.Arbitrary<TaskFlags> =>
  fc.record({ isLabelled: fc.boolean(), has: fc.constantFrom('nothing' as const, ...of) });
const node = (runs: fc.Arbitrary<string>, values: readonly NodeText['value'][]): fc.Arbitrary<NodeText> =>
  fc.record({ runs, value: fc.constantFrom(...values), isRetried: fc.boolean() });
const nodesOf = (one: fc.Arbitrary<NodeText>) => fc.array(one, { minLength: 1, maxLength: 3 });
const severity = fc.constantFrom('error', 'warning');

/** One document of any kind, with names of few, so that they meet: unknown, twice, in circles, wrong. */
const wild = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(name, flags(['ignore', 'image', 'secret', 'fault', 'no folder']))
      .map((all) => taskText(...all)),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        name,
        nodesOf(
          node(
            fc
              .tuple(fc.constantFrom('task: t', 'task: t', 'workflow: w', 'launchPlan: p'), name)
              .map((all) => all.join('')),
            ['input', 'number', 'node', 'text'],
          ),
        ),
        fc.boolean(),
      )
      .map((all) => workflowText(...all)),
  },
  { weight: 3, arbitrary: fc.tuple(name, name).map((all) => planText(...all)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(name, name, fc.constantFrom('0 2 * * *', '61 * * * *'), fc.option(calendar))
      .map((all) => scheduleText(...all)),
  },
  { weight: 1, arbitrary: fc.tuple(name, severity).map((all) => policyText(...all)) },
  { weight: 1, arbitrary: fc.constantFrom(...NOISE) },
);

const FILES = ['a', 'b', 'c', 'd', 'e', 'policies'];
const place = fc.constantFrom(...FILES);

const wildFiles = fc.dictionary(place, fc.array(wild, { minLength: 1, maxLength: 3 }), {
  minKeys: 1,
  maxKeys: FILES.length,
});

/** Every name once, and only references that hold: what warnings and valid commits need. */
const tidyFiles = fc
  .tuple(
    ...NAMES.map((id) =>
      fc.record({
        task: fc.tuple(place, flags(['ignore', 'image', 'secret'])),
        workflow: fc.tuple(
          place,
          nodesOf(
            node(
              name.map((target) => `task: t${target}`),
              ['input', 'number', 'node'],
            ),
          ),
          fc.option(fc.nat({ max: Math.max(0, id - 1) })),
          fc.boolean(),
        ),
        plan: fc.option(fc.tuple(place, name)),
        schedule: fc.option(fc.tuple(place, fc.option(calendar))),
      }),
    ),
    fc.option(fc.tuple(place, severity), { freq: 4 }),
  )
  .map((all) => {
    const files: Record<string, string[]> = {};
    const add = (file: string, text: string): void => {
      files[file] = [...(files[file] ?? []), text];
    };
    for (const [id, one] of all.entries()) {
      if (one === null) continue;
      if (Array.isArray(one)) {
        add(one[0] as string, policyText(0, one[1] as string));
        continue;
      }
      const { task, workflow, plan, schedule } = one as Exclude<typeof one, readonly unknown[]>;
      add(task[0], taskText(id, task[1]));
      const [file, nodes, inner, isIgnoring] = workflow;
      const runs =
        inner === null || id === 0 ? [] : [{ runs: `workflow: w${inner}`, value: 'input', isRetried: false } as const];
      add(file, workflowText(id, [...nodes, ...runs], isIgnoring));
      if (plan === null) continue;
      add(plan[0], planText(id, plan[1]));
      if (schedule !== null) add(schedule[0], scheduleText(id, id, '0 2 * * *', schedule[1]));
    }
    return files;
  });

const ALPINE = { image: 'docker.io/library/alpine:3', digest: `sha256:${'0'.repeat(64)}`, of: 'index' } as const;
const DATES = [undefined, '2026-12-25\n', '2026-12-25 Christmas Day\n2026-12-26\n', 'Christmas\n'];
const LOCKS = [undefined, formatImagesLock([]), formatImagesLock([ALPINE]), 'version: 2\n'];

/** Work trees with a project, of which some are right and most are not. */
export const someCommits: fc.Arbitrary<Files> = fc
  .record({
    files: fc.oneof(wildFiles, tidyFiles),
    lock: fc.constantFrom(...LOCKS),
    dates: fc.constantFrom(...DATES),
    lints: fc.constantFrom('', ', lints: { PIPE-LINT-005: off }', ', lints: { PIPE-LINT-003: error }'),
  })
  .map(({ files, lock, dates, lints }) => ({
    'pipectl.yaml': `${HEAD}kind: Project\nmetadata: { name: p }\nspec: { paths: [pipelines], domains: { production: { ref: main } }${lints} }\n`,
    'tasks/run.sh': 'true\n',
    ...Object.fromEntries(
      Object.entries(files).map(([id, texts]) => [
        `pipelines/${id}.yaml`,
        texts.map((text) => `${HEAD}${text}`).join('---\n'),
      ]),
    ),
    ...(lock !== undefined && { 'images.lock': lock }),
    ...(dates !== undefined && { 'calendars/a.dates': dates }),
  }));
