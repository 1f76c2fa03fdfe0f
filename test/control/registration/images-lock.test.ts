import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Task, Workflow } from '../../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../../src/compiler/index.ts';
import { loadClosure } from '../../../src/control/closures/index.ts';
import { formatImagesLock, type LockedImage } from '../../../src/language/index.ts';
import { temporaryFolder } from '../../git/fixtures/real-git.ts';
import { ADD, commit, FILES, newProject, push, startWorld, type World } from '../fixtures/world.ts';

const PYTHON = 'docker.io/library/python:3.12';
const digest = (digits: string): string => `sha256:${digits.repeat(32)}`;
const locked = (image: string, digits: string): LockedImage => ({ image, digest: digest(digits), of: 'index' });
const lock = (digits: string): string => formatImagesLock([locked(PYTHON, digits)]);
const PINNED = { ...FILES, 'pipelines/add.yaml': ADD.replace('run: {', 'run: { image: "python:3.12",') };

async function imagesOf(world: World): Promise<readonly (string | undefined)[]> {
  const task = await world.store.get<Task>({ kind: 'Task', namespace: 'shop-production', name: 'add' });
  const workflow = await world.store.get<Workflow>({ kind: 'Workflow', namespace: 'shop-production', name: 'etl' });
  const closure = (await loadClosure(world.store, workflow.spec.closure)) as WorkflowClosure;
  return [task.spec.image, ...Object.values(closure.tasks).map(({ run }) => run.image)];
}

const pinned = (digits: string) => Array(2).fill(`docker.io/library/python@${digest(digits)}`);

describe('the images.lock of a push', () => {
  it('pins the images of the commit, and alone changes what runs them', async () => {
    const folder = temporaryFolder();
    const world = await startWorld(folder);
    const project = newProject({ ...PINNED, 'images.lock': lock('a1') });
    expect((await push(world, project)).isAccepted).toBe(true);
    expect(await imagesOf(world)).toEqual(pinned('a1'));
    const moved = commit(project, { 'images.lock': lock('b2') });
    const { remote } = await push(world, project);
    expect(remote[0]).toBe(`pipectl: ${moved.slice(0, 7)} registered: 1 workflow, 1 task, 1 launch plan (1 unchanged)`);
    expect(await imagesOf(world)).toEqual(pinned('b2'));
    await world.close();
    // After a restart the index comes from the store: an edited task must still find the lock.
    const again = await startWorld(folder);
    commit(project, { 'pipelines/add.yaml': PINNED['pipelines/add.yaml'].replace('add.sh', '-x, add.sh') });
    expect((await push(again, project)).isAccepted).toBe(true);
    expect(await imagesOf(again)).toEqual(pinned('b2'));
    commit(project, { 'images.lock': null });
    await push(again, project);
    expect(await imagesOf(again)).toEqual(['python:3.12', 'python:3.12']);
  });

  it('is told of with its lines when it is broken, and warned of when it is stale', async () => {
    const world = await startWorld();
    const project = newProject({ ...PINNED, 'images.lock': lock('a1').replace('index:', 'idx:') });
    const broken = await push(world, project);
    expect(broken.isAccepted).toBe(false);
    expect(broken.remote.join('\n')).toMatch(/PIPE-LOCK-003[\s\S]*images\.lock:5:3/);
    const stale = formatImagesLock([locked('docker.io/library/alpine:3', 'a1')]);
    commit(project, { 'images.lock': stale });
    const warned = await push(world, project);
    expect(warned.isAccepted).toBe(true);
    expect(warned.remote.join('\n')).toMatch(/PIPE-LOCK-001[\s\S]*PIPE-LOCK-002|PIPE-LOCK-002[\s\S]*PIPE-LOCK-001/);
  });

  it('is a file, not a link to one', async () => {
    const world = await startWorld();
    const project = newProject({ ...PINNED, 'images.lock': lock('a1') });
    rmSync(join(project, 'images.lock'));
    symlinkSync('/etc/passwd', join(project, 'images.lock'));
    commit(project, {});
    const { isAccepted, remote } = await push(world, project);
    expect(isAccepted).toBe(false);
    expect(remote.join('\n')).toContain('PIPE-TREE-003');
  });
});
