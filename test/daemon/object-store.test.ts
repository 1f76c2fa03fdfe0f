import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Condition, Platform } from '../../src/cluster/index.ts';
import { type S3Server, startS3 } from '../blobs/s3-server.ts';
import { PROJECT, platform } from './fixtures/object-store.ts';
import { buildProgram, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectlIn } from './fixtures/project.ts';

/** An object store that git names, tried by the real program with keys from secrets. */

const NAMESPACE = 'shop-development';
const server: S3Server | undefined = await startS3();
afterAll(() => server?.close());

it('git names an object store, and describe says whether it can be used', { timeout: 90_000 }, async ({ skip }) => {
  if (server === undefined) return skip('no S3 server');
  const program = await buildProgram();
  const data = join(newFolder(), 'data');
  const folder = join(newFolder(), 'blobs');
  const daemon = await startDaemon({ program, data, env: { PIPECTL_SECRET_STORE__KEY: server.secretAccessKey } });
  const cluster = await daemon.connect();
  const {
    folder: checkout,
    commit,
    push,
  } = newProject({
    'pipectl.yaml': PROJECT,
    'pipelines/platform.yaml': platform(`{ folder: { path: ${JSON.stringify(folder)} } }`),
  });
  const pushed = async (): Promise<void> => {
    const { code, text } = await push(daemon.remote('shop'));
    expect(code, text).toBe(0);
  };
  const told = (status: string, place: string): Promise<Condition> =>
    until(`the platform to say ${status} of ${place}`, async () => {
      const found = await cluster.get<Platform>({ kind: 'Platform', namespace: NAMESPACE, name: 'default' });
      const ready = found.status?.conditions?.find(({ type }) => type === 'ObjectStoreReady');
      return ready?.status === status && ready.message.includes(place) ? ready : undefined;
    });
  const run = (...argv: string[]) => pipectlIn(checkout, daemon.kubeconfig, ...argv, '-n', NAMESPACE);
  await pushed();
  await told('True', folder);
  expect((await run('describe', 'platform', 'default')).out).toMatch(`folder ${folder}\n`);

  const credentials =
    '{ accessKeyId: { secret: { name: store, key: id } }, secretAccessKey: { secret: { name: store, key: key } } }';
  const bucket = `bucket: ${server.bucket}, endpoint: "${server.endpoint}", pathStyle: true, credentials: ${credentials}`;
  commit({ 'pipelines/platform.yaml': platform(`{ s3: { ${bucket} } }`) });
  await pushed();
  const { reason } = await told('False', 'pipectl secret set store id');
  expect(reason).toBe('CredentialsMissing');
  expect((await run('describe', 'platform', 'default')).out).toMatch(
    /Object store: +CredentialsMissing: secret "store"/,
  );

  // The secret part comes from the environment of the control plane.
  writeFileSync(join(data, 'id'), server.accessKeyId);
  expect((await run('secret', 'set', 'store', 'id', '--from-file', join(data, 'id'))).code).toBe(0);
  commit({ 'pipelines/platform.yaml': platform(`{ s3: { ${bucket}, prefix: shop } }`) });
  await pushed();
  await told('True', `the bucket ${server.bucket}`);
  const { out } = await run('describe', 'platform', 'default');
  expect(out).toMatch(`bucket ${server.bucket} at ${server.endpoint}\n`);
  expect((await run('get', 'platforms', '-o', 'wide')).out).toMatch(/OBJECT-STORE[\s\S]*True/);
});
