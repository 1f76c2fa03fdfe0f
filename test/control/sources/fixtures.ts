import { afterAll } from 'vitest';
import {
  createObject,
  type Repository,
  type SecretRef,
  type Secrets,
  SYSTEM_NAMESPACE,
} from '../../../src/cluster/index.ts';
import { createSources, type Sources } from '../../../src/control/sources/index.ts';
import { createNativeRemotes, type NativeRemotes } from '../../../src/git/adapters/native/index.ts';
import { createHttpRefs, openConnections } from '../../../src/git/adapters/smart-http/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { git, temporaryFolder } from '../../git/fixtures/real-git.ts';
import { quiet } from '../../git/fixtures/served.ts';
import { startWorld, type World } from '../fixtures/world.ts';

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A world that follows remotes. */
export interface FollowingWorld extends World {
  readonly sources: Sources;
  readonly remotes: NativeRemotes;
  /** Values by `secret/key`. */
  readonly secrets: Map<string, string>;
  /** What reads them. */
  readonly credentials: Secrets;
  follow(name: string, spec: Repository['spec']): Promise<void>;
  /** Writes to the store since the start. */
  writes(): number;
}

export async function startFollowing(folder = temporaryFolder()): Promise<FollowingWorld> {
  const world = await startWorld(folder);
  const { repositories, endpoint } = world.served;
  const values = new Map<string, string>();
  const secrets: Secrets = {
    async read(_, { name, key }: SecretRef) {
      const value = values.get(`${name}/${key}`);
      if (value === undefined) return { kind: 'missing', message: 'it is not there' };
      return { kind: 'value', bytes: Buffer.from(value) };
    },
  };
  const connections = openConnections();
  const http = createHttpRefs(connections);
  const native = createNativeRemotes({ repositories, schemes: ['https', 'ssh', 'http', 'file'] });
  const sources = createSources({
    cluster: world.store,
    clock: hostClock,
    random: hostRandom,
    log: quiet,
    secrets,
    proxyFor: () => undefined,
    list: (remote, signal) => (remote.url.scheme.startsWith('http') ? http : native.list)(remote, signal),
    fetch: native.fetch,
    localRefs: (name) => repositories.refs(name),
    handler: world.registration,
    inTurn: (name, work) => endpoint.inTurn(name, work),
  });
  closing.unshift(async () => {
    await sources.stop();
    connections.close();
  });
  return {
    ...world,
    sources,
    remotes: native,
    secrets: values,
    credentials: secrets,
    writes: () => world.store.stats().frames,
    async follow(name, spec) {
      await createObject(world.store, {
        apiVersion: 'pipectl.dev/v1',
        kind: 'Repository',
        metadata: { name, namespace: SYSTEM_NAMESPACE },
        spec,
      } as Repository);
    },
  };
}

/** A bare repository that others push to, served as `file://` or by a host over its parent folder. */
export function newRemote(
  work: string,
  folder = temporaryFolder(),
  name = 'shop.git',
): { path: string; url: string; push(...refs: string[]): void } {
  const path = `${folder}/${name}`;
  git(folder, ['init', '-q', '--bare', '-b', 'main', name]);
  const push = (...refs: string[]): void => {
    git(work, ['push', '-q', '--force', path, ...(refs.length === 0 ? ['main'] : refs)]);
  };
  return { path, url: `file://${path}`, push };
}
