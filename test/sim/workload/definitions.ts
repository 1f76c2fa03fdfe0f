import type { NodeClosure } from '../../../src/compiler/closure.ts';
import type { Files } from '../world/git.ts';
import { type Chance, chanceOf } from '../world/random.ts';

/** Which variant of each file a commit has: a push changes a few numbers. Equal variants are equal text, in all seeds. */
export interface Variants {
  readonly tasks: number;
  readonly workflows: readonly number[];
  readonly plans: number;
  readonly schedules: number;
  readonly platform: number;
  /** A file that does not compile. */
  readonly broken?: boolean;
  /** Nearly nothing is left. */
  readonly emptied?: boolean;
}

export const WORKFLOWS = 4;
export const PLANS = WORKFLOWS + 1;
/** Number of the workflow, and of its launch plan, that has one node, most often one that needs no attempt. */
export const LIGHT = 0;
export const SCHEDULES = 3;
/** Different texts of each file over all seeds: so that what one world compiled is warm for the next. */
export const VARIANTS = 16;
/** The variant of schedules in which none is active. */
export const INACTIVE = -1;

export const DOMAINS: Readonly<Record<string, string>> = { production: 'main', staging: 'release', development: '*' };

const HEAD = 'apiVersion: pipectl.dev/v1';

/** The files of a commit. */
export function filesOf(project: string, variants: Variants): Files {
  const files = new Map<string, string>([
    ['pipectl.yaml', projectText(project)],
    ['work/run.sh', 'true\n'],
    ['pipelines/platform.yaml', platformText(variants.platform)],
  ]);
  if (variants.emptied !== true) {
    files.set('pipelines/tasks.yaml', tasksText(variants.tasks));
    files.set('pipelines/plans.yaml', plansText(variants.plans));
    files.set('pipelines/schedules.yaml', schedulesText(variants.schedules));
    for (const [number, variant] of variants.workflows.entries()) {
      files.set(`pipelines/flow-${number}.yaml`, workflowText(number, variant));
    }
  }
  if (variants.broken === true) {
    files.set(
      'pipelines/broken.yaml',
      `${HEAD}\nkind: LaunchPlan\nmetadata: { name: bad }\nspec: { workflow: none }\n`,
    );
  }
  return files;
}

export function randomVariants(chance: Chance): Variants {
  return {
    tasks: chance.int(VARIANTS),
    workflows: Array.from({ length: WORKFLOWS }, () => chance.int(VARIANTS)),
    plans: chance.int(VARIANTS),
    schedules: chance.int(VARIANTS),
    platform: chance.int(VARIANTS),
  };
}

/** A commit's next: one file changed, or two. */
export function changed(variants: Variants, chance: Chance): Variants {
  const { broken: _, emptied: __, ...next } = { ...variants, workflows: [...variants.workflows] };
  for (let changes = 1 + chance.int(2); changes > 0; changes--) {
    const what = chance.int(WORKFLOWS + 4);
    if (what < WORKFLOWS) next.workflows[what] = chance.int(VARIANTS);
    else if (what === WORKFLOWS) next.tasks = chance.int(VARIANTS);
    else if (what === WORKFLOWS + 1) next.plans = chance.int(VARIANTS);
    else if (what === WORKFLOWS + 2) next.schedules = chance.int(VARIANTS);
    else next.platform = chance.int(VARIANTS);
  }
  return next;
}

const texts = new Map<string, string>();

function cached(key: string, make: (chance: Chance) => string): string {
  const known = texts.get(key) ?? make(chanceOf(1, key));
  texts.set(key, known);
  return known;
}

function projectText(project: string): string {
  const domains = Object.entries(DOMAINS).map(([name, ref]) => `    ${name}: { ref: "${ref}" }`);
  return `${HEAD}\nkind: Project\nmetadata: { name: ${project} }\nspec:\n  paths: [pipelines]\n  domains:\n${domains.join('\n')}\n`;
}

/** What a simulated attempt does: read by the agent from the pod's command. Times in seconds. */
export interface Behaviour {
  readonly mean: number;
  readonly fail: number;
  readonly outputs: 'x' | 'xs' | 'bad' | 'workflow' | 'told';
}

const TASKS: readonly string[] = ['add', 'flaky', 'slow', 'list', 'careless', 'cached', 'private'];

/** What the task `private` is given; its attempts show it in every way that they can. */
export const SECRET = { name: 'warehouse', key: 'token' } as const;

