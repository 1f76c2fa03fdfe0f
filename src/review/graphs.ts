import { MAX_GRAPH_NODES, MAX_REVIEW_GRAPHS } from '../base/index.ts';
import { FAILURE_HANDLER, type Graph, type GraphNode, graphOf } from '../compiler/graph/index.ts';
import type { ChangedEntity, CommitDiff, DiffSide, WorkflowClosure } from '../compiler/index.ts';
import { plainText } from '../language/index.ts';
import type { ReviewInput } from './input.ts';
import type { GraphReview } from './report.ts';

/** Workflows whose nodes or edges differ, each as one graph that shows before and after. */
export function reviewGraphs(
  { base, head }: ReviewInput,
  diff: CommitDiff,
): { readonly graphs: readonly GraphReview[]; readonly undrawn: readonly string[] } {
  const graphs: GraphReview[] = [];
  const undrawn: string[] = [];
  for (const entity of diff.changed) {
    const { kind, name, previousName } = entity;
    if (kind !== 'Workflow') continue;
    const [old, fresh] = [workflowOf(base.side, previousName ?? name), workflowOf(head.side, name)];
    if (old === undefined || fresh === undefined) continue;
    const merged = mergeGraphs(old, fresh, entity);
    if (merged.added + merged.removed + merged.changed + merged.movedEdges === 0) continue;
    if (merged.nodes.length > MAX_GRAPH_NODES || graphs.length >= MAX_REVIEW_GRAPHS) undrawn.push(name);
    else {
      const { added, removed, changed } = merged;
      graphs.push({ workflow: name, mermaid: mermaidOf(merged), added, removed, changed });
    }
  }
  return { graphs, undrawn };
}

function workflowOf(side: DiffSide, name: string): WorkflowClosure | undefined {
  const closure = side.closure(`Workflow/${name}`);
  return closure?.kind === 'Workflow' ? closure : undefined;
}

type Mark = 'same' | 'added' | 'removed' | 'changed';

interface MergedNode {
  readonly node: GraphNode;
  readonly mark: Mark;
  /** Its id before. */
  readonly was?: string;
}

interface Merged {
  readonly name: string;
  readonly nodes: readonly MergedNode[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly mark: Mark }[];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly movedEdges: number;
}

/** Nodes of both by the ids that they have now; those do something else of which the comparison tells a change. */
function mergeGraphs(old: WorkflowClosure, fresh: WorkflowClosure, { changes, renamedNodes }: ChangedEntity): Merged {
  const newIds = new Map(renamedNodes.map(({ from, to }) => [from, to]));
  const oldIds = new Map(renamedNodes.map(({ from, to }) => [to, from]));
  const idNow = (id: string): string => newIds.get(id) ?? id;
  const [before, after] = [graphOf(old), graphOf(fresh)];
  const oldNodes = new Map(before.nodes.map((node) => [idNow(node.id), node]));
  const otherwise = new Set(
    changes.flatMap(({ path: [, part, id] }) => {
      if (part === 'onFailure') return [FAILURE_HANDLER];
      return part === 'nodes' && id !== undefined ? [String(id)] : [];
    }),
  );
  const nodes: MergedNode[] = after.nodes.map((node) => {
    const was = oldIds.get(node.id);
    if (!oldNodes.has(node.id)) return { node, mark: 'added' };
    return was === undefined
      ? { node, mark: otherwise.has(node.id) ? 'changed' : 'same' }
      : { node, mark: 'changed', was };
  });
  const present = new Set(after.nodes.map(({ id }) => id));
  for (const [id, node] of oldNodes) if (!present.has(id)) nodes.push({ node: { ...node, id }, mark: 'removed' });
  const [oldEdges, newEdges] = [edgesOf(before, idNow), edgesOf(after, (id) => id)];
  const edges = [...new Map([...newEdges, ...oldEdges])].map(([key, [from, to]]) => {
    const mark: Mark = !oldEdges.has(key) ? 'added' : !newEdges.has(key) ? 'removed' : 'same';
    return { from, to, mark };
  });
  const count = (mark: Mark): number => nodes.filter((each) => each.mark === mark).length;
  return {
    name: fresh.name,
    nodes,
    edges,
    added: count('added'),
    removed: count('removed'),
    changed: count('changed'),
    movedEdges: edges.filter(({ mark }) => mark !== 'same').length,
  };
}

/** Without those that a longer way makes needless. */
function edgesOf(
  { nodes, edges }: Graph,
  idNow: (id: string) => string,
): ReadonlyMap<string, readonly [string, string]> {
  return new Map(
    edges
      .filter(({ isImplied }) => !isImplied)
      .map(({ from, to }) => {
        const ends = [idNow(nodes[from]!.id), idNow(nodes[to]!.id)] as const;
        return [ends.join(' '), ends];
      }),
  );
}

const CLASSES = [
  'classDef added fill:#dafbe1,stroke:#1a7f37,color:#1a7f37',
  'classDef removed fill:#ffebe9,stroke:#cf222e,color:#cf222e,stroke-dasharray:5 4',
  'classDef changed fill:#fff8c5,stroke:#9a6700,color:#7d4e00',
  'classDef same fill:#f6f8fa,stroke:#59636e,color:#59636e',
];
const MARK_WORDS: Readonly<Record<Mark, string>> = { same: '', added: '+ ', removed: '− ', changed: '~ ' };
const EDGES: Readonly<Record<Mark, string>> = { same: '-->', added: '==>', removed: '-.->', changed: '-->' };

/** A Mermaid flowchart. Nodes are `n0`, `n1`, …, so that no name can be a word of the language. */
function mermaidOf({ nodes, edges }: Merged): string {
  const at = new Map(nodes.map(({ node }, index) => [node.id, `n${index}`]));
  const lines = ['flowchart LR'];
  for (const [index, { node, mark, was }] of nodes.entries()) {
    const what = node.target === undefined ? node.kind : `${node.kind} ${node.target}`;
    lines.push(
      `  n${index}["${labelText(`${MARK_WORDS[mark]}${node.id}${was === undefined ? '' : ` (was ${was})`}`)}<br/>${labelText(what)}"]:::${mark}`,
    );
  }
  for (const { from, to, mark } of edges) lines.push(`  ${at.get(from)} ${EDGES[mark]} ${at.get(to)}`);
  const isUsed = (line: string): boolean => nodes.some(({ mark }) => line.startsWith(`classDef ${mark} `));
  return [...lines, ...CLASSES.filter(isUsed).map((line) => `  ${line}`)].join('\n');
}

/** Text in quotes: what could end them, start markup or be Markdown becomes Mermaid's entities, `#` and a code point. */
function labelText(text: string): string {
  return plainText(text.toWellFormed()).replace(
    /[^\p{L}\p{N}\p{M} .,…/()+=_~−-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}
