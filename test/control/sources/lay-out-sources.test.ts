import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { deleteObject, findObject, type KubeObject } from '../../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../../src/compiler/index.ts';
import { layOutSources } from '../../../src/control/sources/index.ts';
import { openIsomorphicReader } from '../../../src/git/adapters/isomorphic/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { createSourceMaps, type SourceMaps } from '../../../src/runtime/index.ts';
import { git } from '../../git/fixtures/real-git.ts';
import { workflow } from '../../propeller/closures.ts';
import { until } from '../fixtures/world.ts';
import { keyOf, launch, NAMESPACE, register } from '../propeller/engine-host.ts';
import { eachOnItsPlane, log, plane, sourceOf } from '../propeller/kubernetes-host.ts';

eachOnItsPlane();

let laying: ReturnType<typeof layOutSources>;
afterEach(() => laying.stop());

const mapOf = (tree: string) => ({ kind: 'ConfigMap', namespace: NAMESPACE, name: `pipectl-source-${tree}` });
const find = (tree: string): Promise<KubeObject | undefined> => findObject(plane.cluster, mapOf(tree));
const isThere = async (tree: string): Promise<boolean> => (await find(tree)) !== undefined;

function sourcesOf(repository: string): SourceMaps {
  const reader = openIsomorphicReader(join(repository, '.git'));
  return createSourceMaps({ cluster: plane.remote, clock: hostClock, log, readerOf: () => reader });
}

it('a source that somebody deletes is laid out again for what is not over, and for nothing else', async () => {
  const { repository, tree } = sourceOf({ 'run.sh': 'true', 'lib/more.sh': 'true' });
  const other = git(repository, ['rev-parse', `${tree}:lib`]);
  const [live, over] = [tree, other].map((of) =>
    workflow({ one: { kind: 'task', task: { source: { path: 'tasks', tree: of } } } }),
  ) as [WorkflowClosure, WorkflowClosure];
  await register(plane.cluster, live);
  await register(plane.cluster, over);
  const sources = sourcesOf(repository);
  await launch(plane.cluster, over, 'over');
  await plane.cluster.write([{ op: 'patchStatus', key: keyOf('Execution', 'over'), patch: { phase: 'Succeeded' } }]);
  await sources.ensure(NAMESPACE, 'shop', other);
  laying = layOutSources({ cluster: plane.remote, sources, clock: hostClock, random: hostRandom, log });
  await launch(plane.cluster, live, 'live');
  await until(() => isThere(tree));
  const { metadata } = (await find(tree)) as KubeObject;
  for (const name of [other, tree]) await deleteObject(plane.cluster, mapOf(name));
  await until(() => isThere(tree));
  expect((await find(tree))?.metadata.uid).not.toBe(metadata.uid);
  expect(await isThere(other)).toBe(false);
});
