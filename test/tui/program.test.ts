import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, execution, openControlPlane } from '../cli/control-plane.ts';
import { kubeconfigText } from '../cluster/api-fixture.ts';
import { type Driven, drive } from './terminal.ts';

/** The whole program in a pseudo-terminal, against the real API over a real store. */
let plane: ControlPlane;
let driven: Driven | undefined;
const STARTED = '2026-01-02T03:04:05.000Z';

beforeAll(async () => {
  plane = await openControlPlane();
  await plane.create(execution('nightly-aaaaaa'), execution('nightly-bbbbbb'), execution('wide-cccccc'));
  const node = { phase: 'Succeeded', startedAt: STARTED, finishedAt: '2026-01-02T03:04:07.000Z' };
  await plane.setStatus('nightly-aaaaaa', {
    phase: 'Failed',
    startedAt: STARTED,
    finishedAt: '2026-01-02T03:04:09.000Z',
    nodeCount: 3,
    nodes: {
      ingest: node,
      forecast: { ...node, phase: 'Failed', error: { reason: 'NonZeroExit', message: 'exit 7' } },
    },
    error: { reason: 'NonZeroExit', message: 'exit \u001b[31m7\u001b[0m of 東京', node: 'forecast' },
  });
  await plane.setStatus('nightly-bbbbbb', {
    phase: 'Running',
    startedAt: STARTED,
    nodeCount: 3,
    nodes: { ingest: node },
  });
});
afterAll(async () => {
  silent.close();
  await plane.close();
});
afterEach(async () => {
  driven?.end();
  await driven?.ended;
  driven = undefined;
});

function start(columns = 80, rows = 24, env: Record<string, string> = {}, ...args: string[]): Driven {
  const where = { PIPECTL_KUBECONFIG: plane.api.kubeconfig, XDG_DATA_HOME: plane.api.folder };
  driven = drive({ columns, rows, env: { ...where, ...env }, args: ['tui', '-n', 'ticketing-production', ...args] });
  return driven;
}

/** A server that takes connections and never answers. */
const silent = createServer();

