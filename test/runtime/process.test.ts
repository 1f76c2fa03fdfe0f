import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPod, openHost, readLog, runPod, type TestHost } from './fixtures/host.ts';

describe('a task attempt as a process', () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await openHost();
  });
  afterAll(() => host.close());

  it('ends Completed with its outputs as the message', async () => {
    const end = await runPod(host.store, 'outputs', {
      command: ['sh', '-c', 'echo sum=3 > "$PIPECTL_OUTPUTS"; echo hi'],
    });
    expect(end).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'sum=3\n' });
    expect(await readLog(host.store, 'outputs')).toBe('hi\n');
  });

  it('keeps what many attempts print', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `many-${index}`);
    await Promise.all(names.map((name) => createPod(host.store, name, { command: ['echo', name] })));
    for (const name of names) expect(await runLog(host, name)).toBe(`${name}\n`);
  });
});

async function runLog(host: TestHost, name: string): Promise<string> {
  return readLog(host.store, name, { follow: true });
}
