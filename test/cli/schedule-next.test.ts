import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, openControlPlane, type Ran } from './control-plane.ts';

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [flows.yaml], domains: { production: { ref: main } } }
`;
const FLOWS = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: close }
spec: { nodes: { done: { compute: { a: 1 } } } }
---
kind: LaunchPlan
metadata: { name: close }
spec: { workflow: close }
---
kind: Schedule
metadata: { name: evening }
spec: { launchPlan: close, cron: "0 18 * * mon-fri", timeZone: America/New_York, exclude: [{ dates: [2026-12-25] }] }
---
kind: Schedule
metadata: { name: resting }
spec: { launchPlan: close, every: 2h, active: false }
---
kind: Schedule
metadata: { name: apart }
spec: { launchPlan: close, every: 2h, end: "2026-01-01T04:00:00Z", spread: 5m }
`;

let plane: ControlPlane;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-next-'));
  writeFileSync(join(folder, 'pipectl.yaml'), PROJECT);
  writeFileSync(join(folder, 'flows.yaml'), FLOWS);
  plane = await openControlPlane();
});
afterAll(async () => {
  await plane.close();
  rmSync(folder, { recursive: true });
});

const next = (...argv: string[]): Promise<Ran> => plane.runIn({ cwd: folder }, 'schedule', 'next', ...argv);

/** The instants that a run lists. */
function instants({ out }: Ran): readonly string[] {
  return (JSON.parse(out) as { ticks: { utc: string }[] }).ticks.map(({ utc }) => utc);
}

describe('pipectl schedule next', () => {
  it('shows each tick on the clocks of its zone and in UTC, and says what the pattern means', async () => {
    const ran = await next('--cron', '30 2 * * *', '--zone', 'Europe/Berlin', '--count', '3', '--from', '2026-03-28');
    expect(ran.err).toBe('"30 2 * * *" in Europe/Berlin: at 02:30 every day\n');
    expect(ran.out.split('\n').map((line) => line.split(/ {3,}/))).toEqual([
      ['LOCAL', 'OFFSET', 'UTC', 'NOTE'],
      ['Sat 2026-03-28 02:30', '+01:00', '2026-03-28T01:30:00Z'],
      ['Sun 2026-03-29 03:00', '+02:00', '2026-03-29T01:00:00Z', 'clocks go forward: 02:30 does not exist'],
      ['Mon 2026-03-30 02:30', '+02:00', '2026-03-30T00:30:00Z'],
      [''],
    ]);
  });

  it('writes all times of a list to the second where one has some', async () => {
    const { out } = await next('--every', '30s', '--from', '2026-01-01T00:00Z', '--count', '3');
    expect(out.split('\n').map((line) => line.split('   ')[0])).toEqual([
      'LOCAL',
      'Thu 2026-01-01 00:00:00',
      'Thu 2026-01-01 00:00:30',
      'Thu 2026-01-01 00:01:00',
      '',
    ]);
  });

  it('needs no control plane for a pattern, a rate, or a schedule of the checkout', async () => {
    const offline = { cwd: folder, env: {} };
    for (const argv of [['--cron', '@daily'], ['--every', '1h'], ['evening']]) {
      expect((await plane.runIn(offline, 'schedule', 'next', ...argv, '--count', '1')).code).toBe(0);
    }
  });

  it.each([
    ['an instant', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00.000Z', '2026-01-01T01:30:00.000Z']],
    ['an instant without seconds', '2026-01-01T00:00Z', ['2026-01-01T00:00:00.000Z', '2026-01-01T01:30:00.000Z']],
    ['an instant elsewhere', '2026-01-01T02:00+02:00', ['2026-01-01T00:00:00.000Z', '2026-01-01T01:30:00.000Z']],
    ['a day', '2026-01-01', ['2026-01-01T00:00:00.000Z', '2026-01-01T01:30:00.000Z']],
    ['a local time', '2026-01-01T05:00', ['2026-01-01T05:00:00.000Z', '2026-01-01T06:30:00.000Z']],
  ])('counts a rate from %s', async (_name, from, expected) => {
    expect(instants(await next('--every', '90m', '--from', from, '--count', '2', '-o', 'json'))).toEqual(expected);
  });

  it('leaves out what a schedule excludes, and what the command line does', async () => {
    const argv = ['evening', '--from', '2026-12-24', '--count', '3', '-o', 'json', '--zone', 'UTC'];
    expect(instants(await next(...argv))).toEqual([
      '2026-12-24T23:00:00.000Z',
      '2026-12-28T23:00:00.000Z',
      '2026-12-29T23:00:00.000Z',
    ]);
    expect(instants(await next(...argv, '--exclude', '2026-12-28..2026-12-30'))[1]).toBe('2026-12-31T23:00:00.000Z');
  });

  it('tells of a schedule that is not active, and of a pattern that never ticks', async () => {
    expect((await next('resting')).err).toContain('resting is not active');
    const never = await next('--cron', '0 0 30 2 *');
    expect([never.code, never.out]).toEqual([0, '']);
    expect(never.err).toContain('it never ticks');
  });

  it('tells how far a spread puts executions from their ticks, and that no more ticks come', async () => {
    const { err } = await next('apart', '--from', '2026-01-01T01:00:00Z');
    expect(err).toContain('each starts up to 5m00s after its tick (spread)\n');
    expect(err).toContain('it does not tick after that\n');
  });

  it('goes to the end of time and not beyond', async () => {
    expect(instants(await next('--cron', '0 0 * * *', '--from', '9999-12-31', '-o', 'json'))).toEqual([
      '9999-12-31T00:00:00.000Z',
    ]);
  });

  it.each([
    [['--cron', '* * * *'], /^ {2}\* \* \* \*\n {2}\^{7}\n.*5 fields/],
    [['--cron', '0 25 * * *'], /--cron: .*25/],
    [['--every', '-5m'], /-5m is no interval of a schedule: from 1s to a hundred years/],
    [['--every', '0s'], /0s is no interval/],
    [['--every', '1000000d'], /--every/],
    [['--every', '1h', '--zone', 'Mars/Phobos'], /there is no time zone "Mars\/Phobos"/],
    [['--every', '1h', '--zone', 'Europe/Belrin'], /did you mean "Europe\/Berlin"/],
    [['--every', '1h', '--from', 'tomorrow'], /--from: "tomorrow" is no time/],
    [['--every', '1h', '--exclude', '2026-02-30'], /--exclude: "2026-02-30" is no time/],
    [['--every', '1h', '--count', '0'], /--count/],
    [[], /the ticks of what\?/],
    [['evening', '--every', '1h'], /one of them/],
  ])('refuses %j', async (argv, message) => {
    const { code, out, err } = await next(...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  it('names the schedule that a mistyped name means', async () => {
    const { code, err } = await next('evenning');
    expect([code, err]).toEqual([1, expect.stringContaining('did you mean "evening"?')]);
  });
});
