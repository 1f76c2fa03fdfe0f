import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createObject, type KubeObject, patchStatus } from '../../../src/cluster/index.ts';
import { type ApiFixture, execution, NAMESPACE, openApi, pod, until } from '../api-fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await openApi();
  api.store.serveLogs(async function* (key, options) {
    yield Buffer.from(options.tailLines === 1 ? 'last\n' : `first of ${key.name}\nlast\n`);
  });
  await createObject(api.store, execution('nightly', { team: 'a' }));
  await createObject(api.store, pod('nightly-ingest-1'));
  const running = {
    name: 'main',
    ready: true,
    restartCount: 0,
    image: 'local',
    state: { running: { startedAt: STARTED } },
  };
  await patchStatus(api.store, podKey, { phase: 'Running', startTime: STARTED, containerStatuses: [running] });
});
afterAll(() => api.close());

const STARTED = '2026-03-01T12:00:00.000Z';
const podKey = { kind: 'Pod', namespace: NAMESPACE, name: 'nightly-ingest-1' };
const TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
const PROTOBUF = 'application/vnd.kubernetes.protobuf,application/json';
const OURS = `/apis/pipectl.dev/v1/namespaces/${NAMESPACE}`;
const CORE = `/api/v1/namespaces/${NAMESPACE}`;

interface Row {
  readonly does: string;
  readonly method?: string;
  readonly path: string;
  readonly accept?: string;
  readonly type?: string;
  readonly body?: unknown;
  readonly code?: number;
  /** What the answer's JSON holds at least. */
  readonly answer: object;
}

