import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { instrumented } from './failpoints/instrument.ts';
import { FAILPOINTS } from './failpoints/points.ts';
import { PLANTED } from './planted.ts';

const SOURCES = join(import.meta.dirname, '..', '..', 'src');
const HIT = join(import.meta.dirname, 'failpoints', 'hit.ts');

describe('failpoints', () => {
  it('have names of their own', () => {
    expect(new Set(FAILPOINTS.map(({ name }) => name)).size).toBe(FAILPOINTS.length);
  });

  it.each([...new Set(FAILPOINTS.map(({ file }) => file))])('have their places in %s', (file) => {
    const text = instrumented(readFileSync(join(SOURCES, file), 'utf8'), file, []);
    for (const { name } of FAILPOINTS.filter((point) => point.file === file)) {
      expect(text).toContain(`failpoint("${name}");`);
    }
  });

  it.each(PLANTED)('have a place for the planted bug $name', (bug) => {
    const source = readFileSync(join(SOURCES, bug.file), 'utf8');
    expect(instrumented(source, bug.file, [bug])).not.toBe(instrumented(source, bug.file, []));
  });

  it.each([
    ['kill at the nth time', 'a=kill@3', 'SIGKILL', '01', 'failpoint a reached'],
    ['fail once', 'a=error(EROFS)@2', null, '0EROFS23', 'failpoint a reached'],
    ['wait', 'a=delay(1)', null, '0123', ''],
    ['do nothing unless they are named', 'b=kill', null, '0123', ''],
    ['do nothing when they are not understood', 'a=explode', null, '0123', ''],
  ])('%s', (_, armed, signal, printed, told) => {
    const script = `
      const { failpoint } = await import(${JSON.stringify(HIT)});
      const { writeSync } = await import('node:fs');
      for (let i = 0; i < 4; i++) try { failpoint('a'); writeSync(1, String(i)); } catch (error) { writeSync(1, error.code); }`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { PIPECTL_FAILPOINTS: armed },
      encoding: 'utf8',
    });
    expect([ran.signal, ran.stdout, ran.stderr.trim()]).toEqual([signal, printed, told]);
  });

  it('are not in what ships', () => {
    const shipped = readFileSync(join(SOURCES, 'main', 'host.ts'), 'utf8');
    expect(shipped).not.toMatch(/failpoint|stepped/);
  });
});

describe('the clock of an instrumented build', () => {
  it('is set while the process runs', () => {
    const script = `
      const { steppedNow } = await import(${JSON.stringify(HIT)});
      const before = steppedNow() - Date.now();
      while (performance.now() < 3_000) {}
      process.stdout.write([before, steppedNow() - Date.now()].map((ms) => Math.round(ms / 1000)).join(' '));`;
    const env = { PIPECTL_CLOCK_STEPS: '0:-30000,3000:60000' };
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
    expect([ran.stdout, ran.stderr]).toEqual(['-30 60', '']);
  });
});
