import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  createObject,
  type Execution,
  isTerminalPhase,
  KINDS,
  type KubeObject,
  patchObject,
  type Secret,
} from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, startUp, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';
import { filesOf } from './fixtures/site.ts';

/** A planted value reaches the task that names it, and nothing else. */

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'signed-report');
const NAMESPACE = 'signed-report-production';
const VALUE = 'planted "value"\n/with+every=thing ü';
const TEXT = '42 seats sold';
const SIGNATURE = createHmac('sha256', VALUE).update(TEXT).digest('hex');
/** As it is, in JSON, and the part of it in base64 that does not depend on what stands before. */
const FORMS = [
  VALUE,
  JSON.stringify(VALUE).slice(1, -1),
  ...[0, 1, 2].map((before) =>
    Buffer.from(`${'x'.repeat(before)}${VALUE}`)
      .toString('base64')
      .slice(4, 40),
  ),
];

let program: string;
let data: string;
let daemon: Daemon;
let cluster: KubernetesCluster;
const outputs: string[] = [];

beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  await start();
  const { code, text } = await newProject(filesOf(EXAMPLE)).push(daemon.remote('signed-report'));
  expect(code, text).toBe(0);
}, 60_000);

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  daemon = await startDaemon({ program, data, env });
  cluster = await daemon.connect();
}

async function restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
  outputs.push(daemon.output());
  await daemon.kill();
  await start(env);
}

async function run(...argv: string[]): Promise<string> {
  const { code, out, err } = await pipectl(daemon.kubeconfig, ...argv, '-n', NAMESPACE);
  outputs.push(out, err);
  expect([code, err], argv.join(' ')).toEqual([0, '']);
  return out.trim();
}

function untilExecution(name: string, what: string, isWanted: (execution: Execution) => boolean): Promise<Execution> {
  return until(`${name} ${what}`, async () => {
    const execution = await cluster.get<Execution>({ kind: 'Execution', namespace: NAMESPACE, name });
    return isWanted(execution) ? execution : undefined;
  });
}

const isOver = ({ status }: Execution): boolean => isTerminalPhase(status?.phase ?? 'Pending');

async function signs(name: string): Promise<void> {
  const { status } = await untilExecution(name, 'is over', isOver);
  expect(status).toMatchObject({
    phase: 'Succeeded',
    outputs: { signature: SIGNATURE, note: expect.stringMatching(/^signed with \*{3}/) },
  });
  const log = await run('logs', name);
  expect(log).toContain('signing with ***');
  expect(log).toMatch(/Basic cmVwb3J0czp\S?\*{3}/);
}

/** Files below the data folder that hold a planted value in one of its forms. */
function leaks(): readonly string[] {
  const entries = readdirSync(data, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path);
      return FORMS.some((form) => bytes.includes(form));
    });
}

async function answers(): Promise<string> {
  const texts: string[] = [];
  for (const { kind } of KINDS) texts.push(JSON.stringify(await cluster.list<KubeObject>(kind)));
  const headers = { authorization: `Bearer ${daemon.token}` };
  for (const path of [
    '/metrics',
    `/api/v1/namespaces/${NAMESPACE}/secrets`,
    `/api/v1/namespaces/${NAMESPACE}/secrets/signing`,
  ]) {
    texts.push(await (await fetch(`${daemon.at}${path}`, { headers })).text());
  }
  return texts.join('\n');
}

