import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { KINDS, LABEL, type Repository, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { git, type Row, writeTree } from '../git/fixtures/real-git.ts';
import { type BadCommit, HOSTILE_TEXTS, HOSTILE_TREES, MISTAKES } from './fixtures/bad-commits.ts';
import { buildProgram, type Daemon, newFolder, startDaemon } from './fixtures/program.ts';
import { type Files, newProject, type Project } from './fixtures/project.ts';

/** Whatever is wrong with a commit, its push is rejected with a reason and a place, and changes nothing. */

const MAX_RSS_BYTES = 512 * 1024 * 1024;

let daemon: Daemon;
let cluster: KubernetesCluster;
let data: string;
let project: Project;
beforeAll(async () => {
  data = join(newFolder(), 'data');
  daemon = await startDaemon({ program: await buildProgram(), data });
  cluster = await daemon.connect();
  project = newProject(GOOD);
  expect((await project.push(daemon.remote('shop'))).code).toBe(0);
});

describe('a push of', () => {
  it.each([...MISTAKES, ...HOSTILE_TEXTS, ...HOSTILE_TREES])('$name is rejected', async (bad) => {
    const before = await everything();
    const commit = commitOf(bad);
    const { code, text } = await project.push(daemon.remote('shop'), `+${commit}:refs/heads/main`);
    const told = toldLines(text);
    expect(code, text).toBe(1);
    for (const part of bad.told) expect(told).toContain(part);
    expect(told).toMatch(/PIPE-[A-Z]+-\d\d\d|fsck|object/);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f\u202e]/);
    expect(await everything()).toEqual(before);
    expect(daemon.child.exitCode).toBeNull();
  });

  it('several bad files tells all at once', async () => {
    const before = await everything();
    const files = { ...many('MISTAKES', MISTAKES.slice(0, 12)), ...many('TEXTS', HOSTILE_TEXTS.slice(0, 3)) };
    const rows = (folder: string, good: readonly Row[]): readonly Row[] =>
      good.map(([mode, oid, name]): Row => {
        if (name !== 'pipelines') return [mode, oid, name];
        const inside = rowsOf(folder, oid);
        return [mode, writeTree(folder, sorted([...inside, ['120000', inside[0]?.[1] ?? '', 'link.yaml']])), name];
      });
    const commit = commitOf({ name: 'mixed', files, rows, told: [] });
    const { code, text } = await project.push(daemon.remote('shop'), `+${commit}:refs/heads/main`);
    expect(code).toBe(1);
    const told = toldLines(text);
    const missing = [...Object.keys(files), 'pipelines/link.yaml'].filter((path) => !told.includes(path));
    expect(missing).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it('a good branch and a bad one is rejected whole', async () => {
    const before = await everything();
    const bad = commitOf(MISTAKES[1] as BadCommit);
    const { code, text } = await project.push(daemon.remote('shop'), `${bad}:refs/heads/bad`, 'main:refs/heads/good');
    expect([code, toldLines(text)]).toEqual([1, expect.stringContaining('PIPE-REF-001')]);
    expect(await everything()).toEqual(before);
  });

  it('all of these leaves a control plane that takes the next one, and has not grown', async () => {
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))?.[1]);
    expect(resident * 1024).toBeLessThan(MAX_RSS_BYTES);
    git(project.folder, ['checkout', '-q', '-f', 'main']);
    const commit = project.commit({ 'pipelines/more.yaml': `${task('more')}` });
    const { code, text } = await project.push(daemon.remote('shop'));
    expect(code, text).toBe(0);
    expect(text).toContain(`production is now at ${commit.slice(0, 7)}`);
  });
});

/** Everything that a push could change: all objects of all kinds, refs, and git's objects. */
async function everything(): Promise<unknown> {
  const objects: unknown[] = [];
  for (const { kind } of KINDS) {
    // Says what the engine does, whoever pushes.
    if (kind === 'Shard') continue;
    // What was wrong with it is kept for later reading, and nothing else.
    const { items } = await cluster.list(kind, { labelSelector: `!${LABEL.rejected}` });
    objects.push(
      ...items.map((object) => [
        kind,
        object.metadata.namespace,
        object.metadata.name,
        object.metadata.resourceVersion,
      ]),
    );
  }
  const repository = await cluster.get<Repository>({ kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' });
  const bare = join(data, 'git', 'shop.git');
  const files = readdirSync(join(bare, 'objects'), { recursive: true }).map(String).sort();
  return { objects, domains: repository.status?.domains, refs: git(bare, ['for-each-ref']), files };
}

/** What git showed behind `remote: `. */
function toldLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trimEnd())
    .join('\n');
}

/** Makes a commit upon main, without moving it. */
function commitOf({ files, rows }: BadCommit): string {
  const { folder } = project;
  git(folder, ['checkout', '-q', '-f', '--detach', 'main']);
  const made = files === undefined ? git(folder, ['rev-parse', 'main']) : project.commit(files);
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

/** Each bad file by a name of its own. */
function many(word: string, commits: readonly BadCommit[]): Files {
  const files = commits.flatMap(({ files = {} }, index) =>
    Object.values(files).map((text) => [`pipelines/${word.toLowerCase()}-${index}.yaml`, text] as const),
  );
  return Object.fromEntries(files);
}

function task(name: string): string {
  return `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: ${name} }
spec:
  inputs: { x: integer }
  outputs: { y: integer }
  run: { command: ["true"] }
`;
}

const GOOD: Files = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec:
  paths: [pipelines]
  domains: { production: { ref: main }, development: { ref: "*" } }
`,
  'pipelines/sum.yaml': task('sum'),
  'pipelines/nightly.yaml': `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: nightly }
spec: { nodes: { a: { task: sum, with: { x: 1 } } } }
---
apiVersion: pipectl.dev/v1
kind: LaunchPlan
metadata: { name: nightly }
spec: { workflow: nightly }
`,
};
