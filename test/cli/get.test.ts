import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMIT, type ControlPlane, execution, openControlPlane } from './control-plane.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await openControlPlane();
  await plane.create(execution('nightly-aaaaaa'), execution('nightly-bbbbbb'));
  await plane.setStatus('nightly-aaaaaa', { phase: 'Succeeded', nodeCount: 3 });
});
afterAll(() => plane.close());

describe('pipectl get', () => {
  it('lists a kind by any of its names in the only active namespace', async () => {
    for (const word of ['executions', 'execution', 'exec', 'ex', 'Execution']) {
      const { code, out } = await plane.run('get', word);
      expect(code).toBe(0);
      expect(out).toMatch(/^NAME +WORKFLOW +COMMIT +PHASE +NODES +AGE\n/);
      expect(out).toMatch(/nightly-aaaaaa +demand +3f2c1ab +Succeeded/);
    }
  });

  it('shows one object by name, and says what was probably meant', async () => {
    expect((await plane.run('get', 'exec', 'nightly-aaaaaa', '--no-headers')).out).toMatch(/^nightly-aaaaaa +demand/);
    expect((await plane.run('get', 'exec/nightly-aaaaaa', '-o', 'name')).out).toBe(
      'execution.pipectl.dev/nightly-aaaaaa\n',
    );
    const { code, out, err } = await plane.run('get', 'exec', 'nightly-aaaaab');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'pipectl: Execution "nightly-aaaaab" not found in namespace "ticketing-production": did you mean "nightly-aaaaaa"?\n',
    );
  });

  it('selects by fields and labels', async () => {
    const failed = await plane.run('get', 'exec', '--field-selector', 'status.phase=Succeeded', '-o', 'name');
    expect(failed.out).toBe('execution.pipectl.dev/nightly-aaaaaa\n');
    const none = await plane.run('get', 'exec', '-l', 'pipectl.dev/workflow=other');
    expect(none).toEqual({ code: 0, out: '', err: 'No executions found in namespace ticketing-production.\n' });
  });

  it('prints objects as JSON and YAML, a list as a List', async () => {
    const one = JSON.parse((await plane.run('get', 'wf', 'demand', '-o', 'json')).out);
    expect(one).toMatchObject({ kind: 'Workflow', spec: { commit: COMMIT } });
    const list = JSON.parse((await plane.run('get', 'executions', '-o', 'json')).out);
    expect(list).toMatchObject({ kind: 'List', items: [{ kind: 'Execution' }, { kind: 'Execution' }] });
    expect((await plane.run('get', 'wf', 'demand', '-o', 'yaml')).out).toContain(
      'description: From sales to a forecast.\n',
    );
  });

  it('leaves out who owns which field, as kubectl does', async () => {
    const key = { kind: 'Workflow', namespace: 'ticketing-production', name: 'demand' };
    const { apiVersion, kind, metadata, spec } = await plane.api.store.get(key);
    const object = { apiVersion, kind, metadata: { name: metadata.name, namespace: key.namespace }, spec };
    const [applied] = await plane.api.store.write([{ op: 'apply', object, fieldManager: 'tests', force: true }]);
    expect(applied?.metadata.managedFields).toHaveLength(2);
    for (const command of [
      ['get', 'wf', 'demand', '-o', 'yaml'],
      ['get', 'wf', '-o', 'json'],
    ]) {
      expect((await plane.run(...command)).out).not.toContain('managedFields');
    }
  });

  it('looks for system kinds where they are, and everywhere with -A', async () => {
    const revisions = await plane.run('get', 'revisions', '-A');
    expect(revisions.out).toMatch(/^NAMESPACE +NAME/);
    expect((await plane.run('get', 'revisions')).out).toContain('Forecast demand');
  });

  it('lets no data steer the terminal', async () => {
    for (const format of ['table', 'wide', 'json', 'yaml']) {
      expect((await plane.run('get', 'revisions', '-o', format)).out).not.toContain('\u001b');
    }
  });

  it.each([
    ['an unknown kind', ['get', 'workflws'], 'pipectl: there is no kind "workflws": did you mean "workflows"?\n'],
    ['a wrong selector', ['get', 'exec', '-l', 'a=('], 'pipectl: '],
    ['a name with -A', ['get', 'exec', 'x', '-A'], 'pipectl: a name and --all-namespaces exclude each other\n'],
  ])('refuses %s', async (_, argv, message) => {
    const { code, out, err } = await plane.run(...argv);
    expect(code).not.toBe(0);
    expect(out).toBe('');
    expect(err.startsWith(message)).toBe(true);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('follows changes until it is interrupted', async () => {
    const interrupt = new AbortController();
    let out = '';
    const watching = plane.runIn(
      {
        signal: interrupt.signal,
        stdout: {
          write(text) {
            out += text;
            if (text.includes('Failed')) interrupt.abort();
            else if (text.includes('nightly-bbbbbb')) void plane.setStatus('nightly-bbbbbb', { phase: 'Failed' });
          },
          isTerminal: false,
          columns: undefined,
          color: false,
        },
      },
      ...['get', 'exec', 'nightly-bbbbbb', '-w'],
    );
    expect((await watching).code).toBe(130);
    expect(out.match(/^NAME/gm)).toHaveLength(1);
    expect(out).toMatch(/nightly-bbbbbb +demand +3f2c1ab +Failed/);
  });
});

describe('a control plane that does not answer', () => {
  it('exits 3 and names the command that starts one', async () => {
    await plane.api.stopApi();
    const { code, err } = await plane.run('get', 'exec', '-n', 'a-b');
    expect(code).toBe(3);
    expect(err).toMatch(/^pipectl: cannot reach the control plane at .*pipectl up.*\n$/);
  });
});