describe('a secret', () => {
  it('is waited for, reaches the task, and shows up nowhere', { timeout: 60_000 }, async () => {
    const name = await run('run', 'signed-report', '--input', `text=${TEXT}`);
    const { status } = await untilExecution(name, 'waits', (it) => it.status?.nodes?.sign?.message !== undefined);
    expect(status?.nodes?.sign).toMatchObject({
      phase: 'Queued',
      message: `secret "signing" does not exist; set it: pipectl secret set signing report-key -n ${NAMESPACE}`,
    });
    expect(await run('describe', 'execution', name)).toContain('pipectl secret set signing report-key');

    const set = spawn(
      process.execPath,
      [program, 'secret', 'set', 'signing', 'report-key', '-n', NAMESPACE, '--data', data],
      { env: { PATH: process.env.PATH ?? '' }, stdio: ['pipe', 'inherit', 'inherit'] },
    );
    set.stdin.end(`${VALUE}\n`);
    expect(await new Promise((done) => set.on('close', done))).toBe(0);
    await signs(name);
    expect(
      (await cluster.get<Execution>({ kind: 'Execution', namespace: NAMESPACE, name })).status?.nodes?.sign,
    ).not.toHaveProperty('message');
  });

  it('opens again after a kill -9', { timeout: 30_000 }, async () => {
    await restart();
    await signs(await run('run', 'signed-report', '--input', `text=${TEXT}`));
  });

  it('is listed by its name, and kept when it is written back as it was read', async () => {
    const listed = await run('secret', 'list');
    expect(listed.split('\n').map((line) => line.split(/ {2,}/))).toMatchObject([
      ['NAME', 'KEYS', 'AGE'],
      ['signing', 'report-key', expect.any(String)],
    ]);
    const key = { kind: 'Secret', namespace: NAMESPACE, name: 'signing' };
    const before = await cluster.get<Secret>(key);
    await cluster.write([
      { op: 'update', object: { ...before, metadata: { ...before.metadata, labels: { a: 'b' } } } },
    ]);
    expect((await cluster.get<Secret>(key)).data).toEqual(before.data);
    await signs(await run('run', 'signed-report', '--input', `text=${TEXT}`));
  });

  it('is sealed whatever way it comes, and what kubectl keeps of it is dropped', async () => {
    const key = { kind: 'Secret', namespace: NAMESPACE, name: 'applied' };
    const stringData = { a: VALUE };
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ stringData }) };
    const metadata = { namespace: NAMESPACE, name: 'applied', annotations: { ...applied, kept: 'yes' } };
    await createObject(cluster, { apiVersion: 'v1', kind: 'Secret', metadata, stringData });
    await patchObject(cluster, key, { stringData: { b: VALUE } });
    await patchObject(cluster, key, { data: { c: Buffer.from(VALUE).toString('base64') } });
    const { data: sealed, metadata: kept, stringData: left } = await cluster.get<Secret>(key);
    expect(kept.annotations).toEqual({ kept: 'yes' });
    expect(left).toBeUndefined();
    const texts = Object.values(sealed ?? {}).map((value) => Buffer.from(value, 'base64').toString());
    expect(texts).toEqual(Array(3).fill(expect.stringMatching(/^pipectl-sealed-1:/)));
    const wrong = patchObject(cluster, key, { data: { d: `${VALUE}!` } });
    await expect(wrong).rejects.toThrow(/data\.d: must be base64/);
    await expect(wrong).rejects.not.toThrow(/planted/);
  });

  it('is waited for by subtasks of a map', { timeout: 30_000 }, async () => {
    const namespace = 'mapped-production';
    const { code, text } = await newProject(MAPPED).push(daemon.remote('mapped'));
    expect(code, text).toBe(0);
    const { out } = await pipectl(daemon.kubeconfig, 'run', 'mapped', '-n', namespace);
    const read = () => cluster.get<Execution>({ kind: 'Execution', namespace, name: out.trim() });
    const waits = await until('the map waits', async () => (await read()).status?.nodes?.each?.message);
    expect(waits).toBe(`secret "mapped" does not exist; set it: pipectl secret set mapped key -n ${namespace}`);
    const metadata = { namespace, name: 'mapped' };
    await createObject(cluster, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { key: VALUE } });
    const { status } = await until('it is over', async () => {
      const execution = await read();
      return isOver(execution) ? execution : undefined;
    });
    expect(status).toMatchObject({ phase: 'Succeeded', outputs: { lengths: [VALUE.length, VALUE.length] } });
    expect(status?.nodes?.each).not.toHaveProperty('message');
  });

  it('is locked with a passphrase once one is given', { timeout: 60_000 }, async () => {
    const keyPath = join(data, 'secrets.key');
    const open = JSON.parse(readFileSync(keyPath, 'utf8'));
    expect([statSync(keyPath).mode & 0o777, open.key]).toEqual([0o600, expect.any(String)]);
    const passphrase = 'a long one';
    await restart({ PIPECTL_SECRETS_PASSPHRASE: passphrase });
    expect(readFileSync(keyPath, 'utf8')).not.toContain(open.key);
    await signs(await run('run', 'signed-report', '--input', `text=${TEXT}`));
    await daemon.kill();
    for (const [env, says] of [
      [{}, /locked with a passphrase .* PIPECTL_SECRETS_PASSPHRASE/],
      [{ PIPECTL_SECRETS_PASSPHRASE: 'another' }, /does not open/],
    ] as const) {
      const refused = startUp({ program, data, env });
      expect([await refused.ended, refused.output()]).toEqual([2, expect.stringMatching(says)]);
    }
    await start({ PIPECTL_SECRETS_PASSPHRASE: passphrase });
  });

  it('comes from a variable of the control plane when no Secret has it', { timeout: 60_000 }, async () => {
    expect(await run('secret', 'delete', 'signing')).toBe('secret signing is deleted');
    await daemon.kill();
    await start({ PIPECTL_SECRETS_PASSPHRASE: 'a long one', PIPECTL_SECRET_SIGNING__REPORT_KEY: VALUE });
    await signs(await run('run', 'signed-report', '--input', `text=${TEXT}`));
  });

  it('is taken from a file byte by byte, and refused where it is missing', async () => {
    const file = join(newFolder(), 'value');
    writeFileSync(file, `${VALUE}\n`);
    await run('secret', 'set', 'signing', 'other', '--from-file', file);
    await run('secret', 'set', 'signing', 'short', '--from-file', file);
    expect(await run('secret', 'delete', 'signing', 'short')).toBe('secret signing has no short any more');
    expect(await run('secret', 'list', '-o', 'json')).toContain('"other"');
    const missing = await pipectl(daemon.kubeconfig, 'secret', 'delete', 'signing', 'none', '-n', NAMESPACE);
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('no key "none"')]);
  });

  it('stands in no file of the data folder, no answer and no output', async () => {
    outputs.push(daemon.output(), await answers());
    const text = outputs.join('\n');
    expect(FORMS.filter((form) => text.includes(form))).toEqual([]);
    expect(leaks()).toEqual([]);
    // What is projected at the end of a run is looked at too.
    daemon.child.kill('SIGTERM');
    await daemon.ended;
    expect(leaks()).toEqual([]);
  });
});

const MAPPED = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: mapped }
spec: { paths: [pipectl.yaml], domains: { production: { ref: main } } }
---
kind: Task
metadata: { name: measure }
spec:
  inputs: { n: integer }
  outputs: { length: integer }
  run:
    command:
      - node
      - -e
      - require('node:fs').writeFileSync(process.env.PIPECTL_OUTPUTS, 'length=' + process.env.KEY.length)
    env: { KEY: { secret: { name: mapped, key: key } } }
---
kind: Workflow
metadata: { name: mapped }
spec:
  outputs: { lengths: "\${{ nodes.each.outputs.length }}" }
  nodes:
    each: { map: { task: measure, over: { n: [1, 2] } } }
`,
};
