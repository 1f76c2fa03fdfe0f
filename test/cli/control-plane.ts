import { canonicalJson, digestOf, type Json } from '../../src/base/index.ts';
import { type CliPorts, type CliWorld, runCli } from '../../src/cli/index.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import {
  ANNOTATION,
  API_VERSION,
  type Execution,
  entityBucket,
  entityKey,
  type KubeObject,
  LABEL,
  newExecution,
  OWNER,
  type Pod,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import type { LaunchPlanClosure, WorkflowClosure } from '../../src/compiler/index.ts';
import { connect } from '../../src/main/client.ts';
import { planRevision } from '../../src/main/plan.ts';
import { openRevision } from '../../src/main/revision.ts';
import { type ApiFixture, clock, openApi, random } from '../cluster/api-fixture.ts';

export const NAMESPACE = 'ticketing-production';
export const COMMIT = '3f2c1ab000000000000000000000000000000001';
export const OTHER_COMMIT = '3f2cfff000000000000000000000000000000002';

export const WORKFLOW: WorkflowClosure = {
  kind: 'Workflow',
  name: 'demand',
  inputs: { days: { type: 'integer', default: 14 }, file: { type: 'string' } },
  outputs: { rows: { type: 'integer', value: { kind: 'expression', source: 'nodes.ingest.outputs.rows' } } },
  nodes: [
    { id: 'ingest', kind: 'task', upstream: [], outputs: { rows: 'integer' }, task: 't'.repeat(64), with: {} },
    {
      id: 'forecast',
      kind: 'map',
      upstream: [0],
      outputs: {},
      task: 't'.repeat(64),
      over: {},
      with: {},
      minSuccessRatio: 1,
    },
    { id: 'report', kind: 'compute', upstream: [0, 1], outputs: {}, values: {} },
  ],
  tasks: {},
  failurePolicy: 'failImmediately',
};

const PLAN: LaunchPlanClosure = {
  kind: 'LaunchPlan',
  name: 'nightly',
  workflow: { name: 'demand', closure: digestOf(WORKFLOW as unknown as Json) },
  inputs: { days: { type: 'integer', default: 7 } },
  outputs: {},
  fixedInputs: { file: 'sales.csv' },
  maxParallelism: 10,
};

/** A control plane as registration and the engine leave it, and the command line run against it in this process. */
export interface ControlPlane {
  readonly api: ApiFixture;
  run(...argv: string[]): Promise<Ran>;
  /** Runs with other surroundings. */
  runIn(world: Partial<CliWorld>, ...argv: string[]): Promise<Ran>;
  create(...objects: KubeObject[]): Promise<void>;
  setStatus(name: string, status: Json): Promise<void>;
  close(): Promise<void>;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function openControlPlane(): Promise<ControlPlane> {
  const api = await openApi({ user: OWNER });
  const logs = new Map<string, string>();
  api.store.serveLogs(async function* ({ name }) {
    yield Buffer.from(logs.get(name) ?? `${name} wrote this\n`);
  });
  const create = async (...objects: KubeObject[]) => {
    await api.store.write(objects.map((object) => ({ op: 'create', object })));
    // As in Kubernetes, a create leaves status out.
    for (const { kind, metadata, status } of objects) {
      const { name, namespace = '' } = metadata;
      const patch = status as Record<string, Json> | undefined;
      if (patch !== undefined) await api.store.write([{ op: 'patchStatus', key: { kind, name, namespace }, patch }]);
    }
  };
  await create(...registeredObjects());
  const runIn = async (world: Partial<CliWorld>, ...argv: string[]): Promise<Ran> => {
    let out = '';
    let err = '';
    const code = await runCli(
      {
        argv,
        env: { PIPECTL_KUBECONFIG: api.kubeconfig, XDG_DATA_HOME: api.folder },
        cwd: '/',
        stdout: pipe((text) => {
          out += text;
        }),
        stderr: pipe((text) => {
          err += text;
        }),
        clock,
        random,
        signal: new AbortController().signal,
        ...world,
      },
      PORTS,
    );
    return { code, out, err };
  };
  return {
    api,
    create,
    runIn,
    run: (...argv) => runIn({}, ...argv),
    async setStatus(name, status) {
      const key = { kind: 'Execution', namespace: NAMESPACE, name };
      await api.store.write([{ op: 'patchStatus', key, patch: status as Record<string, Json> }]);
    },
    close: () => api.close(),
  };
}

/** A stream that is no terminal. */
export function pipe(write: (text: string) => void): Terminal {
  return { write, isTerminal: false, columns: undefined, color: false };
}

export const PORTS: CliPorts = {
  connect,
  openRevision,
  planRevision,
  startDaemon: () => Promise.reject(new Error('these tests start no control plane')),
  startController: () => Promise.reject(new Error('these tests start no controller')),
  startPropeller: () => Promise.reject(new Error('these tests start no shard')),
};

export function execution(name: string): Execution {
  return newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'ticketing',
    commit: COMMIT,
    workflow: 'demand',
    closure: digestOf(WORKFLOW as unknown as Json),
    launchPlan: 'nightly',
    inputs: { days: 7, file: 'sales.csv' },
    trigger: { kind: 'manual', by: 'ada' },
  });
}

