import type { Digest, Json } from '../../../src/base/index.ts';
import type { Execution } from '../../../src/cluster/index.ts';
import type { LaunchPlanClosure, WorkflowClosure } from '../../../src/compiler/index.ts';
import { commitOf, compileAll } from '../../compiler/commit.ts';

/** An execution to record. */
export interface HistoryCase {
  readonly name: string;
  readonly closure: WorkflowClosure;
  /** What else the commit holds that it runs: launch plans and their workflows, by digest. */
  readonly others: Readonly<Record<Digest, LaunchPlanClosure | WorkflowClosure>>;
  readonly inputs?: Readonly<Record<string, Json>>;
  readonly signals?: Execution['spec']['signals'];
  /** It is aborted when this node runs. */
  readonly abortWhenRuns?: string;
}

const TASKS = `
kind: Task
metadata: { name: double }
spec:
  inputs: { a: integer }
  outputs: { x: integer }
  run: { command: [sh, -c, 'echo "x=$((PIPECTL_INPUT_A * 2))" > "$PIPECTL_OUTPUTS"'] }
  resources: { requests: { cpu: 500m, memory: 64Mi } }
---
kind: Task
metadata: { name: flaky }
spec:
  outputs: { attempt: integer }
  run: { command: [sh, -c, '[ "$PIPECTL_ATTEMPT" -ge 3 ] || exit 7; echo "attempt=$PIPECTL_ATTEMPT" > "$PIPECTL_OUTPUTS"'] }
  retries: { limit: 3, backoff: { initial: 10ms, factor: 2, max: 50ms } }
---
kind: Task
metadata: { name: broken }
spec: { run: { command: [sh, -c, 'exit 4'] } }
---
kind: Task
metadata: { name: odd-fails }
spec:
  inputs: { a: integer }
  outputs: { x: integer }
  run: { command: [sh, -c, '[ $((PIPECTL_INPUT_A % 2)) -eq 0 ] || exit 5; echo "x=$PIPECTL_INPUT_A" > "$PIPECTL_OUTPUTS"'] }
---
kind: Task
metadata: { name: slow }
spec: { run: { command: [sleep, '30'] }, timeout: { run: 200ms } }
---
kind: Task
metadata: { name: endless }
spec: { run: { command: [sleep, '30'] } }
---
kind: Task
metadata: { name: tell }
spec: { inputs: { text: string }, run: { command: ['true'] } }
---
kind: Task
metadata: { name: draft }
spec:
  outputs: { workflow: json }
  run:
    command:
      - sh
      - -c
      - |
        O='{'
        printf '{"workflow": {"outputs": {"x": "%s%s%s nodes.a.outputs.x }}"}, "nodes": {"a": {"task": "double", "with": {"a": 21}}}}}' '$' "$O" "$O" > "$PIPECTL_OUTPUTS"
`.replaceAll('\\${{', '${{');

function made(name: string, spec: string, more: Partial<HistoryCase> = {}, ...inner: string[]): HistoryCase {
  const lines = spec.replaceAll(/^\n|\n *$/g, '').split('\n');
  const indent = Math.min(...lines.map((line) => line.search(/\S/)).filter((at) => at >= 0));
  const body = lines.map((line) => `  ${line.slice(indent)}`).join('\n');
  const documents = [...TASKS.split('\n---\n'), `kind: Workflow\nmetadata: { name: main }\nspec:\n${body}`];
  const compiled = compileAll(commitOf(...documents, ...inner));
  const entity = compiled.kind === 'compiled' ? compiled.changed.find((one) => one.name === 'main') : undefined;
  if (entity?.closure.kind !== 'Workflow') throw new Error(`${name}: ${JSON.stringify(compiled.diagnostics, null, 1)}`);
  const others: Record<Digest, LaunchPlanClosure | WorkflowClosure> = {};
  for (const { digest, closure } of compiled.kind === 'compiled' ? compiled.changed : []) {
    const isOther = closure.kind === 'LaunchPlan' || (closure.kind === 'Workflow' && closure.name !== 'main');
    if (isOther) others[digest] = closure;
  }
  return { name, closure: entity.closure, others, ...more };
}

