import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, execution, openControlPlane, pod } from './control-plane.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await openControlPlane();
  const name = 'nightly-aaaaaa';
  await plane.create(
    execution(name),
    execution('nightly-bbbbbb'),
    pod(name, 'ingest', 1),
    pod(name, 'ingest', 2),
    pod(name, 'forecast', 1, 10),
    pod(name, 'forecast', 1, 2),
  );
  const error = {
    reason: 'NonZeroExit',
    message: 'exit code 1\nTraceback: \u001b[31mboom',
    node: 'forecast',
    exitCode: 1,
  };
  await plane.setStatus(name, {
    phase: 'Failed',
    nodeCount: 3,
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T03:04:09.300Z',
    error,
    outputs: { rows: 12 },
    nodes: {
      forecast: {
        phase: 'Failed',
        startedAt: '2026-01-02T03:04:06.200Z',
        finishedAt: '2026-01-02T03:04:09.300Z',
        map: { size: 40, succeeded: 38, failed: 2, running: 0, state: '' },
        error,
      },
      ingest: {
        phase: 'Succeeded',
        attempt: 2,
        startedAt: '2026-01-02T03:04:05.000Z',
        finishedAt: '2026-01-02T03:04:06.200Z',
      },
    },
  });
});
afterAll(() => plane.close());

describe('pipectl describe', () => {
  it('tells of an execution where it stands, its nodes in the order of the graph, and why it failed', async () => {
    const { code, out } = await plane.run('describe', 'execution', 'nightly-aaaaaa');
    expect(code).toBe(0);
    expect(out.replace(/^Created:.*\n/m, '')).toBe(
      [
        'Execution:    nightly-aaaaaa',
        'Namespace:    ticketing-production',
        'Workflow:     demand',
        'Launch plan:  nightly',
        'Commit:       3f2c1ab000000000000000000000000000000001 of ticketing',
        'Trigger:      manual, by ada',
        'Started:      2026-01-02T03:04:05.000Z',
        'Ended:        2026-01-02T03:04:09.300Z',
        'Phase:        Failed in 4.3s',
        '',
        'Inputs:',
        '  days:  7',
        '  file:  sales.csv',
        '',
        'Nodes: 2 of 3 ended',
        '  NODE       KIND      PHASE           DURATION   NOTE                   AFTER',
        '  ingest     task      Succeeded           1.2s   attempt 2',
        '  forecast   map       Failed              3.1s   38/40 done, 2 failed   ingest',
        '  report     compute   never started                                     ingest, forecast',
        '',
        'Failures:',
        '  forecast: NonZeroExit (exit code 1): exit code 1',
        '    Traceback: \\u{1b}[31mboom',
        '    pipectl logs nightly-aaaaaa/forecast',
        '',
        'Outputs:',
        '  rows:  12',
        '',
        'Events; `pipectl events nightly-aaaaaa` tells all 19:',
        '  TIME                       EVENT           NODE           BY        CAUSE',
        '  2026-01-02T03:04:06.000Z   AttemptEnded    ingest         runtime   Completed',
        '  2026-01-02T03:04:06.000Z   AttemptEnded    ingest #2      runtime   Completed',
        '  2026-01-02T03:04:06.000Z   AttemptEnded    forecast[10]   runtime   Completed',
        '  2026-01-02T03:04:06.000Z   AttemptEnded    forecast[2]    runtime   Completed',
        '  2026-01-02T03:04:06.200Z   NodeSucceeded   ingest         engine',
        '  2026-01-02T03:04:06.200Z   NodeStarted     forecast       engine    ingest ended',
        '  2026-01-02T03:04:09.300Z   NodeFailed      forecast       engine    NonZeroExit: exit code 1',
        '  2026-01-02T03:04:09.300Z   Failed                         engine    node forecast: NonZeroExit: exit code 1',
        '',
      ].join('\n'),
    );
  });

  it('tells when an execution is given up, and how its attempts fare', async () => {
    const timed = execution('nightly-cccccc');
    const timeout = { queueMs: 600_000, runMs: 5_400_000 };
    await plane.create({ ...timed, spec: { ...timed.spec, timeout, interruptible: false } });
    const ending = { reason: 'RunTimeout', message: 'it ran longer than its run timeout of 30s' };
    const ingest = { phase: 'Running' as const, attempt: 3, systemFailures: 2, ending };
    await plane.setStatus('nightly-cccccc', { phase: 'Running', nodes: { ingest } });
    const { out } = await plane.run('describe', 'execution', 'nightly-cccccc');
    expect(out).toMatch(/^Timeout: +queue 10m, run 1h30m$/m);
    expect(out).toMatch(/^Interruptible: +no, whatever tasks say$/m);
    expect(out).toMatch(/ingest +task +Running +attempt 3 \(2 lost to the system\), is being ended: RunTimeout$/m);
  });

  it('tells the interface of a workflow', async () => {
    const { out } = await plane.run('describe', 'wf', 'demand');
    expect((await plane.run('describe', 'wf/demand')).out).toBe(out);
    expect((await plane.run('describe', 'wf')).err).toBe('pipectl: which Workflow: `pipectl get wf` lists them\n');
    expect(out).toMatch(/^Description: {2}From sales to a forecast\.$/m);
    expect(out).toMatch(/^ {2}days {3}integer {3}14 {3}Days to look ahead\.$/m);
  });

  it.each([
    ['Task', {}],
    ['LaunchPlan', undefined],
  ])('tells of a %s that somebody made past git what is sure', async (kind, spec) => {
    const metadata = { name: 'by-hand', namespace: 'ticketing-production' };
    await plane.create({ apiVersion: 'pipectl.dev/v1', kind, metadata, spec });
    const { code, out, err } = await plane.run('describe', kind.toLowerCase(), 'by-hand');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/Version: +none: no commit has it, somebody made it past git \S+ ago\n/);
  });

  it('tells the next ticks of a schedule on the clocks of its zone', async () => {
    const { out } = await plane.run('describe', 'schedule', 'nightly');
    expect(out.match(/^ {2}\w{3} \d{4}-\d\d-\d\d 02:30 \+0[12]:00$/gm)).toHaveLength(5);
  });

  it.each([
    ['its name', 'ticketing-3f2c1ab000000000000000000000000000000001'],
    ['the beginning of its commit', '3f2c1'],
    ['its branch', 'main'],
  ])('finds a revision by %s', async (_, name) => {
    expect((await plane.run('describe', 'revision', name)).out).toContain('Subject:      Forecast demand\n');
  });

  it('tells about a repository what status does', async () => {
    const { out } = await plane.run('describe', 'repos', 'ticketing');
    expect(out).toContain(
      'production tracks main, in ticketing-production\n  Active:  3f2c1ab Forecast demand (Ada)\n',
    );
  });

  it('prints other kinds as YAML', async () => {
    const metadata = { namespace: 'ticketing-production', name: 'notes' };
    await plane.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { colour: 'green' } });
    expect((await plane.run('describe', 'configmap', 'notes')).out).toContain('data:\n  colour: green\n');
  });
});

