import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { ANNOTATION, deleteObject, type Execution, LABEL, type Pod, patchObject } from '../../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../../src/compiler/index.ts';
import { encodeClosure } from '../../../src/control/closures/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { commitOf, compileAll } from '../../compiler/commit.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, NAMESPACE, register, untilObject, untilOver } from './engine-host.ts';

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller;
let ending: AbortController;
let agent: Promise<void>;
/** Names of the pods that were started, in order. */
let started: string[];
/** Nodes whose attempts fail, or `<node>/<index>`. */
let failing: Set<string>;

/** What the task of the node `made` writes. */
const WRITTEN = {
  outputs: { sum: '${{ nodes.two.outputs.x }}' },
  nodes: {
    one: { task: 'work', with: { a: 20 } },
    two: { task: 'work', with: { a: '${{ nodes.one.outputs.x }}' } },
  },
};

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  ending = new AbortController();
  started = [];
  failing = new Set();
  agent = playAgent();
  const log = { write: () => undefined };
  propeller = startPropeller({ cluster: store, clock: hostClock, random: hostRandom, log });
});

afterEach(async () => {
  await propeller.stop();
  ending.abort();
  await agent;
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Ends every pod: x is a + 1. */
async function playAgent(): Promise<void> {
  const options = { namespace: NAMESPACE, labelSelector: LABEL.execution, signal: ending.signal };
  for await (const batch of store.watch<Pod>('Pod', options)) {
    for (const event of batch) {
      if (event.type !== 'ADDED') continue;
      const { name, annotations = {}, labels = {} } = event.object.metadata;
      started.push(name);
      const index = annotations[ANNOTATION.mapIndex];
      const node = `${labels[LABEL.node]}${index === undefined ? '' : `/${index}`}`;
      const { a } = JSON.parse(annotations[ANNOTATION.inputs] ?? '{}') as { a: number };
      const text = node === 'made' ? JSON.stringify({ workflow: WRITTEN }) : `x=${a + 1}`;
      await endPod(store, name, failing.has(node) ? { exitCode: 1 } : { text });
    }
  }
}

async function run(closure: WorkflowClosure, name: string, changes = {}): Promise<Execution> {
  await register(store, closure).catch(() => undefined);
  await launch(store, closure, name, changes);
  return untilOver(store, name);
}

async function recover(closure: WorkflowClosure, name: string, of: Execution, changes = {}): Promise<Execution> {
  started = [];
  failing.clear();
  const trigger = { kind: 'recover', of: of.metadata.name, uid: of.metadata.uid ?? '' };
  return run(closure, name, { trigger, ...changes });
}

const phases = ({ status }: Execution) =>
  Object.fromEntries(Object.entries(status?.nodes ?? {}).map(([id, { phase }]) => [id, phase]));

/** one → two → three, each a + 1, each of these with its own command. */
function chain(commands: readonly string[] = ['one', 'two', 'three']): WorkflowClosure {
  const [one = '', two = '', three = ''] = commands;
  const task = (command: string) => ({ run: { command: [command] } });
  return workflow(
    {
      one: { kind: 'task', with: { a: expr('inputs.n') }, task: task(one) },
      half: { kind: 'compute', values: { x: expr('nodes.one.outputs.x / 2') }, needs: ['one'] },
      two: { kind: 'task', with: { a: expr('nodes.half.outputs.x') }, task: task(two), needs: ['half'] },
      three: { kind: 'task', with: { a: expr('nodes.two.outputs.x') }, task: task(three), needs: ['two'] },
    },
    {
      inputs: { n: { type: 'integer', default: 1 } },
      outputs: { end: { type: 'integer', value: expr('nodes.three.outputs.x') } },
    },
  );
}

describe('a recovered execution', () => {
  it('runs what failed and what is behind it, and no more', async () => {
    failing.add('three');
    const old = await run(chain(), 'old');
    expect(old.status?.phase).toBe('Failed');
    const fresh = await recover(chain(), 'fresh', old);
    expect(phases(fresh)).toEqual({ one: 'Recovered', half: 'Succeeded', two: 'Recovered', three: 'Succeeded' });
    expect(fresh.status).toMatchObject({
      phase: 'Succeeded',
      outputs: { end: 3 },
      nodes: { one: { outputs: { x: 2 }, reused: { execution: 'old', node: 'one' } } },
    });
    expect(started).toEqual(['fresh-three-1']);
    const again = await recover(chain(), 'again', fresh);
    expect(again.status?.nodes?.one).toMatchObject({ phase: 'Recovered', reused: { execution: 'old', node: 'one' } });
    expect(started).toEqual([]);
  });

  it('at a newer commit runs what the fix touches, and what gets other inputs by it', async () => {
    failing.add('three');
    const old = await run(chain(), 'old');
    const fixed = await recover(chain(['one', 'fixed', 'three']), 'fixed', old, { commit: 'b'.repeat(40) });
    expect(phases(fixed)).toMatchObject({ one: 'Recovered', two: 'Succeeded', three: 'Succeeded' });
    expect(started).toEqual(['fixed-two-1', 'fixed-three-1']);
    // 2 / 2 and 3 / 2 are both 1: what is behind `one` gets the same inputs as before.
    const other = await recover(chain(), 'other', fixed, { inputs: { n: 2 } });
    expect(phases(other)).toMatchObject({ one: 'Succeeded', two: 'Succeeded', three: 'Recovered' });
  });

  it('takes of a map that failed the subtasks that did not', async () => {
    const closure = workflow(
      { each: { kind: 'map', over: literal([10, 20, 30, 40]), concurrency: 1 } },
      { outputs: { all: { type: 'list<integer>', value: expr('nodes.each.outputs.x') } } },
    );
    failing.add('each/2');
    const old = await run(closure, 'old');
    expect(old.status?.nodes?.each).toMatchObject({ phase: 'Failed', map: { succeeded: 2 } });
    const fresh = await recover(closure, 'fresh', old);
    expect(fresh.status).toMatchObject({
      outputs: { all: [11, 21, 31, 41] },
      nodes: { each: { phase: 'Succeeded', map: { succeeded: 4, recovered: 2 } } },
    });
    expect(started).toEqual(['fresh-each-2-1', 'fresh-each-3-1']);
    const again = await recover(closure, 'again', fresh);
    expect(again.status?.nodes?.each).toMatchObject({ phase: 'Recovered', outputs: { x: [11, 21, 31, 41] } });
    expect(started).toEqual([]);
  });

  it('of one that is gone fails, and says what to do', async () => {
    failing.add('three');
    const old = await run(chain(), 'old');
    await deleteObject(store, keyOf('Execution', 'old'));
    const fresh = await recover(chain(), 'fresh', old);
    expect(fresh.status).toMatchObject({ phase: 'Failed', error: { reason: 'RecoverSourceGone' } });
    expect(fresh.status?.error?.message).toContain('start anew');
    expect(started).toEqual([]);
  });
});

describe('what stands deeper', () => {
  const documents = [
    'kind: Task\nmetadata: { name: work }\nspec: { inputs: { a: integer }, outputs: { x: integer }, run: { command: [work] } }',
    'kind: Task\nmetadata: { name: plan }\nspec: { inputs: { a: integer }, outputs: { workflow: json }, run: { command: [plan] } }',
    `kind: Workflow
metadata: { name: inner }
spec:
  inputs: { a: integer }
  outputs: { x: "\${{ nodes.deep.outputs.x }}" }
  nodes: { deep: { task: work, with: { a: "\${{ inputs.a }}" } } }`,
    'kind: LaunchPlan\nmetadata: { name: child }\nspec: { workflow: inner }',
    `kind: Workflow
metadata: { name: main }
spec:
  outputs: { end: "\${{ nodes.last.outputs.x }}" }
  nodes:
    inline: { workflow: inner, with: { a: 1 } }
    ask: { approve: { message: "use \${{ nodes.inline.outputs.x }}?" } }
    made: { dynamic: { task: plan, with: { a: 5 }, tasks: [work], outputs: { sum: integer } }, needs: [ask] }
    apart: { launchPlan: child, with: { a: "\${{ nodes.made.outputs.sum }}" } }
    chosen:
      switch: [{ when: "\${{ nodes.apart.outputs.x > 3 }}", then: { task: work, with: { a: 7 } } }]
      else: { task: work, with: { a: 9 } }
    last: { task: work, with: { a: "\${{ nodes.apart.outputs.x }}" }, needs: [chosen] }`,
  ];

  it('is recovered: frames, written workflows, branches, children and answers', async () => {
    const compiled = compileAll(commitOf(...documents));
    if (compiled.kind !== 'compiled') throw new Error(JSON.stringify(compiled.diagnostics));
    for (const { kind, name, digest, closure } of compiled.changed) {
      const objects = encodeClosure({ of: kind, name, digest, text: canonicalJson(closure as unknown as Json) });
      await store.write(objects.map((object) => ({ op: 'create', object })));
    }
    const main = compiled.changed.find(({ name }) => name === 'main')?.closure as WorkflowClosure;
    failing.add('last');
    await launch(store, main, 'old');
    await untilObject<Execution>(store, keyOf('Execution', 'old'), ({ status }) => status?.nodes?.ask !== undefined);
    const at = '2026-01-02T03:04:05.000Z';
    const signals = { ask: { decision: 'approve', by: 'ada', at } };
    await patchObject(store, keyOf('Execution', 'old'), { spec: { signals } });
    const old = await untilOver(store, 'old');
    expect(old.status?.error).toMatchObject({ node: 'last' });
    started = [];
    failing.clear();
    const trigger = { kind: 'recover', of: 'old', uid: old.metadata.uid ?? '' };
    await launch(store, main, 'fresh', { trigger });
    const fresh = await untilOver(store, 'fresh');
    expect(fresh.status).toMatchObject({ phase: 'Succeeded', outputs: { end: 24 } });
    expect(phases(fresh)).toEqual({
      inline: 'Succeeded',
      'inline/deep': 'Recovered',
      ask: 'Recovered',
      made: 'Succeeded',
      'made/one': 'Recovered',
      'made/two': 'Recovered',
      apart: 'Recovered',
      chosen: 'Recovered',
      last: 'Succeeded',
    });
    expect(fresh.status?.nodes?.ask).toMatchObject({ outputs: { by: 'ada' }, reused: { execution: 'old' } });
    expect(started.map((name) => name.replace(/-h[0-9a-f]+/, ''))).toEqual(['fresh-made-1', 'fresh-last-1']);
  });
});

describe('a map of a cached task', () => {
  it.each([false, true])('runs each element once, also within one map (serialize: %s)', async (serialize) => {
    const task = { cache: { serialize } };
    const closure = (list: readonly number[]) =>
      workflow(
        { each: { kind: 'map', over: literal([...list]), task } },
        { outputs: { all: { type: 'list<integer>', value: expr('nodes.each.outputs.x') } } },
      );
    const first = await run(closure([1, 2, 3, 2, 1]), 'first');
    expect(first.status?.outputs).toEqual({ all: [2, 3, 4, 3, 2] });
    if (serialize) expect(started).toHaveLength(3);
    expect(first.status?.nodes?.each?.message).toBeUndefined();
    started = [];
    const second = await run(closure([4, 3, 2]), 'second');
    expect(second.status).toMatchObject({
      outputs: { all: [5, 4, 3] },
      nodes: { each: { phase: 'Succeeded', map: { succeeded: 3, cached: 2 } } },
    });
    expect(started).toEqual(['second-each-0-1']);
    const third = await run(closure([1, 1, 4]), 'third');
    expect(third.status?.nodes?.each).toMatchObject({ phase: 'Cached', outputs: { x: [2, 2, 5] } });
  });

  it('tries a subtask again that failed, and keeps nothing of that', async () => {
    const closure = workflow({
      each: { kind: 'map', over: literal([1, 2]), minSuccessRatio: 0.5, task: { cache: { serialize: true } } },
    });
    failing.add('each/1');
    const first = await run(closure, 'first');
    expect(first.status?.nodes?.each).toMatchObject({ phase: 'Succeeded', map: { succeeded: 1, failed: 1 } });
    failing.clear();
    const second = await run(closure, 'second');
    expect(second.status?.nodes?.each).toMatchObject({ outputs: { x: [2, 3] }, map: { succeeded: 2, cached: 1 } });
  });
});
