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
const HEAD = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: close }
spec: { nodes: { done: { compute: { a: 1 } } } }
---
kind: LaunchPlan
metadata: { name: close }
spec: { workflow: close }
`;
const schedule = (name: string, spec: string): string =>
  `---\nkind: Schedule\nmetadata: { name: ${name} }\nspec: { launchPlan: close, ${spec} }\n`;

let plane: ControlPlane;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-calendar-'));
  writeFileSync(join(folder, 'pipectl.yaml'), PROJECT);
  plane = await openControlPlane();
});
afterAll(async () => {
  await plane.close();
  rmSync(folder, { recursive: true });
});

function calendar(flows: string, ...argv: string[]): Promise<Ran> {
  writeFileSync(join(folder, 'flows.yaml'), HEAD + flows);
  return plane.runIn({ cwd: folder }, 'calendar', '--zone', 'Europe/Berlin', '--from', '2026-03-27', ...argv);
}

const DAILY = schedule('daily', 'cron: "0 9 * * *", timeZone: Europe/Berlin');
const BUSY = schedule('busy', 'every: 1m, start: 2026-01-01T00:00:00Z, end: 2026-03-27T12:00:00Z');

interface Week {
  readonly total: number;
  readonly counts: readonly (readonly number[])[];
  readonly missing: readonly { readonly day: string; readonly hour: number }[];
  readonly busiest: readonly { readonly day: string; readonly hour: number; readonly count: number }[];
}

describe('pipectl calendar', () => {
  it('shades each hour by what it has to do, in 80 columns', async () => {
    const { code, out } = await calendar(DAILY + BUSY);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe('Schedules of this checkout: 787 ticks of 2 schedules, hours of Europe/Berlin');
    expect(lines[2]).toBe('            00    03    06    09    12    15    18    21');
    expect(lines[3]).toBe(`Fri 27 Mar  ${'██'.repeat(13)}${'··'.repeat(11)}`);
    expect(lines[4]).toBe(`Sat 28 Mar  ${'··'.repeat(9)}░░${'··'.repeat(14)}`);
    expect(lines.find((line) => line.startsWith('Fri 27 Mar 09:00'))).toBe(
      'Fri 27 Mar 09:00    61 ticks   busy 60, daily 1',
    );
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('leaves a hole where clocks go forward, and counts an hour that comes twice whole', async () => {
    const hourly = schedule('hourly', 'cron: "0 * * * *", timeZone: UTC');
    const spring = JSON.parse((await calendar(hourly, '-o', 'json')).out) as Week;
    expect(spring.missing).toEqual([{ day: '2026-03-29', hour: 2 }]);
    expect([spring.total, spring.counts[2]?.[2], spring.counts[2]?.[3]]).toEqual([7 * 24 - 1, 0, 1]);
    const autumn = JSON.parse((await calendar(hourly, '-o', 'json', '--from', '2026-10-25')).out) as Week;
    expect([autumn.total, autumn.counts[0]?.[2]]).toEqual([7 * 24 + 1, 2]);
    expect((await calendar(hourly)).out.split('\n')[5]).toBe(`Sun 29 Mar  ${'░░'.repeat(2)}  ${'░░'.repeat(21)}`);
  });

  it('counts neither what is not active nor what is excluded', async () => {
    const flows =
      schedule('off', 'every: 1h, active: false') +
      schedule('work', 'cron: "0 9 * * *", timeZone: Europe/Berlin, exclude: [{ dates: [2026-03-28] }]');
    const week = JSON.parse((await calendar(flows, '-o', 'json')).out) as Week;
    expect(week.total).toBe(6);
  });

  it('begins with Monday when it is asked for the week', async () => {
    const { out } = await calendar(DAILY, '--week');
    expect(out.split('\n')[3]).toMatch(/^Mon 23 Mar /);
  });

  it('says one of what is one', async () => {
    const { out } = await calendar(schedule('once', 'cron: "0 9 28 3 *", timeZone: Europe/Berlin'));
    expect(out).toContain('1 tick of 1 schedule,');
    expect(out).toContain('Sat 28 Mar 09:00     1 tick    once 1\n');
  });

  it('draws the same as a picture that tells each hour in words', async () => {
    const { out } = await calendar(DAILY + BUSY, '-o', 'svg');
    expect(out).toMatch(/^<svg [^>]*role="img"/);
    expect(out).toContain('<title>Fri 27 Mar, 09:00: 61 ticks</title>');
    expect(out).toContain('<title>Sun 29 Mar, 02:00: clocks go forward, this hour does not exist</title>');
    expect(out.match(/<title>/g)).toHaveLength(1 + 7 * 24);
  });

  it('shows the control plane when it is asked for it', async () => {
    const { code, out } = await calendar('', '-A');
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      'Schedules of all namespaces: 7 ticks of 1 schedule, hours of Europe/Berlin',
    ]);
  });

  it('tells what is wrong with definitions instead of showing part of them', async () => {
    const { code, out, err } = await calendar(schedule('daily', 'cron: "0 99 * * *"'));
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('PIPE-');
  });
});
