import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolder } from '../remove-folder.ts';
import { type ControlPlane, execution, openControlPlane, type Ran } from './control-plane.ts';

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [flows.yaml], domains: { production: { ref: main } } }
`;
const FLOWS = `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: add }
spec: { inputs: { a: integer }, outputs: { b: integer }, run: { image: 'busybox@sha256:${'0'.repeat(64)}', command: [./add] } }
---
kind: Workflow
metadata: { name: sums, description: Adds things. }
spec:
  inputs: { numbers: list<integer> }
  outputs: { most: "\${{ nodes.most.outputs.most }}" }
  nodes:
    each: { map: { task: add, over: { a: "\${{ inputs.numbers }}" } } }
    most: { compute: { most: "\${{ size(nodes.each.outputs.b) }}" } }
---
kind: LaunchPlan
metadata: { name: nightly }
spec: { workflow: sums, inputs: { default: { numbers: [1] } } }
`;

let plane: ControlPlane;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-graph-'));
  writeFileSync(join(folder, 'pipectl.yaml'), PROJECT);
  writeFileSync(join(folder, 'flows.yaml'), FLOWS);
  plane = await openControlPlane();
  await plane.create(execution('nightly-aaaaaa'));
  await plane.setStatus('nightly-aaaaaa', {
    phase: 'Failed',
    nodeCount: 3,
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T03:04:09.300Z',
    nodes: {
      ingest: {
        phase: 'Succeeded',
        attempt: 2,
        startedAt: '2026-01-02T03:04:05.000Z',
        finishedAt: '2026-01-02T03:04:06.200Z',
      },
      forecast: {
        phase: 'Failed',
        startedAt: '2026-01-02T03:04:06.200Z',
        finishedAt: '2026-01-02T03:04:09.300Z',
        map: { size: 40, succeeded: 38, failed: 2, running: 0 },
      },
    },
  });
});
afterAll(async () => {
  await plane.close();
  await removeFolder(folder);
});

function here(...argv: string[]): Promise<Ran> {
  return plane.runIn({ cwd: folder }, 'graph', ...argv);
}

describe('pipectl graph', () => {
  it.each(['sums', 'nightly'])('draws the workflow of the checkout that %s means', async (name) => {
    expect(await here(name)).toEqual({
      code: 0,
      out: [
        'flowchart LR',
        '  accTitle: sums: Adds things.',
        '  n0[/"each<br/>map add"\\]',
        '  n1(["most<br/>compute"])',
        '  n0 --> n1',
        '',
      ].join('\n'),
      err: '',
    });
  });

  it.each([
    {
      format: 'dot',
      direction: 'down',
      begins: /^digraph "sums" \{\n {2}graph \[rankdir=TB, label="sums\\nAdds things\."/,
    },
    { format: 'svg', direction: 'right', begins: /^<svg xmlns="[^"]*" viewBox="0 0 \d+ \d+" / },
    { format: 'mermaid', direction: 'down', begins: /^flowchart TD\n/ },
  ])('draws as $format', async ({ format, direction, begins }) => {
    const { code, out } = await here('sums', '-o', format, '--direction', direction);
    expect(code).toBe(0);
    expect(out).toMatch(begins);
  });

  it('draws a workflow of a registered commit', async () => {
    const { out } = await plane.run('graph', 'demand', '--rev', 'feature-x');
    expect(out).toContain('  accTitle: demand: commit 3f2cfff of ticketing\n');
    expect(out).toContain('  n1[/"forecast<br/>map"\\]\n');
  });

  it('draws an execution with the state of each node', async () => {
    const { out } = await plane.run('graph', '--execution', 'nightly-aaaaaa', '-o', 'svg');
    for (const words of [
      'nightly-aaaaaa: Failed in 4.3s, commit 3f2c1ab',
      'Succeeded in 1.2s, attempt 2',
      'Failed in 3.1s, 38/40',
      'never started',
      '1 Succeeded',
      '1 Failed',
      '1 Pending',
    ]) {
      expect(out).toContain(`>${words}</text>`);
    }
    expect((await plane.run('graph', 'nightly', '--execution', 'nightly-aaaaaa')).code).toBe(0);
  });

  it.each([
    ['no name', ['graph'], 2, 'which workflow: name one, or an execution with --execution'],
    [
      'no checkout',
      ['graph', 'x'],
      2,
      'there is no pipectl.yaml in / or above: with --rev or --execution the control plane is asked',
    ],
    [
      'a commit for an execution',
      ['graph', '--execution', 'a', '--rev', 'b'],
      2,
      '--rev with --execution: an execution keeps the commit that it ran',
    ],
    [
      'an unknown revision',
      ['graph', 'demand', '--rev', 'nope'],
      1,
      'nothing registered is called "nope": `pipectl get revisions` lists all',
    ],
    [
      'an unknown workflow',
      ['graph', 'demnd', '--rev', 'main'],
      1,
      'commit 3f2c1ab has no workflow "demnd": did you mean "demand"?',
    ],
    [
      'an execution of another workflow',
      ['graph', 'etl', '--execution', 'nightly-aaaaaa'],
      2,
      'nightly-aaaaaa is an execution of "demand", not of "etl"',
    ],
  ])('says what is wrong with %s', async (_, argv, code, message) => {
    expect(await plane.run(...argv)).toEqual({ code, out: '', err: `pipectl: ${message}\n` });
  });

  it('says which name was meant, and why a broken checkout has no graph', async () => {
    expect((await here('smus')).err).toBe('pipectl: this checkout has no workflow "smus": did you mean "sums"?\n');
    writeFileSync(join(folder, 'flows.yaml'), FLOWS.replace('task: add,', 'task: ad,'));
    const { code, out, err } = await here('sums');
    writeFileSync(join(folder, 'flows.yaml'), FLOWS);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('there is no task "ad"');
    expect(err).toMatch(/\npipectl: a checkout with errors has no graph: `pipectl validate` checks it\n$/);
  });
});
