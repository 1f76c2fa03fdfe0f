import type { Direction, Graph, GraphNode } from '../../compiler/graph/index.ts';
import { plainText } from '../../language/index.ts';

/** What is drawn. */
export interface Drawing {
  readonly graph: Graph;
  /** A line below the name, for example of the execution whose states are shown. */
  readonly caption?: string;
  /** Node id → its state. Absent: no execution is shown. */
  readonly marks?: ReadonlyMap<string, NodeMark>;
  /** Where edges point to; absent: what fits. */
  readonly direction?: Direction;
}

/** How a node stands in an execution. */
export interface NodeMark {
  /** As statuses have it, for example `Succeeded`. */
  readonly phase: string;
  /** The phase in words with what more there is to say: `Succeeded in 1.2s`. */
  readonly text: string;
  /** Subtasks of a map. */
  readonly progress?: {
    readonly size: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly running: number;
  };
}

/** What a node does, in words: `task add-two`, `switch: small | large`. */
export function actionText({ kind, target }: GraphNode): string {
  const word = kind.replace(/[A-Z]/g, ' $&').toLowerCase();
  return target === undefined ? word : `${word}${kind === 'switch' ? ':' : ''} ${target}`;
}

/** When a node runs: `if flip.side == "heads"` for `nodes.flip.outputs.side == "heads"`; undefined: always. */
export function conditionText({ when }: GraphNode): string | undefined {
  return when === undefined ? undefined : `if ${when.replace(/\bnodes\.([\w-]+)\.outputs\b/g, '$1')}`;
}

/** All that is said of a node, one thing a line. */
export function nodeLines(node: GraphNode, marks: Drawing['marks']): readonly string[] {
  const condition = conditionText(node);
  return [
    nodeName(node),
    actionText(node),
    ...(condition === undefined ? [] : [condition]),
    ...(marks === undefined ? [] : [marks.get(node.id)?.text ?? 'Pending']),
  ];
}

/** A node's name as people read it. */
export function nodeName({ id, isFailureHandler }: GraphNode): string {
  return isFailureHandler === true ? 'on failure' : id;
}

/** Text from data on one line: no controls, nothing that reorders, no half characters. */
export function lineText(text: string): string {
  return plainText(text.toWellFormed());
}