function tasksText(variant: number): string {
  return cached(`tasks/${variant}`, (chance) => {
    const task = (name: string, behaviour: Behaviour, more: string, outputs = '{ x: integer }', env = ''): string =>
      `kind: Task\nmetadata: { name: ${name} }\nspec:\n  inputs: { a: integer }\n  outputs: ${outputs}\n  source: work\n` +
      `  run: { command: [sim, '${JSON.stringify(behaviour)}']${env} }\n${more}`;
    const mean = (low: number, high: number): number => Math.round(chance.between(low, high));
    const documents = [
      task('add', { mean: mean(5, 60), fail: 0, outputs: 'x' }, '  retries: 1\n'),
      task(
        'flaky',
        { mean: mean(5, 120), fail: 0.4, outputs: 'x' },
        `  retries: { limit: ${chance.pick([0, 1, 1, 2, 3])}, backoff: { initial: 5s, factor: 2, max: 2m } }\n  resources: { limits: { cpu: 250m, memory: 256Mi } }\n`,
      ),
      task(
        'slow',
        { mean: 240, fail: 0.05, outputs: 'x' },
        `  retries: { limit: ${chance.int(3)}, backoff: { initial: 1s, factor: 2, max: 1m } }\n  timeout: { queue: ${chance.pick([1, 10])}m, run: 5m, total: ${chance.pick([8, 30])}m }\n  resources: { requests: { cpu: 750m, memory: 512Mi } }\n`,
      ),
      task('list', { mean: mean(5, 30), fail: 0.02, outputs: 'xs' }, '', '{ xs: list<integer> }'),
      task(
        'cached',
        { mean: mean(20, 90), fail: 0.1, outputs: 'x' },
        `  retries: 1\n  cache: { serialize: ${chance.chance(0.5)}, ttl: 3h }\n`,
      ),
      task('plan', { mean: 10, fail: 0.05, outputs: 'workflow' }, '', '{ workflow: json }'),
      task(
        'private',
        { mean: mean(5, 40), fail: 0.3, outputs: 'told' },
        '  retries: 2\n  timeout: { queue: 40m }\n',
        '{ x: integer, told: string }',
        `, env: { TOKEN: { secret: { name: ${SECRET.name}, key: ${SECRET.key} } } }`,
      ),
      task('careless', { mean: 10, fail: 0, outputs: chance.chance(0.2) ? 'bad' : 'x' }, ''),
    ];
    return `${HEAD}\n${documents.join('---\n')}`;
  });
}

type Maker = (node: Draft) => string;

interface Draft {
  readonly chance: Chance;
  readonly flow: number;
  /** An expression of an integer that is there. */
  readonly value: () => string;
  readonly list: () => string;
  readonly needs: string;
}

interface NodeKind {
  readonly kind: NodeClosure['kind'] | 'when';
  readonly weight: number;
  /** Expression of the integer that the node gives; absent: it gives none. */
  readonly gives?: (id: string) => string;
  readonly text: Maker;
}