/** Requests as kubectl 1.37 was seen to send them: paths, queries and headers are its own. */
const RECORDED: readonly Row[] = [
  {
    does: 'finds all kinds of the core group at once',
    path: '/api?timeout=32s',
    accept: AGGREGATED,
    answer: { kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: '' }, versions: [{ version: 'v1' }] }] },
  },
  {
    does: 'finds our group',
    path: '/apis/pipectl.dev/v1',
    answer: { kind: 'APIResourceList', groupVersion: 'pipectl.dev/v1' },
  },
  { does: 'asks for the version', path: '/version?timeout=32s', answer: { major: '1' } },
  {
    does: 'learns that fields are validated here',
    path: '/openapi/v3?timeout=32s',
    answer: { paths: { 'apis/pipectl.dev/v1': { serverRelativeURL: '/openapi/v3/apis/pipectl.dev/v1?hash=0.0.0' } } },
  },
  {
    does: 'gets a table',
    path: `${OURS}/executions?limit=500`,
    accept: TABLE,
    answer: { kind: 'Table', rows: [{ object: { kind: 'PartialObjectMetadata', metadata: { name: 'nightly' } } }] },
  },
  {
    does: 'gets one',
    path: `${OURS}/executions/nightly`,
    answer: { kind: 'Execution', metadata: { name: 'nightly' } },
  },
  {
    does: 'is told what is not there',
    path: `${OURS}/executions/nobody`,
    code: 404,
    answer: {
      kind: 'Status',
      reason: 'NotFound',
      message: 'executions.pipectl.dev "nobody" not found',
      details: { name: 'nobody', group: 'pipectl.dev', kind: 'executions' },
    },
  },
  {
    does: 'labels',
    method: 'PATCH',
    path: `${OURS}/executions/nightly?fieldManager=kubectl-label`,
    type: 'application/merge-patch+json',
    body: { metadata: { labels: { seen: 'yes' } } },
    answer: { metadata: { labels: { team: 'a', seen: 'yes' } } },
  },
  {
    does: 'patches with operations',
    method: 'PATCH',
    path: `${OURS}/executions/nightly?fieldManager=kubectl-patch`,
    type: 'application/json-patch+json',
    body: [{ op: 'add', path: '/spec/desired', value: 'Paused' }],
    answer: { spec: { desired: 'Paused' } },
  },
  {
    does: 'patches a pod strategically',
    method: 'PATCH',
    path: `${CORE}/pods/nightly-ingest-1?fieldManager=kubectl-patch`,
    type: 'application/strategic-merge-patch+json',
    body: { metadata: { labels: { x: 'y' } }, '$setElementOrder/containers': [{ name: 'main' }] },
    answer: { metadata: { labels: { x: 'y' } } },
  },
  {
    does: 'applies on the server',
    method: 'PATCH',
    path: `${CORE}/configmaps/conf?fieldManager=kubectl&fieldValidation=Strict&force=false`,
    type: 'application/apply-patch+yaml',
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf', namespace: NAMESPACE }, data: { a: '1' } },
    answer: { kind: 'ConfigMap', data: { a: '1' } },
  },
  {
    does: 'is refused an unknown field when it is strict',
    method: 'POST',
    path: `${OURS}/executions?fieldManager=kubectl-create&fieldValidation=Strict`,
    body: { ...execution('strict'), spec: { ...execution('strict').spec, wish: 1 } },
    code: 400,
    answer: { reason: 'BadRequest', message: expect.stringContaining('unknown field "spec.wish"') },
  },
  {
    does: 'is told which field is wrong',
    method: 'PATCH',
    path: `${OURS}/executions/nightly`,
    type: 'application/merge-patch+json',
    body: { spec: { desired: 'Maybe' } },
    code: 422,
    answer: { reason: 'Invalid', details: { name: 'nightly', kind: 'Execution', causes: [{ field: 'spec.desired' }] } },
  },
  {
    does: 'is told of a wrong field by the name of what it creates',
    method: 'POST',
    path: `${OURS}/executions`,
    body: { ...execution('wrong'), spec: { ...execution('wrong').spec, desired: 'Maybe' } },
    code: 422,
    answer: { reason: 'Invalid', details: { name: 'wrong', kind: 'Execution', causes: [{ field: 'spec.desired' }] } },
  },
  {
    does: 'tries a creation',
    method: 'POST',
    path: `${OURS}/executions?dryRun=All&fieldManager=kubectl-create`,
    body: execution('dry'),
    code: 201,
    answer: { kind: 'Execution', metadata: { name: 'dry' } },
  },
  { does: 'finds nothing of what it tried', path: `${OURS}/executions/dry`, code: 404, answer: { reason: 'NotFound' } },
  {
    does: 'tries a deletion',
    method: 'DELETE',
    path: `${OURS}/executions/nightly`,
    body: { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'], propagationPolicy: 'Background' },
    answer: { kind: 'Status', status: 'Success', details: { name: 'nightly' } },
  },
  { does: 'finds what it tried to delete', path: `${OURS}/executions/nightly`, answer: { kind: 'Execution' } },
  {
    does: 'is told of a dry run that there is none of',
    method: 'DELETE',
    path: `${OURS}/executions/nightly?dryRun=Some`,
    code: 422,
    answer: {
      reason: 'Invalid',
      message: 'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: "Some": supported values: "All"',
    },
  },
  {
    does: 'learns which fields another manager owns',
    method: 'PATCH',
    path: `${CORE}/configmaps/conf?fieldManager=other&force=false`,
    type: 'application/apply-patch+yaml',
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf' }, data: { a: 'other' } },
    code: 409,
    answer: {
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "kubectl": .data.a',
      details: {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl"', field: '.data.a' }],
      },
    },
  },
  {
    does: 'must say who applies',
    method: 'PATCH',
    path: `${CORE}/configmaps/conf`,
    type: 'application/apply-patch+yaml',
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf' } },
    code: 422,
    answer: {
      message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    },
  },
  {
    does: 'forces nothing but an apply',
    method: 'PATCH',
    path: `${CORE}/configmaps/conf?force=true`,
    type: 'application/merge-patch+json',
    body: {},
    code: 422,
    answer: { message: expect.stringContaining('force: Forbidden: may not be specified for non-apply patch') },
  },
  {
    does: 'may not name itself at any length',
    method: 'PATCH',
    path: `${CORE}/configmaps/conf?fieldManager=${'x'.repeat(129)}`,
    type: 'application/merge-patch+json',
    body: {},
    code: 422,
    answer: { message: expect.stringContaining('fieldManager: Too long') },
  },
  {
    does: 'may not say whose the fields are that it applies',
    method: 'PATCH',
    path: `${CORE}/configmaps/conf?fieldManager=kubectl`,
    type: 'application/apply-patch+yaml',
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf', managedFields: [] } },
    code: 400,
    answer: { message: 'metadata.managedFields must be nil' },
  },
  {
    does: 'asks in protobuf what it may do',
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    accept: PROTOBUF,
    type: 'application/vnd.kubernetes.protobuf',
    body: accessReview('create', 'pipectl.dev', 'executions'),
    code: 201,
    answer: { kind: 'SelfSubjectAccessReview', status: { allowed: true } },
  },
  {
    does: 'looks for the events of an object',
    path: `${CORE}/events?fieldSelector=involvedObject.uid%3D933f%2CinvolvedObject.name%3Dnightly&limit=500`,
    accept: PROTOBUF,
    answer: { kind: 'EventList', items: [] },
  },
  {
    does: 'finds no cluster services',
    path: '/api/v1/namespaces/kube-system/services?labelSelector=kubernetes.io%2Fcluster-service%3Dtrue',
    accept: 'application/json, */*',
    answer: { kind: 'ServiceList', items: [] },
  },
  {
    does: 'deletes',
    method: 'DELETE',
    path: `${CORE}/configmaps/conf`,
    body: { propagationPolicy: 'Background' },
    answer: { kind: 'Status', status: 'Success', details: { name: 'conf', kind: 'configmaps' } },
  },
];

