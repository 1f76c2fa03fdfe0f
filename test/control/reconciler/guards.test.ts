import { describe, expect, it } from 'vitest';
import {
  ANNOTATION,
  type Cluster,
  deleteObject,
  InvalidError,
  type KubeObject,
  patchObject,
  patchStatus,
  type Task,
  UnauthorizedError,
  type Write,
} from '../../../src/cluster/index.ts';
import { filesOf, type QuickWorld, quickWorld, task } from '../fixtures/quick-world.ts';
import { until } from '../fixtures/world.ts';

const NIGHTLY = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: etl }
spec: { inputs: { a: integer }, nodes: { one: { task: t0, with: { a: "\${{ inputs.a }}" } } } }
---
kind: LaunchPlan
metadata: { name: nightly }
spec: { workflow: etl, inputs: { default: { a: 1 } } }
---
kind: Schedule
metadata: { name: nightly, annotations: { pipectl.dev/prune: confirm } }
spec: { launchPlan: nightly, cron: "0 2 * * *", active: true }
`;
const PLAN = ['LaunchPlan/nightly', 'Schedule/nightly', 'Task/t0', 'Workflow/etl'];

/** Whether a pass over what has not changed writes anything. */
async function writesNothing(world: QuickWorld): Promise<void> {
  const version = async (): Promise<string> => (await world.store.list('Task')).resourceVersion;
  const { desired = '' } = await world.domain();
  const settle = (): Promise<unknown> => world.reconciler.settled('shop', 'production', desired, 2_000);
  await settle();
  const before = await version();
  await settle();
  await settle();
  expect(await version()).toBe(before);
}

describe('a definition that asks for a confirmation', () => {
  it('stays with what it needs until its removal is confirmed', async () => {
    const world = await quickWorld();
    await world.push(filesOf(1, { 'pipelines/nightly.yaml': NIGHTLY }));
    const { oid } = await world.push(filesOf(1));
    expect(await world.definitions()).toEqual(PLAN);
    const domain = await world.domain();
    expect(domain.lastApplied).toBe(oid);
    expect(domain.waiting).toEqual([
      { kind: 'LaunchPlan', name: 'nightly', reason: 'needed by Schedule/nightly' },
      { kind: 'Schedule', name: 'nightly', reason: 'prune: confirm' },
      { kind: 'Workflow', name: 'etl', reason: 'needed by LaunchPlan/nightly' },
    ]);
    const ready = (await world.repository())?.status?.conditions?.[0];
    expect(ready).toMatchObject({ status: 'True', message: expect.stringContaining('3 removals wait') });
    await writesNothing(world);
    await world.annotate({ [ANNOTATION.pruneConfirmed]: oid.slice(0, 7) });
    await until(async () => (await world.definitions()).length === 1);
    await until(async () => (await world.domain()).waiting === undefined);
    expect((await world.domain()).drift).toBeUndefined();
    await writesNothing(world);
  });

  it('goes when its own object says so, for this commit only', async () => {
    const world = await quickWorld();
    const first = await world.push(filesOf(1, { 'pipelines/nightly.yaml': NIGHTLY }));
    const key = { kind: 'Schedule', namespace: 'shop-production', name: 'nightly' };
    const confirm = (commit: string): Promise<unknown> =>
      patchObject(world.store, key, { metadata: { annotations: { [ANNOTATION.pruneConfirmed]: commit } } });
    await confirm(first.oid);
    const { oid } = await world.push(filesOf(1));
    expect(await world.definitions()).toEqual(PLAN);
    await confirm(oid);
    await until(async () => (await world.definitions()).length === 1);
  });

  it('that comes back, or gives up the guard, is an ordinary one', async () => {
    const world = await quickWorld();
    await world.push(filesOf(1, { 'pipelines/nightly.yaml': NIGHTLY }));
    await world.push(filesOf(1));
    const back = NIGHTLY.replace(', annotations: { pipectl.dev/prune: confirm }', '').replace('0 2', '0 3');
    const { lines, oid } = await world.push(filesOf(1, { 'pipelines/nightly.yaml': back }));
    expect(lines.at(-1)).toContain('production is now at');
    expect((await world.domain()).waiting).toBeUndefined();
    const key = { kind: 'Schedule', namespace: 'shop-production', name: 'nightly' };
    const schedule = await world.store.get(key);
    expect(schedule.metadata.annotations).not.toHaveProperty([ANNOTATION.prune]);
    expect(schedule.spec).toMatchObject({ cron: '0 3 * * *', commit: oid });
    await world.push(filesOf(1));
    expect(await world.definitions()).toEqual(['Task/t0']);
  });

  it('gets its guard without being changed', async () => {
    const world = await quickWorld();
    const { oid } = await world.push(filesOf(2));
    await world.push(filesOf(1, { 'pipelines/t1.yaml': task('t1', ', annotations: { pipectl.dev/prune: confirm }') }));
    const object = await world.store.get<Task>({ kind: 'Task', namespace: 'shop-production', name: 't1' });
    expect(object.metadata.annotations).toMatchObject({ [ANNOTATION.prune]: 'confirm' });
    expect(object.spec.commit).toBe(oid);
    await world.push(filesOf(1));
    expect(await world.definitions()).toEqual(['Task/t0', 'Task/t1']);
  });
});

describe('a commit that would remove most of what is active', () => {
  it('removes nothing before it is confirmed', async () => {
    const [before, after, reason] = [24, 11, 'the commit would remove 13 of 24 definitions'];
    const world = await quickWorld();
    const first = await world.push(filesOf(before));
    const { oid, lines } = await world.push(filesOf(after));
    expect(lines.at(-1)).toContain(`production stays at ${first.oid.slice(0, 7)}: ${reason}`);
    expect(lines.at(-1)).toContain(`\`pipectl sync --confirm-removals\` lets ${oid.slice(0, 7)} remove them`);
    expect(await world.definitions()).toHaveLength(before);
    const domain = await world.domain();
    expect(domain).toMatchObject({ lastApplied: first.oid, lastAttempted: oid, pruneHeld: { of: before, reason } });
    const stalled = (await world.repository())?.status?.conditions?.find(({ type }) => type === 'Stalled');
    expect(stalled).toMatchObject({ status: 'True', reason: 'PruneHeld' });
    await writesNothing(world);
    await world.annotate({ [ANNOTATION.pruneConfirmed]: oid });
    await until(async () => (await world.domain()).lastApplied === oid);
    expect(await world.definitions()).toHaveLength(after);
    expect(await world.domain()).not.toHaveProperty('pruneHeld');
    expect(await world.domain()).not.toHaveProperty('message');
  });

  it('is told of one domain when two wait, and not of each in turn', async () => {
    const world = await quickWorld();
    const project = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main }, staging: { ref: release } } }
