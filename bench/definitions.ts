import { HEADER } from './repository.ts';

const FILE_LENGTH = 4_800;
const IMAGE = `registry.example.com/data/extract@sha256:${'0123456789abcdef'.repeat(4)}`;
const NOTE = '# Notes on where these rows come from and who asks for them.\n';

/** A definitions file of 4.8 KB as people write them: two tasks, a workflow of eight nodes, a launch plan and a schedule. */
export function definitionsFile(index: number): string {
  const id = String(index).padStart(5, '0');
  const text = [`# Pipeline ${id}.\n${HEADER}${tasks(id)}`, workflow(id), launchPlan(id), schedule(id)].join('---\n');
  return text + NOTE.repeat(Math.max(0, Math.floor((FILE_LENGTH - text.length) / NOTE.length)));
}

/** One workflow of so many compute nodes, each of which reads the one before. */
export function longWorkflow(nodes: number): string {
  const lines = Array.from({ length: nodes }, (_none, at) => {
    const value = at === 0 ? 'inputs.n' : `nodes.n${at - 1}.outputs.x + 1`;
    return `    n${at}:\n      compute: { x: "\${{ ${value} }}" }\n`;
  });
  return `${HEADER}kind: Workflow
metadata: { name: long }
spec:
  inputs: { n: integer }
  outputs: { last: "\${{ nodes.n${nodes - 1}.outputs.x }}" }
  nodes:
${lines.join('')}`;
}

function tasks(id: string): string {
  return `kind: Task
metadata:
  name: extract-${id}
  description: Extract the rows of one day from the source and store them as a table.
  labels: { team: data, tier: "2" }
spec:
  inputs:
    day: { type: string, description: The day to extract, default: "2026-01-01" }
    limit: { type: integer, default: 1000 }
  outputs:
    rows: integer
    path: string
  source: tasks
  run:
    image: "${IMAGE}"
    command: [python, run.py, --verbose]
    env:
      MODE: fast
      REGION: eu-central-1
  retries: { limit: 3, backoff: { initial: 1s, factor: 2, max: 1m } }
  timeout: { queue: 10m, run: 5m, total: 30m }
  resources: { requests: { cpu: 100m, memory: 300Mi }, limits: { memory: 500Mi } }
---
kind: Task
metadata: { name: load-${id}, description: Load one part into the warehouse. }
spec:
  inputs: { part: string, rows: integer }
  outputs: { loaded: integer }
  source: tasks
  run:
    command:
      - sh
      - -c
      - |
        set -eu
        echo "loading $PIPECTL_INPUT_PART"
        python run.py --part "$PIPECTL_INPUT_PART" --rows "$PIPECTL_INPUT_ROWS"
        echo "loaded=$PIPECTL_INPUT_ROWS" >> "$PIPECTL_OUTPUTS"
`;
}

function workflow(id: string): string {
  const extracts = Array.from(
    { length: 6 },
    (_none, step) => `    # Step ${step} of the extraction.
    extract-${step}:
      task: extract-${id}
      with:
        day: "\${{ inputs.day }}"
        limit: ${100 * (step + 1)}
      retries: 2
`,
  );
  return `kind: Workflow
metadata:
  name: etl-${id}
  description: >-
    Extracts, transforms and loads what belongs to one day, and tells how much
    of it there was.
spec:
  inputs:
    day: { type: string, default: "2026-01-01" }
    parts: { type: list<string>, default: [north, east, south, west] }
    threshold: { type: float, default: 0.75 }
  outputs:
    total: "\${{ nodes.sum.outputs.total }}"
    message: "\${{ nodes.sum.outputs.message }}"
    enough: "\${{ nodes.sum.outputs.enough }}"
  nodes:
${extracts.join('')}    load:
      map:
        task: load-${id}
        over: { part: "\${{ inputs.parts }}" }
        with: { rows: "\${{ nodes.extract-0.outputs.rows }}" }
        concurrency: 5
      timeout: { run: 10m }
    sum:
      compute:
        total: "\${{ nodes.extract-1.outputs.rows + nodes.extract-2.outputs.rows + nodes.load.outputs.loaded.size() }}"
        message: "day \${{ inputs.day }}: \${{ nodes.extract-3.outputs.path }} has \${{ nodes.extract-4.outputs.rows > 100 ? 'many' : 'few' }} rows"
        enough: "\${{ double(nodes.extract-5.outputs.rows) > inputs.threshold * 100.0 }}"
`;
}

function launchPlan(id: string): string {
  return `kind: LaunchPlan
metadata: { name: etl-${id}-daily, description: "Runs etl-${id} for all parts." }
spec:
  workflow: etl-${id}
  inputs:
    default: { day: "2026-01-02" }
    fixed: { threshold: 0.5 }
  maxParallelism: 10
`;
}

function schedule(id: string): string {
  return `kind: Schedule
metadata: { name: etl-${id}-nightly }
spec: { launchPlan: etl-${id}-daily, cron: "0 2 * * *", timeZone: Europe/Berlin, catchUp: { policy: latest } }
`;
}
