import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { findObject, type Revision, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { git, type Row, writeTree } from '../git/fixtures/real-git.ts';
import { type BadCommit, HOSTILE_TREES } from './fixtures/bad-commits.ts';
import { commitWith, HOSTILE_ENTRIES, HOSTILE_PACKS, HOSTILE_REFS } from './fixtures/hostile-commits.ts';
import { measureProcess } from './fixtures/process-cost.ts';
import { buildProgram, type Daemon, newFolder, startDaemon } from './fixtures/program.ts';
import { type Files, newProject, type Project, pipectl } from './fixtures/project.ts';

/**
 * Each hostile object is made and pushed by git itself, gets a reason, moves nothing, and costs the control plane no
 * more than two seconds of CPU and 256 MiB; meanwhile others are served.
 */

const MAX_CPU_MS = 2_000;
const MAX_MEMORY_MIB = 256;
/** A request of somebody else may wait so long: the machine has other work as well. */
const MAX_WAIT_MS = 10_000;
const OTHERS = '/apis/pipectl.dev/v1/namespaces/other-production/workflows/sum';

let daemon: Daemon;
let cluster: KubernetesCluster;
let data: string;
let project: Project;
const costs: { name: string; cpuMs: number; memoryMiB: number }[] = [];
let poller: Worker;

beforeAll(async () => {
  data = join(newFolder(), 'data');
  daemon = await startDaemon({ program: await buildProgram(), data });
  cluster = await daemon.connect();
  project = newProject(files('shop'));
  expect((await project.push(daemon.remote('shop'))).code).toBe(0);
  expect((await newProject(files('other')).push(daemon.remote('other'))).code).toBe(0);
  const url = `${daemon.at}${OTHERS}`;
  poller = new Worker(join(import.meta.dirname, 'fixtures/poller.ts'), { workerData: { url, token: daemon.token } });
}, 60_000);

afterAll(() => poller.terminate());

async function expectRejected(name: string, refspec: string, told: readonly string[]): Promise<void> {
  const before = everything();
  const cost = measureProcess(daemon.child.pid as number);
  const { code, text } = await project.push(daemon.remote('shop'), refspec);
  const { cpuMs, memoryMiB } = cost.end();
  costs.push({ name, cpuMs, memoryMiB });
  expect([code, text]).toEqual([1, expect.stringContaining('remote: ')]);
  for (const part of told) expect(text).toContain(part);
  const remote = text.split('\n').filter((line) => line.startsWith('remote: '));
  expect(remote.join('\n')).not.toMatch(/[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f\u202e]/);
  await expect.poll(everything, { timeout: 10_000 }).toEqual(before);
  await expectRevision(refspec);
  expect(cpuMs).toBeLessThanOrEqual(MAX_CPU_MS);
  expect(memoryMiB).toBeLessThanOrEqual(MAX_MEMORY_MIB);
}

/** What was wrong with a new commit is kept for later reading, whoever refused it. */
async function expectRevision(refspec: string): Promise<void> {
  const [, commit] = /^\+([0-9a-f]{40}):/.exec(refspec) ?? [];
  if (commit === undefined) return;
  const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: `shop-${commit}` };
  const find = async (): Promise<Revision['spec'] | undefined> => (await findObject<Revision>(cluster, key))?.spec;
  await expect.poll(find, { timeout: 10_000 }).toMatchObject({ commit, rejected: true });
  const { diagnostics = [] } = (await find()) as Revision['spec'];
  expect(diagnostics.length).toBeGreaterThan(0);
  for (const { message } of diagnostics) expect(message).not.toContain(data);
}

/** What git has: refs, and objects with what is left of those that were on their way. */
function everything(): unknown {
  const bare = join(data, 'git', 'shop.git');
  return [git(bare, ['for-each-ref']), readdirSync(join(bare, 'objects'), { recursive: true }).map(String).sort()];
}

