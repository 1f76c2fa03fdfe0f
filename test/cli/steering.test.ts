import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson, digestOf, type Json } from '../../src/base/index.ts';
import { changedNodes } from '../../src/cli/follow-execution.ts';
import { viewExecution } from '../../src/client/index.ts';
import { API_VERSION, type Execution, newExecution, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import type { InlineWorkflow, NodeClosure, WorkflowClosure } from '../../src/compiler/index.ts';
import { COMMIT, type ControlPlane, execution, NAMESPACE, openControlPlane, pipe, pod } from './control-plane.ts';

const MESSAGE = { kind: 'literal', value: 'Publish?' } as const;
const APPROVE = { kind: 'approve', message: MESSAGE, outputs: {} } as const;
const signal = (type: string) => ({ kind: 'signal', outputs: { value: type } }) as const;

function workflow(name: string, nodes: readonly NodeClosure[]): InlineWorkflow {
  return { kind: 'Workflow', name, inputs: {}, outputs: {}, nodes, failurePolicy: 'failImmediately' };
}

const INNER = workflow('inner', [{ id: 'gate', upstream: [], ...APPROVE }]);
const RELEASE: WorkflowClosure = {
  ...workflow('release', [
    { id: 'sign-off', upstream: [], ...APPROVE },
    { id: 'limit', upstream: [], ...signal('{ value: float? }') },
    { id: 'days', upstream: [], ...signal('integer') },
    { id: 'made', upstream: [], kind: 'compute', values: {}, outputs: {} },
    { id: 'nested', upstream: [], kind: 'workflow', workflow: 'inner', with: {}, outputs: {} },
    {
      id: 'either',
      upstream: [],
      kind: 'switch',
      outputs: {},
      branches: [{ when: { kind: 'expression', source: 'true' }, action: signal('integer') }],
      else: signal('string'),
    },
  ]),
  tasks: {},
  workflows: { inner: INNER },
};

let plane: ControlPlane;
beforeAll(async () => {
  plane = await openControlPlane();
  const content = RELEASE as unknown as Json;
  await plane.create({
    apiVersion: API_VERSION,
    kind: 'Closure',
    metadata: { namespace: SYSTEM_NAMESPACE, name: digestOf(content) },
    spec: { of: 'Workflow', encoding: 'json', content: canonicalJson(content) },
  });
});
afterAll(() => plane.close());

let made = 0;
/** A running execution with these node statuses. */
async function running(nodes: Record<string, Json> = {}): Promise<string> {
  const name = `release-${++made}`;
  const trigger = { kind: 'manual' } as const;
  const closure = digestOf(RELEASE as unknown as Json);
  const request = { namespace: NAMESPACE, name, repository: 'ticketing', commit: COMMIT, inputs: {}, trigger };
  await plane.create(newExecution({ ...request, workflow: 'release', closure }));
  await plane.setStatus(name, { phase: 'Running', nodes });
  return name;
}

const waits = (what: 'approval' | 'signal', type?: string) => ({
  phase: 'Running',
  wait: { for: what, message: 'Publish?', ...(type !== undefined && { type }) },
});

async function signalsOf(name: string): Promise<Execution['spec']['signals']> {
  const { out } = await plane.run('get', 'exec', name, '-o', 'json');
  return (JSON.parse(out) as Execution).spec.signals;
}

const asAda = (...argv: string[]) =>
  plane.runIn({ env: { PIPECTL_KUBECONFIG: plane.api.kubeconfig, USER: 'ada' } }, ...argv);

describe('pipectl approve and reject', () => {
  it('write who decided what, when and why', async () => {
    const name = await running({ 'sign-off': waits('approval') });
    const ran = await asAda('approve', name, 'sign-off', '--reason', 'looks good');
    expect(ran).toEqual({ code: 0, out: 'sign-off is approved\n', err: '' });
    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await signalsOf(name)).toEqual({
      'sign-off': { decision: 'approve', by: 'ada', reason: 'looks good', at },
    });
  });

  it('write the account that they run by where the environment names nobody, as cron and services have it', async () => {
    const name = await running({ 'sign-off': waits('approval') });
    const env = { PIPECTL_KUBECONFIG: plane.api.kubeconfig };
    expect((await plane.runIn({ env }, 'approve', name)).code).toBe(0);
    expect((await signalsOf(name))?.['sign-off']?.by).toBe(userInfo().username);
  });

  it('need no node where only one waits', async () => {
    const name = await running({ 'sign-off': waits('approval'), limit: waits('signal', 'float') });
    expect((await asAda('reject', name)).out).toBe('sign-off is rejected\n');
  });

  it('reach a node of an inline workflow, and one that has not come to its turn', async () => {
    const name = await running();
    const { out } = await asAda('approve', name, 'nested/gate');
    expect(out).toBe('nested/gate is approved; it has not come to its turn, and keeps the answer\n');
    expect(await signalsOf(name)).toHaveProperty(['nested/gate', 'decision'], 'approve');
  });

  it('let the first decision win', async () => {
    const name = await running({ 'sign-off': waits('approval') });
    await asAda('approve', name, 'sign-off');
    const { code, out, err } = await plane.run('reject', name, 'sign-off');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/sign-off was not answered: approved already by ada at .*; the first answer counts/);
  });

  it.each([
    ['a node that is not there', ['signoff'], { 'sign-off': waits('approval') }, 'did you mean "sign-off"?'],
    ['a node of an inline workflow that is not there', ['nested/gat'], {}, 'did you mean "gate"?'],
    ['a node of another kind', ['made'], {}, 'made of release-\\d+ is a compute node, which takes no approval'],
    ['a signal', ['limit'], {}, 'is a signal node, which takes no approval'],
    ['nothing that waits', [], {}, 'waits for an approval now: name one to answer ahead'],
    ['several that wait', [], { a: waits('approval'), b: waits('approval') }, 'which node\\?: these wait: a, b'],
    [
      'what was decided',
      ['sign-off'],
      { 'sign-off': { phase: 'Succeeded', decision: { decision: 'approve', by: 'bob', at: '2026-01-02' } } },
      'sign-off was approved already by bob at 2026-01-02',
    ],
  ])('refuse %s', async (_, rest, nodes, message) => {
    const { code, err } = await plane.run('approve', await running(nodes as Record<string, Json>), ...rest);
    expect([code === 1 || code === 2, err]).toEqual([true, expect.stringMatching(message)]);
  });

  it('refuse an execution that has ended', async () => {
    const name = await running();
    await plane.setStatus(name, { phase: 'Succeeded' });
    expect((await plane.run('approve', name, 'sign-off')).err).toContain('has ended already: Succeeded');
  });
});

