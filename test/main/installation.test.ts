import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  createObject,
  type Execution,
  findObject,
  type Platform,
  type Pod,
  type Secret,
  type Shard,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { startS3 } from '../blobs/s3-server.ts';
import { type ApiFixture, openApi, until } from '../cluster/api-fixture.ts';
import { newProject, pipectl } from '../daemon/fixtures/project.ts';
import { isOver } from '../daemon/fixtures/site.ts';
import { type Installation, install } from '../on-cluster/installation.ts';
import { type ProcessKubelet, startProcessKubelet } from '../runtime/fixtures/process-kubelet.ts';

/** Two controllers and two shards over the API of a cluster, with a kubelet that runs pods as processes. */

const NAMESPACE = 'shop-production';
const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [p], domains: { production: { ref: main } } }
`;
const WORKFLOW = `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: greet }
spec:
  inputs: { name: string }
  outputs: { text: string }
  source: p/src
  run: { image: "busybox:1.37", command: [sh, greet.sh] }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: hello }
spec:
  inputs: { name: { type: string, default: world } }
  outputs: { text: "\${{ nodes.two.outputs.text }}" }
  nodes:
    one: { task: greet, with: { name: "\${{ inputs.name }}" } }
    two: { task: greet, with: { name: "\${{ nodes.one.outputs.text }}" } }
`;
const BY_HAND = 'a definition was changed by hand and will be restored';
const SCRIPT = 'echo "text=hello $PIPECTL_INPUT_NAME" > "$PIPECTL_OUTPUTS"\n';

let api: ApiFixture;
let cluster: KubernetesCluster;
let site: Installation;
let kubelet: ProcessKubelet;
const said: string[] = [];
const project = newProject({ 'pipectl.yaml': PROJECT, 'p/w.yaml': WORKFLOW, 'p/src/greet.sh': SCRIPT });

beforeAll(async () => {
  api = await openApi({ user: 'pipectl' });
  cluster = await api.connect();
  kubelet = await startProcessKubelet(cluster, api.folder);
  site = await install(api.kubeconfig, cluster, { write: (_, message) => void said.push(message) });
}, 30_000);
afterAll(async () => {
  await site.stop();
  await kubelet.stop();
  await api.close();
}, 60_000);

async function untilOver(name: string): Promise<Execution> {
  const key = { kind: 'Execution', namespace: NAMESPACE, name };
  await until(`${name} is over`, async () => isOver(await cluster.get<Execution>(key)));
  return cluster.get<Execution>(key);
}

const run = (name: string) => pipectl(api.kubeconfig, 'run', 'hello', '--name', name, '-n', NAMESPACE);

describe('an installation in a cluster', { timeout: 60_000 }, () => {
  it('registers what is pushed to the controller that waits, and runs it as pods', async () => {
    await until('one controller works', async () => (await site.active().catch(() => -1)) >= 0);
    const waiting = site.controllers[1 - (await site.active())];
    if (waiting === undefined) throw new Error('no controller waits');
    let pushed = { code: 1 as number | null, text: '' };
    await until('it can be pushed to', async () => {
      pushed = await project.push(site.remote(waiting, 'shop'));
      return pushed.code === 0 || !pushed.text.includes('503');
    });
    expect(pushed).toMatchObject({ code: 0 });
    expect((await run('first')).code).toBe(0);
    const { status } = await untilOver('first');
    expect(status).toMatchObject({ phase: 'Succeeded', outputs: { text: 'hello hello world' } });
    const { items } = await cluster.list<Pod>('Pod', { namespace: NAMESPACE });
    expect(items.map(({ metadata }) => metadata.name).toSorted()).toEqual(['first-one-1', 'first-two-1']);
  });

  it('one shard works, the other waits, and the fleet grows with git', async () => {
    const shards = async () => (await cluster.list<Shard>('Shard', { namespace: SYSTEM_NAMESPACE })).items;
    expect((await shards()).map(({ metadata }) => metadata.name)).toEqual(['shard-0']);
    const platform = `apiVersion: pipectl.dev/v1