`;
    for (const tasks of [24, 2]) {
      await world.push(filesOf(tasks, { 'pipectl.yaml': project }));
      await world.push(filesOf(tasks, { 'pipectl.yaml': project }), 'release');
    }
    expect(await world.domain('staging')).toHaveProperty('pruneHeld');
    await writesNothing(world);
    const { desired } = await world.domain('production');
    expect((await world.repository())?.status?.conditions?.[0]?.message).toContain(desired?.slice(0, 7));
  });

  it('and brings others applies those, and is over when a later commit takes it back', async () => {
    const world = await quickWorld();
    await world.push(filesOf(12));
    await world.push(filesOf(1, { 'pipelines/new.yaml': task('new') }));
    expect(await world.definitions()).toHaveLength(13);
    const { oid } = await world.push(filesOf(12));
    expect(await world.definitions()).toHaveLength(12);
    expect(await world.domain()).toMatchObject({ lastApplied: oid, history: [{ pruned: 1 }, { created: 12 }] });
  });
});

/** A store that refuses one object. */
function refusing(kind: string, name: string): (store: Cluster & object) => Cluster {
  return (store) => ({
    ...store,
    async write(writes, options) {
      for (const write of writes) {
        const object = 'object' in write ? (write.object as KubeObject) : undefined;
        if (object?.kind === kind && object.metadata.name === name) throw new InvalidError(`${name} is too odd`);
      }
      return store.write(writes, options);
    },
  });
}

describe('a definition that cannot be applied', () => {
  it('marks itself and what needs it; the rest is applied', async () => {
    const world = await quickWorld({ wrap: refusing('Workflow', 'etl') });
    const { oid, lines } = await world.push(filesOf(2, { 'pipelines/nightly.yaml': NIGHTLY }));
    expect(lines.at(-1)).toContain('production is not active yet: Workflow/etl could not be applied, and 2 more');
    expect(await world.definitions()).toEqual(['Task/t0', 'Task/t1']);
    const domain = await world.domain();
    expect(domain).not.toHaveProperty('lastApplied');
    expect(domain.lastAttempted).toBe(oid);
    expect(domain.failed).toEqual([
      { kind: 'Workflow', name: 'etl', message: 'etl is too odd' },
      { kind: 'LaunchPlan', name: 'nightly', message: 'it needs Workflow/etl, which could not be applied' },
      { kind: 'Schedule', name: 'nightly', message: 'it needs LaunchPlan/nightly, which could not be applied' },
    ]);
    await writesNothing(world);
    const next = await world.push(filesOf(2));
    expect(await world.domain()).toMatchObject({ lastApplied: next.oid });
    expect(await world.domain()).not.toHaveProperty('failed');
  });

  it('since somebody else has one of that name leaves theirs alone', async () => {
    const world = await quickWorld();
    await world.push(filesOf(1));
    const { metadata: _, ...live } = await world.store.get({ kind: 'Task', namespace: 'shop-production', name: 't0' });
    const foreign = { ...live, metadata: { name: 't1', namespace: 'shop-production' } };
    await world.store.write([{ op: 'create', object: foreign as KubeObject }]);
    const { lines } = await world.push(filesOf(3));
    expect(lines.at(-1)).toContain(
      'Task/t1 could not be applied: Task "t1" already exists and is not of this repository',
    );
    expect(await world.definitions()).toEqual(['Task/t0', 'Task/t1', 'Task/t2']);
    const after = await world.store.get({ kind: 'Task', namespace: 'shop-production', name: 't1' });
    expect(after.metadata.labels).toBeUndefined();
  });
});

describe('the history of a domain', () => {
  it('tells the last ten commits that were active, newest first', async () => {
    const world = await quickWorld();
    const oids: string[] = [];
    for (let n = 1; n <= 12; n += 1) oids.unshift((await world.push(filesOf(n))).oid);
    const { history = [] } = await world.domain();
    expect(history.map(({ commit }) => commit)).toEqual(oids.slice(0, 10));
    expect(history[0]).toMatchObject({ created: 1, updated: 0, pruned: 0 });
  });
});

/** A store that knows nobody any more who writes a task, for as long as `hasExpired`. */
function expiring(): { hasExpired: boolean; readonly wrap: (store: Cluster & object) => Cluster } {
  const credentials = {
    hasExpired: true,
    wrap: (store: Cluster & object): Cluster => ({
      ...store,
      async write(writes, options) {
        const isTask = (write: Write): boolean => 'object' in write && write.object.kind === 'Task';
        if (credentials.hasExpired && writes.some(isTask)) throw new UnauthorizedError('who are you');
        return store.write(writes, options);
      },
    }),
  };
  return credentials;
}

describe('a reconciler whose credentials have expired', () => {
  it('calls no definition at fault, says what it waits for, and goes on when they are renewed', async () => {
    const credentials = expiring();
    const world = await quickWorld(credentials);
    const { oid, lines } = await world.push(filesOf(3, { 'pipelines/nightly.yaml': NIGHTLY }));
    expect(lines.at(-1)).toContain('production is not active yet: who are you');
    expect(await world.definitions()).toEqual([]);
    await until(async () => (await world.domain()).lastAttempted === oid);
    expect((await world.domain()).message).toBe('who are you');
    expect(await world.domain()).not.toHaveProperty('failed');
    const conditions = (await world.repository())?.status?.conditions;
    expect(conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
      'Ready=False Unauthorized',
      'Reconciling=True Unauthorized',
      'Stalled=False Unauthorized',
    ]);
    credentials.hasExpired = false;
    await until(async () => (await world.domain()).lastApplied === oid);
    expect(await world.definitions()).toEqual([...PLAN.slice(0, 2), 'Task/t0', 'Task/t1', 'Task/t2', 'Workflow/etl']);
    expect((await world.repository())?.status?.conditions?.[0]).toMatchObject({ status: 'True', reason: 'Applied' });
  });
});

describe('a namespace that is being deleted', () => {
  it('is waited for, told with what holds it, and made anew with all definitions', async () => {
    const world = await quickWorld();
    const key = { kind: 'Namespace', name: 'shop-production' };
    const held = 'example.com/slow in 1 resource instances';
    await world.push(filesOf(1));
    await patchObject(world.store, key, { metadata: { finalizers: ['example.com/slow'] } });
    const condition = { type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain' };
    await patchStatus(world.store, key, { conditions: [{ ...condition, message: held }] });
    await deleteObject(world.store, key);
    const { oid, lines } = await world.push(filesOf(2));
    expect(lines.at(-1)).toContain('namespace "shop-production" is being deleted');
    await until(async () => (await world.domain()).lastAttempted === oid);
    expect((await world.domain()).message).toContain(held);
    expect(await world.domain()).not.toHaveProperty('failed');
    const [ready, reconciling] = (await world.repository())?.status?.conditions ?? [];
    expect(ready).toMatchObject({ status: 'False', reason: 'NamespaceTerminating' });
    expect(reconciling).toMatchObject({ status: 'True' });
    await writesNothing(world);
    for (const name of ['t0', 't1']) {
      await deleteObject(world.store, { kind: 'Task', namespace: 'shop-production', name }).catch(() => undefined);
    }
    await patchObject(world.store, key, { metadata: { finalizers: null } });
    await until(async () => (await world.domain()).lastApplied === oid);
    await until(async () => (await world.definitions()).length === 2);
    expect((await world.store.get(key)).metadata.deletionTimestamp).toBeUndefined();
  });
});
