import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_RETENTION, startRetention } from '../../src/control/retention/index.ts';
import { clock, quiet } from '../cluster/api-fixture.ts';
import { type ControlPlane, execution, NAMESPACE, openControlPlane, pod } from './control-plane.ts';

let plane: ControlPlane;
const MINUTE = 60_000;
const NOW = Date.now();
const ago = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();

beforeAll(async () => {
  plane = await openControlPlane();
  const names = ['nightly-aaaaaa', 'nightly-bbbbbb', 'nightly-cccccc', 'nightly-dddddd'];
  await plane.create(...names.map(execution));
  const load = { phase: 'Succeeded', attempt: 1, startedAt: ago(200), finishedAt: ago(190) };
  await plane.setStatus('nightly-aaaaaa', {
    phase: 'Succeeded',
    startedAt: ago(200),
    finishedAt: ago(180),
    nodeCount: 3,
    nodes: { ingest: load },
  });
  await plane.setStatus('nightly-bbbbbb', { phase: 'Failed', startedAt: ago(100), finishedAt: ago(90) });
  const { metadata } = await plane.api.store.get({ kind: 'Execution', namespace: NAMESPACE, name: 'nightly-aaaaaa' });
  const made = pod('nightly-aaaaaa', 'ingest', 1);
  const owner = { apiVersion: 'pipectl.dev/v1', kind: 'Execution', name: 'nightly-aaaaaa', uid: metadata.uid ?? '' };
  await plane.create({ ...made, metadata: { ...made.metadata, ownerReferences: [owner] } });
  const retention = startRetention({
    cluster: plane.api.store,
    archive: plane.api.archive,
    clock,
    log: quiet,
    policy: { ...DEFAULT_RETENTION, live: { maxAgeMs: 0, maxCount: 0 } },
  });
  expect(await retention.sweep()).toBeGreaterThanOrEqual(2);
  await retention.stop();
  await plane.setStatus('nightly-cccccc', { phase: 'Succeeded', startedAt: ago(3), finishedAt: ago(1) });
});
afterAll(() => plane.close());

const names = async (...argv: string[]) => {
  const { out, err, code } = await plane.run('get', 'executions', '-o', 'name', ...argv);
  expect({ err: err.replace(/^There are more.*\n/, ''), code }).toEqual({ err: '', code: 0 });
  return out
    .trim()
    .split('\n')
    .map((line) => line.slice(-6));
};

describe('pipectl get executions', () => {
  it('lists live and archived ones as one', async () => {
    expect(await names()).toEqual(['dddddd', 'cccccc', 'bbbbbb', 'aaaaaa']);
  });

  it.each([
    [['--phase', 'failed'], ['bbbbbb']],
    [
      ['--since', '2h'],
      ['dddddd', 'cccccc', 'bbbbbb'],
    ],
    [['--until', ago(100)], ['aaaaaa']],
    [
      ['--since', '2020-01-01', '--until', '1h'],
      ['bbbbbb', 'aaaaaa'],
    ],
    [
      ['--sort', '-duration', '--phase', 'Succeeded,Failed'],
      ['aaaaaa', 'bbbbbb', 'cccccc'],
    ],
    [
      ['--sort', 'name'],
      ['aaaaaa', 'bbbbbb', 'cccccc', 'dddddd'],
    ],
    [
      ['--workflow', 'demand', '--launch-plan', 'nightly', '--limit', '2'],
      ['dddddd', 'cccccc'],
    ],
    [['--schedule', 'hourly'], ['']],
    [
      ['-l', 'pipectl.dev/workflow=demand', '--limit', '3'],
      ['dddddd', 'cccccc', 'bbbbbb'],
    ],
  ])('%j', async (argv, found) => {
    if (found[0] === '') expect((await plane.run('get', 'executions', ...argv)).err).toContain('No executions found');
    else expect(await names(...argv)).toEqual(found);
  });

  it('tells when there are more', async () => {
    const { err } = await plane.run('get', 'executions', '--limit', '1');
    expect(err).toBe('There are more than these 1: --limit N shows more.\n');
  });

  it.each([
    [['get', 'exec', '--phase', 'Faild'], 'pipectl: --phase: an execution has no phase "Faild"'],
    [['get', 'exec', '--since', 'soon'], 'pipectl: --since: "soon" is no time'],
    [['get', 'workflows', '--since', '1h'], 'pipectl: only executions are searched, not workflows'],
    [['get', 'exec', 'nightly-aaaaaa', '--limit', '1'], 'pipectl: a search takes neither names nor --watch'],
    [['get', 'exec', '--sort', 'size'], 'pipectl: --sort: there is no "size"'],
  ])('refuses %j', async (argv, message) => {
    const { code, err } = await plane.run(...argv);
    expect(code).toBe(2);
    expect(err.startsWith(message)).toBe(true);
  });
});

describe('an archived execution', () => {
  it.each([
    [['get', 'exec', 'nightly-aaaaaa'], 'Succeeded'],
    [['describe', 'execution', 'nightly-aaaaaa'], 'Succeeded in 20m'],
    [['logs', 'nightly-aaaaaa'], 'nightly-aaaaaa-ingest-1 wrote this'],
    [['logs', 'nightly-aaaaaa/ingest', '-f'], 'nightly-aaaaaa-ingest-1 wrote this'],
    [['abort', 'nightly-aaaaaa'], ''],
  ])('answers %j', async (argv, text) => {
    const { code, out, err } = await plane.run(...argv);
    expect({ code, text: out.includes(text) }, err).toEqual({ code: 0, text: true });
  });

  it('is not followed by kubectl, which lists what lives', async () => {
    const response = await plane.api.send('GET', `/apis/pipectl.dev/v1/namespaces/${NAMESPACE}/executions`);
    const { items } = (await response.json()) as { items: { metadata: { name: string } }[] };
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['nightly-cccccc', 'nightly-dddddd']);
    const path = `/apis/pipectl.dev/v1/namespaces/${NAMESPACE}/executions/nightly-aaaaaa`;
    expect((await plane.api.send('GET', path)).status).toBe(200);
  });

  it('keeps its name, until it is deleted', async () => {
    const again = { ...execution('nightly-bbbbbb') };
    const path = `/apis/pipectl.dev/v1/namespaces/${NAMESPACE}/executions`;
    expect((await plane.api.send('POST', path, { body: again })).status).toBe(409);
    expect((await plane.api.send('DELETE', `${path}/nightly-bbbbbb`)).status).toBe(200);
    expect((await plane.api.send('GET', `${path}/nightly-bbbbbb`)).status).toBe(404);
  });
});

describe('pipectl durations', () => {
  it('tells how long those that succeeded took, live and archived ones', async () => {
    const { out } = await plane.run('durations');
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['LAUNCHPLAN', 'RUNS', 'P50', 'P95'].map((word) => expect.stringContaining(word)),
      ['nightly', '2', '2m00s', '20m00s'],
      [''],
    ]);
  });

  it('writes a history without names or inputs', async () => {
    const { out } = await plane.run('durations', '-A', '-o', 'json', '--since', '2h');
    expect(JSON.parse(out)).toEqual({
      kind: 'Durations',
      version: 1,
      since: expect.any(String),
      namespaces: { [NAMESPACE]: { nightly: { p50Ms: 120_000, p95Ms: 120_000, runs: 1 } } },
    });
  });

  it('says so when there are none', async () => {
    const { code, out, err } = await plane.run('durations', '--since', '1s');
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain(`has succeeded in namespace ${NAMESPACE} since`);
  });
});
