import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Execution } from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';
import { filesOf } from './fixtures/site.ts';

/** Many executions of the examples at once: each ends without help, so no change of a pod went by unseen. */

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const PLANS = [
  { project: 'map-task', namespace: 'map-task-development', plan: 'my-map-workflow', executions: 57 },
  { project: 'ticketing', namespace: 'ticketing-production', plan: 'nightly-demand', executions: 3 },
] as const;
/** Far below the time after which the engine would list again and find what it had missed: RELIST_INTERVAL_MS. */
const DEADLINE_MS = 120_000;

let daemon: Daemon;
beforeAll(async () => {
  daemon = await startDaemon({ program: await buildProgram(), data: join(newFolder(), 'data') });
});

describe('sixty executions at once', () => {
  it('all succeed, and tell the same', { timeout: DEADLINE_MS + 30_000 }, async () => {
    for (const { project } of PLANS) {
      const { code, text } = await newProject(filesOf(join(EXAMPLES, project))).push(daemon.remote(project));
      expect(code, text).toBe(0);
    }
    const cluster = await daemon.connect();
    const started = PLANS.flatMap(({ namespace, plan, executions }) =>
      Array.from({ length: executions }, () => pipectl(daemon.kubeconfig, 'run', plan, '-n', namespace)),
    );
    for (const { code, err } of await Promise.all(started)) expect([code, err]).toEqual([0, '']);
    for (const { namespace, executions } of PLANS) {
      const all = await until(
        `the executions in ${namespace} ended`,
        async () => {
          const { items } = await cluster.list<Execution>('Execution', { namespace });
          return items.some(({ status }) => status?.finishedAt === undefined) ? undefined : items;
        },
        DEADLINE_MS,
      );
      expect(all.map(({ status }) => [status?.phase, status?.error])).toEqual(
        Array.from({ length: executions }, () => ['Succeeded', undefined]),
      );
      expect(new Set(all.map(({ status }) => JSON.stringify(status?.outputs))).size).toBe(1);
    }
    expect(daemon.output()).not.toMatch(/"level":"(warn|error)"/);
  });
});