/** One entry for each kind of node, as the language has them; with the integer that it gives. */
const NODE_KINDS: readonly NodeKind[] = [
  {
    kind: 'task',
    weight: 10,
    gives: (id) => `nodes.${id}.outputs.x`,
    text: ({ chance, value, needs }) =>
      `{ task: ${chance.pick(TASKS.filter((name) => name !== 'list'))}, with: { a: "\${{ ${value()} }}" }${needs} }`,
  },
  {
    kind: 'map',
    weight: 3,
    text: ({ chance, list, needs }) => {
      const how = chance.chance(0.5) ? ', minSuccessRatio: 0.5' : '';
      const most = chance.chance(0.7) ? `, concurrency: ${1 + chance.int(3)}` : '';
      return `{ map: { task: ${chance.pick(['add', 'flaky'])}, over: { a: "\${{ ${list()} }}" }${how}${most} }${needs} }`;
    },
  },
  {
    kind: 'computeMap',
    weight: 1,
    text: ({ list, needs }) =>
      `{ map: { compute: { x: "\${{ item.a * 3 }}" }, over: { a: "\${{ ${list()} }}" } }${needs} }`,
  },
  {
    kind: 'compute',
    weight: 4,
    gives: (id) => `nodes.${id}.outputs.x`,
    text: ({ value, needs }) => `{ compute: { x: "\${{ ${value()} % 1000 + 1 }}" }${needs} }`,
  },
  {
    kind: 'switch',
    weight: 3,
    gives: (id) => `nodes.${id}.outputs.x`,
    text: ({ value, needs }) =>
      `{ switch: [{ when: "\${{ ${value()} % 3 == 0 }}", then: { task: add, with: { a: "\${{ ${value()} }}" } } }, { when: "\${{ ${value()} % 3 == 1 }}", then: { task: flaky, with: { a: 4 } } }], else: { compute: { x: "\${{ 7 }}" } }${needs} }`,
  },
  { kind: 'sleep', weight: 2, text: ({ chance, needs }) => `{ sleep: ${1 + chance.int(40)}m${needs} }` },
  {
    kind: 'approve',
    weight: 1,
    text: ({ chance, needs }) =>
      `{ approve: { message: Go on?, timeout: 2h, default: ${chance.pick(['approve', 'reject'])} }${needs} }`,
  },
  {
    kind: 'signal',
    weight: 1,
    gives: (id) => `nodes.${id}.outputs.value`,
    text: ({ needs }) => `{ signal: { type: integer, timeout: 2h, default: 5 }${needs} }`,
  },
  {
    kind: 'workflow',
    weight: 2,
    gives: (id) => `nodes.${id}.outputs.out`,
    text: ({ chance, flow, value, needs }) =>
      `{ workflow: flow-${chance.int(flow)}, with: { a: "\${{ ${value()} }}" }${needs} }`,
  },
  {
    kind: 'launchPlan',
    weight: 1,
    gives: (id) => `nodes.${id}.outputs.out`,
    text: ({ chance, flow, value, needs }) =>
      `{ launchPlan: plan-${chance.int(flow)}, with: { a: "\${{ ${value()} }}" }${needs} }`,
  },
  {
    kind: 'dynamic',
    weight: 1,
    gives: (id) => `nodes.${id}.outputs.out`,
    text: ({ value, needs }) =>
      `{ dynamic: { task: plan, with: { a: "\${{ ${value()} }}" }, tasks: [add, flaky], outputs: { out: integer } }${needs} }`,
  },
  {
    kind: 'when',
    weight: 2,
    text: ({ value, needs }) => `{ task: add, with: { a: 2 }, when: "\${{ ${value()} % 2 == 0 }}"${needs} }`,
  },
];

/** How much more often a light workflow computes than others do. */
const LIGHT_COMPUTES = 8;

function runnableKinds(flow: number): readonly NodeKind[] {
  const weightOf = ({ kind, weight }: NodeKind): number => {
    if (flow !== LIGHT) return weight;
    // What others may run runs none itself.
    if (kind === 'workflow' || kind === 'launchPlan') return 0;
    return kind === 'compute' ? weight * LIGHT_COMPUTES : weight;
  };
  return NODE_KINDS.flatMap((kind) => Array.from({ length: weightOf(kind) }, () => kind));
}

function workflowText(number: number, variant: number): string {
  return cached(`flow/${number}/${variant}`, (chance) => {
    const kinds = runnableKinds(number);
    const values = ['inputs.a'];
    const lists = ['inputs.xs'];
    const nodes: string[] = [];
    const count = nodeCount(number, chance);
    for (let i = 0; i < count; i++) {
      const id = `n${i}`;
      const kind = i === 0 && number !== LIGHT && chance.chance(0.25) ? undefined : chance.pick(kinds);
      const needs = i > 0 && chance.chance(0.4) ? `, needs: [n${chance.int(i)}]` : '';
      const value = (): string => chance.pick(values.slice(-4));
      const list = (): string => chance.pick(lists);
      if (kind === undefined) {
        nodes.push(`    ${id}: { task: list, with: { a: "\${{ ${value()} }}" }${needs} }`);
        lists.push(`nodes.${id}.outputs.xs`);
        continue;
      }
      nodes.push(`    ${id}: ${kind.text({ chance, flow: number, value, list, needs })}`);
      // What a node that may be skipped gives is optional, and so is what needs it.
      if (kind.gives !== undefined && needs === '') values.push(kind.gives(id));
    }
    const policy = chance.chance(0.4) ? '  failurePolicy: failAfterExecutable\n' : '';
    const handler = chance.chance(0.3) ? '  onFailure: { task: add, with: { a: 1 } }\n' : '';
    return (
      `${HEAD}\nkind: Workflow\nmetadata: { name: flow-${number} }\nspec:\n` +
      `  inputs: { a: { type: integer, default: 3 }, xs: { type: list<integer>, default: [1, 2, 3] } }\n` +
      `  outputs: { out: "\${{ ${values.at(-1)} }}" }\n${policy}${handler}  nodes:\n${nodes.join('\n')}\n`
    );
  });
}

