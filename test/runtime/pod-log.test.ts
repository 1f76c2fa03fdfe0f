import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_LOG_BYTES } from '../../src/base/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { openCapture } from '../../src/runtime/adapters/process/capture.ts';
import { startNodeAgent } from '../../src/runtime/adapters/process/index.ts';
import { lineSplitter } from '../../src/runtime/adapters/process/protocol.ts';
import { temporaryFolder } from '../git/fixtures/real-git.ts';
import {
  abortPod,
  createPod,
  ended,
  noSecrets,
  noSources,
  openHost,
  podKey,
  readLog,
  runPod,
  type TestHost,
  until,
  waitForPhase,
} from './fixtures/host.ts';

describe('the log of a pod', () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await openHost();
  });
  afterAll(() => host.close());

  it('is read whole, by its last lines, by bytes, by age and with times', async () => {
    await runPod(host.store, 'lines', { command: ['sh', '-c', 'seq 1 500; printf end'] });
    const all = [...Array.from({ length: 500 }, (_, index) => `${index + 1}`), 'end'].join('\n');
    expect(await readLog(host.store, 'lines')).toBe(all);
    expect(await readLog(host.store, 'lines', { tailLines: 3 })).toBe('499\n500\nend');
    expect(await readLog(host.store, 'lines', { tailLines: 0 })).toBe('');
    expect(await readLog(host.store, 'lines', { tailLines: 10_000 })).toBe(all);
    expect(await readLog(host.store, 'lines', { limitBytes: 5 })).toBe('1\n2\n3');
    expect(await readLog(host.store, 'lines', { sinceMs: 60_000 })).toBe(all);
    expect(await readLog(host.store, 'lines', { sinceMs: -60_000 })).toBe('');
    expect(await readLog(host.store, 'lines', { tailLines: 1, timestamps: true })).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z end$/,
    );
  });

  it('is followed from before the start to the end', async () => {
    const gate = join(host.folder, 'follow-gate');
    const script = `echo first; while [ ! -e ${gate} ]; do sleep 0.02; done; echo last`;
    await createPod(host.store, 'follow', { command: ['sh', '-c', script] });
    let seen = '';
    for await (const chunk of host.store.podLogs(podKey('follow'), { follow: true })) {
      seen += Buffer.from(chunk).toString();
      if (seen === 'first\n') await runPod(host.store, 'opens-the-gate', { command: ['touch', gate] });
    }
    expect(seen).toBe('first\nlast\n');
  });

  it('stops being followed when its reader stops', async () => {
    await createPod(host.store, 'endless', { command: ['sh', '-c', 'echo x; sleep 600'] });
    const stop = new AbortController();
    for await (const _ of host.store.podLogs(podKey('endless'), { follow: true, signal: stop.signal })) stop.abort();
    await abortPod(host.store, 'endless');
    await ended(host.store, 'endless');
  });

  it('is refused for what does not exist', async () => {
    await runPod(host.store, 'refuses', { command: ['true'] });
    await expect(readLog(host.store, 'nowhere')).rejects.toThrow(/not found/);
    await expect(readLog(host.store, 'refuses', { container: 'other' })).rejects.toThrow(/not valid/);
    await expect(readLog(host.store, 'refuses', { previous: true })).rejects.toThrow(/previous/);
    expect(await readLog(host.store, 'refuses')).toBe('');
  });

  it('goes on over a restart of the agent, as the task does', async () => {
    const own = await openHost();
    const gate = join(own.folder, 'gate');
    const script = `echo before; while [ ! -e ${gate} ]; do sleep 0.02; done; echo after; echo n=1 > "$PIPECTL_OUTPUTS"`;
    await createPod(own.store, 'survivor', { command: ['sh', '-c', script] });
    await waitForPhase(own.store, 'survivor', 'Running');
    await own.agent.stop('leave');
    const agent = await startNodeAgent({
      cluster: own.store,
      folder: join(own.folder, 'attempts'),
      sources: noSources,
      secrets: noSecrets,
      clock: hostClock,
      random: hostRandom,
      log: { write: () => {} },
    });
    own.store.serveLogs(agent.podLogs);
    expect(agent.stats().adopted).toBe(1);
    await until(async () => (await readLog(own.store, 'survivor')) === 'before\n' || undefined, 'the first line');
    await runPod(own.store, 'opens', { command: ['touch', gate] });
    expect(await ended(own.store, 'survivor')).toMatchObject({ reason: 'Completed', message: 'n=1\n' });
    expect(await readLog(own.store, 'survivor')).toBe('before\nafter\n');
    await agent.stop('end');
    await own.close();
  });
});

describe('a capture', () => {
  it('drops the middle past its bound and keeps the end', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'log');
    const capture = openCapture(path, () => 0);
    const line = Buffer.from(`${'x'.repeat(1023)}\n`);
    for (let bytes = 0; bytes < MAX_LOG_BYTES + (1 << 20); bytes += line.length) capture.write(line);
    capture.write(Buffer.from('the last words'));
    capture.finish();
    const text = readFileSync(path, 'utf8');
    expect(text.length).toBeLessThanOrEqual(MAX_LOG_BYTES);
    expect(text).toMatch(/\n1970-01-01T00:00:00\.000Z \[pipectl: the log is full, \d+ bytes are left out here\]\n/);
    expect(text.endsWith('Z the last words')).toBe(true);
    rmSync(path);
  });

  it('stamps each line once however its bytes come', () => {
    const folder = temporaryFolder();
    let files = 0;
    const bytes = fc.array(fc.constantFrom(10, 65, 66, 200), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 6 }), (chunks) => {
        const path = join(folder, `${files++}`);
        const capture = openCapture(path, () => 0);
        for (const chunk of chunks) capture.write(Uint8Array.from(chunk));
        capture.finish();
        const output = Buffer.from(chunks.flat()).toString('latin1');
        const lines = output.split(/(?<=\n)/);
        expect(readFileSync(path, 'latin1')).toBe(lines.map((line) => `1970-01-01T00:00:00.000Z ${line}`).join(''));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a line splitter', () => {
  it('finds the same lines however they are cut', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.nat(60)), (text, cuts) => {
        const bytes = Buffer.from(`${text}\n`);
        const lines: string[] = [];
        const split = lineSplitter(1000, (line) => lines.push(line));
        let from = 0;
        for (const to of [...cuts.sort((a, b) => a - b), bytes.length]) {
          split(bytes.subarray(from, Math.max(from, to)));
          from = Math.max(from, Math.min(to, bytes.length));
        }
        expect(lines).toEqual(bytes.toString('utf8').split('\n').slice(0, -1));
      }),
    );
  });

  it('refuses a line without end', () => {
    const split = lineSplitter(100, () => {});
    expect(() => split(Buffer.alloc(101, 65))).toThrow(RangeError);
  });
});
