import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  ANNOTATION,
  createObject,
  deleteObject,
  type Execution,
  LABEL,
  newExecution,
  patchObject,
} from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { endPod, keyOf, NAMESPACE, registerDocuments, untilObject, untilOver, untilPod } from './engine-host.ts';

/** Parents and children on a real store, with a node agent that the test plays. */

const FANS = Array.from({ length: 12 }, (_, i) => `    c${i}: { launchPlan: quick, with: { n: ${i} } }`).join('\n');
const DOCUMENTS = [
  'kind: Task\nmetadata: { name: work }\nspec: { inputs: { n: integer }, outputs: { x: integer }, run: { command: [work] } }',
  `kind: Workflow
metadata: { name: inner }
spec:
  inputs: { n: integer }
  outputs: { x: "\${{ nodes.work.outputs.x }}" }
  nodes: { work: { task: work, with: { n: "\${{ inputs.n }}" } } }`,
  `kind: Workflow
metadata: { name: instant }
spec:
  inputs: { n: integer }
  outputs: { x: "\${{ nodes.made.outputs.x }}" }
  nodes: { made: { compute: { x: "\${{ inputs.n + 1 }}" } } }`,
  'kind: LaunchPlan\nmetadata: { name: plan }\nspec: { workflow: inner, priority: 7, concurrency: { limit: 1, whenFull: queue } }',
  'kind: LaunchPlan\nmetadata: { name: quick }\nspec: { workflow: instant }',
  `kind: Workflow
metadata: { name: outer }
spec:
  outputs: { x: "\${{ nodes.child.outputs.x }}" }
  nodes: { child: { launchPlan: plan, with: { n: 3 }, retries: 2 } }`,
  `kind: Workflow
metadata: { name: fan }
spec:
  outputs: { last: "\${{ nodes.c11.outputs.x }}" }
  nodes:
${FANS}`,
];

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller | undefined;
let digests: ReadonlyMap<string, string>;

function start(settings: { readonly workers?: number } = {}): void {
  const log = { write: () => undefined };
  propeller = startPropeller({ cluster: store, clock: hostClock, random: hostRandom, log, ...settings });
}

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  digests = await registerDocuments(store, DOCUMENTS);
});