describe('pipectl logs', () => {
  it('prints the last attempts of all nodes, each line with its node', async () => {
    expect((await plane.run('logs', 'nightly-aaaaaa')).out).toBe(
      [
        '[ingest #2] nightly-aaaaaa-ingest-2 wrote this',
        '[forecast/2] nightly-aaaaaa-forecast-2-1 wrote this',
        '[forecast/10] nightly-aaaaaa-forecast-10-1 wrote this',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['one node', ['nightly-aaaaaa/ingest'], 'nightly-aaaaaa-ingest-2 wrote this\n'],
    ['an earlier attempt', ['nightly-aaaaaa/ingest', '--attempt', '1'], 'nightly-aaaaaa-ingest-1 wrote this\n'],
    ['one subtask', ['nightly-aaaaaa/forecast/10'], 'nightly-aaaaaa-forecast-10-1 wrote this\n'],
  ])('prints %s as it is', async (_, argv, out) => {
    expect(await plane.run('logs', ...argv)).toEqual({ code: 0, out, err: '' });
  });

  it('follows every attempt until the execution has ended', async () => {
    const { code, out, err } = await plane.run('logs', 'nightly-aaaaaa', '-f');
    expect([code, err]).toEqual([0, 'nightly-aaaaaa: Failed\n']);
    expect(out.trimEnd().split('\n').sort()).toEqual([
      '[forecast/10] nightly-aaaaaa-forecast-10-1 wrote this',
      '[forecast/2] nightly-aaaaaa-forecast-2-1 wrote this',
      '[ingest #2] nightly-aaaaaa-ingest-2 wrote this',
      '[ingest] nightly-aaaaaa-ingest-1 wrote this',
    ]);
  });

  it.each([
    ['a node that is not there', 'nightly-aaaaaa/nope', 1, 'its nodes are ingest, forecast, report'],
    ['a node without a process', 'nightly-aaaaaa/report', 1, 'no log of nightly-aaaaaa/report: a compute node runs'],
    ['a subtask that is not there', 'nightly-aaaaaa/forecast/77', 1, 'there is no log of nightly-aaaaaa/forecast/77'],
    ['an execution that has run nothing', 'nightly-bbbbbb', 1, 'there is no log of nightly-bbbbbb: it has not run'],
    ['what is no target', 'a//b', 2, '"a//b" is not EXECUTION[/NODE[/INDEX]]'],
  ])('tells of %s', async (_, target, code, message) => {
    const ran = await plane.run('logs', target);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(message);
  });
});

describe('pipectl version', () => {
  it('tells whether the control plane answers', async () => {
    const { out } = await plane.run('version', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      client: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      server: { answers: true },
    });
    expect(JSON.parse((await plane.run('version', '--client', '-o', 'json')).out)).not.toHaveProperty('server');
  });
});
