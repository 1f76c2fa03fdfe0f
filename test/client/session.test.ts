import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  activeNamespaces,
  chooseKubeconfig,
  defaultDataFolder,
  findCheckout,
  fixedNamespace,
  namespaceOfCheckout,
  openSession,
} from '../../src/client/index.ts';
import type { Repository } from '../../src/cluster/index.ts';

describe('chooseKubeconfig', () => {
  const base = { dataFolder: '/data', env: {}, exists: () => true };
  it.each([
    ['the option', { ...base, kubeconfig: '/k', env: { PIPECTL_KUBECONFIG: '/e' } }, '/k'],
    ['the environment', { ...base, env: { PIPECTL_KUBECONFIG: '/e' } }, '/e'],
    ['the local control plane', base, '/data/kubeconfig'],
    ["kubectl's, where there is no local one", { ...base, exists: () => false }, undefined],
    ["kubectl's, for a context by name", { ...base, context: 'prod' }, undefined],
  ])('takes %s', (_, options, path) => {
    expect(chooseKubeconfig(options)).toBe(path);
  });
});

describe('openSession', () => {
  const connect = () => Promise.reject(new Error('connected'));
  const base = { connect, dataFolder: '/data', env: { HOME: '/home/a' }, exists: () => false };
  it('says how to start a control plane where there is none at all', async () => {
    await expect(openSession(base)).rejects.toThrow('no control plane in /data: `pipectl up` starts one');
  });

  it.each([
    ["kubectl's kubeconfig", { ...base, exists: (path: string) => path === '/home/a/.kube/config' }],
    ['$KUBECONFIG', { ...base, env: { KUBECONFIG: '/k' } }],
    ['the account of its pod', { ...base, env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } }],
    ['a context by name', { ...base, context: 'prod' }],
  ])('connects by %s', async (_, options) => {
    await expect(openSession(options)).rejects.toThrow('connected');
  });
});

describe('defaultDataFolder', () => {
  it.each([
    ['/x', '/x/pipectl'],
    ['relative', expect.stringMatching(/\/\.local\/share\/pipectl$/)],
    [undefined, expect.stringMatching(/\/\.local\/share\/pipectl$/)],
  ])('with XDG_DATA_HOME %j', (value, path) => {
    expect(defaultDataFolder({ XDG_DATA_HOME: value })).toEqual(path);
  });
});

describe('namespaces', () => {
  it('of kinds that live beside the projects are fixed', () => {
    expect(['Revision', 'Namespace', 'Execution'].map(fixedNamespace)).toEqual(['pipectl-system', '', undefined]);
  });

  it('are active where a commit is or becomes active', () => {
    const repository = (project: string, domains: object) =>
      ({ status: { project, domains } }) as unknown as Repository;
    expect(
      activeNamespaces([
        repository('b', { production: { ref: 'main', lastApplied: 'c' }, development: { ref: '*' } }),
        repository('a', { production: { ref: 'main', desired: 'c' } }),
      ]),
    ).toEqual(['a-production', 'b-production']);
  });

  const domains = [
    { name: 'development', ref: '*' },
    { name: 'production', ref: 'main' },
    { name: 'staging', ref: 'next' },
  ];
  it.each([
    ['its branch is tracked', 'next', 'x-staging'],
    ['another branch is checked out', 'feature', 'x-production'],
    ['no branch is checked out', undefined, 'x-production'],
  ])('of a checkout when %s', (_, branch, namespace) => {
    const checkout = { root: '/', project: { name: 'x', domains }, ...(branch !== undefined && { branch }) };
    expect(namespaceOfCheckout(checkout)).toBe(namespace);
  });
});

describe('findCheckout', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pipectl-checkout-'));
    mkdirSync(join(folder, 'repo', 'deep', 'er'), { recursive: true });
    const project = 'apiVersion: pipectl.dev/v1\nkind: Project\nmetadata: { name: x }\n';
    writeFileSync(
      join(folder, 'repo', 'pipectl.yaml'),
      `${project}spec: { paths: [pipelines], domains: { production: { ref: main } } }\n`,
    );
    const env = {
      ...process.env,
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    };
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', join(folder, 'repo'), ...args], { env, stdio: 'ignore' });
    git('init', '-b', 'feature/one');
    git('add', '.');
    git('commit', '-m', 'x');
    git('worktree', 'add', '-b', 'two', join(folder, 'linked'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads the project above a folder, and its branch', async () => {
    expect(await findCheckout(join(folder, 'repo', 'deep', 'er'))).toEqual({
      root: join(folder, 'repo'),
      project: { name: 'x', domains: [{ name: 'production', ref: 'main' }] },
      branch: 'feature/one',
    });
  });

  it('reads a linked work tree', async () => {
    expect((await findCheckout(join(folder, 'linked')))?.branch).toBe('two');
  });

  it('finds none where there is none, or where it is broken', async () => {
    expect(await findCheckout(folder)).toBeUndefined();
    writeFileSync(join(folder, 'pipectl.yaml'), 'kind: [');
    expect(await findCheckout(folder)).toBeUndefined();
  });
});
