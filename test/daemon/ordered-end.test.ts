import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { AUDIT_FILE, createObject, type Execution, type Secret } from '../../src/cluster/index.ts';
import { buildProgram, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';

/** A control plane that is asked to end ends what runs, also what an earlier one had started, and says that all went well. */

const NAMESPACE = 'shop-production';

let program: string;
beforeAll(async () => {
  program = await buildProgram();
});

it('ends what an earlier control plane had started, and the next one runs it again', { timeout: 60_000 }, async () => {
  const folder = newFolder();
  const data = join(folder, 'data');
  const pids = join(folder, 'pids');
  const go = join(folder, 'go');
  const first = await startDaemon({ program, data });
  const { code, text } = await newProject({ 'pipectl.yaml': project(pids, go) }).push(first.remote('shop'));
  expect(code, text).toBe(0);
  expect((await pipectl(first.kubeconfig, 'run', 'wait', '--name', 'wait', '-n', NAMESPACE)).code).toBe(0);
  const started = (count: number) =>
    until(`${count} attempts have begun`, () => {
      const lines = existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').slice(0, -1) : [];
      return lines.length >= count ? lines : undefined;
    });
  const [pid = ''] = await started(1);
  await first.kill();

  const second = await startDaemon({ program, data });
  second.child.kill('SIGTERM');
  expect(await second.ended, second.output()).toBe(0);
  expect(existsSync(`/proc/${pid}`)).toBe(false);

  const third = await startDaemon({ program, data });
  await started(2);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  const cluster = await third.connect();
  await cluster.write([
    {
      op: 'patch',
      key: { kind: 'Execution', namespace: NAMESPACE, name: 'wait' },
      patch: { spec: { desired: 'Aborted' } },
    },
  ]);
  const ended = await until('it is over', async () => {
    const found = await cluster.get<Execution>({ kind: 'Execution', namespace: NAMESPACE, name: 'wait' });
    return found.status?.finishedAt === undefined ? undefined : found;
  });
  expect(ended.status).toMatchObject({ phase: 'Aborted', nodes: { wait: { attempt: 2, systemFailures: 1 } } });
});

it('audits what it still writes while it ends', { timeout: 60_000 }, async () => {
  const data = join(newFolder(), 'data');
  const first = await startDaemon({ program, data });
  const cluster = await first.connect();
  const names = Array.from({ length: 12 }, (_, i) => `large-${i}`);
  const writing = names.map((name) => createObject(cluster, secret(name)).catch(() => undefined));
  await Promise.race(writing);
  first.child.kill('SIGTERM');
  expect(await first.ended, first.output()).toBe(0);
  await Promise.all(writing);
  expect(first.output()).not.toContain('audit log');

  const second = await startDaemon({ program, data });
  const { items } = await (await second.connect()).list('Secret', { namespace: NAMESPACE });
  const audited = readFileSync(join(data, 'audit', AUDIT_FILE), 'utf8');
  for (const { metadata } of items) expect(audited).toContain(`"name":"${metadata.name}"`);
});

const secret = (name: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: NAMESPACE, name },
  // Large ones take their time on the way to the disk.
  stringData: { key: 'v'.repeat(700_000) },
});

function project(pids: string, go: string): string {
  return `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipectl.yaml], domains: { production: { ref: main } } }
---
apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: wait }
spec: { run: { command: [sh, -c, 'echo $$ >>${pids}; while [ ! -e ${go} ]; do sleep 0.05; done'] } }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: wait }
spec: { nodes: { wait: { task: wait } } }
`;
}
