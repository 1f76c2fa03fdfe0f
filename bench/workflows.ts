import type { NodeClosure, WorkflowClosure } from '../src/compiler/index.ts';
import type { Template } from '../src/language/expression/index.ts';

const expression = (source: string): Template => ({ kind: 'expression', source });

function workflow(name: string, nodes: readonly NodeClosure[], end: string): WorkflowClosure {
  return {
    kind: 'Workflow',
    name,
    inputs: { n: { type: 'integer' } },
    outputs: { end: { type: 'integer', value: expression(end) } },
    nodes,
    tasks: {},
    failurePolicy: 'failImmediately',
  };
}

function compute(id: string, source: string, upstream: readonly number[]): NodeClosure {
  return { kind: 'compute', id, upstream, outputs: { x: 'integer' }, values: { x: expression(source) } };
}

/** `length` compute nodes, each of which needs the one before. */
export function chain(length: number): WorkflowClosure {
  const nodes = Array.from({ length }, (_, i) =>
    i === 0 ? compute('n0', 'inputs.n + 1', []) : compute(`n${i}`, `nodes.n${i - 1}.outputs.x + 1`, [i - 1]),
  );
  return workflow(`chain-${length}`, nodes, `nodes.n${length - 1}.outputs.x`);
}

/** A graph of `size` compute nodes in layers of `width`, of which each reads two of the layer before. */
export function layers(size: number, width: number): WorkflowClosure {
  const nodes = Array.from({ length: size }, (_, i) => {
    const column = i % width;
    const before = i - column - width;
    if (before < 0) return compute(`n${i}`, 'inputs.n + 1', []);
    const upstream = [...new Set([before + column, before + ((column + 1) % width)])].sort((a, b) => a - b);
    return compute(`n${i}`, upstream.map((index) => `nodes.n${index}.outputs.x`).join(' + 1 - '), upstream);
  });
  return workflow(`layers-${size}`, nodes, `nodes.n${size - 1}.outputs.x`);
}

/** One node, then `width` that read it, then one that waits for them all. */
export function fanOut(width: number): WorkflowClosure {
  const spread = Array.from({ length: width }, (_, i) => compute(`n${i}`, 'nodes.first.outputs.x', [0]));
  const last = compute(
    'last',
    'nodes.n0.outputs.x',
    Array.from({ length: width }, (_, i) => i + 1),
  );
  return workflow(`fan-out-${width}`, [compute('first', 'inputs.n', []), ...spread, last], 'nodes.last.outputs.x');
}

/** A map that computes over the input `xs`, and a node that waits for it and reads it. */
export function computeMap(): WorkflowClosure {
  const each: NodeClosure = {
    kind: 'computeMap',
    id: 'each',
    upstream: [],
    over: {},
    items: expression('inputs.xs'),
    values: { x: expression('item') },
    outputs: { x: 'list<integer>' },
    minSuccessRatio: 1,
  };
  const last = compute('last', 'size(nodes.each.outputs.x)', [0]);
  return {
    ...workflow('compute-map', [each, last], 'nodes.last.outputs.x'),
    inputs: { xs: { type: 'list<integer>' } },
  };
}

/** One node that waits for an hour. */
export function sleeper(): WorkflowClosure {
  const wait: NodeClosure = {
    kind: 'sleep',
    id: 'wait',
    upstream: [],
    outputs: {},
    duration: { kind: 'literal', value: '1h' },
  };
  return workflow('sleeper', [wait], 'inputs.n');
}
