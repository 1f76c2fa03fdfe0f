import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { BlobRef } from '../../src/base/index.ts';
import type { Cluster, Execution, Platform } from '../../src/cluster/index.ts';
import { startS3 } from '../blobs/s3-server.ts';
import { PROJECT, platform } from './fixtures/object-store.ts';
import { buildProgram, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectlIn } from './fixtures/project.ts';

/** Outputs that no object has room for: made, kept, read, told and reused by the real program. */

const NAMESPACE = 'shop-development';
const server = await startS3();
afterAll(() => server?.close());

/** Writes 3 MB of text and a list that begins with an integer past 2^53, and a small value beside them. */
const WRITE = `
const fs = require('node:fs');
const text = 'é"' + 'x'.repeat(3_000_000);
const rows = '[9007199254740993' + ',1'.repeat(600_000) + ']';
fs.writeFileSync(process.env.PIPECTL_OUTPUTS, '{"small": 7, "rows": ' + rows + ', "text": ' + JSON.stringify(text) + '}');
`;
/** Gives out what it was given, by digest: of the very bytes of the inputs file. */
const READ = `
const fs = require('node:fs');
const text = fs.readFileSync(process.env.PIPECTL_INPUTS, 'utf8');
const { text: value } = JSON.parse(text);
const hash = (data) => require('node:crypto').createHash('sha256').update(data).digest('hex');
const raw = text.slice(text.indexOf('"text":') + 7, -1);
fs.writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify({
  seen: [String(value.length), hash(raw), String(/9007199254740993,1/.test(text)), process.env.PIPECTL_INPUT_TEXT ?? 'absent'],
}));
`;
const WORKFLOW = `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: write }
spec:
  outputs: { small: integer, rows: list<integer>, text: string }
  cache: {}
  source: tasks
  run: { command: [node, write.cjs] }
---
apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: read }
spec:
  inputs: { rows: list<integer>, text: string }
  outputs: { seen: list<string> }
  source: tasks
  run: { command: [node, read.cjs] }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: large }
spec:
  outputs: { seen: "\${{ nodes.read.outputs.seen }}", text: "\${{ nodes.write.outputs.text }}" }
  nodes:
    write: { task: write }
    read:
      task: read
      with: { rows: "\${{ nodes.write.outputs.rows }}", text: "\${{ nodes.write.outputs.text }}" }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: looks }
spec:
  outputs: { size: "\${{ nodes.count.outputs.size }}" }
  nodes:
    write: { task: write }
    count: { compute: { size: "\${{ size(nodes.write.outputs.text) }}" } }
`;
const FILES = {
  'pipectl.yaml': PROJECT,
  'pipelines/large.yaml': WORKFLOW,
  'tasks/write.cjs': WRITE,
  'tasks/read.cjs': READ,
};
const TEXT = JSON.stringify(`é"${'x'.repeat(3_000_000)}`);

async function ready(cluster: Cluster, place: string): Promise<void> {
  await until('the object store to be ready', async () => {
    const found = await cluster.get<Platform>({ kind: 'Platform', namespace: NAMESPACE, name: 'default' });
    const { status, message = '' } = found.status?.conditions?.find(({ type }) => type === 'ObjectStoreReady') ?? {};
    return status === 'True' && message.includes(place) ? true : undefined;
  });
}