afterEach(async () => {
  await propeller?.stop();
  propeller = undefined;
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function execution(name: string, workflow: string, closure = digests.get(`Workflow/${workflow}`) ?? ''): Execution {
  const trigger = { kind: 'manual' } as const;
  const version = { repository: 'shop', commit: 'a'.repeat(40), workflow, closure };
  return newExecution({ namespace: NAMESPACE, name, ...version, inputs: {}, trigger });
}

/** The child of a node, once it has begun. */
async function childOf(parent: string, node = 'child', attempt = 1): Promise<string> {
  const found = await untilObject<Execution>(store, keyOf('Execution', parent), ({ status }) => {
    const { child, attempt: at } = status?.nodes?.[node] ?? {};
    return at === attempt && child !== undefined && child.phase !== 'Pending';
  });
  return found.status?.nodes?.[node]?.child?.name ?? '';
}

describe('child executions', () => {
  it('belong to their parent, have their plan’s settings and give it their outputs', async () => {
    start();
    await createObject(store, execution('parent', 'outer'));
    const child = await childOf('parent');
    const { metadata, spec } = await store.get<Execution>(keyOf('Execution', child));
    expect(spec).toMatchObject({ workflow: 'inner', launchPlan: 'plan', priority: 7, inputs: { n: 3 } });
    expect(spec.trigger).toEqual({ kind: 'execution', execution: 'parent', node: 'child', depth: 1 });
    expect(metadata.labels).toHaveProperty([LABEL.parent], 'parent');
    await endPod(store, (await untilPod(store, `${child}-work-1`)).metadata.name, { text: 'x=8' });
    expect((await untilOver(store, 'parent')).status).toMatchObject({ phase: 'Succeeded', outputs: { x: 8 } });
  });

  it('come back to a parent that was there before the engine, and whose plan another one had loaded', async () => {
    const first = execution('first', 'outer');
    await createObject(store, { ...first, spec: { ...first.spec, desired: 'Paused' } });
    await createObject(store, execution('second', 'outer'));
    start({ workers: 1 });
    const child = await childOf('second');
    await endPod(store, (await untilPod(store, `${child}-work-1`)).metadata.name, { text: 'x=8' });
    expect((await untilOver(store, 'second')).status?.phase).toBe('Succeeded');
  });

  it('many at a time all come back, across a restart', async () => {
    await createObject(store, execution('parent', 'fan'));
    start();
    await propeller?.stop();
    start();
    expect((await untilOver(store, 'parent')).status).toMatchObject({ phase: 'Succeeded', outputs: { last: 12 } });
  });

  it('that ended while nobody looked are found when their parent is loaded', async () => {
    start();
    await createObject(store, execution('parent', 'outer'));
    const child = await childOf('parent');
    await propeller?.stop();
    const at = '2026-01-02T03:04:05.000Z';
    const status = { phase: 'Succeeded', startedAt: at, finishedAt: at, outputs: { x: 5 } };
    await store.write([{ op: 'patchStatus', key: keyOf('Execution', child), patch: status }]);
    start();
    expect((await untilOver(store, 'parent')).status).toMatchObject({ phase: 'Succeeded', outputs: { x: 5 } });
  });

  it('that are deleted are replaced', async () => {
    start();
    await createObject(store, execution('parent', 'outer'));
    await deleteObject(store, keyOf('Execution', await childOf('parent')));
    const second = await childOf('parent', 'child', 2);
    await endPod(store, (await untilPod(store, `${second}-work-1`)).metadata.name, { text: 'x=1' });
    expect((await untilOver(store, 'parent')).status?.nodes?.child).toMatchObject({ attempt: 2, systemFailures: 1 });
  });

  it('whose name another execution has get another name', async () => {
    start();
    await createObject(store, execution('parent', 'outer'));
    const child = await childOf('parent');
    await propeller?.stop();
    // The parent forgets its child, and the child is no longer what it was.
    await deleteObject(store, keyOf('Execution', child));
    await createObject(store, execution(child, 'inner'));
    const gone = { child: null };
    await store.write([{ op: 'patchStatus', key: keyOf('Execution', 'parent'), patch: { nodes: gone } }]);
    start();
    const second = await childOf('parent', 'child', 2);
    expect(second).not.toBe(child);
    const { status } = await store.get<Execution>(keyOf('Execution', 'parent'));
    expect(status?.nodes?.child).toMatchObject({ systemFailures: 1 });
  });

  it('are adopted when their parent did not come to write that it had started them', async () => {
    start();
    await createObject(store, execution('parent', 'outer'));
    const child = await childOf('parent');
    const { uid } = (await store.get(keyOf('Execution', child))).metadata;
    await propeller?.stop();
    await store.write([{ op: 'patchStatus', key: keyOf('Execution', 'parent'), patch: { nodes: { child: null } } }]);
    start();
    expect(await childOf('parent')).toBe(child);
    await endPod(store, (await untilPod(store, `${child}-work-1`)).metadata.name, { text: 'x=2' });
    expect((await untilOver(store, 'parent')).status).toMatchObject({ phase: 'Succeeded', outputs: { x: 2 } });
    expect((await store.get(keyOf('Execution', child))).metadata.uid).toBe(uid);
  });

  it('wait for a place of their plan, and are aborted in the line with their parent', async () => {
    start();
    await createObject(store, execution('first', 'outer'));
    await childOf('first');
    await createObject(store, execution('second', 'outer'));
    await untilObject<Execution>(store, keyOf('Execution', 'second'), ({ status }) => {
      return status?.nodes?.child?.child?.phase === 'Queued';
    });
    await patchObject(store, keyOf('Execution', 'second'), {
      metadata: { annotations: { [ANNOTATION.abort]: 'enough' } },
      spec: { desired: 'Aborted' },
    });
    expect((await untilOver(store, 'second')).status).toMatchObject({
      phase: 'Aborted',
      nodes: { child: { phase: 'Aborted' } },
    });
    // Both say why in the same words, however deep they are nested.
    const error = { reason: 'Aborted', message: 'the execution was aborted: enough' };
    expect((await untilOver(store, 'second')).status?.error).toEqual(error);
    expect((await untilOver(store, await childOf('second'))).status?.error).toEqual(error);
  });

  it('of a plan that was never registered end their parent with an error, and delay no other', async () => {
    await deleteObject(store, {
      kind: 'Closure',
      namespace: 'pipectl-system',
      name: digests.get('LaunchPlan/plan') ?? '',
    });
    start();
    await createObject(store, execution('parent', 'outer'));
    expect((await untilOver(store, 'parent')).status).toMatchObject({
      phase: 'Failed',
      error: { reason: 'ClosureMissing' },
    });
  });

  it('end when the engine cannot go on with their parent', async () => {
    start();
    await createObject(store, execution('parent', 'outer'));
    const child = await childOf('parent');
    await propeller?.stop();
    const patch = { nodes: { nowhere: { phase: 'Running' } } };
    await store.write([{ op: 'patchStatus', key: keyOf('Execution', 'parent'), patch }]);
    start();
    expect((await untilOver(store, 'parent')).status?.error?.reason).toBe('Bug');
    await untilObject<Execution>(store, keyOf('Execution', child), ({ spec }) => spec.desired === 'Aborted');
  });
});
