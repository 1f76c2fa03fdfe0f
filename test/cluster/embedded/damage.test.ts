import { rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { StalledError } from '../../../src/base/index.ts';
import { append, closeLog, openLog } from '../../../src/cluster/adapters/embedded/log.ts';
import { encodeFrame, frameBytes, framesOf } from '../../../src/cluster/adapters/embedded/log-frame.ts';
import { segmentPath } from '../../../src/cluster/adapters/embedded/segments.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const parent = temporaryFolder();
let folders = 0;
const newFolder = (): string => join(parent, String(folders++));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const SEGMENT = 3;
const payloads = Array.from({ length: 5 }, (_, i) => `payload ${i} ${'é'.repeat(i * 5)}`);

/** A segment with one frame per payload, and where each begins. */
function segmentBytes(): { readonly bytes: Buffer; readonly starts: readonly number[]; readonly wholeAt: number } {
  const bytes = Buffer.alloc(1024);
  const starts: number[] = [];
  let at = 0;
  let wholeAt = 0;
  payloads.forEach((payload, i) => {
    const payloadBytes = Buffer.byteLength(payload);
    starts.push(at);
    encodeFrame(bytes.subarray(at), SEGMENT, i + 1, payload, payloadBytes);
    wholeAt = at + 24 + payloadBytes;
    at += frameBytes(payloadBytes);
  });
  return { bytes, starts: [...starts, at], wholeAt };
}

const read = (bytes: Buffer, segment = SEGMENT): readonly string[] =>
  [...framesOf(bytes, segment)].map(({ payload }) => payload);

describe('the frames of a segment', () => {
  const { bytes, starts, wholeAt } = segmentBytes();
  const lastStart = starts[4] as number;

  it('come back in order with their text', () => {
    expect(read(bytes)).toEqual(payloads);
  });

  it('do not count under another segment number: an earlier life of the file is not read', () => {
    expect(read(bytes, SEGMENT + 1)).toEqual([]);
  });

  it('end before the last one when it is cut at any byte, by zeros or by the end of the file', () => {
    for (let cut = lastStart; cut < wholeAt; cut++) {
      const torn = Buffer.from(bytes);
      torn.fill(0, cut);
      expect(read(torn), `zeros from ${cut}`).toEqual(payloads.slice(0, 4));
      expect(read(bytes.subarray(0, cut)), `ends at ${cut}`).toEqual(payloads.slice(0, 4));
    }
  });

  it('end before the last one when any of its bits is wrong', () => {
    for (let at = lastStart; at < wholeAt; at++) {
      for (const bit of [1, 0x80]) {
        const wrong = Buffer.from(bytes);
        wrong.writeUInt8(wrong.readUInt8(at) ^ bit, at);
        expect(read(wrong), `byte ${at - lastStart}`).toEqual(payloads.slice(0, 4));
      }
    }
  });

  it('go on behind a damaged one, so that its loss shows in the sequence', () => {
    for (let at = starts[1] as number; at < (starts[2] as number) - 8; at++) {
      const wrong = Buffer.from(bytes);
      wrong.writeUInt8(wrong.readUInt8(at) ^ 4, at);
      expect([...framesOf(wrong, SEGMENT)].map(({ sequence }) => sequence)).toEqual([1, 3, 4, 5]);
    }
  });
});

/** A log of small segments with one creation per frame, as a crash leaves it: nothing is in the database file. */
async function crashedLog(count: number): Promise<string> {
  const folder = newFolder();
  await (await openStore(folder)).close();
  const log = await openLog({ folder, old: [], lastSequence: 0, segmentBytes: 4096, firstSegmentBytes: 4096 });
  for (let i = 0; i < count; i++) {
    const metadata = { name: `c${i}`, namespace: 'n', uid: `00000000-0000-4000-8000-00000000000${i}` };
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'x'.repeat(1_500) } });
    await append(log, `p ConfigMap n c${i} ${i + 1} ${text}\n`, false);
  }
  await closeLog(log, 0);
  return folder;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const store = await openStore(folder);
  const { items } = await store.list('ConfigMap', { namespace: 'n' });
  await store.close();
  return items.map(({ metadata }) => metadata.name);
}

describe('a store that crashed', () => {
  it('reads its log through all segments, and again from the database file', async () => {
    const folder = await crashedLog(6);
    const names = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];
    expect(await namesIn(folder)).toEqual(names);
    expect(await namesIn(folder)).toEqual(names);
  });

  it('with a torn last record has all before it and takes writes again', async () => {
    const torn = await crashedLog(1);
    writeFileSync(segmentPath(torn, 9), Buffer.from('torn'));
    const reopened = await openStore(torn);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'after', namespace: 'n' } };
    await reopened.write([{ op: 'create', object }]);
    await reopened.close();
    expect(await namesIn(torn)).toEqual(['after', 'c0']);
  });

  it('is refused with file and offset when a record before others is damaged', async () => {
    const folder = await crashedLog(4);
    const path = segmentPath(folder, 2);
    const fd = await import('node:fs/promises').then(({ open }) => open(path, 'r+'));
    await fd.write(Buffer.from([0]), 0, 1, 30);
    await fd.close();
    const error = await openStore(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StalledError);
    expect(error).toMatchObject({ reason: 'StoreCorrupt' });
    expect((error as StalledError).message).toContain('.seg, offset 0: record ');
  });

  it('is refused when a segment in the middle is missing', async () => {
    const folder = await crashedLog(6);
    unlinkSync(segmentPath(folder, 2));
    await expect(openStore(folder)).rejects.toMatchObject({ reason: 'StoreCorrupt' });
  });
});

describe('a database file that is not ours', () => {
  it('of another format is refused, naming both', async () => {
    const folder = await crashedLog(1);
    const db = new DatabaseSync(join(folder, 'objects.sqlite'));
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expect(openStore(folder)).rejects.toMatchObject({ reason: 'StoreVersion' });
    await expect(openStore(folder)).rejects.toThrow(/format 99.*format 3/);
  });

  it('that is garbage is refused', async () => {
    const folder = await crashedLog(1);
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `objects.sqlite${end}`), { force: true });
    writeFileSync(join(folder, 'objects.sqlite'), 'garbage '.repeat(1000));
    await expect(openStore(folder)).rejects.toMatchObject({ reason: 'StoreCorrupt' });
  });

  it('whose folder is a file is refused', async () => {
    const path = newFolder();
    writeFileSync(path, '');
    await expect(openStore(path)).rejects.toBeInstanceOf(StalledError);
  });
});
