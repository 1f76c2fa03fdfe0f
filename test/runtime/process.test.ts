import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_VALUE_BYTES } from '../../src/base/index.ts';
import { createObject, deleteObject, LABEL, type Pod } from '../../src/cluster/index.ts';
import {
  abortPod,
  createPod,
  ended,
  openHost,
  type PodShape,
  podKey,
  podOf,
  readLog,
  runPod,
  type Terminated,
  type TestHost,
  until,
  waitForPhase,
} from './fixtures/host.ts';

const outside = mkdtempSync(join(tmpdir(), 'pipectl-outside-'));
afterAll(() => rmSync(outside, { recursive: true, force: true }));

describe.each(['auto', 'node'] as const)('task attempts as processes, launcher %s', (launcher) => {
  let host: TestHost;
  beforeAll(async () => {
    host = await openHost({ launcher });
  });
  afterAll(() => host.close());
  const sh = (script: string): readonly string[] => ['sh', '-c', script];
  const run = (name: string, shape: PodShape): Promise<Terminated> => runPod(host.store, name, shape);

  const ENDS: readonly { name: string; shape: PodShape; end: Partial<Terminated> }[] = [
    { name: 'exit-zero', shape: { command: ['true'] }, end: { exitCode: 0, reason: 'Completed' } },
    { name: 'exit-code', shape: { command: sh('exit 3') }, end: { exitCode: 3, reason: 'Error' } },
    { name: 'signal', shape: { command: sh('kill -SEGV $$') }, end: { exitCode: 139, signal: 11, reason: 'Error' } },
    {
      name: 'outputs',
      shape: { command: sh('echo sum=3 > "$PIPECTL_OUTPUTS"') },
      end: { exitCode: 0, reason: 'Completed', message: 'sum=3\n' },
    },
    {
      name: 'outputs-of-a-failure',
      shape: { command: sh('echo a=1 > "$PIPECTL_OUTPUTS"; exit 1') },
      end: { exitCode: 1, reason: 'Error', message: 'a=1\n' },
    },
    {
      name: 'outputs-too-large',
      shape: { command: sh(`head -c ${MAX_VALUE_BYTES + 1} /dev/zero > "$PIPECTL_OUTPUTS"`) },
      end: { exitCode: 0, reason: 'OutputsTooLarge' },
    },
    {
      name: 'outputs-a-named-pipe',
      shape: { command: sh('mkfifo "$PIPECTL_OUTPUTS"') },
      end: { exitCode: 0, reason: 'InvalidOutputs' },
    },
    {
      name: 'outputs-a-link',
      shape: { command: sh('ln -s /etc/hostname "$PIPECTL_OUTPUTS"') },
      end: { exitCode: 0, reason: 'InvalidOutputs' },
    },
    { name: 'no-command', shape: { command: ['no-such-command'] }, end: { exitCode: 127, reason: 'StartError' } },
    { name: 'no-file', shape: { command: ['/no/such/file'] }, end: { exitCode: 127 } },
    {
      name: 'no-source',
      shape: { command: ['true'], source: { repository: 'r', tree: 'a'.repeat(40) } },
      end: { exitCode: 128, reason: 'SourceError' },
    },
    { name: 'node-is-found', shape: { command: ['node', '-e', '0'] }, end: { exitCode: 0, reason: 'Completed' } },
  ];
  it.each(ENDS)('end $name', async ({ name, shape, end }) => {
    expect(await run(`end-${name}`, shape)).toMatchObject(end);
    const pod = await host.store.get<Pod>(podKey(`end-${name}`));
    expect(pod.status?.phase).toBe(end.reason === 'Completed' ? 'Succeeded' : 'Failed');
  });

  it('names the command that is missing', async () => {
    expect((await run('missing', { command: ['no-such-command'] })).message).toContain('"no-such-command" not found');
  });

  it('sees nothing of the host but programs, and words as they are', async () => {
    process.env.PIPECTL_TEST_SECRET = 'leak';
    const words = ['$HOME', '`id`', "a'b", '"; exit 9', '\n', 'ü', ''];
    const script = 'process.stdout.write(JSON.stringify({env: process.env, words: process.argv.slice(1)}))';
    await run('clean', {
      command: ['node', '-e', script, '--', ...words],
      env: { GREETING: '$(hi) `x`' },
      inputs: '{"a":1}',
    });
    delete process.env.PIPECTL_TEST_SECRET;
    const seen = JSON.parse(await readLog(host.store, 'clean'));
    expect(seen.words).toEqual(words);
    const { PATH, PWD: _pwd, OLDPWD: _oldpwd, SHLVL: _shlvl, _: _last, ...rest } = seen.env;
    expect(Object.keys(rest).sort()).toEqual(
      ['GREETING', 'HOME', 'LANG', 'PIPECTL_INPUTS', 'PIPECTL_OUTPUTS', 'PIPECTL_POD_UID', 'TMPDIR'].sort(),
    );
    expect(rest.GREETING).toBe('$(hi) `x`');
    expect(PATH).toContain(':/usr/bin:');
  });

  it('gives inputs as a file and private, empty folders', async () => {
    const script =
      'cat "$PIPECTL_INPUTS"; ls -A . "$HOME" "$TMPDIR" | grep -v : | tr -d "\\n"; touch left "$HOME/left"';
    for (const round of ['one', 'two', 'three']) {
      await run(`private-${round}`, { command: sh(script), inputs: `{"round":"${round}"}` });
      expect(await readLog(host.store, `private-${round}`)).toBe(`{"round":"${round}"}`);
    }
  });

  it('keeps the order of stdout and stderr', async () => {
    await run('order', { command: sh('echo 1; echo 2 >&2; echo 3; echo 4 >&2; printf 5') });
    expect(await readLog(host.store, 'order')).toBe('1\n2\n3\n4\n5');
  });

  it('ends background processes with the task', async () => {
    const file = join(outside, `background-${launcher}`);
    await run('background', { command: sh(`sleep 600 & echo $! > ${file}`) });
    expect(isRunning(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  it.runIf(launcher === 'auto' && process.platform === 'linux')('ends what left its group with the task', async () => {
    const file = join(outside, `stray-${launcher}`);
    const script = `const { spawn } = require('node:child_process');
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));
      child.unref();`;
    expect(await run('stray', { command: ['node', '-e', script] })).toMatchObject({ reason: 'Completed' });
    expect(isRunning(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  it('ends the whole group when aborted, and says so when it is gone', async () => {
    const file = join(outside, `abort-${launcher}`);
    await createPod(host.store, 'abort', { command: sh(`sleep 600 & echo $! > ${file}; wait`) });
    const child = await until(() => (existsSync(file) && readFileSync(file, 'utf8').trim()) || undefined, 'its child');
    await abortPod(host.store, 'abort');
    expect(await ended(host.store, 'abort')).toMatchObject({ reason: 'Aborted', signal: 15 });
    expect(isRunning(Number(child))).toBe(false);
  });

  it('tells a task that a stop of the agent ended from one that was aborted', async () => {
    const other = await openHost({ launcher });
    try {
      await createPod(other.store, 'stopped', { command: ['sleep', '600'] });
      await waitForPhase(other.store, 'stopped', 'Running');
      await other.agent.stop('end');
      expect(await ended(other.store, 'stopped')).toMatchObject({
        reason: 'Shutdown',
        message: 'the control plane was stopped while it ran',
      });
    } finally {
      await other.close();
    }
  });

  it('kills what does not listen to SIGTERM', async () => {
    const command = sh('trap "" TERM; echo deaf; while :; do sleep 0.05; done');
    await createPod(host.store, 'deaf', { command, graceSeconds: 0.1 });
    await until(async () => (await readLog(host.store, 'deaf').catch(() => '')) || undefined, 'the deaf task');
    await abortPod(host.store, 'deaf');
    expect(await ended(host.store, 'deaf')).toMatchObject({ reason: 'Aborted', signal: 9 });
  });

  it('ends what runs when its pod is deleted, and drops its log', async () => {
    const file = join(outside, `deleted-${launcher}`);
    await createPod(host.store, 'deleted', {
      command: sh(`echo $$ > ${file}.tmp; mv ${file}.tmp ${file}; echo x; sleep 600`),
    });
    await until(() => existsSync(file) || undefined, 'the task to start');
    const { uid = '' } = (await host.store.get(podKey('deleted'))).metadata;
    await deleteObject(host.store, podKey('deleted'));
    await until(() => !isRunning(Number(readFileSync(file, 'utf8'))) || undefined, 'the task to end');
    await until(() => !readdirSync(join(host.folder, 'attempts', 'logs')).includes(uid) || undefined, 'the log to go');
  });
});

describe('the node agent', () => {
  it('runs as many attempts at a time as it has capacity for, and ends queued ones unstarted', async () => {
    const host = await openHost({ capacity: 2 });
    const gate = join(outside, 'gate');
    const started = join(outside, 'started');
    writeFileSync(started, '');
    const command = ['sh', '-c', `echo x >> ${started}; while [ ! -e ${gate} ]; do sleep 0.02; done`];
    const names = Array.from({ length: 24 }, (_, index) => `gated-${index}`);
    for (const name of names) await createPod(host.store, name, { command });
    await until(() => host.agent.stats().queued === 24 - 2 - 8 || undefined, 'the queue to stand');
    await abortPod(host.store, 'gated-23');
    expect(await ended(host.store, 'gated-23')).toMatchObject({ reason: 'Aborted', exitCode: 128 });
    await abortPod(host.store, 'gated-5');
    expect(await ended(host.store, 'gated-5')).toMatchObject({ reason: 'Aborted', exitCode: 128 });
    await until(() => readFileSync(started, 'utf8') === 'x\nx\n' || undefined, 'two to start');
    writeFileSync(gate, '');
    for (const name of names.slice(0, 5)) expect(await ended(host.store, name)).toMatchObject({ exitCode: 0 });
    await Promise.all(names.map((name) => ended(host.store, name)));
    expect(readFileSync(started, 'utf8')).toBe('x\n'.repeat(22));
    await host.close();
  });

  it('gives executions turns, so that a wide one does not hold up a small one that comes later', async () => {
    const host = await openHost({ capacity: 1 });
    const gate = join(outside, 'turns');
    const order = join(outside, 'order');
    const command = (name: string) => [
      'sh',
      '-c',
      `while [ ! -e ${gate} ]; do sleep 0.02; done; echo ${name} >> ${order}`,
    ];
    const create = (name: string, execution: string) => {
      const pod = podOf(name, { command: command(name) });
      return createObject(host.store, {
        ...pod,
        metadata: { ...pod.metadata, labels: { [LABEL.execution]: execution } },
      });
    };
    const wide = Array.from({ length: 40 }, (_, index) => `wide-${index}`);
    for (const name of wide) await create(name, 'wide');
    await create('small-1', 'small');
    await until(() => host.agent.stats().queued === 41 - 1 - 8 || undefined, 'the queue to stand');
    writeFileSync(gate, '');
    await Promise.all([...wide, 'small-1'].map((name) => ended(host.store, name)));
    const ran = readFileSync(order, 'utf8').trim().split('\n');
    // Those that the spawner had already go first, and one more when its turn has come before.
    expect(ran.indexOf('small-1')).toBeLessThanOrEqual(1 + 8 + 1);
    expect(ran.filter((name) => name !== 'small-1')).toEqual(wide);
    await host.close();
  });

  it.runIf(process.platform === 'linux')('ends what holds more memory than its limit', async () => {
    const host = await openHost();
    const hog = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 5)';
    const end = await runPod(host.store, 'hog', {
      command: ['node', '-e', hog],
      limits: { memory: '128Mi', cpu: '1' },
    });
    expect(end).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
    const pod = await host.store.get<Pod>(podKey('hog'));
    expect(pod.status?.conditions).toMatchObject([{ type: 'LimitsApplied', status: 'False' }]);
    expect(pod.status?.conditions?.[0]?.message).toContain('cpu');
    await host.close();
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
