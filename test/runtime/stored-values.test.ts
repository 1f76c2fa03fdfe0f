import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlobRefs, sha256 } from '../../src/base/index.ts';
import { openFolderBlobs } from '../../src/blobs/adapters/folder/index.ts';
import { type BlobStore, bytesContent } from '../../src/blobs/index.ts';
import { ANNOTATION, createObject, OUTPUTS_STORED, type Pod } from '../../src/cluster/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { temporaryFolder } from '../cluster/embedded/open-store.ts';
import { ended, openHost, podKey, podOf, type Terminated, type TestHost } from './fixtures/host.ts';

const TOKEN = 'hunter2-hunter2';

describe.each(['auto', 'node'] as const)('values in the object store, launcher %s', (launcher) => {
  let folder: string;
  let blobs: BlobStore;
  let host: TestHost;
  beforeAll(async () => {
    folder = temporaryFolder();
    blobs = await openFolderBlobs({ folder, clock: hostClock, random: hostRandom });
    const secrets = { read: async () => ({ kind: 'value' as const, bytes: Buffer.from(TOKEN) }) };
    host = await openHost({ launcher, objectStore: blobs, secrets });
  });
  afterAll(async () => {
    await host.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a Node script whose attempt may store its outputs, and is given these inputs of the store. */
  async function run(
    name: string,
    script: string,
    types: Readonly<Record<string, string>> | string,
    stored?: BlobRefs,
    inputs = '{}',
  ): Promise<{ readonly end: Terminated; readonly stored: BlobRefs | undefined }> {
    const pod = podOf(name, { command: ['node', '-e', script], inputs });
    const annotations = {
      ...pod.metadata.annotations,
      [ANNOTATION.outputTypes]: typeof types === 'string' ? types : JSON.stringify(types),
      ...(stored && { [ANNOTATION.storedInputs]: JSON.stringify(stored) }),
    };
    const env = [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }];
    const containers = pod.spec.containers.map((container) => ({ ...container, env }));
    await createObject(host.store, {
      ...pod,
      metadata: { ...pod.metadata, annotations },
      spec: { ...pod.spec, containers },
    });
    const end = await ended(host.store, name);
    const { status } = await host.store.get<Pod>(podKey(name));
    const told = status?.conditions?.find(({ type }) => type === OUTPUTS_STORED)?.message;
    return { end, stored: told === undefined ? undefined : (JSON.parse(told) as BlobRefs) };
  }

  const write = (text: string): string => `require('node:fs').writeFileSync(process.env.PIPECTL_OUTPUTS, ${text})`;
  const contentOf = (digest: string): string => readFileSync(join(folder, digest.slice(0, 2), digest), 'utf8');
  const leftOvers = (): readonly string[] =>
    readdirSync(join(host.folder, 'attempts'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => /outputs-/.test(path) || /^inputs\/./.test(path),
    );

  it('hold no secret, wherever in the file it stands', async () => {
    const script = write(
      `'small=1\\nlarge=' + 'x'.repeat(1_048_570) + process.env.TOKEN + 'y'.repeat(600_000) + '\\n'`,
    );
    const { end, stored } = await run('secret', script, { small: 'integer', large: 'string' });
    expect(end).toMatchObject({ reason: 'Completed', message: '{"small":1}' });
    const text = JSON.stringify(`${'x'.repeat(1_048_570)}***${'y'.repeat(600_000)}`);
    expect(stored).toEqual({ large: { digest: sha256(text), sizeBytes: text.length } });
    expect(contentOf(sha256(text))).toBe(text);
    expect(leftOvers()).toEqual([]);
  });

  it('are the largest ones, and no more than must be', async () => {
    const script = write(`JSON.stringify({ a: 'a'.repeat(400_000), b: 'b'.repeat(500_000), c: 'c'.repeat(450_000) })`);
    const { end, stored } = await run('some', script, { a: 'string', b: 'string', c: 'string' });
    expect(Object.keys(stored ?? {})).toEqual(['b']);
    expect(JSON.parse(end.message ?? '')).toEqual({ a: 'a'.repeat(400_000), c: 'c'.repeat(450_000) });
  });

  it('are none where the file is large and its values are not', async () => {
    const { end, stored } = await run('blank', write(`'{"a": 1' + ' '.repeat(1_100_000) + '}'`), { a: 'integer' });
    expect(end).toMatchObject({ reason: 'Completed', message: '{"a":1}' });
    expect(stored).toBeUndefined();
  });

  it.each([
    ['of the wrong type', `JSON.stringify({ a: 'a'.repeat(1_100_000) })`, { a: 'integer' }, /^a: .*integer/],
    ['that nobody declared', `JSON.stringify({ b: 'a'.repeat(1_100_000) })`, {}, /there is no output "b"/],
    ['of a pod that somebody has changed', `JSON.stringify({ b: 'a'.repeat(1_100_000) })`, '{', /no output "b"/],
  ])('are refused: %s', async (what, text, types, message) => {
    const { end, stored } = await run(`refused-${what.replaceAll(' ', '-')}`, write(text), types);
    expect(end).toMatchObject({ reason: 'InvalidOutputs', message: expect.stringMatching(message) });
    expect(stored).toBeUndefined();
    expect(leftOvers()).toEqual([]);
  });

  it('have a bound, which the end tells', async () => {
    const script = `${write(`''`)}; require('node:fs').truncateSync(process.env.PIPECTL_OUTPUTS, 64 * 1024 * 1024 + 1)`;
    const { end } = await run('huge', script, { a: 'string' });
    expect(end).toMatchObject({ reason: 'OutputsTooLarge', message: expect.stringMatching(/limit is 67108864; keep/) });
  });

  it('stand beside the other inputs by the very bytes that were stored', async () => {
    const text = '[9007199254740993, 1e0 ,"é"]';
    const { digest } = await blobs.put(bytesContent(Buffer.from(text)));
    const sizeBytes = Buffer.byteLength(text);
    const script = write(
      `'seen=' + JSON.stringify(require('node:fs').readFileSync(process.env.PIPECTL_INPUTS, 'utf8'))`,
    );
    const both = { x: { digest, sizeBytes }, 'y"': { digest, sizeBytes } };
    const { end } = await run('reads', script, { seen: 'string' }, both, '{"a":1}');
    expect(end.message).toBe(`seen=${JSON.stringify(`{"a":1,"x":${text},"y\\"":${text}}`)}`);
    const alone = await run('reads-alone', script, { seen: 'string' }, { x: { digest, sizeBytes } });
    expect(alone.end.message).toBe(`seen=${JSON.stringify(`{"x":${text}}`)}`);
    expect(leftOvers()).toEqual([]);
  });

  it('that are gone, or damaged, end the attempt before it starts', async () => {
    const { end } = await run('gone', '', {}, { x: { digest: 'f'.repeat(64), sizeBytes: 1 } });
    expect(end).toMatchObject({ reason: 'InputsLost', message: expect.stringMatching(/there is no blob ffff/) });
    const { digest, sizeBytes } = await blobs.put(bytesContent(Buffer.from('"whole"')));
    writeFileSync(join(folder, digest.slice(0, 2), digest), '"other"');
    const damaged = await run('damaged', '', {}, { x: { digest, sizeBytes } });
    expect(damaged.end).toMatchObject({ reason: 'InputsLost', message: expect.stringMatching(/is damaged/) });
    expect(leftOvers()).toEqual([]);
  });
});
