import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_VERSION, type CacheEntry, LABEL } from '../../src/cluster/index.ts';
import { COMMIT, type ControlPlane, execution, NAMESPACE, OTHER_COMMIT, openControlPlane } from './control-plane.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await openControlPlane();
  await plane.create(execution('nightly-old'), execution('nightly-live'));
  await plane.setStatus('nightly-old', { phase: 'Failed' });
  await plane.setStatus('nightly-live', { phase: 'Running' });
});
afterAll(() => plane.close());

async function again(...argv: string[]) {
  const { code, out, err } = await plane.run(...argv, '-o', 'json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

describe.each(['relaunch', 'recover'])('pipectl %s', (command) => {
  it('starts the same, and says of what', async () => {
    const { metadata, spec } = await again(command, 'nightly-old');
    expect(metadata).toMatchObject({ namespace: NAMESPACE, name: expect.stringMatching(/^nightly-[a-z0-9]{6}$/) });
    const { trigger, ...rest } = spec;
    const { trigger: _, ...old } = execution('nightly-old').spec;
    expect(rest).toEqual(old);
    expect(trigger).toMatchObject({ kind: command, of: 'nightly-old' });
    expect(typeof trigger.uid).toBe(command === 'recover' ? 'string' : 'undefined');
  });

  it('takes another commit, other inputs, a name and a cache', async () => {
    const words = ['--rev', 'feature-x', '-i', 'days=3', '--name', `again-${command}`, '--cache', 'overwrite'];
    const { metadata, spec } = await again(command, 'nightly-old', ...words);
    expect(metadata).toMatchObject({ name: `again-${command}`, namespace: NAMESPACE });
    expect(spec).toMatchObject({ commit: OTHER_COMMIT, inputs: { days: 3, file: 'sales.csv' }, cache: 'overwrite' });
  });

  it('keeps the commit when only inputs change, and checks them', async () => {
    const { spec } = await again(command, 'nightly-old', '-i', 'days=9');
    expect(spec).toMatchObject({ commit: COMMIT, closure: execution('x').spec.closure, inputs: { days: 9 } });
    const { code, err } = await plane.run(command, 'nightly-old', '-i', 'days=soon');
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('days') });
  });

  it.each([
    [['nightly-none'], 'not found'],
    [['nightly-old', '--rev', 'nowhere'], 'nothing registered is called "nowhere"'],
    [['nightly-old', '--name', 'Not A Name'], 'cannot name an execution'],
  ])('says what is wrong with %j', async (words, message) => {
    const { code, out, err } = await plane.run(command, ...words);
    expect({ out, isOk: code === 0 }).toEqual({ out: '', isOk: false });
    expect(err).toContain(message);
  });
});

describe('what runs', () => {
  it('cannot be recovered from', async () => {
    const { code, err } = await plane.run('recover', 'nightly-live');
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('nightly-live has not ended: Running'),
    });
  });

  it('can be relaunched', async () => {
    expect((await again('relaunch', 'nightly-live')).spec.trigger).toMatchObject({ kind: 'relaunch' });
  });
});

function entry(name: string, task: string, madeAt: string): CacheEntry {
  const metadata = { namespace: NAMESPACE, name, labels: { [LABEL.task]: task } };
  const madeBy = { execution: 'nightly-old', uid: 'u', node: 'ingest' };
  const spec = { task, workflow: 'demand', commit: COMMIT, outputs: '{"rows":3}', madeBy, madeAt };
  return { apiVersion: API_VERSION, kind: 'CacheEntry', metadata, spec };
}

describe('pipectl cache', () => {
  const names = async (...words: string[]) =>
    (await plane.run('cache', 'list', ...words, '-o', 'name')).out.split('\n').filter((line) => line !== '');
  const keys = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

  it('lists and deletes by task, age, key, or all, and never by nothing', async () => {
    expect(await plane.run('cache', 'list')).toMatchObject({ code: 0, out: '', err: 'No cache entries found.\n' });
    const [a, b, c] = keys;
    const now = new Date().toISOString();
    await plane.create(entry(a, 'ingest', now), entry(b, 'ingest', '2020-01-01T00:00:00.000Z'), entry(c, 'join', now));
    expect(await names()).toEqual([a, b, c]);
    expect(await names('--task', 'ingest')).toEqual([a, b]);
    expect(await names('--older-than', '7d')).toEqual([b]);
    expect(await names('cc')).toEqual([c]);
    const { out } = await plane.run('cache', 'list');
    expect(out).toMatch(/aaaaaaaaaaaa +ingest +Filled +nightly-old\/ingest +never/);
    expect(await plane.run('cache', 'delete')).toMatchObject({ code: 2, err: expect.stringContaining('--all') });
    expect(await plane.run('cache', 'delete', 'dd')).toMatchObject({ code: 1, err: expect.stringContaining('"dd"') });
    expect(await plane.run('cache', 'empty')).toMatchObject({
      code: 2,
      err: expect.stringContaining('list or delete'),
    });
    expect(await plane.run('cache', 'delete', '--task', 'ingest', '--older-than', '1h')).toMatchObject({
      out: '1 entry deleted\n',
    });
    expect(await names()).toEqual([a, c]);
    expect((await plane.run('cache', 'delete', '--all')).out).toBe('2 entries deleted\n');
    expect(await names()).toEqual([]);
  });
});
