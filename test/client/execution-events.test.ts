import { describe, expect, it } from 'vitest';
import { eventId, executionEvents } from '../../src/client/index.ts';
import { ANNOTATION, type Execution, LABEL, type Pod, steeringPatch, steeringsOf } from '../../src/cluster/index.ts';
import { execution, pod, WORKFLOW } from '../cli/control-plane.ts';

const T = Date.parse('2026-01-02T03:00:00.000Z');
const at = (seconds: number) => new Date(T + seconds * 1_000).toISOString();

function run(status: Execution['status'], changes: Partial<Execution['spec']> = {}, annotations = {}): Execution {
  const made = execution('nightly-aaaaaa');
  const metadata = { ...made.metadata, creationTimestamp: at(0), annotations };
  return { ...made, metadata, spec: { ...made.spec, ...changes }, ...(status && { status }) };
}

function attempt(node: string, number: number, from: number, to: number, exitCode: number, index?: number): Pod {
  const made = pod('nightly-aaaaaa', node, number, index);
  const terminated = {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: at(from),
    finishedAt: at(to),
  };
  const [container] = made.status?.containerStatuses ?? [];
  return {
    ...made,
    metadata: { ...made.metadata, creationTimestamp: at(Math.floor(from)) },
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ ...container!, state: { terminated } }],
    },
  };
}

const told = (made: Execution, pods: readonly Pod[] = []) =>
  executionEvents(made, pods, WORKFLOW).map(({ at: time, what, node, index, attempt: number, cause }) =>
    [(time - T) / 1_000, what, node, index, number, cause].filter((part) => part !== undefined).join(' '),
  );

const SUCCEEDED = {
  phase: 'Succeeded',
  startedAt: at(1),
  finishedAt: at(9),
  nodes: {
    report: { phase: 'Succeeded' },
    forecast: {
      phase: 'Succeeded',
      startedAt: at(6),
      finishedAt: at(9),
      map: { size: 1, succeeded: 1, failed: 0, running: 0 },
    },
    ingest: {
      phase: 'Succeeded',
      attempt: 2,
      startedAt: at(1),
      queuedAt: at(4.5),
      runningAt: at(5),
      finishedAt: at(6),
    },
  },
} as const satisfies Execution['status'];