async function silentKubeconfig(): Promise<string> {
  await new Promise<void>((done) => void silent.listen(0, '127.0.0.1', done));
  const path = join(plane.api.folder, 'silent-kubeconfig');
  await writeFile(path, kubeconfigText(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`));
  return path;
}

describe('the full-screen terminal', () => {
  it('lists, opens, goes back, filters and finds its way by the palette', async () => {
    const tui = start();
    await tui.sees('nightly-aaaaaa', 'nightly-bbbbbb', '● connected', '✗ Failed', '▶ Running');
    expect(tui.rows()).toHaveLength(24);
    tui.press('G\r');
    await tui.sees('executions › nightly-aaaaaa', '✗ Failed in 4.0s', 'NonZeroExit: exit', 'ingest');
    tui.press('\u001b');
    await tui.sees(/^executions {2,}/);
    tui.press('/phase:running');
    await tui.sees('1 of 3', '/phase:running');
    tui.press('\r\u001b');
    await tui.sees('nightly-aaaaaa');
    tui.press(':sched\r');
    await tui.sees('schedules', '30 2 * * *');
    tui.press('?');
    await tui.sees('In lists', 'suspend');
  });

  it('draws the nodes of an execution as a graph, and as a tree again', async () => {
    const tui = start(80, 24, {}, '--filter', 'name:nightly-aaaaaa');
    await tui.sees('1 of');
    tui.press('\r');
    await tui.sees('t graph', 'forecast');
    tui.press('t');
    await tui.sees('● ingest', '├─● forecast', '●─╯ report', 't tree');
    tui.press('G\r');
    await tui.sees('› logs of report');
    tui.press('\u001b');
    await tui.sees('●─╯ report');
    tui.press('t');
    await tui.sees(/▌ report/);
  });

  it('opens a copy of a text in an editor and in a pager, and comes back', async () => {
    const copy = join(plane.api.folder, 'copy.txt');
    const waits = 'echo THERE; read -r _ </dev/tty';
    const editor = join(plane.api.folder, 'editor.sh');
    await writeFile(editor, `cp "$1" ${copy}\n${waits}\n`);
    const env = { VISUAL: `sh ${editor}`, PAGER: `tail -n 1; ${waits}` };
    const tui = start(100, 30, env, '--filter', 'name:nightly-aaaaaa');
    await tui.sees('1 of');
    tui.press('y');
    await tui.sees('as YAML', 'kind: Execution');
    for (const key of 'Eo') {
      tui.press(key);
      await tui.sees('THERE');
      expect(tui.isOnOtherScreen()).toBe(false);
      tui.press('\n');
      await tui.sees('as YAML', 'kind: Execution');
      expect(tui.isOnOtherScreen()).toBe(true);
    }
    expect(await readFile(copy, 'utf8')).toContain('kind: Execution\n');
    tui.press('?');
    await tui.sees('In texts', 'open a copy in an editor');
  });

  it('takes the keys that are typed before there is anything to see', async () => {
    const tui = start();
    tui.press(':sched');
    tui.press('\r');
    await tui.sees('schedules', '30 2 * * *', '● connected');
  });

  it('asks before it aborts, and shows the command', async () => {
    await plane.create(execution('abort-dddddd'));
    const tui = start(100, 30, {}, '--filter', 'name:abort');
    await tui.sees('abort-dddddd', '1 of');
    tui.press('A');
    await tui.sees('Abort abort-dddddd?', '$ pipectl abort abort-dddddd -n ticketing-production');
    tui.press('n');
    await tui.sees('e events');
    tui.press('A');
    await tui.sees('Abort abort-dddddd?');
    tui.press('y');
    await tui.sees('abort-dddddd is being aborted', 'Aborting');
  });

  it('answers the node that is selected, though another waits as well', async () => {
    await plane.create(execution('waits-eeeeee'));
    const asks = { phase: 'Running', startedAt: STARTED, wait: { for: 'approval' } };
    await plane.setStatus('waits-eeeeee', {
      phase: 'Running',
      startedAt: STARTED,
      nodes: { ingest: asks, report: asks },
    });
    const tui = start(100, 30, {}, '--view', 'approvals');
    await tui.sees('waits-eeeeee', 'approvals');
    tui.press('a');
    await tui.sees('cannot approve: several nodes wait');
    tui.press('\r');
    await tui.sees('waits for an approval', 'report');
    tui.press('Gxn');
    await tui.sees('e events');
    tui.press('x');
    await tui.sees('$ pipectl reject waits-eeeeee report -n ticketing-production');
  });

  it('asks for the value that a node waits for, and tells what is wrong with it', async () => {
    await plane.create(execution('signal-ffffff'));
    const wait = { for: 'signal', type: 'integer', message: 'how many?' };
    await plane.setStatus('signal-ffffff', {
      phase: 'Running',
      startedAt: STARTED,
      nodes: { ingest: { phase: 'Running', startedAt: STARTED, wait } },
    });
    const tui = start(100, 30, {}, '--filter', 'name:signal');
    await tui.sees('signal-ffffff', '1 of');
    tui.press('\r');
    await tui.sees('waits for a signal', 'i signal');
    tui.press('i');
    await tui.sees('Signal ingest: how many?', '--value', 'integer');
    tui.press('many\r\r\r');
    await tui.sees('--value (integer)');
    tui.press('i');
    await tui.sees('how many?');
    tui.press('-5\r');
    tui.press('because\r');
    await tui.sees('$ pipectl signal signal-ffffff ingest -n ticketing-production --value=-5 --reason=because');
    tui.press('\r');
    await expect
      .poll(async () => (await plane.run('get', 'exec', 'signal-ffffff', '-o', 'json')).out)
      .toMatch(/"ingest": \{[^}]*"value": -5/);
  });

  it('compares two revisions that are marked, and says when they are not two', async () => {
    const tui = start(100, 30, {}, '--view', 'revisions');
    await tui.sees('D diff to before');
    tui.press(' ');
    await tui.sees('1 marked', 'D diff of the two');
    tui.press('D');
    await tui.sees('cannot diff of the two: mark two revisions; 1 marked now');
    tui.press(' ');
    await tui.sees('2 marked');
    tui.press('D');
    await tui.sees(/› [0-9a-f]{7} to [0-9a-f]{7}/);
  });

  it('offers in logs what can be done besides reading them', async () => {
    const tui = start(120, 30, {}, '--filter', 'name:nightly-aaaaaa');
    await tui.sees('1 of', 'L logs');
    tui.press('L');
    await tui.sees('› logs', 'd describe');
    expect(tui.rows().at(-1)).not.toContain('L logs');
  });

  it('tells the versions of a workflow by commit, author and subject', async () => {
    const tui = start(120, 30, {}, '--view', 'workflows');
    await tui.sees('demand', 'v versions');
    tui.press('v');
    await tui.sees('workflows › versions of demand', 'COMMIT', 'AUTHOR', 'Forecast demand');
  });

  it('never says that there is nothing of what has not been read yet', async () => {
    const tui = start(80, 40, {}, '--view', 'pulse');
    await tui.sees('● connected', '? Unknown', '1 here', 'the last ones');
    expect(tui.raw()).not.toMatch(/none|0 here/);
  });

  it('says what cannot be done, and why', async () => {
    const tui = start(100, 30, {}, '--filter', 'name:nightly-aaaaaa');
    await tui.sees('1 of');
    tui.press('A');
    await tui.sees('cannot abort: it has ended: Failed');
  });

  it('shows what data holds and never lets it act', async () => {
    const tui = start(200, 30, {}, '--filter', 'name:nightly-aaaaaa');
    await tui.sees('exit  [31m7 [0m of 東京');
    expect(tui.raw()).not.toContain('\u001b[31m7');
  });

  it('is right after a storm of sizes, and says when there is no room', async () => {
    const tui = start();
    await tui.sees('● connected');
    for (let step = 0; step < 20; step++) tui.resize(60 + ((step * 37) % 90), 12 + ((step * 7) % 30));
    tui.resize(39, 9);
    await tui.sees('too small');
    tui.resize(90, 20);
    await tui.sees('● connected', 'nightly-aaaaaa', 'q quit');
    expect(tui.rows()[1]).toBe('─'.repeat(90));
    expect(tui.rows().filter((row) => row.includes('● connected'))).toHaveLength(1);
  });

  it('goes on without the server, says so, and finds it again', async () => {
    const tui = start();
    await tui.sees('● connected');
    await plane.api.stopApi();
    await tui.sees('○ reconnecting');
    tui.press('jj?');
    await tui.sees('In lists');
    tui.press('\u001b');
    await plane.api.restartApi();
    await tui.sees('● connected', 'nightly-aaaaaa');
  });

  it('shows a frame and obeys while nobody answers', async () => {
    const tui = start(80, 24, { PIPECTL_KUBECONFIG: await silentKubeconfig() });
    await tui.sees('executions', '○ connecting');
    tui.press('?');
    await tui.sees('In lists');
    // From the first frame on nothing is wiped out to be drawn once more.
    expect(tui.raw().match(/\u001b\[2J/g)).toHaveLength(1);
    expect(tui.raw()).not.toContain('\u001b[1H\u001b[K');
    tui.press('x');
    await tui.sees('⏎ open');
    tui.press('q');
    expect(await tui.ended).toMatchObject({ exitCode: 0 });
  });

  it('gives the terminal back before it says that there is no control plane', async () => {
    const tui = start(80, 24, { PIPECTL_KUBECONFIG: '', XDG_DATA_HOME: '/nonexistent' });
    expect(await tui.ended).not.toMatchObject({ exitCode: 0 });
    expect(tui.isOnOtherScreen()).toBe(false);
    expect(tui.rows().join(' ')).toContain('there is no control plane');
  });

  it('has no colour where nobody wants it, and still tells what is selected', async () => {
    const tui = start(80, 24, { NO_COLOR: '1' });
    await tui.sees('▌ ', '✗ Failed');
    expect(tui.raw()).not.toMatch(/\u001b\[[0-9;]*3[0-7]m/);
  });

  it('takes pasted text for text', async () => {
    const tui = start();
    await tui.sees('● connected');
    tui.press('\u001b[200~qqq\u001b[201~');
    tui.press('/');
    await tui.sees('words, !not');
    tui.press('\u001b[200~name:aaaaaa\u001b[201~');
    await tui.sees('1 of');
  });
});

describe('the terminal afterwards', () => {
  it.each([
    ['q', 0],
    ['ctrl-c', 0],
    ['SIGTERM', 130],
    ['SIGHUP', 130],
  ] as const)('is whole after %s', async (how, code) => {
    const tui = start();
    await tui.sees('● connected');
    expect(tui.isOnOtherScreen()).toBe(true);
    if (how.startsWith('SIG')) tui.kill(how);
    else tui.press(how === 'q' ? 'q' : '\u0003');
    expect(await tui.ended).toMatchObject({ exitCode: code });
    // What was written last may be read, or shown, after its end is known.
    await expect.poll(() => tui.isOnOtherScreen(), { timeout: 20_000 }).toBe(false);
    expect(tui.raw().slice(tui.raw().lastIndexOf('\u001b[?1049l') - 40)).toContain('\u001b[?25h');
  });

  it('is given back while the program is stopped, and taken again', async () => {
    const tui = start();
    await tui.sees('● connected');
    tui.kill('SIGTSTP');
    await expect.poll(() => tui.isOnOtherScreen(), { timeout: 20_000 }).toBe(false);
    tui.kill('SIGCONT');
    await tui.sees('● connected', 'nightly-aaaaaa');
    expect(tui.isOnOtherScreen()).toBe(true);
    tui.press('?');
    await tui.sees('In lists');
    tui.press('x');
    await tui.sees('⏎ open');
    tui.press('\u001a');
    await expect.poll(() => tui.isOnOtherScreen(), { timeout: 20_000 }).toBe(false);
    tui.kill('SIGCONT');
    await tui.sees('● connected', 'nightly-aaaaaa');
  });
});

it('says what to use where there is no terminal', async () => {
  const { code, err } = await plane.run('tui');
  expect(code).toBe(2);
  expect(err).toContain('pipectl watch executions');
});
