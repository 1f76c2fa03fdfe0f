import { describe, expect, it } from 'vitest';
import { newExecution } from '../../../src/cluster/index.ts';
import { FORGE_TOKEN, ME } from '../../hosts/forge-server.ts';
import { ETL, NIGHTLY, until } from '../fixtures/world.ts';
import { patchSpec, type ReviewingWorld, startReviewing } from './fixtures.ts';

const LATER = { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2 * * *', '15 4 * * *') };
const WRONG = { 'pipelines/etl.yaml': ETL.replace('task: add', 'task: ad') };

/** A thread of its own loads what a review takes first, which may be long where others work as well. */
const THREAD_MS = 60_000;

async function reviewed(world: ReviewingWorld, number: number, head: string): Promise<void> {
  const headOf = async () => (await world.status()).reviews?.reviewed?.[String(number)]?.head;
  await expect.poll(headOf, { timeout: THREAD_MS, interval: 10 }).toBe(head);
}

/** Opens or moves pull request 7, and waits for its review. */
async function proposed(world: ReviewingWorld, files: Readonly<Record<string, string | null>>): Promise<string> {
  const head = world.propose(7, files);
  world.reviews.hint('shop');
  await reviewed(world, 7, head);
  return head;
}

const bodies = (world: ReviewingWorld, number = 7): readonly string[] =>
  world.forge.state.comments.filter(({ pull }) => pull === number).map(({ body }) => body);
const writes = (world: ReviewingWorld): readonly string[] =>
  world.forge.state.seen.filter((line) => !line.startsWith('GET '));

describe('an open pull request', () => {
  it(
    'gets a comment and a status of its head, and nothing of it is registered',
    async () => {
      const world = await startReviewing('gitlab', { isApart: true });
      const head = world.propose(7, LATER, { isFork: true });
      world.reviews.hint('shop');
      await reviewed(world, 7, head);
      expect(bodies(world)).toEqual([expect.stringContaining('1 schedule changed')]);
      expect(bodies(world)[0]).toContain(`head=${head} -->`);
      expect(world.forge.state.statuses).toMatchObject([{ commit: head, state: 'success', name: 'pipectl/review' }]);
      await until(async () => (await world.condition()) === 'True Reviewed: 1 open pull request is reviewed');
      expect((await world.status()).reviews?.reviewed).toMatchObject({
        7: { head, base: world.first, verdict: expect.stringContaining('1 schedule changed') },
      });
      expect([...(await world.served.repositories.refs('shop'))]).toEqual([['refs/heads/main', world.first]]);
      const read = await world.served.repositories.reader('shop').read(head, 10_000);
      expect([read.kind, world.quarantines()]).toEqual(['missing', []]);
      expect(JSON.stringify(await world.repository('shop'))).not.toContain(FORGE_TOKEN);
    },
    2 * THREAD_MS,
  );

  it('of a fork whose commits can have no status has its comment all the same, once', async () => {
    const world = await startReviewing();
    world.forge.state.faults.push({ on: /^POST .*statuses/, status: 404, times: 99 });
    const head = world.propose(7, LATER, { isFork: true });
    world.reviews.hint('shop');
    await reviewed(world, 7, head);
    expect(bodies(world)).toHaveLength(1);
  });

  it('costs no write when nothing is new, also after a restart', async () => {
    const world = await startReviewing();
    await proposed(world, LATER);
    await until(async () => (await world.condition())?.startsWith('True') === true);
    const [stored, posted] = [world.writes(), writes(world).length];
    await world.look();
    await world.restart();
    await world.look();
    await world.reviews.stop();
    expect([world.writes(), writes(world).length]).toEqual([stored, posted]);
    expect(world.forge.state.seen.at(-1)).toMatch(/merge_requests (200|304)$/);
  });

  it('is reviewed anew when its head moves, and when its base does', async () => {
    const world = await startReviewing('gitea');
    await proposed(world, LATER);
    const wrong = await proposed(world, WRONG);
    expect(bodies(world)).toEqual([expect.stringContaining('Would be refused: 1 error')]);
    expect(world.forge.state.statuses.at(-1)).toMatchObject({ commit: wrong, state: 'failure' });
    const base = await world.advance({ 'README.md': 'more' });
    await until(async () => (await world.status()).reviews?.reviewed?.['7']?.base === base);
    expect(bodies(world)).toHaveLength(1);
  });

  it('is compared with where it left its base, so that what others merge is not in it', async () => {
    const world = await startReviewing();
    const head = world.propose(7, LATER);
    const base = await world.advance(OTHERS);
    world.reviews.hint('shop');
    await until(async () => (await world.status()).reviews?.reviewed?.['7']?.base === base);
    expect(bodies(world)[0]).toContain('1 schedule changed');
    expect(bodies(world)[0]).not.toContain('unrelated');
    expect((await world.status()).reviews?.reviewed?.['7']?.head).toBe(head);
  });

  it('that is closed is left alone, as is one to a branch that is not here', async () => {
    const world = await startReviewing();
    const head = world.propose(7, LATER);
    world.propose(8, LATER, { base: 'elsewhere' });
    world.reviews.hint('shop');
    await reviewed(world, 7, head);
    const pull = world.forge.state.pulls.get(7)!;
    world.propose(7, WRONG);
    world.forge.state.pulls.set(7, { ...pull, state: 'closed' });
    const posted = writes(world).length;
    world.reviews.hint('shop');
    await until(async () => (await world.status()).reviews?.reviewed?.['7'] === undefined);
    expect(writes(world)).toHaveLength(posted);
    expect(bodies(world, 8)).toEqual([]);
  });

  it('has numbers from executions that have ended', async () => {
    const world = await startReviewing();
    const minutes = (count: number): string => new Date(Date.now() - count * 60_000).toISOString();
    const key = { kind: 'Execution', namespace: 'shop-production', name: 'one' };
    const made = newExecution({
      namespace: key.namespace,
      name: key.name,
      repository: 'shop',
      commit: world.first,
      workflow: 'etl',
      closure: 'c'.repeat(64),
      launchPlan: /launchPlan: ([\w-]+)/.exec(NIGHTLY)?.[1] ?? '',
      inputs: {},
      trigger: { kind: 'manual', by: 'ada' },
    });
    await world.store.write([{ op: 'create', object: made }]);
    const patch = { phase: 'Succeeded', startedAt: minutes(90), finishedAt: minutes(30) };
    await world.store.write([{ op: 'patchStatus', key, patch }]);
    await proposed(world, LATER);
    expect(bodies(world)[0]).toContain('Hours/week');
  });

  it('has one comment though two control planes post', async () => {
    const world = await startReviewing();
    const head = world.propose(7, LATER);
    const first = world.reviews;
    await Promise.all([world.restart(), world.restart()]);
    for (const each of [first, world.reviews]) each.hint('shop');
    await reviewed(world, 7, head);
    await until(async () => bodies(world).length === 1);
    await world.look();
    expect(bodies(world)).toHaveLength(1);
  });
});

const OTHERS = { 'pipelines/unrelated.yaml': NIGHTLY.replaceAll('name: nightly', 'name: unrelated') };

describe('what goes wrong', () => {
  it('with the token is said without it, and tried again', async () => {
    const world = await startReviewing();
    world.secrets.set('bot/token', 'wrong-and-secret');
    world.propose(7, LATER);
    world.reviews.hint('shop');
    await until(async () => (await world.condition())?.startsWith('False HostUnauthorized: ') === true);
    const { reviews } = await world.status();
    expect(reviews).toMatchObject({ failures: expect.any(Number), nextAttemptAt: expect.any(String) });
    expect(JSON.stringify(await world.repository('shop'))).not.toContain('wrong-and-secret');
    world.secrets.delete('bot/token');
    world.reviews.hint('shop');
    await until(async () => (await world.condition())?.startsWith('False SecretMissing: ') === true);
    world.secrets.set('bot/token', FORGE_TOKEN);
    world.reviews.hint('shop');
    await until(async () => (await world.condition())?.startsWith('True Reviewed: ') === true);
    expect((await world.status()).reviews).not.toHaveProperty('failures');
  });

  it('with one pull request holds up no other', async () => {
    const world = await startReviewing();
    const [six, seven] = [world.propose(6, LATER), world.propose(7, LATER)];
    world.forge.state.faults.push({ on: /^POST .*merge_requests\/7\/notes/, status: 403, times: 99 });
    world.reviews.hint('shop');
    await reviewed(world, 6, six);
    await until(async () => (await world.condition())?.startsWith('False HostForbidden: ') === true);
    expect((await world.status()).reviews?.reviewed).not.toHaveProperty('7');
    world.forge.state.faults.length = 0;
    world.reviews.hint('shop');
    await reviewed(world, 7, seven);
  });

  it('with a limit of the host waits as long as it says', async () => {
    const world = await startReviewing();
    world.forge.state.faults.push({
      on: /merge_requests\?/,
      status: 429,
      headers: { 'retry-after': '3600' },
      times: 99,
    });
    world.reviews.hint('shop');
    await until(async () => (await world.status()).reviews?.nextAttemptAt !== undefined);
    const { nextAttemptAt = '' } = (await world.status()).reviews ?? {};
    expect(Date.parse(nextAttemptAt) - Date.now()).toBeGreaterThan(3_000_000);
  });

  it('with a head itself is said once, at the head', async () => {
    const world = await startReviewing();
    const head = world.propose(7, { 'pipelines/etl.yaml': null, 'pipectl.yaml': null });
    const other = world.propose(8, { 'pipectl.yaml': 'a: &a [*a, *a]\n' });
    world.reviews.hint('shop');
    await reviewed(world, 7, head);
    await reviewed(world, 8, other);
    expect(await world.objects('shop-production')).toContain('Workflow/etl');
    expect(world.forge.state.statuses.map(({ commit }) => commit).sort()).toEqual([head, other].sort());
  });

  it('nothing, while the repository is suspended', async () => {
    const world = await startReviewing();
    await patchSpec(world, { suspended: true });
    await until(async () => (await world.repository('shop'))?.spec.suspended === true);
    const head = world.propose(7, LATER);
    world.reviews.hint('shop');
    await world.restart();
    expect(bodies(world)).toEqual([]);
    await patchSpec(world, { suspended: false });
    await reviewed(world, 7, head);
    expect(world.forge.state.comments.every(({ author }) => author === ME)).toBe(true);
  });

  it('is forgotten when no reviews are wanted any more', async () => {
    const world = await startReviewing();
    await proposed(world, LATER);
    await patchSpec(world, { reviews: null });
    await until(async () => (await world.status()).reviews === undefined && (await world.condition()) === undefined);
    expect(bodies(world)).toHaveLength(1);
  });
});