describe('a push of', () => {
  it.each([...HOSTILE_ENTRIES, ...HOSTILE_TREES])('$name is rejected', async (bad) => {
    await expectRejected(bad.name, `+${commitOf(bad)}:refs/heads/main`, bad.told);
  });

  it.each(HOSTILE_PACKS)(
    '$name is rejected',
    async ({ name, blobs, told }) => {
      const { folder } = project;
      const commit = commitWith(folder, rowsOf(folder, 'main^{tree}'), blobs(folder));
      await expectRejected(name, `+${commit}:refs/heads/main`, [`remote: pipectl: ${told}`]);
    },
    60_000,
  );

  it.each(HOSTILE_REFS)('a ref that is named as %s is rejected', async (name, ref, told) => {
    await expectRejected(`ref: ${name}`, `main:${ref}`, [told]);
  });

  it('201 refs is rejected', async () => {
    const refs = Array.from({ length: 201 }, (_, at) => `main:refs/heads/many-${at}`);
    const { code, text } = await project.push(daemon.remote('shop'), ...refs);
    expect([code, text]).toEqual([1, expect.stringContaining('a push moves 1 to 200 refs')]);
  });

  it('all of these kept nobody else waiting, and the next good one is taken', async () => {
    const { code, text } = await project.push(
      daemon.remote('shop'),
      `${project.commit({ 'a.txt': 'a' })}:refs/heads/main`,
    );
    expect(code, text).toBe(0);
    expect(costs.length).toBeGreaterThan(45);
    const told = once(poller, 'message') as Promise<[{ served: number; failed: number; slowestMs: number }]>;
    poller.postMessage('end');
    const [others] = await told;
    expect(others.failed).toBe(0);
    expect(others.served).toBeGreaterThan(costs.length);
    expect(others.slowestMs).toBeLessThan(MAX_WAIT_MS);
  });
});

describe('attributes, filters and submodules', () => {
  it('change no byte of what a task gets', async () => {
    const crlf = 'one\r\n$Id$\r\n';
    const pushed = newProject({
      ...files('exact'),
      'pipelines/show.yaml': `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: show }
spec:
  outputs: { text: string, names: string }
  source: work
  run: { command: [sh, -c, 'printf "text=%s\\nnames=%s\\n" "$(od -An -c data.txt | tr -d " \\n")" "$(ls -A | tr "\\n" " ")" > "$PIPECTL_OUTPUTS"'] }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: show }
spec:
  outputs: { text: "\${{ nodes.show.outputs.text }}", names: "\${{ nodes.show.outputs.names }}" }
  nodes: { show: { task: show } }
`,
      '.gitattributes':
        '* text eol=lf ident filter=evil\nwork/data.txt working-tree-encoding=UTF-16\nwork/hidden export-ignore\n',
      '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = https://example.org/x\n',
      'work/.gitattributes': '[attr]evil filter=evil\n* evil export-subst\n',
      'work/hidden': 'seen',
    });
    const { folder } = pushed;
    const blob = git(folder, ['hash-object', '-w', '--no-filters', '--stdin'], crlf);
    git(folder, ['update-index', '--add', '--cacheinfo', `100644,${blob},work/data.txt`]);
    git(folder, ['commit', '-q', '-m', 'as it is']);
    const { code, text } = await pushed.push(daemon.remote('exact'));
    expect(code, text).toBe(0);
    const ran = await pipectl(daemon.kubeconfig, 'run', 'show', '-n', 'exact-production', '--follow');
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out).toContain(String.raw`one\\r\\n$Id$\\r\\n`);
    expect(ran.out).toContain('.gitattributes data.txt hidden');
  });
});

/** Makes a commit upon main, without moving it. */
function commitOf({ files: changed, rows }: BadCommit): string {
  const { folder } = project;
  git(folder, ['checkout', '-q', '-f', '--detach', 'main']);
  const made = changed === undefined ? git(folder, ['rev-parse', 'main']) : project.commit(changed);
  if (rows === undefined) return made;
  const tree = writeTree(folder, sorted(rows(folder, rowsOf(folder, `${made}^{tree}`))));
  return git(folder, ['commit-tree', tree, '-p', 'main', '-m', 'by hand']);
}

function rowsOf(folder: string, tree: string): Row[] {
  const lines = git(folder, ['ls-tree', '-z', tree])
    .split('\0')
    .filter((line) => line !== '');
  return lines.map((line): Row => {
    const [, mode = '', oid = '', name = ''] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(line) ?? [];
    return [mode.replace(/^0/, ''), oid, name];
  });
}

/** As git orders a tree: folders as if their name ended with a slash. */
function sorted(rows: readonly Row[]): Row[] {
  const key = ([mode, , name]: Row): string => (mode === '40000' ? `${name}/` : String(name));
  return [...rows].sort((a, b) => Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b))));
}

function files(name: string): Files {
  return {
    'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ${name} }
spec: { paths: [pipelines], domains: { production: { ref: main }, development: { ref: "*" } } }
`,
    'pipelines/sum.yaml': `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: sum }
spec: { nodes: { add: { compute: { two: "\${{ 1 + 1 }}" } } } }
`,
  };
}
