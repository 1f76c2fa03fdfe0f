import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../../src/base/index.ts';
import { type Execution, newExecution, type Workflow } from '../../src/cluster/index.ts';
import { type DaemonProcess, startDaemonProcess } from '../daemon-process.ts';
import type { Session } from '../figure.ts';
import { HEADER, push, writeRepository } from '../repository.ts';

const TASKS = 2_000;
const PORT = 27_413;
const NAMESPACE = 'bench-production';
/** Requests under way at a time: what a client with a connection pool has. */
const CREATORS = 16;

const FILE = `${HEADER}kind: Task
metadata: { name: nothing }
spec:
  inputs: { a: integer }
  run: { command: [/bin/true] }
---
${HEADER}kind: Workflow
metadata: { name: many }
spec:
  inputs: { a: list<integer> }
  nodes:
    each: { map: { task: nothing, over: { a: "\${{ inputs.a }}" } } }
---
${HEADER}kind: Workflow
metadata: { name: single }
spec:
  inputs: { a: integer }
  nodes:
    one: { task: nothing, with: { a: "\${{ inputs.a }}" } }
`;

/** Tasks through everything: a daemon of its own, its engine, its node agent, asked over HTTP. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-tasks-'));
  const work = join(folder, 'work');
  writeRepository(work, { 'work.yaml': FILE });
  const daemon = await startDaemonProcess(join(folder, 'data'), PORT);
  await push(work, daemon.gitUrl, daemon.token);
  let rounds = 0;
  const round = async (count: number) => {
    const prefix = `round${rounds++}`;
    const spawnPerSecond = bareLoop(count);
    const all = await executions(daemon, 'many', [[`${prefix}-map`, Array.from({ length: count }, (_, i) => i)]]);
    const mapPerSecond = await rate(daemon, all, count);
    const singles = Array.from({ length: count }, (_, i): [string, Json] => [`${prefix}-${i}`, i]);
    const executionsPerSecond = await rate(daemon, await executions(daemon, 'single', singles), count);
    return { spawnPerSecond, mapPerSecond, executionsPerSecond };
  };
  await round(200);
  return {
    round: () => round(TASKS),
    async close() {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function executions(
  { cluster }: DaemonProcess,
  workflow: string,
  wanted: readonly (readonly [string, Json])[],
): Promise<readonly Execution[]> {
  const { spec } = await cluster.get<Workflow>({ kind: 'Workflow', namespace: NAMESPACE, name: workflow });
  const { repository, commit, closure } = spec;
  const of = { namespace: NAMESPACE, repository, commit, workflow, closure, trigger: { kind: 'manual' } } as const;
  return wanted.map(([name, a]) => newExecution({ ...of, name, inputs: { a } }));
}

/** Tasks per second from the first creation until the last execution is seen to have succeeded. */
async function rate({ cluster }: DaemonProcess, wanted: readonly Execution[], tasks: number): Promise<number> {
  const ending = new AbortController();
  const { resourceVersion } = await cluster.list('Execution', { namespace: NAMESPACE, limit: 1 });
  const watch = cluster.watch<Execution>('Execution', {
    namespace: NAMESPACE,
    resourceVersion,
    signal: ending.signal,
  });
  const started = performance.now();
  const queue = wanted.toReversed();
  const creating = Promise.all(
    Array.from({ length: CREATORS }, async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        await cluster.write([{ op: 'create', object: next }], { discard: true });
      }
    }),
  );
  const left = new Set(wanted.map(({ metadata }) => metadata.name));
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue;
      const { metadata, status } = event.object;
      if (status?.phase === 'Failed') throw new Error(`${metadata.name} failed: ${status.error?.message}`);
      if (status?.phase === 'Succeeded') left.delete(metadata.name);
    }
    if (left.size === 0) break;
  }
  const perSecond = (tasks / (performance.now() - started)) * 1_000;
  await creating;
  ending.abort();
  return perSecond;
}

/** As many at a time as the node agent runs. */
function bareLoop(count: number): number {
  const script = join(import.meta.dirname, '../bare-spawn.ts');
  const atOnce = String(Math.max(4, availableParallelism() * 2));
  return Number(execFileSync(process.execPath, [script, String(count), atOnce], { encoding: 'utf8' }));
}
