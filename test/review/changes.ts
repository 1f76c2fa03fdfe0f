import type { ReviewInput } from '../../src/review/index.ts';
import { edited, PIPELINE } from '../compiler/diff/sides.ts';
import { commitOf, elsewhere, type Files, HEAD, project, QUIET, SUMS, schedule } from './reviewed.ts';

/** A kind of change, with what a review is told beside both commits. */
export interface Change {
  readonly name: string;
  readonly before: Files;
  readonly after: Files;
  readonly more?: Partial<ReviewInput>;
}

const nightly = (fields: string): Files => commitOf(SUMS, schedule('nightly', fields));
const etl = (...edits: readonly (readonly [string, string])[]): Files =>
  commitOf(edits.reduce((text, [from, to]) => edited(from, to, text), PIPELINE));
const ZONE = 'timeZone: Europe/Berlin';
const HISTORY = new Map([['sums', { p50Ms: 20 * 60_000, p95Ms: 45 * 60_000, runs: 120 }]]);
const AT_NIGHT = { mergeAt: Date.parse('2026-01-06T01:30:00Z') };

const crowd = (minuteOf: (at: number) => number): readonly string[] =>
  Array.from({ length: 12 }, (_, at) => schedule(`report-${at}`, `cron: "${minuteOf(at)} 6 * * *"`));
const SETTINGS = `kind: Platform
metadata: { name: default }
spec: { propeller: { workers: 10 }, quotas: [{ domain: production, maxExecutions: 8 }] }
`;

const guarded = `kind: Schedule
metadata: { name: nightly, annotations: { pipectl.dev/prune: confirm } }
spec: { launchPlan: sums, cron: "0 2 * * *" }
`;
const policy = `kind: Policy
metadata: { name: calm, annotations: { pipectl.dev/approvers: "@acme/ops" } }
spec: { rules: [{ name: hourly, match: { kinds: [Schedule] }, assert: facts.minIntervalSeconds >= 3600, message: a schedule ticks once an hour at most, severity: warning }] }
`;
const steps = (count: number): string =>
  `kind: Workflow\nmetadata: { name: sums }\nspec: { nodes: { ${Array.from({ length: count }, (_, at) => `n${at}: { compute: { x: ${at} } }`).join(', ')} } }\n---\nkind: LaunchPlan\nmetadata: { name: sums }\nspec: { workflow: sums }\n`;
const many = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => schedule(`s${at}`, `cron: "${at} 4 * * *"`));

/** Text that would be markup, a mention or a command, wherever a person may write some. */
const HOSTILE = '</details><script>x</script> @everyone #1 | [a](//evil.example) ``` ::set-output name=a::b ##[debug]';
const hostile = (description: string): string => `kind: Task
metadata: { name: work, description: ${JSON.stringify(description)}, labels: { team: a } }
spec: { run: { command: [sh, -c, ${JSON.stringify(`echo ${description}\n::add-mask::x`)}] } }
`;

/** A commit of a project that tracks its branch in two domains; the staging one has a schedule of its own. */
const inTwo = (production: string, staging: string): Files => ({
  ...commitOf(
    SUMS,
    schedule('nightly', production),
    schedule('nightly', staging).replace('{ name: nightly }', '{ name: nightly, domains: [staging] }'),
  ),
  'pipectl.yaml': project(QUIET).replace('ref: main }', 'ref: main }, staging: { ref: main }'),
});
const TWICE = [inTwo('cron: "0 2 * * *"', 'every: 1h'), inTwo('cron: "0 3 * * *"', 'every: 5m')] as const;
const BOTH = [nightly('cron: "0 2 * * *"'), nightly('cron: "0 3 * * *"')] as const;

