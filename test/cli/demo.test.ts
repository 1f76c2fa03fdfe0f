import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolder } from '../remove-folder.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'pipectl.js');

describe('the demo', () => {
  let folder: string;
  let output: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pipectl-demo-test-'));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [PROGRAM, 'demo', '--dir', folder], {
      timeout: 55_000,
    });
    expect(stderr).toBe('');
    output = stdout;
  });

  afterAll(() => removeFolder(folder));

  it('registers by a real push', () => {
    expect(output).toMatch(/remote: pipectl: [0-9a-f]{7} registered: 1 workflow, 6 tasks, 1 launch plan, 1 schedule/);
    expect(output).toMatch(/remote: pipectl: production is now at [0-9a-f]{7}/);
  });

  it('runs every node of the launch plan, twice', () => {
    for (const node of ['ingest', 'split', 'forecast', 'rank', 'summary', 'headline', 'report']) {
      expect(output.match(new RegExp(`^ +${node} +Succeeded`, 'gm'))).toHaveLength(2);
    }
    expect(output).toMatch(/forecast +Succeeded .*40\/40 done/);
    expect(output).toMatch(/^ +rows: +29200$/m);
  });

  it('draws the chart', () => {
    const chart = readFileSync(join(folder, 'demand.svg'), 'utf8');
    expect(chart).toMatch(/^<svg /);
    expect(chart).toContain('Busiest venues');
  });

  it('shows five ticks of the schedule at half past two in Berlin', () => {
    expect(output.match(/^ +\w{3} \d{4}-\d\d-\d\d 02:30 \+0[12]:00 {3}/gm)).toHaveLength(5);
  });

  it('keeps each execution on its own commit', () => {
    const versions = [...output.matchAll(/commit ([0-9a-f]{7}) +days (\d+) /g)].map((match) => match.slice(1));
    expect(versions.map(([, days]) => days)).toEqual(['14', '21']);
    expect(versions[0]?.[0]).not.toBe(versions[1]?.[0]);
  });

  it('shows how git refuses a broken push, with file, line, column and hint', () => {
    expect(output).toContain('remote: error[PIPE-REF-001]: there is no task "rnak" in this commit');
    expect(output).toContain('remote:   --> pipelines/demand.yaml:29:13');
    expect(output).toContain('did you mean "rank"?');
    expect(output).toContain('remote: error[PIPE-EXPR-004]: expected integer, found string');
    expect(output).toContain('remote: pipectl: rejected, nothing was changed');
    expect(output).toContain('! [remote rejected] main -> main (pre-receive hook declined)');
  });
});
