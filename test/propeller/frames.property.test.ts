import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { compiledWorkflow } from './compiled.ts';
import { type FlowSketch, type NodeOfFlow, referenceOutcome } from './reference.ts';
import { createWorld, end, isOver, livePods, settle, start, statusOf, type World, type WorldPod } from './world.ts';

type Kind = NodeOfFlow['kind'];

function nodeArb(kinds: readonly Kind[], flow: fc.Arbitrary<FlowSketch | undefined>): fc.Arbitrary<NodeOfFlow> {
  return fc.record({
    kind: fc.constantFrom(...kinds),
    fails: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    when: fc.constantFrom(undefined, undefined, true, false),
    needs: fc.array(fc.nat(9), { maxLength: 2 }),
    reads: fc.array(fc.nat(9), { maxLength: 2 }),
    branch: fc.nat(2),
    hasElse: fc.boolean(),
    flow,
  });
}

function flowArb(kinds: readonly Kind[], inner: fc.Arbitrary<FlowSketch | undefined>): fc.Arbitrary<FlowSketch> {
  return fc
    .record({
      policy: fc.constantFrom('failImmediately' as const, 'failAfterExecutable' as const),
      nodes: fc.array(nodeArb(kinds, inner), { minLength: 1, maxLength: 5 }),
      handler: fc.constantFrom('none' as const, 'none' as const, 'good' as const, 'bad' as const, 'flow' as const),
    })
    .map((flow) => ({
      ...flow,
      nodes: flow.nodes.map((node, at) => {
        const earlier = (places: readonly number[]) =>
          at === 0 ? [] : [...new Set(places.map((place) => place % at))];
        // A sleep reads nothing, and has no output to read.
        const isSleep = (place: number): boolean => flow.nodes[place]?.kind === 'sleep';
        const reads = isSleep(at) ? [] : earlier(node.reads).filter((other) => !isSleep(other));
        return { ...node, needs: earlier(node.needs), reads };
      }),
    }));
}

const LEAVES: readonly Kind[] = ['task', 'task', 'compute', 'sleep', 'switch', 'dynamic'];
const inner = flowArb([...LEAVES, 'flow'], flowArb(LEAVES, fc.constant(undefined)));
const flowOf = flowArb([...LEAVES, 'flow', 'flow'], inner);

/** Whether a node may be skipped; its outputs are optional then. */
function isSkippable(nodes: readonly NodeOfFlow[], at: number): boolean {
  const node = nodes[at] as NodeOfFlow;
  return node.when !== undefined || node.needs.some((other) => isSkippable(nodes, other));
}

/** How the value of a node is read: as 0 where there is none. */
function readOf(nodes: readonly NodeOfFlow[], at: number): string {
  const { kind, hasElse } = nodes[at] as NodeOfFlow;
  if (kind === 'sleep') return '0';
  const isOptional = isSkippable(nodes, at) || (kind === 'switch' && !hasElse);
  return isOptional ? `default(nodes.n${at}.outputs.x, 0)` : `nodes.n${at}.outputs.x`;
}

/** Writes the flows as YAML, the innermost first. */
function write(flow: FlowSketch, name: string, specs: Record<string, string>): void {
  const lines = flow.nodes.map((node, at) => {
    const sum = ['inputs.a', ...node.reads.map((other) => readOf(flow.nodes, other))].join(' + ');
    const sub = `${name}-n${at}`;
    if (node.kind === 'flow') write(node.flow as FlowSketch, sub, specs);
    const needs = node.needs.map((other) => `n${other}`);
    const when = node.when === undefined ? '' : `, when: "\${{ inputs.a ${node.when ? '<' : '>'} 1000000 }}"`;
    return `  n${at}: { ${actionOf(node, sum, sub)}, needs: [${needs.join(', ')}]${when} }`;
  });
  const handlers = {
    none: '',
    good: '\nonFailure: { task: tell, with: { text: good } }',
    bad: '\nonFailure: { task: tell, with: { text: bad } }',
    flow: '\nonFailure: { workflow: cleanup }',
  };
  const last = readOf(flow.nodes, flow.nodes.length - 1);
  specs[name] =
    `inputs: { a: integer }\noutputs: { x: "\${{ ${last} }}" }\nfailurePolicy: ${flow.policy}\nnodes:\n${lines.join('\n')}${handlers[flow.handler]}`;
}