async function active(cluster: Cluster): Promise<void> {
  await until('the workflows to be active', async () => {
    const { items } = await cluster.list('Workflow', { namespace: NAMESPACE });
    return items.length === 2 ? true : undefined;
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

it('a value without room goes to the folder, and the dependent reads what was recorded', {
  timeout: 200_000,
}, async () => {
  const program = await buildProgram();
  const folder = join(newFolder(), 'blobs');
  const daemon = await startDaemon({ program, data: join(newFolder(), 'data') });
  const cluster = await daemon.connect();
  const { folder: checkout, commit, push } = newProject(FILES);
  const run = (...argv: string[]) => pipectlIn(checkout, daemon.kubeconfig, ...argv, '-n', NAMESPACE);
  const get = (name: string) => cluster.get<Execution>({ kind: 'Execution', namespace: NAMESPACE, name });
  expect((await push(daemon.remote('shop'))).code).toBe(0);

  await active(cluster);
  const without = await run('run', 'large', '--follow', '--name', 'without');
  expect(without.code).not.toBe(0);
  const refused = (await get('without')).status?.nodes?.write?.error;
  expect(refused).toMatchObject({ reason: 'OutputsTooLarge' });
  expect(refused?.message).toMatch(
    /has \d{7} bytes, the limit is 1048576; name an object store in git, spec\.objectStore/,
  );

  commit({ 'pipelines/platform.yaml': platform(`{ folder: { path: ${JSON.stringify(folder)} } }`) });
  expect((await push(daemon.remote('shop'))).code).toBe(0);
  await ready(cluster, folder);
  const first = await run('run', 'large', '--follow', '--name', 'first');
  expect(first.code, first.err + first.out).toBe(0);
  const { status } = await get('first');
  const text: BlobRef = { digest: sha256(TEXT), sizeBytes: Buffer.byteLength(TEXT) };
  // The largest goes first, and the rest has room then only when the other has gone too.
  expect(status?.nodes?.write).toMatchObject({ outputs: { small: 7 }, storedOutputs: { text } });
  expect(Object.keys(status?.nodes?.write?.storedOutputs ?? {}).sort()).toEqual(['rows', 'text']);
  expect(status?.outputs).toEqual({ seen: ['3000002', text.digest, 'true', 'absent'] });
  expect(status?.storedOutputs).toEqual({ text });
  expect(readFileSync(join(folder, text.digest.slice(0, 2), text.digest), 'utf8')).toBe(TEXT);
  expect(readdirSync(join(folder, 'writing'))).toEqual([]);

  expect((await run('describe', 'execution', 'first')).out).toMatch(
    new RegExp(`text: +3\\.0 MB in the object store, SHA-256 ${text.digest.slice(0, 12)}…`),
  );
  expect((await run('outputs', 'first/write', 'text')).out).toBe(`${TEXT}\n`);
  const all = await run('outputs', 'first');
  expect(JSON.parse(all.out)).toEqual({ ...status?.outputs, text: JSON.parse(TEXT) });
  const wrong = await run('outputs', 'first/write', 'txet');
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('has no output "txet"')]);

  const cached = await run('run', 'large', '--follow', '--name', 'second');
  expect(cached.code, cached.err).toBe(0);
  const second = (await get('second')).status;
  expect(second?.nodes?.write).toMatchObject({ phase: 'Cached', storedOutputs: { text } });
  expect(second?.outputs).toEqual(status?.outputs);

  expect((await run('run', 'looks', '--follow', '--name', 'looks')).code).not.toBe(0);
  const looked = (await get('looks')).status?.nodes?.count?.error;
  expect(looked?.message).toMatch(/"text" is so large that it is in the object store: only a task can read it/);
});

/** Lets connections to a port of its own through to the server, once it is opened. */
async function openGate(to: string): Promise<{ readonly port: number; open(): Promise<void>; close(): Promise<void> }> {
  const { hostname, port: target } = new URL(to);
  const sockets = new Set<Socket>();
  const gate: Server = createTcpServer((socket) => {
    const onward = connectTcp(Number(target), hostname);
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => each.destroy());
    }
    socket.pipe(onward).pipe(socket);
  });
  const listen = (port: number): Promise<void> => new Promise((done) => gate.listen(port, '127.0.0.1', done));
  const shut = (): Promise<void> => new Promise((done) => gate.close(() => done()));
  await listen(0);
  const { port } = gate.address() as { readonly port: number };
  await shut();
  return {
    port,
    open: () => listen(port),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return shut();
    },
  };
}

it('outputs that wait for a bucket survive kill -9, and no attempt runs twice', { timeout: 200_000 }, async ({
  skip,
}) => {
  if (server === undefined) return skip('no S3 server');
  const gate = await openGate(server.endpoint);
  const program = await buildProgram();
  const data = join(newFolder(), 'data');
  const env = { AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey };
  const before = await startDaemon({ program, data, env });
  const s3 = `{ s3: { bucket: ${server.bucket}, prefix: values, endpoint: "http://127.0.0.1:${gate.port}", pathStyle: true } }`;
  const { folder: checkout, push } = newProject({ ...FILES, 'pipelines/platform.yaml': platform(s3) });
  expect((await push(before.remote('shop'))).code).toBe(0);
  await active(await before.connect());
  const started = await pipectlIn(checkout, before.kubeconfig, 'run', 'large', '--name', 'large', '-n', NAMESPACE);
  expect(started.code, started.err).toBe(0);
  await until(
    'the outputs to wait',
    () => /outputs wait for the object store/.test(before.output()) || undefined,
    60_000,
  );
  await before.kill();

  await gate.open();
  const after = await startDaemon({ program, data, env });
  const cluster = await after.connect();
  const { status } = await until(
    'the execution to end',
    async () => {
      const found = await cluster.get<Execution>({ kind: 'Execution', namespace: NAMESPACE, name: 'large' });
      return found.status?.finishedAt === undefined ? undefined : found;
    },
    60_000,
  );
  const text: BlobRef = { digest: sha256(TEXT), sizeBytes: Buffer.byteLength(TEXT) };
  expect(status?.nodes?.write).toMatchObject({ phase: 'Succeeded', attempt: 1, storedOutputs: { text } });
  expect(status?.nodes?.write?.systemFailures).toBeUndefined();
  expect(status?.outputs).toEqual({ seen: ['3000002', text.digest, 'true', 'absent'] });
  await after.kill();
  await gate.close();
});