describe('the history of an execution', () => {
  it('tells nodes, attempts and retries in order, with what they waited for', () => {
    const pods = [attempt('forecast', 1, 7, 8.5, 0, 0), attempt('ingest', 2, 5, 5.8, 0), attempt('ingest', 1, 2, 3, 7)];
    expect(told(run(SUCCEEDED), pods)).toEqual([
      '0 Created',
      '1 Started',
      '1 NodeStarted ingest',
      '1 AttemptQueued ingest 1',
      '2 AttemptRunning ingest 1',
      '3 AttemptEnded ingest 1 Error, exit code 7',
      '4.5 AttemptQueued ingest 2 the attempt before ended: Error, exit code 7',
      '5 AttemptRunning ingest 2',
      '5.8 AttemptEnded ingest 2 Completed',
      '6 NodeSucceeded ingest',
      '6 NodeStarted forecast ingest ended',
      '7 AttemptQueued forecast 0 1',
      '7 AttemptRunning forecast 0 1',
      '8.5 AttemptEnded forecast 0 1 Completed',
      '9 NodeSucceeded forecast 1 of 1 succeeded',
      '9 NodeSucceeded report',
      '9 Succeeded',
    ]);
  });

  it('tells of no subtask before its map began, though pods are dated by the second', () => {
    const forecast = { ...SUCCEEDED.nodes.forecast, startedAt: at(6.2) };
    const events = told(run({ ...SUCCEEDED, nodes: { ...SUCCEEDED.nodes, forecast } }), [
      attempt('forecast', 1, 6.4, 8.5, 0, 0),
    ]);
    expect(events).toContain('6.2 AttemptQueued forecast 0 1');
  });

  it('does without pods that are gone', () => {
    expect(told(run(SUCCEEDED))).toContain('4.5 AttemptQueued ingest 2');
  });

  it('tells why a node was skipped and why all ended', () => {
    const error = { reason: 'NonZeroExit', message: 'its command exited with code 1' };
    const events = told(
      run({
        phase: 'Failed',
        startedAt: at(1),
        finishedAt: at(3),
        error: { ...error, node: 'ingest' },
        nodes: {
          ingest: { phase: 'Failed', attempt: 1, startedAt: at(1), finishedAt: at(3), error },
          forecast: { phase: 'Skipped' },
          report: { phase: 'Skipped' },
        },
      }),
    );
    expect(events.slice(-4)).toEqual([
      '3 NodeFailed ingest NonZeroExit: its command exited with code 1',
      '3 NodeSkipped forecast ingest is Failed',
      '3 NodeSkipped report ingest is Failed',
      '3 Failed node ingest: NonZeroExit: its command exited with code 1',
    ]);
  });

  it('tells who steered and answered it, and why', () => {
    let made = run(
      { phase: 'Running', startedAt: at(1) },
      { signals: { gate: { decision: 'approve', by: 'eve', at: at(4) } } },
    );
    for (const [desired, second] of [
      ['Paused', 2],
      ['Running', 3],
    ] as const) {
      const patch = steeringPatch(made, { desired, by: 'ada', reason: 'lunch', at: at(second) });
      made = run(made.status, { ...made.spec, desired }, (patch.metadata as { annotations: object }).annotations);
    }
    const events = executionEvents(made, [], undefined).slice(2);
    expect(events.map(({ what, by, cause }) => [what, by, cause])).toEqual([
      ['Paused', { kind: 'person', name: 'ada' }, 'lunch'],
      ['Resumed', { kind: 'person', name: 'ada' }, 'lunch'],
      ['Answered', { kind: 'person', name: 'eve' }, 'said approve'],
    ]);
  });

  it.each<[string, Execution['spec']['trigger'], object]>([
    ['a schedule', { kind: 'schedule', schedule: 'hourly', tick: at(0) }, { kind: 'scheduler', schedule: 'hourly' }],
    ['a person', { kind: 'manual', by: 'ada' }, { kind: 'person', name: 'ada' }],
    ['a parent', { kind: 'execution', execution: 'p', node: 'n', depth: 1 }, { kind: 'execution', name: 'p' }],
    ['a recovery', { kind: 'recover', of: 'x', uid: 'u' }, { kind: 'person' }],
  ])('tells that %s created it', (_, trigger, by) => {
    expect(executionEvents(run(undefined, { trigger }), [], undefined)[0]).toMatchObject({ what: 'Created', by });
  });

  it('names each thing that happened once', () => {
    const pods = [attempt('ingest', 2, 5, 5.8, 0), attempt('ingest', 1, 2, 3, 7)];
    const ids = executionEvents(run(SUCCEEDED), pods, WORKFLOW).map(eventId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('takes a pod of a nested node by its path', () => {
    const made = attempt('inner', 1, 2, 3, 0);
    const nested = {
      ...made,
      metadata: {
        ...made.metadata,
        annotations: { [ANNOTATION.node]: 'outer/inner' },
        labels: { [LABEL.attempt]: '1' },
      },
    };
    const nodes = { 'outer/inner': { phase: 'Running', attempt: 1, startedAt: at(1) } } as const;
    expect(told(run({ phase: 'Running', startedAt: at(1), nodes }), [nested])).toContain(
      '3 AttemptEnded outer/inner 1 Completed',
    );
  });
});

describe('what is kept of who steered an execution', () => {
  it.each([
    'nonsense',
    '{}',
    '[1, {"desired":"Paused"}, {"desired":"Paused","at":"x"}, {"desired":"Gone","at":"2026-01-01T00:00:00Z"}]',
  ])('ignores %s', (text) => {
    expect(steeringsOf(run(undefined, {}, { [ANNOTATION.steering]: text }))).toEqual([]);
  });

  it('is bounded', () => {
    let annotations = {};
    for (let i = 0; i < 60; i++) {
      const patch = steeringPatch(run(undefined, {}, annotations), { desired: 'Paused', at: at(i) });
      annotations = (patch.metadata as { annotations: object }).annotations;
    }
    const kept = steeringsOf(run(undefined, {}, annotations));
    expect([kept.length, kept.at(-1)?.at]).toEqual([50, at(59)]);
  });
});
