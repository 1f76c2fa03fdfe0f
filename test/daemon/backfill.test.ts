import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type Backfill, type Execution, findObject } from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';

/** A backfill of the real control plane, which is killed again and again on the way. */

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'market-close');
const NAMESPACE = 'market-close-production';
const KEY = { kind: 'Backfill', namespace: NAMESPACE, name: 'winter' };
/** Trading days of 2025-12-15 to 2026-01-16: all weekdays but Christmas Eve and Day and New Year's Day. */
const DAYS = 22;

let program: string;
let data: string;
let daemon: Daemon;
let cluster: KubernetesCluster;
beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  await start();
  const names = readdirSync(EXAMPLE, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(EXAMPLE, name))]));
  const { code, text } = await newProject(files).push(daemon.remote('market-close'));
  expect(code, text).toBe(0);
}, 60_000);

afterAll(() => daemon?.kill());

async function start(): Promise<void> {
  daemon = await startDaemon({ program, data });
  cluster = await daemon.connect();
}

function run(...argv: string[]) {
  return pipectl(daemon.kubeconfig, ...argv, '-n', NAMESPACE);
}

async function progress(): Promise<Backfill['status']> {
  return (await findObject<Backfill>(cluster, KEY))?.status;
}

it('runs each tick once, whenever the control plane is killed', { timeout: 120_000 }, async () => {
  const asked = await run(
    'backfill',
    'close',
    '--from',
    '2025-12-15',
    '--to',
    '2026-01-16',
    '--concurrency',
    '3',
    '--name',
    'winter',
  );
  expect(asked.code, asked.err).toBe(0);
  for (const started of [2, 7, 12, 17]) {
    await until(`${started} have started`, async () => ((await progress())?.started ?? 0) >= started || undefined);
    await daemon.kill();
    await start();
  }
  await until('it is over', async () => (await progress())?.finishedAt, 60_000);
  expect(await progress()).toMatchObject({
    phase: 'Succeeded',
    total: DAYS,
    started: DAYS,
    succeeded: DAYS,
    skipped: 0,
    live: [],
  });
  const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
  const ticks = items.map(({ spec }) => (spec.trigger.kind === 'schedule' ? spec.trigger.tick : ''));
  expect(new Set(ticks).size).toBe(DAYS);
  expect(items).toHaveLength(DAYS);
  // What ran is not run again, by whatever name it is asked for.
  const again = await run(
    'backfill',
    'close',
    '--from',
    '2025-12-15',
    '--to',
    '2026-01-16',
    '--name',
    'again',
    '--wait',
  );
  expect(again).toMatchObject({ code: 0, out: 'again Succeeded\n' });
  expect(again.err).toContain(`${DAYS} existed`);
  expect((await cluster.list('Execution', { namespace: NAMESPACE })).items).toHaveLength(DAYS);
});
