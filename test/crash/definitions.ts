import type { Json } from '../../src/base/index.ts';

/** Where tasks tell what they do, outside of the data folder. */
export interface TaskFolders {
  /** Lines of `start|end|overlap EXECUTION NODE X ATTEMPT PID`, appended. */
  readonly journal: string;
  /** One file for each thing that must not be done twice at a time; whoever does it holds its lock. */
  readonly locks: string;
}

export const PROJECT = 'shop';
export const NAMESPACE = 'shop-production';

/** Workflows that users start, and what each gives for its input `n`; undefined where it is made to end otherwise. */
export const WORKFLOWS: Readonly<Record<string, (n: number) => Record<string, Json> | undefined>> = {
  flow: (n) => ({ sum: n + 1 + (n + 2) + (n + 11) + (n + 21) + (n + 31) }),
  // What is sent to `ask` is n + 5.
  gate: (n) => ({ sum: n + 1 + n + 6 }),
  parent: (n) => ({ total: n + 1 + (n + 11) + (n + 22) }),
  shared: (n) => ({ y: (n % 5) * 7, twice: (n % 5) * 14 }),
  wide: (n) => ({ sum: 12 * n + 66 + 12, last: n + 249 }),
  long: () => undefined,
};

export function projectFiles(folders: TaskFolders): Record<string, string> {
  return {
    'pipectl.yaml': SETTINGS,
    'tasks/step.sh': STEP,
    'tasks/dear.sh': DEAR,
    'tasks/write.sh': WRITE,
    'pipelines/tasks.yaml': tasks(folders),
    'pipelines/flow.yaml': flow(0),
    'pipelines/others.yaml': OTHERS,
  };
}

const SETTINGS = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ${PROJECT} }
spec:
  paths: [pipelines]
  domains: { production: { ref: main } }
`;

/** Adds one to `x`. Whoever tries to do it while another does holds no lock and says so. `flaky` fails at first. */
const STEP = `set -eu
who="$PIPECTL_EXECUTION $PIPECTL_NODE $PIPECTL_INPUT_X"
exec 9>>"$LOCKS/$(echo "$who" | tr ' /' '__')"
flock -n 9 || echo "overlap $who $PIPECTL_ATTEMPT $$" >>"$JOURNAL"
echo "start $who $PIPECTL_ATTEMPT $$" >>"$JOURNAL"
case "$PIPECTL_NODE" in
  nap) sleep 600 ;;
  *) sleep 0.0$((PIPECTL_INPUT_X % 10)) ;;
esac
if [ "$PIPECTL_NODE" = flaky ] && [ "$PIPECTL_ATTEMPT" = 1 ]; then
  echo "end $who $PIPECTL_ATTEMPT $$" >>"$JOURNAL"
  exit 1
fi
# A disk that is full is no failure of this task.
until echo "y=$((PIPECTL_INPUT_X + 1))" 2>/dev/null >"$PIPECTL_OUTPUTS"; do sleep 0.05; done
echo "end $who $PIPECTL_ATTEMPT $$" >>"$JOURNAL"
`;

/** What only one may compute at a time, whoever wants it. */
const DEAR = `set -eu
exec 9>>"$LOCKS/dear-$PIPECTL_INPUT_X"
who="$PIPECTL_EXECUTION $PIPECTL_NODE $PIPECTL_INPUT_X"
flock -n 9 || echo "overlap $who $PIPECTL_ATTEMPT $$" >>"$JOURNAL"
echo "start $who $PIPECTL_ATTEMPT $$" >>"$JOURNAL"
sleep 0.1
until echo "y=$((PIPECTL_INPUT_X * 7))" 2>/dev/null >"$PIPECTL_OUTPUTS"; do sleep 0.05; done
echo "end $who $PIPECTL_ATTEMPT $$" >>"$JOURNAL"
`;

/** Writes a workflow of two nodes. */
const WRITE = `set -eu
until printf '{"workflow":{"outputs":{"x":"%s{{ nodes.two.outputs.y }}"},"nodes":{"one":{"task":"step","with":{"x":%s}},"two":{"task":"step","with":{"x":"%s{{ nodes.one.outputs.y }}"}}}}}' '$' "$PIPECTL_INPUT_X" '$' 2>/dev/null >"$PIPECTL_OUTPUTS"; do sleep 0.05; done
`;

function tasks({ journal, locks }: TaskFolders): string {
  const env = `env: { JOURNAL: ${JSON.stringify(journal)}, LOCKS: ${JSON.stringify(locks)} }`;
  const task = (name: string, script: string, outputs: string, more: string): string => `---
apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: ${name} }
spec:
  inputs: { x: integer }
  outputs: { ${outputs} }
  source: tasks
  run: { command: [sh, ${script}], ${env} }
  retries: { limit: 2, backoff: { initial: 20ms } }
${more}`;
  return [
    task('step', 'step.sh', 'y: integer', ''),
    task('dear', 'dear.sh', 'y: integer', '  cache: { serialize: true }\n'),
    task('write', 'write.sh', 'workflow: json', ''),
  ].join('');
}

/** The one file that pushes change. */
export function flow(version: number): string {
  return `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: flow, description: "version ${version}" }
spec:
  inputs: { n: integer }
  outputs: { sum: "\${{ nodes.total.outputs.sum }}" }
  nodes:
    first: { task: step, with: { x: "\${{ inputs.n }}" } }
    flaky: { task: step, with: { x: "\${{ nodes.first.outputs.y }}" } }
    list: { compute: { xs: "\${{ [inputs.n + 10, inputs.n + 20, inputs.n + 30] }}" } }
    each: { map: { task: step, over: { x: "\${{ nodes.list.outputs.xs }}" }, concurrency: 2 } }
    total:
      compute:
        sum: "\${{ nodes.first.outputs.y + nodes.flaky.outputs.y + nodes.each.outputs.y[0] + nodes.each.outputs.y[1] + nodes.each.outputs.y[2] }}"
`;
}

const OTHERS = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: gate }
spec:
  inputs: { n: integer }
  outputs: { sum: "\${{ nodes.before.outputs.y + nodes.after.outputs.y }}" }
  nodes:
    before: { task: step, with: { x: "\${{ inputs.n }}" } }
    ask: { signal: { type: integer, message: How many? } }
    review: { approve: { message: Go on? } }
    after: { task: step, with: { x: "\${{ nodes.ask.outputs.value }}" }, needs: [review] }
---
kind: Workflow
metadata: { name: leaf }
spec:
  inputs: { x: integer }
  outputs: { y: "\${{ nodes.only.outputs.y }}" }
  nodes: { only: { task: step, with: { x: "\${{ inputs.x }}" } } }
---
kind: LaunchPlan
metadata: { name: leaf }
spec: { workflow: leaf }
---
kind: Workflow
metadata: { name: parent }
spec:
  inputs: { n: integer }
  outputs: { total: "\${{ nodes.kid.outputs.y + nodes.inner.outputs.y + nodes.made.outputs.x }}" }
  nodes:
    kid: { launchPlan: leaf, with: { x: "\${{ inputs.n }}" } }
    inner: { workflow: leaf, with: { x: "\${{ inputs.n + 10 }}" } }
    made: { dynamic: { task: write, with: { x: "\${{ inputs.n + 20 }}" }, tasks: [step], outputs: { x: integer } } }
---
kind: Workflow
metadata: { name: shared }
spec:
  inputs: { n: integer }
  outputs: { y: "\${{ nodes.dear.outputs.y }}", twice: "\${{ nodes.dear.outputs.y + nodes.dear.outputs.y }}" }
  nodes:
    key: { compute: { x: "\${{ inputs.n % 5 }}" } }
    dear: { task: dear, with: { x: "\${{ nodes.key.outputs.x }}" } }
---
kind: Workflow
metadata: { name: wide }
spec:
  inputs: { n: integer }
  outputs: { sum: "\${{ nodes.sum.outputs.value }}", last: "\${{ nodes.many.outputs.y[249] }}" }
  nodes:
    numbers: { compute: { few: "\${{ range(12).map(i, i + inputs.n) }}", many: "\${{ range(250).map(i, i + inputs.n) }}" } }
    each: { map: { task: step, over: { x: "\${{ nodes.numbers.outputs.few }}" }, concurrency: 4 } }
    many: { map: { compute: { y: "\${{ item.x }}" }, over: { x: "\${{ nodes.numbers.outputs.many }}" } } }
    sum: { compute: { value: "\${{ sum(nodes.each.outputs.y) }}" } }
---
kind: Workflow
metadata: { name: long }
spec:
  inputs: { n: integer }
  nodes:
    rest: { sleep: 20ms }
    nap: { task: step, with: { x: "\${{ inputs.n }}" }, needs: [rest] }
`;