export function pod(execution: string, node: string, attempt: number, index?: number): Pod {
  const suffix = index === undefined ? '' : `-${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: NAMESPACE,
      name: `${execution}-${node}${suffix}-${attempt}`,
      labels: { [LABEL.execution]: execution, [LABEL.node]: node, [LABEL.attempt]: String(attempt) },
      ...(index !== undefined && { annotations: { [ANNOTATION.mapIndex]: String(index) } }),
    },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'local', command: ['true'] }] },
    status: {
      phase: 'Succeeded',
      containerStatuses: [
        {
          name: 'main',
          ready: false,
          restartCount: 0,
          image: 'local',
          state: {
            terminated: {
              exitCode: 0,
              reason: 'Completed',
              startedAt: '2026-01-02T03:04:05.000Z',
              finishedAt: '2026-01-02T03:04:06.000Z',
            },
          },
        },
      ],
    },
  };
}

function registeredObjects(): KubeObject[] {
  const workflow = closure('Workflow', WORKFLOW as unknown as Json);
  const plan = closure('LaunchPlan', PLAN as unknown as Json);
  const pages = indexOf([
    { kind: 'Workflow', name: 'demand', digest: workflow.metadata.name },
    { kind: 'LaunchPlan', name: 'nightly', digest: plan.metadata.name },
  ]);
  const source = { repository: 'ticketing', commit: COMMIT, file: 'pipelines/demand.yaml' };
  return [
    workflow,
    plan,
    ...pages,
    revision(COMMIT, pages[0]!.metadata.name, 'refs/heads/main', 'Forecast demand'),
    revision(OTHER_COMMIT, pages[0]!.metadata.name, 'refs/heads/feature-x', 'Try \u001b[31mred'),
    {
      apiVersion: API_VERSION,
      kind: 'Repository',
      metadata: { namespace: SYSTEM_NAMESPACE, name: 'ticketing' },
      spec: { source: { kind: 'push' } },
      status: {
        project: 'ticketing',
        heads: { 'refs/heads/main': COMMIT, 'refs/heads/feature-x': OTHER_COMMIT },
        domains: {
          production: { ref: 'main', desired: COMMIT, lastApplied: COMMIT },
          development: { ref: '*' },
        },
      },
    },
    {
      apiVersion: API_VERSION,
      kind: 'Workflow',
      metadata: { namespace: NAMESPACE, name: 'demand' },
      spec: {
        ...source,
        closure: workflow.metadata.name,
        description: 'From sales to a forecast.',
        nodes: 3,
        interface: {
          inputs: { days: { type: 'integer', required: false, default: 14, description: 'Days to look ahead.' } },
          outputs: { rows: { type: 'integer' } },
        },
      },
    },
    {
      apiVersion: API_VERSION,
      kind: 'Schedule',
      metadata: { namespace: NAMESPACE, name: 'nightly' },
      spec: {
        ...source,
        closure: 's'.repeat(64),
        launchPlan: 'nightly',
        cron: '30 2 * * *',
        timeZone: 'Europe/Berlin',
        catchUp: { policy: 'latest' },
        active: true,
      },
    },
  ];
}

function closure(of: string, content: Json): KubeObject {
  const metadata = { namespace: SYSTEM_NAMESPACE, name: digestOf(content) };
  return {
    apiVersion: API_VERSION,
    kind: 'Closure',
    metadata,
    spec: { of, encoding: 'json', content: canonicalJson(content) },
  };
}

function indexOf(entities: readonly { kind: string; name: string; digest: string }[]): KubeObject[] {
  const buckets: Record<string, Json[]> = {};
  for (const { kind, name, digest } of entities) {
    const bucket = String(entityBucket(entityKey(kind, name)));
    buckets[bucket] ??= [];
    buckets[bucket].push({ kind, name, digest, file: 'a.yaml', blob: 'b', refs: [], folders: [] });
  }
  const pages = Object.entries(buckets).map(
    ([number, entries]) => [number, closure('Index', { kind: 'IndexBucket', entries })] as const,
  );
  const root = closure('Index', {
    kind: 'IndexRoot',
    project: {},
    counts: {},
    buckets: Object.fromEntries(pages.map(([number, page]) => [number, page.metadata.name])),
  });
  return [root, ...pages.map(([, page]) => page)];
}

function revision(commit: string, index: string, ref: string, subject: string): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'Revision',
    metadata: {
      namespace: SYSTEM_NAMESPACE,
      name: `ticketing-${commit}`,
      labels: { [LABEL.repository]: 'ticketing' },
    },
    spec: {
      repository: 'ticketing',
      commit,
      tree: 'e'.repeat(40),
      parents: [],
      author: 'Ada <ada@example.org>',
      committedAt: '2026-01-02T03:04:05.000Z',
      subject,
      refs: [ref],
      project: 'ticketing',
      index,
      counts: { Workflow: 1, LaunchPlan: 1 },
    },
  };
}

/** The command line run in a folder without a control plane; `home` is its HOME. */
export async function runInFolder(home: string, cwd: string, ...argv: string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const stdout = pipe((text) => {
    out += text;
  });
  const stderr = pipe((text) => {
    err += text;
  });
  const { signal } = new AbortController();
  const code = await runCli({ argv, env: { HOME: home }, cwd, stdout, stderr, clock, random, signal }, PORTS);
  return { code, out, err };
}