const INNER = `
kind: Workflow
metadata: { name: inner }
spec:
  inputs: { n: integer }
  outputs: { x: "\${{ nodes.again.outputs.x }}" }
  nodes:
    first: { task: double, with: { a: "\${{ inputs.n }}" } }
    again: { task: double, with: { a: "\${{ nodes.first.outputs.x }}" } }
`;

export const HISTORY_CASES: readonly HistoryCase[] = [
  made(
    'tasks-and-computes',
    `
    inputs: { n: { type: integer, default: 3 } }
    outputs: { total: "\${{ nodes.sum.outputs.total }}" }
    nodes:
      a: { task: double, with: { a: "\${{ inputs.n }}" } }
      b: { task: double, with: { a: "\${{ nodes.a.outputs.x }}" } }
      sum: { compute: { total: "\${{ nodes.a.outputs.x + nodes.b.outputs.x }}" } }
    `,
    { inputs: { n: 3 } },
  ),
  made(
    'retries',
    'nodes: { f: { task: flaky }, after: { task: double, with: { a: "${{ nodes.f.outputs.attempt }}" } } }',
  ),
  made(
    'failure-skips-the-rest',
    'nodes: { bad: { task: broken }, after: { task: tell, with: { text: x }, needs: [bad] }, side: { task: flaky } }',
  ),
  made(
    'failure-after-executable',
    `
    failurePolicy: failAfterExecutable
    onFailure: { task: tell, with: { text: "\${{ error.message }}" } }
    nodes: { bad: { task: broken }, after: { task: tell, with: { text: x }, needs: [bad] }, side: { task: flaky } }
    `,
  ),
  made('run-timeout', 'nodes: { s: { task: slow } }'),
  made('abort', 'nodes: { e: { task: endless }, after: { task: tell, with: { text: x }, needs: [e] } }', {
    abortWhenRuns: 'e',
  }),
  made(
    'map-with-failures',
    'nodes: { m: { map: { task: odd-fails, over: { a: [2, 3, 4, 6], }, concurrency: 2, minSuccessRatio: 0.5 } } }',
  ),
  made(
    'switch-and-workflow',
    `
    inputs: { n: integer }
    outputs: { x: "\${{ nodes.in.outputs.x }}" }
    nodes:
      in: { workflow: inner, with: { n: "\${{ inputs.n }}" } }
      which:
        switch:
          - when: "\${{ nodes.in.outputs.x > 100 }}"
            then: { task: tell, with: { text: large } }
        else: { task: tell, with: { text: small } }
    `,
    { inputs: { n: 5 } },
    INNER,
  ),
  made(
    'answers-and-sleep',
    `
    outputs: { x: "\${{ nodes.value.outputs.value }}" }
    nodes:
      nap: { sleep: 100ms }
      gate: { approve: { message: Go on? }, needs: [nap] }
      value: { signal: { type: integer }, needs: [gate] }
    `,
    {
      signals: {
        gate: { decision: 'approve', by: 'ada', at: '2026-01-02T03:04:05.000Z' },
        value: { value: 7, by: 'ada', at: '2026-01-02T03:04:05.000Z' },
      },
    },
  ),
  made('dynamic', 'nodes: { d: { dynamic: { task: draft, tasks: [double], outputs: { x: integer } } } }'),
  made(
    'child-execution',
    `
    outputs: { x: "\${{ nodes.call.outputs.x }}" }
    nodes: { call: { launchPlan: inner-plan, with: { n: 2 } } }
    `,
    {},
    INNER,
    'kind: LaunchPlan\nmetadata: { name: inner-plan }\nspec: { workflow: inner, inputs: { default: { n: 1 } } }',
  ),
];
