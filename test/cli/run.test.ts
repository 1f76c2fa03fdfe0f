import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  COMMIT,
  type ControlPlane,
  execution,
  NAMESPACE,
  OTHER_COMMIT,
  openControlPlane,
  pipe,
} from './control-plane.ts';

let plane: ControlPlane;
let folder: string;
beforeAll(async () => {
  plane = await openControlPlane();
  folder = mkdtempSync(join(tmpdir(), 'pipectl-run-'));
});
afterAll(async () => {
  await plane.close();
  rmSync(folder, { recursive: true });
});

async function created(...argv: string[]) {
  const { code, out, err } = await plane.run('run', ...argv, '-o', 'json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

describe('pipectl run', () => {
  it('creates an execution of the active commit with complete inputs', async () => {
    const { metadata, spec } = await created('nightly');
    expect(metadata).toMatchObject({ namespace: NAMESPACE, name: expect.stringMatching(/^nightly-[a-z0-9]{6}$/) });
    expect(spec).toMatchObject({
      commit: COMMIT,
      workflow: 'demand',
      launchPlan: 'nightly',
      inputs: { days: 7, file: 'sales.csv' },
      maxParallelism: 10,
      trigger: { kind: 'manual' },
    });
  });

  it('prints just the name by default', async () => {
    expect((await plane.run('run', 'nightly', '--name', 'my-run')).out).toBe('my-run\n');
  });

  it('takes a workflow where no launch plan has the name', async () => {
    const { spec } = await created('demand', '--input', 'file=a=b.csv', '--max-parallelism', '3');
    expect(spec).toMatchObject({ inputs: { days: 14, file: 'a=b.csv' }, maxParallelism: 3 });
    expect(spec).not.toHaveProperty('launchPlan');
  });

  it('reads inputs from a file, under those of the command line', async () => {
    writeFileSync(join(folder, 'in.yaml'), 'days: 9007199254740993\nfile: x.csv\n');
    const { spec } = await created('demand', '--inputs-file', join(folder, 'in.yaml'), '-i', 'file=y.csv');
    expect(spec.inputs).toEqual({ days: '9007199254740993', file: 'y.csv' });
  });

  it.each([
    ['a branch', 'feature-x', 'ticketing-development'],
    ['the beginning of a commit', OTHER_COMMIT.slice(0, 6), NAMESPACE],
    ['a commit', OTHER_COMMIT, NAMESPACE],
  ])('runs %s, in the domain that it belongs to', async (_, rev, namespace) => {
    const { metadata, spec } = await created('nightly', '--rev', rev);
    expect([spec.commit, metadata.namespace]).toEqual([OTHER_COMMIT, namespace]);
  });

  it('says where it runs when that is not the usual namespace, and so do other commands', async () => {
    const { code, err } = await plane.run('run', 'nightly', '--rev', 'feature-x', '--name', 'far');
    expect([code, err]).toEqual([0, 'it runs in ticketing-development: ask about it with -n ticketing-development\n']);
    const looked = await plane.run('describe', 'exec', 'far');
    expect([looked.code, looked.err]).toEqual([
      1,
      'pipectl: Execution "far" not found in namespace "ticketing-production": it is in ticketing-development: add -n ticketing-development\n',
    ]);
  });

  it('stays in the namespace that was chosen', async () => {
    expect((await created('nightly', '--rev', 'feature-x', '-n', NAMESPACE)).metadata.namespace).toBe(NAMESPACE);
  });

  it.each([
    [
      'a name that is not there',
      ['nightlly'],
      1,
      'commit 3f2c1ab has no launch plan or workflow "nightlly": did you mean "nightly"?',
    ],
    ['a revision that is not there', ['nightly', '--rev', 'nope'], 1, 'nothing registered is called "nope"'],
    ['the beginning of several commits', ['nightly', '--rev', '3f2c'], 2, '"3f2c" begins several commits'],
    ['an unknown input', ['nightly', '-i', 'dyas=3'], 2, 'nightly cannot start with these inputs'],
    ['a fixed input', ['nightly', '-i', 'file=x'], 2, 'nightly cannot start with these inputs'],
    ['a missing input', ['demand'], 2, 'demand cannot start with these inputs'],
    ['an input of another type', ['nightly', '-i', 'days=three'], 2, '--input days (integer): '],
    [
      'a text where JSON is wanted',
      ['nightly', '-i', 'days=[x'],
      2,
      '--input days (integer): "[x" is not JSON: give it as JSON',
    ],
    ['an input without a value', ['nightly', '-i', 'days'], 2, '--input days: not NAME=VALUE'],
    ['a name that is no name', ['nightly', '--name', 'A_b'], 2, '"A_b" cannot name an execution'],
    [
      'a name that is taken',
      ['nightly', '--name', 'my-run'],
      1,
      'Execution "my-run" already exists: choose another --name',
    ],
    ['a bad number', ['nightly', '--max-parallelism', '0'], 2, '--max-parallelism 0: not a whole number'],
    ['an inputs file that is not there', ['nightly', '--inputs-file', '/nope'], 2, 'there is no file /nope'],
  ])('refuses %s', async (_, argv, code, message) => {
    const ran = await plane.run('run', ...argv);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err.trimEnd().split('\n').at(-1)).toContain(`pipectl: ${message}`);
  });
});

describe('pipectl run --follow', () => {
  const started = { phase: 'Running', nodeCount: 3, startedAt: '2026-01-02T03:04:05.000Z' };
  const span = { startedAt: '2026-01-02T03:04:05.000Z', finishedAt: '2026-01-02T03:04:06.200Z' };

  /** Follows a new execution and answers what it prints with the next change of its status. */
  async function follow(changes: readonly [seen: string, status: object][], signal?: AbortSignal) {
    const pending = [...changes];
    let name = '';
    let err = '';
    const stderr = pipe((text) => {
      err += text;
      name ||= /^(\S+)\n/.exec(err)?.[1] ?? '';
      const [next] = pending;
      if (next !== undefined && err.includes(next[0])) {
        pending.shift();
        void plane.setStatus(name, next[1] as never);
      }
    });
    const ran = await plane.runIn({ stderr, ...(signal && { signal }) }, 'run', 'nightly', '--follow');
    return { ...ran, name, err };
  }

  it('prints each node as it changes and the outputs, and exits 0', async () => {
    const { code, out, err, name } = await follow([
      ['nightly-', { ...started, nodes: { ingest: { phase: 'Running', attempt: 1, startedAt: span.startedAt } } }],
      [
        'ingest    Running',
        {
          nodes: {
            ingest: { phase: 'Succeeded', ...span },
            forecast: {
              phase: 'Succeeded',
              ...span,
              map: { size: 40, succeeded: 40, failed: 0, running: 0, state: '' },
            },
          },
        },
      ],
      [
        'forecast  Succeeded',
        { phase: 'Succeeded', finishedAt: '2026-01-02T03:04:09.300Z', outputs: { rows: 12, 'a\u001b[31mb': 'x' } },
      ],
    ]);
    expect(code).toBe(0);
    expect(out).toBe('rows: 12\n"a\\u001b[31mb": "x"\n');
    expect(err.split('\n')).toEqual([
      name,
      'ingest    Running',
      'ingest    Succeeded     1.2s',
      'forecast  Succeeded     1.2s  40/40 done',
      `${name} Succeeded in 4.3s`,
      '',
    ]);
  });

  it('exits 1 when the execution failed, the reason last but one', async () => {
    const error = { reason: 'NonZeroExit', message: 'exit code 1', node: 'ingest' };
    const { code, err, name } = await follow([
      [
        'nightly-',
        {
          ...started,
          phase: 'Failed',
          finishedAt: started.startedAt,
          error,
          nodes: { ingest: { phase: 'Failed', error } },
        },
      ],
    ]);
    expect(code).toBe(1);
    expect(err).toContain('ingest: NonZeroExit: exit code 1\n');
    expect(err).toContain(`pipectl logs ${name}/ingest shows what it wrote\n`);
  });

  it('leaves the execution running when it is interrupted, and says so', async () => {
    const interrupt = new AbortController();
    const stderr = pipe((text) => {
      if (text.includes('nightly-')) interrupt.abort();
    });
    const { code } = await plane.runIn({ stderr, signal: interrupt.signal }, 'run', 'nightly', '--follow');
    expect(code).toBe(130);
  });

  it('keeps one live line at a terminal, within its width', async () => {
    let err = '';
    let step = 0;
    const end = { ...started, phase: 'Succeeded', finishedAt: started.startedAt };
    const terminal = {
      isTerminal: true,
      columns: 30,
      color: false,
      write(text: string) {
        err += text;
        const name = err.slice(0, err.indexOf('\n'));
        // The name, then a live line, then one more after a change: each step answers what is seen.
        if (step === 0 && name !== '') step = 1;
        else if (step === 1 && text.includes('0/3 nodes')) {
          step = 2;
          void plane.setStatus(name, end as never);
        } else if (step === 1) void plane.setStatus(name, { ...started, phase: 'Running' } as never);
      },
    };
    expect((await plane.runIn({ stderr: terminal }, 'run', 'nightly', '--follow')).code).toBe(0);
    const live = err.split('\r\x1b[K').slice(1, -1);
    expect(live.length).toBeGreaterThan(0);
    for (const line of live) expect(line.length).toBeLessThan(30);
  });
});

describe('pipectl abort', () => {
  it('asks for it, with the reason on the execution', async () => {
    await plane.create(execution('to-abort'));
    expect((await plane.run('abort', 'to-abort', '--reason', 'wrong day')).out).toBe('to-abort is being aborted\n');
    const { out } = await plane.run('get', 'exec', 'to-abort', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      metadata: { annotations: { 'pipectl.dev/abort': 'wrong day' } },
      spec: { desired: 'Aborted' },
    });
  });

  it('leaves an ended one as it is', async () => {
    await plane.create(execution('ended'));
    await plane.setStatus('ended', { phase: 'Failed' });
    // As `get -o name` names it.
    expect(await plane.run('abort', 'execution.pipectl.dev/ended')).toEqual({
      code: 0,
      out: '',
      err: 'ended has ended already: Failed\n',
    });
  });
});
