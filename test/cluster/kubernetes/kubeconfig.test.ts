import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StalledError } from '../../../src/base/index.ts';
import { connectKubernetes } from '../../../src/cluster/adapters/kubernetes/index.ts';
import { createObject } from '../../../src/cluster/index.ts';
import { type ApiFixture, execution, NAMESPACE, openApi, TOKEN } from '../api-fixture.ts';

let folder: string;
let api: ApiFixture;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipectl-kubeconfig-'));
  api = await openApi();
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const BASE = `
apiVersion: v1
kind: Config
current-context: one
clusters:
- { name: a, cluster: { server: "http://127.0.0.1:1/" } }
- { name: b, cluster: { server: "https://b.example:6443/prefix" } }
contexts:
- { name: one, context: { cluster: a, user: u, namespace: n } }
- { name: two, context: { cluster: b, user: nobody } }
- { name: lost, context: { cluster: nowhere, user: u } }
users:
- { name: u, user: { token: t } }
`;

describe('a kubeconfig', () => {
  it('gives server and namespace of its current context', async () => {
    const cluster = await connectKubernetes({ kubeconfigPath: await file('base', BASE) });
    expect([cluster.server, cluster.namespace]).toEqual(['http://127.0.0.1:1', 'n']);
  });

  it('gives those of another context when asked', async () => {
    const cluster = await connectKubernetes({ kubeconfigPath: await file('base', BASE), context: 'two' });
    expect([cluster.server, cluster.namespace]).toEqual(['https://b.example:6443/prefix', 'default']);
  });

  it.each([
    ['that is missing', undefined, undefined, 'cannot be read: ENOENT'],
    ['that is no YAML', 'a: [', undefined, 'is not valid YAML'],
    ['that is no object', '[]', undefined, 'is not a kubeconfig'],
    ['without a current context', '{}', undefined, 'names no current context'],
    ['without the context asked for', BASE, 'three', 'has no context "three"'],
    ['without the server of its context', BASE, 'lost', 'has no server for context "lost"'],
    [
      'whose certificate is missing',
      BASE.replace('{ token: t }', '{ client-certificate: gone.pem }'),
      undefined,
      'gone.pem',
    ],
  ])('%s is refused with its path', async (name, text, context, message) => {
    const path = text === undefined ? join(folder, 'missing') : await file(name.replace(/\W/g, '-'), text);
    const refused = connectKubernetes({ kubeconfigPath: path, ...(context !== undefined && { context }) });
    await expect(refused).rejects.toThrow(StalledError);
    await expect(refused).rejects.toThrow(`kubeconfig ${path} `);
    await expect(refused).rejects.toThrow(message);
  });

  it('with a credential plugin works through the library', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: TOKEN },
    };
    const plain = JSON.parse(await (await import('node:fs/promises')).readFile(api.kubeconfig, 'utf8'));
    plain.users[0].user = {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: process.execPath,
        args: ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`],
        interactiveMode: 'Never',
      },
    };
    const cluster = await connectKubernetes({ kubeconfigPath: await file('exec', JSON.stringify(plain)) });
    const created = await createObject(cluster, execution('by-plugin'));
    expect(created.metadata.namespace).toBe(NAMESPACE);
    expect((await cluster.list('Execution')).items).toHaveLength(1);
  });
});