function actionOf(node: NodeOfFlow, sum: string, sub: string): string {
  const work = `task: work, with: { a: "\${{ ${sum} }}" }`;
  switch (node.kind) {
    case 'task':
      return work;
    case 'compute':
      return `compute: { x: "\${{ ${sum} + ${node.fails ? '1 / (inputs.a - inputs.a)' : '1'} }}" }`;
    case 'sleep':
      return 'sleep: 1s';
    case 'flow':
      return `workflow: ${sub}, with: { a: "\${{ ${sum} }}" }`;
    case 'dynamic':
      return `dynamic: { task: plan, with: { a: "\${{ ${sum} }}" }, tasks: [work], outputs: { x: integer } }`;
    case 'switch': {
      const holds = (branch: number) => `"\${{ inputs.a ${node.branch === branch ? '<' : '>'} 1000000 }}"`;
      const other = node.fails ? '{ fail: "no" }' : `{ compute: { x: "\${{ ${sum} }}" } }`;
      const compute = `{ compute: { x: "\${{ ${sum} + 5 }}" } }`;
      return `switch: [{ when: ${holds(0)}, then: { ${work} } }, { when: ${holds(1)}, then: ${compute} }]${node.hasElse ? `, else: ${other}` : ''}`;
    }
  }
}

function closureOf(flow: FlowSketch): WorkflowClosure {
  const specs: Record<string, string> = { cleanup: 'nodes: { h: { task: tell, with: { text: good } } }' };
  write(flow, 'main', specs);
  return compiledWorkflow(specs);
}

/** The node of the flow that a pod runs for, where it is one of the flow. */
function nodeAt(flow: FlowSketch, path: string): NodeOfFlow | undefined {
  const [first = '', ...rest] = path.split('/');
  const node = flow.nodes[Number(first.slice(1))];
  return rest.length === 0 || node?.flow === undefined || node.kind !== 'flow'
    ? node
    : nodeAt(node.flow, rest.join('/'));
}

/** Ends a pod as its node says it ends. */
function endAsWritten(world: World, flow: FlowSketch, pod: WorldPod): void {
  if (pod.ending !== undefined) {
    end(world, pod, { exitCode: 143, reason: 'Aborted' });
    return;
  }
  if ('text' in pod.inputs) {
    end(world, pod, pod.inputs.text === 'bad' ? { exitCode: 1 } : {});
    return;
  }
  const a = Number(pod.inputs.a);
  const node = nodeAt(flow, pod.path);
  const isProduced = pod.path.endsWith('/t');
  if (node?.kind === 'dynamic' && !isProduced) {
    const nodes = { t: { task: 'work', with: { a } } };
    end(world, pod, { text: JSON.stringify({ workflow: { outputs: { x: '${{ nodes.t.outputs.x }}' }, nodes } }) });
  } else end(world, pod, node?.fails === true ? { exitCode: 1 } : { text: `x=${a + 1}` });
}