describe('requests as kubectl sends them', () => {
  it.each(RECORDED)('$does', async ({ method = 'GET', path, accept, type, body, code = 200, answer }) => {
    const headers = { accept: accept ?? 'application/json', ...(type !== undefined && { 'content-type': type }) };
    const response = await api.send(method, path, { body, headers });
    const json = await response.json();
    expect(json).toMatchObject(answer);
    expect(response.status).toBe(code);
  });
});

it('OpenAPI v2 comes in protobuf under a media type that all kubectls can read back', async () => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const response = await api.send('GET', '/openapi/v2?timeout=32s', { headers: { accept } });
  expect(response.headers.get('content-type')).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  // Field 1 of the document, a text of three bytes: its version.
  expect(
    Buffer.from(await response.arrayBuffer())
      .subarray(0, 5)
      .toString('latin1'),
  ).toBe('\n\u00032.0');
});

const kubectl = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'kubectl'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

// kubectl is no dependency of the project: without it the recorded requests above stand in.
if (kubectl !== undefined) {
  const environment = () => ({ ...process.env, KUBECONFIG: api.kubeconfig, HOME: api.folder, EDITOR: 'false' });
  const run = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(kubectl, args, { env: environment(), timeout: 20_000 });
    return stdout;
  };

  describe('kubectl itself', () => {
    it('gets a table, wide and plain', async () => {
      expect(await run('get', 'ex')).toMatch(
        /^NAME +WORKFLOW +COMMIT +PHASE +NODES +AGE\nnightly +forecast +0123456 +Pending/,
      );
      expect(await run('get', 'executions', '-o', 'wide')).toContain('manual by ada');
      expect(await run('get', 'all', '-A')).toContain('execution.pipectl.dev/nightly');
    });

    it('watches', async () => {
      const child = spawn(kubectl, ['get', 'executions', '-w'], { env: environment() });
      let seen = '';
      child.stdout.on('data', (chunk) => {
        seen += String(chunk);
      });
      await until('the first row', () => seen.includes('nightly'));
      await patchStatus(api.store, { kind: 'Execution', namespace: NAMESPACE, name: 'nightly' }, { phase: 'Running' });
      await until('the change', () => /nightly .*Running/.test(seen));
      child.kill();
      expect(seen.match(/NAME/g)).toHaveLength(1);
    });

    it('describes and explains', async () => {
      expect(await run('describe', 'execution', 'nightly')).toMatch(/Kind: +Execution[\s\S]*Workflow: +forecast/);
      expect(await run('describe', 'pod', 'nightly-ingest-1')).toMatch(/State: +Running/);
      expect(await run('explain', 'executions.spec.desired')).toContain('Set Aborted to end it');
      expect(await run('explain', 'workflows.metadata.managedFields')).toContain('Who owns which fields');
      expect(await run('api-resources', '-o', 'name')).toContain('workflows.pipectl.dev');
    });

    it('reads logs', async () => {
      expect(await run('logs', 'nightly-ingest-1')).toBe('first of nightly-ingest-1\nlast\n');
      expect(await run('logs', 'nightly-ingest-1', '--tail=1')).toBe('last\n');
    });

    it('applies from a file, in both ways, and deletes', async () => {
      const path = join(api.folder, 'extra.json');
      const { spec, ...rest } = execution('extra');
      // Who is named by the token is no matter of the file.
      const object: KubeObject = { ...rest, spec: { ...spec, trigger: { kind: 'manual' } } };
      await writeFile(path, JSON.stringify(object));
      expect(await run('apply', '-f', path)).toBe('execution.pipectl.dev/extra created\n');
      expect(await run('apply', '-f', path)).toBe('execution.pipectl.dev/extra unchanged\n');
      expect(await run('apply', '--server-side', '-f', path)).toBe('execution.pipectl.dev/extra serverside-applied\n');
      expect(await run('wait', 'execution/extra', '--for=jsonpath={.spec.workflow}=forecast')).toContain(
        'condition met',
      );
      expect(await run('delete', 'execution', 'extra')).toContain('deleted');
      await expect(run('get', 'execution', 'extra')).rejects.toThrow('executions.pipectl.dev "extra" not found');
    });

    it('tries, compares and is told of conflicts', async () => {
      const path = join(api.folder, 'tried.json');
      const write = (data: object): Promise<void> =>
        writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'tried' }, data }));
      await write({ a: '1' });
      expect(await run('apply', '--dry-run=server', '-f', path)).toBe('configmap/tried created (server dry run)\n');
      expect(await run('apply', '--server-side', '--dry-run=server', '-f', path)).toBe(
        'configmap/tried serverside-applied (server dry run)\n',
      );
      await expect(run('get', 'cm', 'tried')).rejects.toThrow('configmaps "tried" not found');
      await run('apply', '--server-side', '--field-manager=one', '-f', path);
      await write({ a: '2' });
      await expect(run('diff', '-f', path)).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^\+ {2}a: "2"$/m),
      });
      const other = ['apply', '--server-side', '--field-manager=two', '-f', path];
      await expect(run(...other)).rejects.toThrow('Apply failed with 1 conflict: conflict with "one": .data.a');
      expect(await run(...other, '--force-conflicts')).toBe('configmap/tried serverside-applied\n');
      expect(await run('delete', 'cm', 'tried', '--dry-run=server')).toMatch(/deleted.*\(server dry run\)/);
      expect(await run('get', 'cm', 'tried', '-o', 'jsonpath={.data.a}')).toBe('2');
    });

    it('makes namespaces, config maps and secrets, which it sends in protobuf', async () => {
      expect(await run('create', 'ns', 'made')).toBe('namespace/made created\n');
      await run('create', 'configmap', 'conf', '-n', 'made', '--from-literal=a=1', '--from-literal=u.n=ünï');
      expect(await run('get', 'cm', 'conf', '-n', 'made', '-o', 'jsonpath={.data}')).toBe('{"a":"1","u.n":"ünï"}');
      await run('create', 'secret', 'generic', 'key', '-n', 'made', '--from-literal=a=1');
      expect(await run('get', 'secret', 'key', '-n', 'made', '-o', 'jsonpath={.type} {.data.a}')).toBe('Opaque MQ==');
    });
  });
}

/** As kubectl sends it: `runtime.Unknown` around a SelfSubjectAccessReview. Every length is below 128. */
function accessReview(verb: string, group: string, resource: string): string {
  const field = (number: number, content: string) => String.fromCharCode((number << 3) | 2, content.length) + content;
  const attributes =
    field(1, 'shop-production') + field(2, verb) + field(3, group) + field(4, '*') + field(5, resource);
  const type = field(1, 'authorization.k8s.io/v1') + field(2, 'SelfSubjectAccessReview');
  return `k8s\0${field(1, type)}${field(2, field(1, '') + field(2, field(1, attributes)))}`;
}
