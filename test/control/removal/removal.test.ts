import { describe, expect, it } from 'vitest';
import {
  createObject,
  deleteObject,
  patchObject,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../../../src/cluster/index.ts';
import { type Removal, startRemoval } from '../../../src/control/removal/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { quiet } from '../../git/fixtures/served.ts';
import { newProject, push, startWorld, until, type World } from '../fixtures/world.ts';

const KEY = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
const FINALIZER = 'pipectl.dev/repository';

function start({ store, served }: World, before: () => Promise<void> = async () => undefined): Removal {
  return startRemoval({
    cluster: store,
    clock: hostClock,
    random: hostRandom,
    log: quiet,
    async removeObjects(name) {
      await before();
      await served.endpoint.inTurn(name, () => served.repositories.remove(name));
    },
  });
}

/** A world with the project pushed, its folder, and the removal running once it has seen the repository. */
async function pushed(before?: () => Promise<void>): Promise<{ world: World; folder: string; removal: Removal }> {
  const world = await startWorld();
  const folder = newProject();
  await push(world, folder);
  const removal = start(world, before);
  await until(async () => (await world.repository('shop'))?.metadata.finalizers?.includes(FINALIZER) === true);
  return { world, folder, removal };
}

async function revisions({ store }: World): Promise<number> {
  return (await store.list('Revision', { namespace: SYSTEM_NAMESPACE })).items.length;
}

describe('a repository that is deleted', () => {
  it('goes with its definitions, revisions and commits, and can be pushed again', async () => {
    const { world, folder, removal } = await pushed();
    expect(await world.objects('shop-production')).toHaveLength(4);
    await deleteObject(world.store, KEY);
    await until(async () => (await world.repository('shop')) === undefined);
    expect(await world.objects('shop-production')).toEqual([]);
    expect(await revisions(world)).toBe(0);
    expect(await world.served.repositories.exists('shop')).toBe(false);
    const { isAccepted, text } = await push(world, folder);
    expect([isAccepted, text]).toEqual([true, expect.stringContaining('production is now at')]);
    expect(await world.objects('shop-production')).toHaveLength(4);
    await removal.close();
  });

  it('takes no push while it goes', async () => {
    const held = Promise.withResolvers<void>();
    const { world, folder, removal } = await pushed(() => held.promise);
    await deleteObject(world.store, KEY);
    await until(async () => (await revisions(world)) === 0);
    const { isAccepted, text } = await push(world, folder, 'main:other');
    expect([isAccepted, text]).toEqual([false, expect.stringContaining('repository shop is being removed')]);
    held.resolve();
    await until(async () => (await world.repository('shop')) === undefined);
    await removal.close();
  });

  it('is carried on where its removal was cut short', async () => {
    let isBroken = true;
    const { world, removal } = await pushed(async () => {
      if (isBroken) throw new Error('the disk is gone');
    });
    await deleteObject(world.store, KEY);
    await until(async () => (await revisions(world)) === 0);
    await removal.close();
    expect(await world.repository('shop')).toBeDefined();
    isBroken = false;
    const next = start(world);
    await until(async () => (await world.repository('shop')) === undefined);
    await next.close();
  });

  it('waits for finalizers of others, and leaves other repositories alone', async () => {
    const { world, removal } = await pushed();
    const pay: Repository = {
      apiVersion: 'pipectl.dev/v1',
      kind: 'Repository',
      metadata: { namespace: SYSTEM_NAMESPACE, name: 'pay' },
      spec: { source: { kind: 'push' } },
    };
    await createObject(world.store, pay);
    await patchObject(world.store, KEY, { metadata: { finalizers: [FINALIZER, 'example.org/backup'] } });
    await deleteObject(world.store, KEY);
    await until(async () => {
      const finalizers = (await world.repository('shop'))?.metadata.finalizers;
      return finalizers?.length === 1 && finalizers[0] === 'example.org/backup';
    });
    expect(await world.served.repositories.exists('shop')).toBe(false);
    await patchObject(world.store, KEY, { metadata: { finalizers: null } });
    expect(await world.repository('shop')).toBeUndefined();
    expect(await world.repository('pay')).toBeDefined();
    await removal.close();
  });
});