/** Most are small, as in life: what goes wrong with one node goes wrong with six, and what needs six has them. */
function nodeCount(number: number, chance: Chance): number {
  if (number === LIGHT) return 1;
  return 1 + chance.int(chance.chance(0.6) ? 2 : 6);
}

function plansText(variant: number): string {
  return cached(`plans/${variant}`, (chance) => {
    const documents = Array.from({ length: PLANS }, (_, i) => {
      const most = chance.chance(0.4) ? `, maxParallelism: ${1 + chance.int(3)}` : '';
      const whenFull = chance.pick(['queue', 'queue', 'skip']);
      const concurrency = chance.chance(0.5)
        ? `, concurrency: { limit: ${1 + chance.int(2)}, whenFull: ${whenFull} }`
        : '';
      const rank = chance.chance(0.4) ? `, priority: ${chance.pick([-50, 5, 100])}` : '';
      const workflow = i < WORKFLOWS ? i : chance.int(WORKFLOWS);
      return `kind: LaunchPlan\nmetadata: { name: plan-${i} }\nspec: { workflow: flow-${workflow}, inputs: { default: { xs: [${chance.int(9)}, 5${chance.chance(0.5) ? ', 6' : ''}] } }${most}${concurrency}${rank} }\n`;
    });
    return `${HEAD}\n${documents.join('---\n')}`;
  });
}

/** Some versions have one less: what is no longer named is to go, at once or when somebody confirms it. */
function scheduleCount(variant: number): number {
  return variant === INACTIVE || variant % 2 === 0 ? SCHEDULES : SCHEDULES - 1;
}

/** Whether commits with these variants have a definition. */
export function holds({ emptied, schedules }: Variants, kind: string, name: string): boolean {
  if (emptied === true) return kind === 'Platform';
  return kind !== 'Schedule' || Number(name.slice('tick-'.length)) < scheduleCount(schedules);
}

function schedulesText(variant: number): string {
  return cached(`schedules/${variant}`, (chance) => {
    const documents = Array.from({ length: scheduleCount(variant) }, (_, i) => {
      const when = chance.chance(0.5)
        ? `every: ${chance.pick([60, 90, 150, 240])}m`
        : `cron: "${chance.int(60)} ${chance.pick(['*', '*/2', '*/3', '*/4', '1,2,3,13'])} * * *", timeZone: ${chance.pick(['UTC', 'Europe/Berlin', 'America/New_York'])}`;
      const catchUp = `catchUp: { policy: ${chance.pick(['all', 'all', 'latest', 'none'])} }`;
      const spread = chance.chance(0.3) ? ', spread: 2m' : '';
      const active = variant === INACTIVE || chance.chance(0.1) ? ', active: false' : '';
      const guard = i === SCHEDULES - 1 && variant % 4 === 0 ? ', annotations: { pipectl.dev/prune: confirm }' : '';
      return `kind: Schedule\nmetadata: { name: tick-${i}${guard} }\nspec: { launchPlan: plan-${chance.chance(0.75) ? LIGHT : chance.int(PLANS)}, ${when}, ${catchUp}${spread}${active} }\n`;
    });
    return `${HEAD}\n${documents.join('---\n')}`;
  });
}

function platformText(variant: number): string {
  return cached(`platform/${variant}`, (chance) => {
    const workers = chance.pick([1, 2, 5, 50]);
    const quotas = variant % 2 === 0 ? quotasText(variant / 2) : '';
    return `${HEAD}\nkind: Platform\nmetadata: { name: default }\nspec:\n  propeller: { workers: ${workers}, maxParallelism: ${2 + chance.int(20)} }\n${quotas}`;
  });
}

/** Room for every task by itself, and less than a busy hour asks for. */
function quotasText(variant: number): string {
  const executions = `maxExecutions: ${[4, 6, 9][variant % 3]}`;
  const tasks = `maxTasks: ${[2, 3, 5, 1][variant % 4]}`;
  const sizes = `cpu: ${['750m', '1', '2'][(variant + 1) % 3]}, memory: ${['512Mi', '1Gi'][variant % 2]}`;
  const [production, others] = [
    [`${executions}, ${tasks}`, sizes],
    [sizes, `${executions}, ${tasks}`],
    [`${tasks}, ${sizes}`, executions],
  ][variant % 3] as [string, string];
  return `  quotas: [{ domain: production, ${production} }, { ${others} }]\n`;
}
