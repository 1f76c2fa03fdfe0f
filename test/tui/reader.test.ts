import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type ControlPlane, execution, openControlPlane } from '../cli/control-plane.ts';
import { type Driven, drive } from './terminal.ts';

/** The full screen as lines, in a pseudo-terminal of many rows, so that all that was told stands on it. */
let plane: ControlPlane;
let driven: Driven | undefined;
const STARTED = '2026-01-02T03:04:05.000Z';
const NODE = { phase: 'Succeeded', startedAt: STARTED, finishedAt: '2026-01-02T03:04:07.000Z' };

beforeAll(async () => {
  plane = await openControlPlane();
  await plane.create(execution('nightly-aaaaaa'), execution('nightly-bbbbbb'));
  await plane.setStatus('nightly-aaaaaa', {
    phase: 'Running',
    startedAt: STARTED,
    nodeCount: 3,
    nodes: { ingest: NODE },
  });
});
afterAll(() => plane.close());
afterEach(async () => {
  driven?.end();
  await driven?.ended;
  driven = undefined;
});

function start(env: Record<string, string>, ...args: string[]): Driven {
  const where = { PIPECTL_KUBECONFIG: plane.api.kubeconfig, XDG_DATA_HOME: plane.api.folder };
  const all = ['tui', '-n', 'ticketing-production', '--filter', 'name:nightly', ...args];
  driven = drive({ columns: 200, rows: 100, env: { ...where, ...env }, args: all });
  return driven;
}

/** What was told, without blank rows. */
function told(tui: Driven): readonly string[] {
  return tui.rows().filter((row) => row !== '');
}

it('tells a place when one comes there, and then what is new, once', async () => {
  const tui = start({}, '--screen-reader');
  await tui.sees('executions', /phase Running, nodes 1\/3/);
  tui.press('j');
  await tui.sees(/nightly-bbbbbb, .*phase Pending/, '2 of 2');
  await plane.setStatus('nightly-bbbbbb', {
    phase: 'Failed',
    startedAt: STARTED,
    finishedAt: '2026-01-02T03:04:09.000Z',
  });
  await tui.sees(/now nightly-bbbbbb, .*phase Failed/);
  tui.press('A');
  await tui.sees('cannot abort: it has ended: Failed');
  tui.press('g\r');
  await tui.sees('nightly-aaaaaa, 0 rows', 'Running for', '1/3 nodes', '3 rows', /ingest, phase Succeeded/);
  await plane.setStatus('nightly-aaaaaa', { phase: 'Failed', finishedAt: '2026-01-02T03:04:09.000Z' });
  await tui.sees('Failed in 4.0s');
  tui.press(':');
  await tui.sees('go to', /pulse, how all of it is/);
  tui.press('sched\r');
  await tui.sees('schedules, ', '30 2 * * *');
  tui.press('q');
  expect(await tui.ended).toMatchObject({ exitCode: 0 });
  expect(tui.isOnOtherScreen()).toBe(false);
});

it.each([
  ['by the environment', { INK_SCREEN_READER: 'true' }, []],
  ['by its option', {}, ['--screen-reader']],
])('draws nothing, moves no cursor and waits with news: %s', async (_, env, args) => {
  const tui = start(env, ...args);
  await tui.sees('executions, 2 rows', 'nightly-aaaaaa, ');
  tui.press('G?');
  await tui.sees('help', 'abort');
  // Bracketed paste is the one mode that is set.
  const escapes = tui.raw().match(/\u001b\[[^a-zA-Z]*[a-zA-Z]/g) ?? [];
  expect(new Set(escapes)).toEqual(new Set(['\u001b[?2004h']));
  expect(told(tui).join('\n')).not.toMatch(/[\u2500-\u25ff\u2713\u2717]/);
});

it('asks before what is hard to undo', async () => {
  await plane.create(execution('nightly-cccccc'));
  const tui = start({}, '--screen-reader', '--filter', 'name:cccccc');
  await tui.sees('nightly-cccccc, ');
  tui.press('A');
  await tui.sees(
    'Abort nightly-cccccc?',
    'pipectl abort nightly-cccccc -n ticketing-production',
    'y for yes, n for no',
  );
  tui.press('y');
  await tui.sees('is being aborted');
});