/** Plays an execution to its end, pods ending in an order that `picks` says, some lost on the way; a new worker where it says so. */
function play(world: World, flow: FlowSketch, picks: readonly number[]): void {
  let lost = 0;
  for (let turn = 0; turn < 2_000; turn++) {
    settle(world);
    if (isOver(world)) return;
    const pick = picks[turn % picks.length] ?? 0;
    if (pick % 5 === 0) world.state = undefined;
    const live = livePods(world).sort((a, b) => (a.name < b.name ? -1 : 1));
    const pod = live[pick % Math.max(1, live.length)];
    if (pod === undefined) {
      if (world.wakeAt === undefined) throw new Error(`stuck: ${JSON.stringify(world.execution.status)}`);
      // Past all that may wake it: a worker may also be woken by what means nothing any more.
      world.now += 60_000;
    } else if (pick % 7 === 1 && lost < 3 && pod.ending === undefined) {
      lost++;
      end(world, pod, { exitCode: 137, reason: 'Lost' });
    } else if (pick % 3 === 0 && pod.startedAt === undefined) start(world, pod);
    else endAsWritten(world, flow, pod);
    if (pick % 4 === 0) world.now += 700;
  }
  throw new Error('it does not end');
}

const A = 3;
const picksArb = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 30 });

describe('any workflow of all kinds of nodes', () => {
  it('comes to what the reference says, whatever ends first and whenever its worker dies', () => {
    fc.assert(
      fc.property(
        flowOf,
        picksArb,
        fc.constantFrom(1, 2, 100),
        fc.integer({ min: 1, max: 4 }),
        (flow, picks, maxStreak, maxParallelism) => {
          const world = createWorld(closureOf(flow), {
            spec: { inputs: { a: A } },
            settings: { maxStreak, maxParallelism },
          });
          play(world, flow, picks);
          const wanted = referenceOutcome(flow, A);
          const { phase, nodes = {}, error } = statusOf(world);
          expect(phase).toBe(wanted.isFailed ? 'Failed' : 'Succeeded');
          expect(error === undefined).toBe(!wanted.isFailed);
          expect(livePods(world)).toEqual([]);
          for (const [path, { phase: got, outputs }] of Object.entries(nodes)) {
            // What was ended because something else had failed has not come to its own end.
            if (got === 'Aborted' && hasHurry(flow)) continue;
            const isCut = hasHurry(flow) && got === 'Skipped';
            if (!isCut && !endedEarly(flow, wanted.isFailed, path))
              expect([path, got]).toEqual([path, wanted.phases.get(path)]);
            if (got === 'Succeeded' && outputs?.x !== undefined)
              expect([path, outputs.x]).toEqual([path, wanted.outputs.get(path) ?? outputs.x]);
          }
          if (!wanted.isFailed || !hasHurry(flow))
            expect(new Set(Object.keys(nodes))).toEqual(new Set(wanted.phases.keys()));
        },
      ),
      { numRuns: 120 },
    );
  });

  it('goes the same way when every step is a new worker’s', () => {
    fc.assert(
      fc.property(flowOf, picksArb, fc.integer({ min: 1, max: 4 }), (flow, picks, maxParallelism) => {
        const closure = closureOf(flow);
        const [one, many] = [false, true].map((restarts) => {
          const world = createWorld(closure, {
            spec: { inputs: { a: A } },
            restarts,
            settings: { maxStreak: 2, maxParallelism },
          });
          // Picks that would make a new worker are others.
          const steady = picks.map((pick) => (pick % 5 === 0 ? pick + 1 : pick));
          play(world, flow, steady);
          return world;
        }) as [World, World];
        expect(many.trace).toEqual(one.trace);
        expect(many.execution).toEqual(one.execution);
      }),
      { numRuns: 60 },
    );
  });
});

/** Whether any of its workflows ends what runs as soon as a node fails: what else it would have come to is not known then. */
function hasHurry(flow: FlowSketch): boolean {
  if (flow.policy === 'failImmediately') return true;
  return flow.nodes.some((node) => node.kind === 'flow' && node.flow !== undefined && hasHurry(node.flow));
}

/** In a hurry a workflow may be ended before a node of it comes to fail, and then what it comes to is another. */
function endedEarly(flow: FlowSketch, isFailed: boolean, path: string): boolean {
  if (!isFailed || !hasHurry(flow)) return false;
  const node = nodeAt(flow, path);
  return node === undefined || node.kind === 'flow';
}