kind: Platform
metadata: { name: default }
spec: { propeller: { workers: 20, maxParallelism: 5, sharding: { strategy: hash, shards: 2 } } }
`;
    project.commit({ 'p/platform.yaml': platform });
    const active = site.controllers[await site.active()];
    if (active === undefined) throw new Error('no controller works');
    expect(await project.push(site.remote(active, 'shop'))).toMatchObject({ code: 0 });
    await until('two shards serve', async () => {
      const found = await shards();
      return found.length === 2 && found.every(({ status }) => status?.workers === 20);
    });
    for (const name of ['a', 'b', 'c', 'd']) expect((await run(name)).code).toBe(0);
    for (const name of ['a', 'b', 'c', 'd']) expect((await untilOver(name)).status?.phase).toBe('Succeeded');
  });

  it('says over the API whether the object store can be used', async () => {
    const store = await startS3();
    const key = { kind: 'Platform', namespace: NAMESPACE, name: 'default' };
    const told = async (objectStore: string, reason: string): Promise<string> => {
      const spec = `{ propeller: { workers: 20, sharding: { strategy: hash, shards: 2 } }, objectStore: ${objectStore} }`;
      const text = `apiVersion: pipectl.dev/v1\nkind: Platform\nmetadata: { name: default }\nspec: ${spec}\n`;
      project.commit({ 'p/platform.yaml': text });
      const active = site.controllers[await site.active()];
      if (active === undefined) throw new Error('no controller works');
      expect(await project.push(site.remote(active, 'shop'))).toMatchObject({ code: 0 });
      let message = '';
      await until(`the platform says ${reason}`, async () => {
        const { status } = await cluster.get<Platform>(key);
        const ready = status?.conditions?.find(({ type }) => type === 'ObjectStoreReady');
        message = ready?.message ?? '';
        return ready?.reason === reason;
      });
      return message;
    };
    expect(await told('{ folder: { path: /srv/blobs } }', 'BlobStoreUnusable')).toContain('name a bucket');
    if (store === undefined) return;
    const data = {
      id: Buffer.from(store.accessKeyId).toString('base64'),
      key: Buffer.from(store.secretAccessKey).toString('base64'),
    };
    const metadata = { namespace: NAMESPACE, name: 'store' };
    await createObject<Secret>(cluster, { apiVersion: 'v1', kind: 'Secret', metadata, data });
    const credentials =
      '{ accessKeyId: { secret: { name: store, key: id } }, secretAccessKey: { secret: { name: store, key: key } } }';
    const bucket = `bucket: ${store.bucket}, endpoint: "${store.endpoint}", pathStyle: true`;
    const message = await told(`{ s3: { ${bucket}, credentials: ${credentials} } }`, 'Usable');
    expect(message).toBe(`blobs can be kept in the bucket ${store.bucket} at ${store.endpoint}`);
    await store.close();
  });

  it("takes what it applies itself for nobody else's doing", async () => {
    project.commit({ 'p/more.yaml': WORKFLOW.replaceAll('greet', 'wave').replaceAll('hello', 'bye') });
    const active = site.controllers[await site.active()];
    if (active === undefined) throw new Error('no controller works');
    expect(await project.push(site.remote(active, 'shop'))).toMatchObject({ code: 0 });
    await until('it is applied', async () => {
      const key = { kind: 'Workflow', namespace: NAMESPACE, name: 'bye' };
      return (await findObject(cluster, key)) !== undefined;
    });
    // A change past git is seen by the same watch, after all that was before it.
    const key = { kind: 'Workflow', namespace: NAMESPACE, name: 'bye' };
    expect(said).not.toContain(BY_HAND);
    await cluster.write([{ op: 'delete', key }]);
    await until('it is seen', () => said.includes(BY_HAND));
    expect(said.filter((each) => each === BY_HAND)).toHaveLength(1);
    await until('it is restored', async () => (await findObject(cluster, key)) !== undefined);
  });

  it('says how it is, and what it counts', async () => {
    for (const { port } of [...site.controllers, ...site.shards]) {
      for (const path of ['healthz', 'readyz']) {
        expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status).toBe(200);
      }
    }
    const text = await Promise.all(
      site.shards.map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    );
    for (const each of text) expect(each).toContain('pipectl_propeller_workers 20');
    expect(text.some((each) => /pipectl_propeller_rounds_total [1-9]/.test(each))).toBe(true);
    const active = site.controllers[await site.active()];
    text.push(await (await fetch(`http://127.0.0.1:${active?.port}/metrics`)).text());
    for (const each of text) {
      expect(each).toMatch(/^pipectl_api_requests_total\{method="GET",code="200"\} [1-9]/m);
      expect(each).toMatch(/^pipectl_watch_lists_total\{kind="\w+"\} [1-9]/m);
    }
  });

  it('the other controller works when one ends', async () => {
    const before = await site.active();
    await site.controllers[before]?.stop();
    await until('the other works', async () => (await site.active()) === 1 - before);
    expect((await run('after')).code).toBe(0);
    expect((await untilOver('after')).status?.phase).toBe('Succeeded');
  });
});
