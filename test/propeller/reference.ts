import type { NodePhase } from '../../src/cluster/index.ts';

/** What a workflow of the property tests is made of. Every node has an output `x`, an integer. */
export interface FlowSketch {
  readonly policy: 'failImmediately' | 'failAfterExecutable';
  readonly nodes: readonly NodeOfFlow[];
  readonly handler: 'none' | 'good' | 'bad' | 'flow';
}

export interface NodeOfFlow {
  readonly kind: 'task' | 'compute' | 'sleep' | 'flow' | 'switch' | 'dynamic';
  readonly fails: boolean;
  /** A condition, and whether it holds. */
  readonly when: boolean | undefined;
  /** Places of earlier nodes. */
  readonly needs: readonly number[];
  readonly reads: readonly number[];
  /** Of a switch: the branch whose condition holds, from 0; 2: none does. */
  readonly branch: number;
  readonly hasElse: boolean;
  readonly flow: FlowSketch | undefined;
}

export interface Outcome {
  readonly phases: Map<string, NodePhase>;
  readonly outputs: Map<string, number | null>;
  readonly isFailed: boolean;
}

/**
 * What must have become of a flow when everything that can run has run, worked out in the plainest way: node by node, with
 * no queues and no time. `a` is its input.
 */
export function referenceOutcome(flow: FlowSketch, a: number): Outcome {
  const phases: Outcome['phases'] = new Map();
  const outputs: Outcome['outputs'] = new Map();
  const result = evaluate(flow, a, '', phases, outputs);
  return { phases, outputs, isFailed: result === undefined };
}

type End =
  | { readonly kind: 'value'; readonly x: number | null }
  | { readonly kind: 'skipped' }
  /** Failed, or skipped because of what failed. */
  | { readonly kind: 'lost' };

/** The output of the flow's last node; undefined: it failed. */
function evaluate(
  flow: FlowSketch,
  a: number,
  prefix: string,
  phases: Outcome['phases'],
  outputs: Outcome['outputs'],
): { readonly x: number } | undefined {
  const ends: End[] = [];
  let isFailed = false;
  flow.nodes.forEach((node, at) => {
    const path = `${prefix}n${at}`;
    const upstream = [...node.needs, ...node.reads].map((other) => ends[other] as End);
    const isLost = upstream.some(({ kind }) => kind === 'lost');
    const isSkipped = node.when === false || node.needs.some((other) => ends[other]?.kind === 'skipped');
    if (isLost || isSkipped) {
      phases.set(path, 'Skipped');
      ends.push({ kind: isLost ? 'lost' : 'skipped' });
      return;
    }
    const sum = node.reads.reduce((total, other) => total + numberOf(ends[other] as End), a);
    const x = act(node, path, sum, phases, outputs);
    phases.set(path, x === undefined ? 'Failed' : 'Succeeded');
    if (x === undefined) isFailed = true;
    else outputs.set(path, x);
    ends.push(x === undefined ? { kind: 'lost' } : { kind: 'value', x });
  });
  if (!isFailed) return { x: numberOf(ends.at(-1) as End) };
  const handler = `${prefix}onFailure`;
  if (flow.handler === 'flow') phases.set(`${handler}/h`, 'Succeeded');
  if (flow.handler !== 'none') phases.set(handler, flow.handler === 'bad' ? 'Failed' : 'Succeeded');
  return undefined;
}

/** The node's output, null when it has none; undefined: it fails. */
function act(
  node: NodeOfFlow,
  path: string,
  sum: number,
  phases: Outcome['phases'],
  outputs: Outcome['outputs'],
): number | null | undefined {
  switch (node.kind) {
    case 'sleep':
      return null;
    case 'compute':
      return node.fails ? undefined : sum + 1;
    case 'task':
      return node.fails ? undefined : sum + 1;
    case 'flow':
      return evaluate(node.flow as FlowSketch, sum, `${path}/`, phases, outputs)?.x;
    case 'switch': {
      if (node.branch === 2) return node.hasElse ? (node.fails ? undefined : sum) : null;
      if (node.branch === 1) return sum + 5;
      return node.fails ? undefined : sum + 1;
    }
    case 'dynamic': {
      phases.set(`${path}/t`, node.fails ? 'Failed' : 'Succeeded');
      if (!node.fails) outputs.set(`${path}/t`, sum + 1);
      return node.fails ? undefined : sum + 1;
    }
  }
}

function numberOf(end: End): number {
  return end.kind === 'value' ? (end.x ?? 0) : 0;
}
