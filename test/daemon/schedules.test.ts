import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  type Execution,
  findObject,
  isTerminalPhase,
  SCHEDULER_STATE_NAME,
  type SchedulerState,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, type Project, pipectl } from './fixtures/project.ts';

/** Schedules of a real control plane whose ticks come each second and whose executions take longer. */

const NAMESPACE = 'shop-production';
const SCHEDULES = { skips: 'forbid', swaps: 'replace', waits: 'queue' };

let daemon: Daemon;
let cluster: KubernetesCluster;
let project: Project;
beforeAll(async () => {
  const program = await buildProgram();
  daemon = await startDaemon({ program, data: join(newFolder(), 'data') });
  cluster = await daemon.connect();
  project = newProject({
    'pipectl.yaml': PROJECT,
    'pipelines/nap.yaml': definitions(),
    'pipelines/platform.yaml': platform(false),
  });
  const { code, text } = await project.push(daemon.remote('shop'));
  expect(code, text).toBe(0);
}, 60_000);

afterAll(() => daemon?.kill());

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`;

function definitions(): string {
  const schedules = Object.entries(SCHEDULES).map(
    ([name, overlap]) => `---
apiVersion: pipectl.dev/v1
kind: Schedule
metadata: { name: ${name} }
spec: { launchPlan: nap, cron: "* * * * * *", overlap: ${overlap}${overlap === 'queue' ? ', maxQueued: 1' : ''} }
`,
  );
  return `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: nap }
spec: { run: { command: [sleep, "2.5"] } }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: nap }
spec: { nodes: { nap: { task: nap } } }
---
apiVersion: pipectl.dev/v1
kind: LaunchPlan
metadata: { name: nap }
spec: { workflow: nap }
${schedules.join('')}`;
}

function platform(isSuspended: boolean): string {
  return `apiVersion: pipectl.dev/v1
kind: Platform
metadata: { name: default }
spec: { scheduler: { suspended: ${isSuspended} } }
`;
}

async function executionsOf(schedule: string): Promise<readonly Execution[]> {
  const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
  return items.filter(({ spec: { trigger } }) => trigger.kind === 'schedule' && trigger.schedule === schedule);
}

/** Whether two of them ever ran at the same time. Times of status have milliseconds. */
function together(executions: readonly Execution[]): readonly string[] {
  const spans = executions.flatMap(({ metadata, status }) => {
    const { startedAt, finishedAt } = status ?? {};
    return startedAt === undefined ? [] : [{ name: metadata.name, startedAt, finishedAt: finishedAt ?? '9' }];
  });
  spans.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  return spans.flatMap((span, place) => {
    const next = spans[place + 1];
    return next !== undefined && next.startedAt < span.finishedAt ? [`${span.name} and ${next.name}`] : [];
  });
}

describe('ticks of a real control plane that come faster than executions end', () => {
  it('never run two of a schedule at once, whatever the policy', { timeout: 60_000 }, async () => {
    const over = async (schedule: string): Promise<number> => {
      return (await executionsOf(schedule)).filter(({ status }) => isTerminalPhase(status?.phase ?? 'Pending')).length;
    };
    for (const name of Object.keys(SCHEDULES)) {
      await until(`three of ${name} are over`, async () => (await over(name)) >= 3 || undefined, 40_000);
    }
    for (const name of Object.keys(SCHEDULES)) expect(together(await executionsOf(name)), name).toEqual([]);
    const phases = async (name: string): Promise<ReadonlySet<string | undefined>> =>
      new Set((await executionsOf(name)).map(({ status }) => status?.phase));
    expect(await phases('swaps')).toContain('Aborted');
    expect(await phases('skips')).not.toContain('Aborted');
    const { out } = await pipectl(daemon.kubeconfig, 'get', 'schedules', '-n', NAMESPACE, '-o', 'wide');
    const row = out.split('\n').find((line) => line.startsWith('skips')) ?? '';
    expect(row).toMatch(/^skips +\* \* \* \* \* \* +UTC +Active +\S+ +\S+ +\d+ms +0 +nap /);
    expect(row).toContain('forbid');
  });

  it('stop while the schedule is suspended, or all are', { timeout: 60_000 }, async () => {
    const run = (...argv: string[]) => pipectl(daemon.kubeconfig, ...argv, '-n', NAMESPACE);
    for (const name of Object.keys(SCHEDULES))
      expect(await run('suspend', `schedule/${name}`)).toMatchObject({ code: 0 });
    await until('they say so', async () => {
      const { out } = await run('get', 'schedules');
      return out.match(/Suspended/g)?.length === 3 || undefined;
    });
    const before = (await executionsOf('skips')).length;
    project.commit({ 'pipelines/platform.yaml': platform(true) });
    expect(await project.push(daemon.remote('shop'))).toMatchObject({ code: 0 });
    const key = { kind: 'SchedulerState', namespace: SYSTEM_NAMESPACE, name: SCHEDULER_STATE_NAME };
    const says = async (): Promise<string | undefined> =>
      (await findObject<SchedulerState>(cluster, key))?.status?.conditions?.[0]?.reason;
    await until('all are suspended', async () => (await says()) === 'Suspended' || undefined);
    const shown = await pipectl(daemon.kubeconfig, 'get', 'schedulerstates', '-n', SYSTEM_NAMESPACE);
    expect(shown.out).toMatch(/^NAME +SETTLED +STATE +CATCH-UP +AGE\ndefault +\S+Z +Suspended /);
    expect(await run('resume', 'schedule/skips')).toMatchObject({ code: 0 });
    expect((await executionsOf('skips')).length).toBeLessThanOrEqual(before + 1);
    project.commit({ 'pipelines/platform.yaml': platform(false) });
    expect(await project.push(daemon.remote('shop'))).toMatchObject({ code: 0 });
    await until('it ticks again', async () => (await executionsOf('skips')).length > before + 1 || undefined);
    expect(await says()).toBeUndefined();
  });
});