describe('pipectl signal', () => {
  it('sends a value of the declared type, before or at its turn', async () => {
    const name = await running({ limit: waits('signal', '{ value: float? }') });
    expect((await asAda('signal', name, 'days', '--value', '7')).code).toBe(0);
    expect((await asAda('signal', name, '--value', '{"value": null}')).out).toBe('limit has its value\n');
    const signals = await signalsOf(name);
    expect(signals?.days).toMatchObject({ value: 7, by: 'ada' });
    // A merge patch would drop the null.
    expect(signals?.limit).toMatchObject({ valueText: '{"value":null}' });
  });

  it.each([
    ['a value of another type', ['days', '--value', 'many'], '--value \\(integer\\): '],
    ['no value', ['days'], 'which value\\?: give it with --value'],
    ['a switch that has not chosen', ['either', '--value', '7'], 'the type of either is not known before its turn'],
    ['an approval', ['sign-off', '--value', 'yes'], 'is an approve node, which takes no signal'],
  ])('refuses %s', async (_, argv, message) => {
    const { code, err } = await plane.run('signal', await running(), ...argv);
    expect([code === 1 || code === 2, err]).toEqual([true, expect.stringMatching(message)]);
  });

  it('replaces a value that the engine could not use', async () => {
    const name = await running({ days: waits('signal', 'integer') });
    await asAda('signal', name, 'days', '--value', '7');
    const refused = { for: 'signal', type: 'integer', refused: 'not an integer' };
    await plane.setStatus(name, { nodes: { days: { wait: refused } } });
    expect((await asAda('signal', name, 'days', '--value', '8')).code).toBe(0);
    expect((await signalsOf(name))?.days).toMatchObject({ value: 8 });
  });
});

describe('pipectl pause and resume', () => {
  it('set what is desired, and say when it is so already', async () => {
    await plane.create(execution('steered'));
    expect((await plane.run('pause', 'steered')).out).toContain('steered is paused');
    expect((await plane.run('pause', 'steered')).err).toBe('steered is paused already\n');
    expect((await plane.run('get', 'exec', 'steered')).out).toContain('Pending (paused)');
    expect((await plane.run('resume', 'steered')).out).toBe('steered goes on\n');
    expect((await plane.run('resume', 'steered')).err).toBe('steered is not paused\n');
  });

  it('refuse what has ended, and what is being aborted', async () => {
    await plane.create(execution('over'), execution('aborting'));
    await plane.setStatus('over', { phase: 'Failed' });
    await plane.run('abort', 'aborting');
    const { code, err } = await plane.run('resume', 'over', 'aborting');
    expect(code).toBe(1);
    expect(err).toContain('over has ended already: Failed');
    expect(err).toContain('aborting is being aborted, which nothing calls back');
  });
});

describe('pipectl run --priority', () => {
  it('gives the execution a priority', async () => {
    const { out } = await plane.run('run', 'nightly', '--priority', '10', '-o', 'json');
    expect(JSON.parse(out).spec.priority).toBe(10);
  });

  it('takes a negative one, and refuses one out of bounds', async () => {
    const { out } = await plane.run('run', 'nightly', '--priority=-5', '-o', 'json');
    expect(JSON.parse(out).spec.priority).toBe(-5);
    expect((await plane.run('run', 'nightly', '--priority', '101')).err).toContain(
      'not a whole number from -100 to 100',
    );
  });
});

describe('pipectl logs of a node that runs another execution', () => {
  it('prints what that wrote, whole or by its nodes', async () => {
    const inner = await running({ work: { phase: 'Succeeded', attempt: 1 } });
    const outer = await running({ child: { phase: 'Running', child: { name: inner, phase: 'Running' } } });
    expect((await plane.run('logs', `${outer}/child/work`)).err).toContain(`${inner} has no node "work"`);
    await plane.create(pod(inner, 'sign-off', 1));
    for (const path of ['child', 'child/sign-off']) {
      expect((await plane.run('logs', `${outer}/${path}`)).out).toContain(`${inner}-sign-off-1 wrote this`);
    }
  });
});

describe('following an execution that waits', () => {
  it('tells the message and the command to type, once', async () => {
    const name = await running({ 'sign-off': waits('approval') });
    const key = { kind: 'Execution', namespace: NAMESPACE, name };
    const view = viewExecution(await plane.api.store.get<Execution>(key), RELEASE, 0);
    const told = new Map<string, string>();
    const lines = changedNodes(
      view,
      told,
      pipe(() => undefined),
    ).map((line) => line.trim());
    expect(lines).toEqual([expect.stringMatching(/^sign-off/), 'Publish?', `pipectl approve ${name} sign-off`]);
    expect(
      changedNodes(
        view,
        told,
        pipe(() => undefined),
      ),
    ).toEqual([]);
  });
});
