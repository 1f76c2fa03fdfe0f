import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  deleteObject,
  type Execution,
  listEntities,
  loadClosureText,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../../../src/cluster/index.ts';
import { createClosureUse } from '../../../src/control/closures/index.ts';
import { collect } from '../../../src/control/retention/collect.ts';
import { ZERO_OID } from '../../../src/git/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { quiet } from '../../git/fixtures/served.ts';
import type { Files } from '../../sim/world/git.ts';
import { filesOf, type QuickWorld, quickWorld, REPOSITORY_KEY, task } from '../fixtures/quick-world.ts';

/** Whatever is pushed, run and given up in whichever order, every revision that is there has all its parts. */

type Step =
  | { readonly kind: 'push'; readonly branch: string; readonly content: number }
  | { readonly kind: 'drop'; readonly branch: string }
  | { readonly kind: 'run'; readonly choice: number }
  | { readonly kind: 'forget'; readonly choice: number }
  | { readonly kind: 'collect'; readonly meanwhile?: { readonly branch: string; readonly content: number } };

const branch = fc.constantFrom('main', 'a', 'b');
const content = fc.nat(5);
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('push' as const), branch, content }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop' as const), branch: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('run' as const), choice: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), choice: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record(
      { kind: fc.constant('collect' as const), meanwhile: fc.record({ branch, content }) },
      { requiredKeys: ['kind'] },
    ),
  },
);

const LIMITS = { revisionAgeMs: 0, newestRevisions: 0, graceMs: 1 };

it('what is referred to stays whole, and the rest goes', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArb, { maxLength: 25 }), async (steps) => {
      // Uses are remembered for an hour, in which nothing that was pushed goes: here each pass is a day after the one before.
      let now = Date.UTC(2100, 0, 1);
      const use = createClosureUse({ ...hostClock, now: () => now });
      const world = await quickWorld({ use });
      const unused = new Map<string, number>();
      const pass = () => collect({ cluster: world.store, use, log: quiet, limits: LIMITS }, unused, now);
      let runs = 0;
      await world.push(contentOf(0));
      for (const step of steps) {
        now += 86_400_000;
        if (step.kind === 'push') await world.push(contentOf(step.content), step.branch);
        if (step.kind === 'drop') await drop(world, step.branch);
        if (step.kind === 'run') await run(world, `run-${runs++}`, step.choice);
        if (step.kind === 'forget') await forget(world, step.choice);
        if (step.kind !== 'collect') continue;
        const { meanwhile } = step;
        await Promise.all([pass(), meanwhile && world.push(contentOf(meanwhile.content), meanwhile.branch)]);
        await expectWhole(world);
      }
      for (let passes = 0; passes < 3; passes += 1) {
        now += 86_400_000;
        await pass();
      }
      const left = (await expectWhole(world)).map(({ spec }) => spec.commit).sort();
      expect(left).toEqual([...(await wanted(world))].sort());
      await world.close();
    }),
    { numRuns: 15 },
  );
});

/** Commits that share some definitions and differ in others. */
function contentOf(number: number): Files {
  return filesOf(2, {
    [`pipelines/x${number % 3}.yaml`]: task(`x${number % 3}`),
    'pipelines/y.yaml': task(`y${number}`),
  });
}

async function drop(world: QuickWorld, name: string): Promise<void> {
  const ref = `refs/heads/${name}`;
  const before = (await world.repository())?.status?.heads?.[ref];
  if (before === undefined) return;
  await world.registration.landed({ repository: 'shop', updates: [{ ref, before, after: ZERO_OID }] });
}

async function run(world: QuickWorld, name: string, choice: number): Promise<void> {
  const { items } = await world.store.list<Revision>('Revision');
  const revision = items[choice % Math.max(items.length, 1)];
  if (revision?.spec.index === undefined) return;
  const [entity] = await listEntities(world.store, revision.spec.index);
  const execution: Execution = {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Execution',
    metadata: { name, namespace: 'shop-production' },
    spec: {
      repository: 'shop',
      commit: revision.spec.commit,
      workflow: 'any',
      closure: entity?.digest ?? '',
      inputs: {},
      trigger: { kind: 'manual' },
    },
  };
  await world.store.write([{ op: 'create', object: execution }]);
}

async function forget(world: QuickWorld, choice: number): Promise<void> {
  const { items } = await world.store.list<Execution>('Execution');
  const found = items[choice % Math.max(items.length, 1)];
  if (found === undefined) return;
  await deleteObject(world.store, { kind: 'Execution', namespace: 'shop-production', name: found.metadata.name });
}

async function expectWhole(world: QuickWorld): Promise<readonly Revision[]> {
  const { items } = await world.store.list<Revision>('Revision', { namespace: SYSTEM_NAMESPACE });
  for (const { spec } of items) {
    for (const { kind, digest } of await listEntities(world.store, spec.index ?? '')) {
      if (kind !== 'Project') await loadClosureText(world.store, digest);
    }
  }
  const there = new Set(items.map(({ spec }) => spec.commit));
  for (const commit of await wanted(world)) expect(there).toContain(commit);
  return items;
}

/** Commits that something refers to. */
async function wanted(world: QuickWorld): Promise<ReadonlySet<string>> {
  const { status } = await world.store.get<Repository>(REPOSITORY_KEY);
  const commits = new Set(Object.values(status?.heads ?? {}));
  for (const { desired, lastApplied, history = [] } of Object.values(status?.domains ?? {})) {
    for (const commit of [desired, lastApplied, ...history.map((entry) => entry.commit)])
      if (commit) commits.add(commit);
  }
  for (const kind of ['Task', 'Execution']) {
    const { items } = await world.store.list<Execution>(kind);
    for (const { spec } of items) commits.add(spec.commit);
  }
  return commits;
}
