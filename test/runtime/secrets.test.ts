import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVault, openSecrets } from '../../src/cluster/adapters/secrets/index.ts';
import { createObject, type KubeObject, type Pod, patchObject, type SecretRef } from '../../src/cluster/index.ts';
import {
  abortPod,
  ended,
  NAMESPACE,
  openHost,
  type PodShape,
  podKey,
  podOf,
  readLog,
  type TestHost,
  until,
} from './fixtures/host.ts';

const vault = createVault(randomBytes(32));
const OTHER_VAULT = createVault(randomBytes(32));
const VALUE = 'hunter2-hunter2';

describe.each(['auto', 'node'] as const)('secrets of attempts, launcher %s', (launcher) => {
  let host: TestHost;
  beforeAll(async () => {
    const cluster = {
      get: <T extends KubeObject>(key: Parameters<TestHost['store']['get']>[0]) => host.store.get<T>(key),
    };
    const environment = { PIPECTL_SECRET_FROM_ENV__KEY: VALUE, SECRET_OTHER__KEY: VALUE };
    host = await openHost({ launcher, secrets: openSecrets({ cluster, vault, environment }) });
  });
  afterAll(() => host.close());

  async function start(name: string, script: string, ref: SecretRef, variable = 'TOKEN'): Promise<void> {
    const shape: PodShape = { command: ['sh', '-c', script], env: { PIPECTL_NODE: 'n' } };
    const pod = podOf(name, shape);
    const [container] = pod.spec.containers;
    const env = [{ name: variable, valueFrom: { secretKeyRef: ref } }, ...(container?.env ?? [])];
    await createObject(host.store, { ...pod, spec: { ...pod.spec, containers: [{ ...container!, env }] } });
  }

  async function keep(name: string, bytes: Uint8Array | string, by = vault): Promise<void> {
    const data = { key: Buffer.from(bytes).toString('base64') };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, data };
    await createObject(host.store, by.seal(secret, undefined));
  }

  const waiting = (name: string, what: RegExp): Promise<true> =>
    until(async () => {
      const { status } = await host.store.get<Pod>(podKey(name));
      const state = status?.containerStatuses?.[0]?.state.waiting;
      return (state?.reason === 'CreateContainerConfigError' && what.test(state.message ?? '')) || undefined;
    }, `pod ${name} to wait`);

  it('are in the environment, and not in log and outputs, however slowly they come', async () => {
    await keep('slow', VALUE);
    const script = `for part in hun ter2- hunter2; do printf %s $part; sleep 0.1; done; echo; echo "t=$TOKEN" >"$PIPECTL_OUTPUTS"; exit $((\${#TOKEN} - ${VALUE.length}))`;
    await start('slow', script, { name: 'slow', key: 'key' });
    expect(await ended(host.store, 'slow')).toMatchObject({ reason: 'Completed', message: 't=***\n' });
    expect(await readLog(host.store, 'slow')).toBe('***\n');
  });

  it('are taken out of the outputs of a failure', async () => {
    await keep('fails', VALUE);
    await start('fails', 'echo "why=$TOKEN" >"$PIPECTL_OUTPUTS"; exit 3', { name: 'fails', key: 'key' });
    expect(await ended(host.store, 'fails')).toMatchObject({ exitCode: 3, message: 'why=***\n' });
  });

  it('come from variables of the control plane that begin as they must, and from no others', async () => {
    await start('env', 'exit $((${#TOKEN} - 15))', { name: 'from-env', key: 'key' });
    expect(await ended(host.store, 'env')).toMatchObject({ exitCode: 0 });
    await start('env-other', 'true', { name: 'other', key: 'key' });
    await waiting('env-other', /secret "other" does not exist/);
    await abortPod(host.store, 'env-other');
    expect(await ended(host.store, 'env-other')).toMatchObject({ reason: 'Aborted' });
  });

  it('are waited for, key by key', async () => {
    await start('keys', 'true', { name: 'keys', key: 'later' });
    await waiting('keys', /does not exist; set it: pipectl secret set keys later -n/);
    await keep('keys', VALUE);
    await waiting('keys', /has no key "later"/);
    const [at, named] = [
      { kind: 'Secret', namespace: NAMESPACE, name: 'keys' },
      { namespace: NAMESPACE, name: 'keys' },
    ];
    const data = { later: Buffer.from(VALUE).toString('base64') };
    const sealed = vault.seal({ apiVersion: 'v1', kind: 'Secret', metadata: named, data }, undefined);
    await patchObject(host.store, at, { data: sealed.data as Record<string, string> });
    expect(await ended(host.store, 'keys')).toMatchObject({ reason: 'Completed' });
  });

  it('that another key sealed, or that were kept under another name, do not open', async () => {
    await keep('foreign', VALUE, OTHER_VAULT);
    await start('foreign', 'true', { name: 'foreign', key: 'key' });
    await waiting('foreign', /sealed with another key/);
    const copied = await host.store.get({ kind: 'Secret', namespace: NAMESPACE, name: 'slow' });
    const metadata = { name: 'copied', namespace: NAMESPACE };
    await createObject(host.store, { apiVersion: 'v1', kind: 'Secret', metadata, data: copied.data });
    await start('copied', 'true', { name: 'copied', key: 'key' });
    await waiting('copied', /sealed with another key/);
  });

  it.each([
    ['bytes', Buffer.from([0xff, 0xfe, 0x00])],
    ['nul', 'a\0b'],
  ])('that no variable can hold fail the attempt: %s', async (name, bytes) => {
    await keep(name, bytes);
    await start(name, 'true', { name, key: 'key' });
    const end = await ended(host.store, name);
    expect(end).toMatchObject({ exitCode: 128, reason: 'StartError' });
    expect(end.message).toContain('no text that a variable could hold');
  });

  it('do not replace what the engine says', async () => {
    await keep('node', VALUE);
    await start('node', 'printf %s "$PIPECTL_NODE"', { name: 'node', key: 'key' }, 'PIPECTL_NODE');
    await ended(host.store, 'node');
    expect(await readLog(host.store, 'node')).toBe('n');
  });
});
