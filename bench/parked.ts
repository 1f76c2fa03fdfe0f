import { type Execution, executionName, newExecution, type Workflow } from '../src/cluster/index.ts';
import { hostRandom } from '../src/main/host.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { HEADER } from './repository.ts';

export const NAMESPACE = 'bench-production';
const NODES = 12;
const SCHEDULES_PER_FILE = 100;

/** A workflow of 12 nodes that stays half-way: its seventh task fails, and is tried again in an hour. */
export function parkedFiles(schedules: number): Readonly<Record<string, string>> {
  const nodes = Array.from({ length: NODES }, (_, i) => {
    const before = i === 0 ? 'inputs.n' : `nodes.n${i - 1}.outputs.${i === NODES / 2 + 1 ? 'b' : 'x'}`;
    return i === NODES / 2
      ? `    n${i}: { task: fails, with: { a: "\${{ ${before} }}" } }\n`
      : `    n${i}: { compute: { x: "\${{ ${before} + 1 }}" } }\n`;
  }).join('');
  const definitions = `${HEADER}kind: Task
metadata: { name: fails }
spec:
  inputs: { a: integer }
  outputs: { b: integer }
  run: { command: [/bin/false] }
  retries: { limit: 3, backoff: { initial: 1h, factor: 1, max: 1h } }
---
${HEADER}kind: Workflow
metadata: { name: half-way }
spec:
  inputs: { n: integer }
  outputs: { end: "\${{ nodes.n${NODES - 1}.outputs.x }}" }
  nodes:
${nodes}---
${HEADER}kind: LaunchPlan
metadata: { name: half-way }
spec: { workflow: half-way, inputs: { default: { n: 1 } } }
`;
  const files: Record<string, string> = { 'half-way.yaml': definitions };
  for (let from = 0; from < schedules; from += SCHEDULES_PER_FILE) {
    const texts = Array.from({ length: Math.min(SCHEDULES_PER_FILE, schedules - from) }, (_, i) => schedule(from + i));
    files[`schedules-${from}.yaml`] = texts.join('---\n');
  }
  return files;
}

/** Once a year, all at different minutes: never while the bench runs, whatever the day. */
function schedule(index: number): string {
  const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
  return `${HEADER}kind: Schedule
metadata: { name: yearly-${index} }
spec: { launchPlan: half-way, cron: "${index % 60} ${index % 24} ${(index % 28) + 1} ${month} *", timeZone: Europe/Berlin }
`;
}

/** An execution of the workflow as the command line would make it. */
export async function halfWay({ cluster }: DaemonProcess): Promise<(name: string) => Execution> {
  const workflow = await cluster.get<Workflow>({ kind: 'Workflow', namespace: NAMESPACE, name: 'half-way' });
  const { repository, commit, closure } = workflow.spec;
  return (name) =>
    newExecution({
      namespace: NAMESPACE,
      name: name === '' ? executionName('half-way', hostRandom) : name,
      repository,
      commit,
      workflow: 'half-way',
      closure,
      inputs: { n: 1 },
      trigger: { kind: 'manual' },
    });
}

/** Creates executions through the API and waits until each waits to be tried again; answers the last one as it stands. */
export async function park({ cluster }: DaemonProcess, executions: readonly Execution[]): Promise<Execution> {
  const ending = new AbortController();
  const { resourceVersion } = await cluster.list('Execution', { namespace: NAMESPACE, limit: 1 });
  const watch = cluster.watch<Execution>('Execution', {
    namespace: NAMESPACE,
    resourceVersion,
    signal: ending.signal,
  });
  const queue = [...executions];
  const creating = Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        await cluster.write([{ op: 'create', object: next }], { discard: true });
      }
    }),
  );
  const left = new Set(executions.map(({ metadata }) => metadata.name));
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK' || !isParked(event.object)) continue;
      if (!left.delete(event.object.metadata.name) || left.size > 0) continue;
      await creating;
      ending.abort();
      return event.object;
    }
  }
  throw new Error('the watch of executions ended');
}

function isParked({ status }: Execution): boolean {
  return status?.nodes?.[`n${NODES / 2}`]?.retryAt !== undefined;
}