/** Every kind of change that a review tells of, each with a page of its own. */
export const CHANGES: readonly Change[] = [
  { name: 'nothing', before: nightly('cron: "0 2 * * *"'), after: nightly('cron: "0 2 * * *"') },
  { name: 'only-formatting', before: nightly('cron: "0 2 * * *"'), after: nightly("cron: '0   2 * * *'") },
  { name: 'other-time', before: nightly(`cron: "0 2 * * *", ${ZONE}`), after: nightly(`cron: "30 2 * * *", ${ZONE}`) },
  {
    name: 'weekdays-only',
    before: nightly(`cron: "0 4 * * *", ${ZONE}`),
    after: nightly(`cron: "0 4 * * mon-fri", ${ZONE}`),
  },
  { name: 'other-zone', before: nightly('cron: "0 2 * * *"'), after: nightly(`cron: "0 2 * * *", ${ZONE}`) },
  { name: 'interval', before: nightly('cron: "0 * * * *"'), after: nightly(`cron: "*/15 * * * *", ${ZONE}`) },
  { name: 'rate', before: nightly('cron: "0 */2 * * *"'), after: nightly('every: 90m') },
  { name: 'each-second', before: nightly('cron: "* * * * *"'), after: nightly('every: 1s') },
  {
    name: 'days-off',
    before: nightly('cron: "0 2 * * *"'),
    after: nightly('cron: "0 2 * * *", exclude: [{ from: 2026-01-07, to: 2026-01-09 }]'),
  },
  {
    name: 'ends',
    before: nightly('cron: "0 2 * * *"'),
    after: nightly('cron: "0 2 * * *", end: "2025-12-31T00:00:00Z"'),
  },
  { name: 'switched-off', before: nightly('cron: "0 2 * * *"'), after: nightly('cron: "0 2 * * *", active: false') },
  { name: 'switched-on', before: nightly('cron: "0 2 * * *", active: false'), after: nightly('cron: "0 2 * * *"') },
  { name: 'tick-skipped', before: nightly('cron: "0 2 * * *"'), after: nightly('cron: "0 1 * * *"'), more: AT_NIGHT },
  { name: 'tick-doubled', before: nightly('cron: "0 1 * * *"'), after: nightly('cron: "0 2 * * *"'), more: AT_NIGHT },
  { name: 'schedule-added', before: commitOf(SUMS), after: nightly('cron: "0 2 * * *"') },
  { name: 'schedule-removed', before: nightly('cron: "0 2 * * *"'), after: commitOf(SUMS) },
  {
    name: 'schedule-renamed',
    before: nightly('cron: "0 2 * * *", inputs: { n: 5 }'),
    after: commitOf(SUMS, schedule('night', 'cron: "0 2 * * *", inputs: { n: 5 }')),
  },
  {
    name: 'overlap-and-spread',
    before: nightly('cron: "0 2 * * *"'),
    after: nightly('cron: "0 2 * * *", overlap: queue, spread: 10m'),
  },
  {
    name: 'longer-than-its-wait',
    before: nightly('cron: "0 * * * *"'),
    after: nightly('cron: "*/15 * * * *"'),
    more: { history: HISTORY },
  },
  {
    name: 'cost',
    before: nightly('cron: "0 2 * * *"'),
    after: nightly('cron: "0 2,14 * * *"'),
    more: { history: HISTORY },
  },
  {
    name: 'busy-minute',
    before: commitOf(SUMS, SETTINGS, ...crowd((at) => at)),
    after: commitOf(SUMS, SETTINGS, ...crowd(() => 0)),
  },
  { name: 'many-schedules', before: commitOf(SUMS), after: commitOf(SUMS, ...many(30)) },
  { name: 'input-removed', before: etl(), after: etl([', limit: { type: integer, default: 10 }', '']) },
  { name: 'input-required', before: etl(), after: etl(['    wait:', '    region: string\n    wait:']) },
  {
    name: 'output-removed',
    before: etl(),
    after: etl(['outputs: { rows: "${{ nodes.count.outputs.twice }}" }', 'outputs: {}']),
  },
  {
    name: 'task-changed',
    before: etl(),
    after: etl(['limit: 2', 'limit: 5'], ['run: 5m', 'run: 10m'], ['python:3.12', 'python:3.13']),
  },
  {
    name: 'node-added',
    before: etl(),
    after: etl(['    count:\n', '    pause: { sleep: 5m, needs: [clean] }\n    count:\n']),
  },
  { name: 'node-renamed', before: etl(), after: etl(['    clean: {', '    tidy: {'], ['nodes.clean.', 'nodes.tidy.']) },
  { name: 'large-graph', before: commitOf(steps(160)), after: commitOf(steps(161)) },
  {
    name: 'file-moved',
    before: { ...commitOf(SUMS), 'pipelines/s.yaml': `${HEAD}${schedule('nightly', 'cron: "0 2 * * *"')}` },
    after: { ...commitOf(SUMS), 'pipelines/t.yaml': `${HEAD}${schedule('nightly', 'cron: "0 2 * * *"')}` },
  },
  {
    name: 'workflow-removed',
    before: commitOf(SUMS, 'kind: Workflow\nmetadata: { name: old }\nspec: { nodes: { a: { compute: { x: 1 } } } }'),
    after: commitOf(SUMS),
  },
  { name: 'removal-to-confirm', before: commitOf(SUMS, guarded), after: commitOf(SUMS) },
  { name: 'most-is-removed', before: commitOf(SUMS, ...many(15)), after: commitOf(SUMS) },
  {
    name: 'refused',
    before: nightly('cron: "0 2 * * *"'),
    after: commitOf(
      SUMS,
      schedule('nightly', 'cron: "0 25 * * *"'),
      schedule('other', 'cron: "0 2 * * *", timeZone: Europe/Berln'),
    ),
  },
  {
    name: 'lint',
    before: { 'pipectl.yaml': project(), 'pipelines/all.yaml': `${HEAD}${SUMS.trim()}\n` },
    after: {
      'pipectl.yaml': project(),
      'pipelines/all.yaml': `${HEAD}${SUMS.trim()}\n---\nkind: Task\nmetadata: { name: idle }\nspec: { run: { command: [make] } }\n`,
    },
  },
  {
    name: 'policy-asks',
    before: commitOf(SUMS, policy, schedule('nightly', 'cron: "0 2 * * *"')),
    after: commitOf(SUMS, policy, schedule('nightly', 'cron: "*/5 2 * * *"')),
  },
  {
    name: 'owners',
    before: nightly('cron: "0 2 * * *"'),
    after: nightly('cron: "0 3 * * *"'),
    more: { codeOwners: { path: 'CODEOWNERS', text: '* @acme/all\n/pipelines/ @acme/data @everyone\n' } },
  },
  { name: 'hostile', before: commitOf(SUMS, hostile('a')), after: commitOf(SUMS, hostile(HOSTILE)) },
  { name: 'two-domains', before: TWICE[0], after: TWICE[1], more: { others: [elsewhere('staging', ...TWICE)] } },
  { name: 'same-in-two', before: BOTH[0], after: BOTH[1], more: { others: [elsewhere('staging', ...BOTH)] } },
  {
    name: 'without-domain',
    before: nightly('cron: "0 2 * * *"'),
    after: nightly('cron: "0 3 * * *"'),
    more: { domain: undefined as never, plan: undefined as never },
  },
];
