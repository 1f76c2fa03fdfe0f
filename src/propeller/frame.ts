import { BugError } from '../base/index.ts';
import type { ExecutionError, NodePhase } from '../cluster/index.ts';
import { TOTAL_TIMEOUT } from './attempt.ts';
import { nodeSlug } from './build-plan.ts';
import type { Scope } from './language.ts';
import { HANDLER_ID, type Plan, type PlanNode } from './plan.ts';
import type { EngineState, Frame } from './state.ts';

/** Where a frame stands. */
export interface FramePlace {
  readonly base: number;
  readonly parent: Frame | undefined;
  readonly owner: number;
  readonly prefix: string;
}

export const ROOT_PLACE: FramePlace = { base: 0, parent: undefined, owner: -1, prefix: '' };

export function createFrame(plan: Plan, scope: Scope, { base, parent, owner, prefix }: FramePlace): Frame {
  const waiting = new Int32Array(plan.nodes.length);
  plan.nodes.forEach((node, index) => {
    waiting[index] = node.upstream;
  });
  return {
    plan,
    base,
    depth: parent === undefined ? 0 : parent.depth + 1,
    parent,
    owner,
    prefix,
    scope,
    phases: new Array<NodePhase>(plan.nodes.length).fill('Pending'),
    waiting,
    doomed: undefined,
    unfinished: plan.size,
    live: 0,
    mode: 'Run',
    ending: undefined,
    error: undefined,
    isClosed: false,
  };
}

/** Adds the frame of a workflow that the node `owner` of `parent` runs, and gives its nodes their numbers. */
export function addFrame(state: EngineState, plan: Plan, scope: Scope, parent: Frame, owner: PlanNode): Frame {
  const path = pathOf(parent, owner);
  const place = { base: state.nodeCount, parent, owner: parent.base + owner.index, prefix: `${path}/` };
  const frame = createFrame(plan, scope, place);
  state.frames.push(frame);
  state.framesByPath.set(path, frame);
  state.nodeCount += plan.nodes.length;
  return frame;
}

/** The frame of the node with this number. Costs nothing for those of the root. */
export function frameOf(state: EngineState, node: number): Frame {
  const { root, frames } = state;
  if (node < root.phases.length) return root;
  let low = 1;
  let high = frames.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((frames[middle] as Frame).base <= node) low = middle;
    else high = middle - 1;
  }
  const frame = frames[low];
  if (frame === undefined || node >= frame.base + frame.phases.length) {
    throw new BugError(`execution ${state.execution.name} has no node ${node}`);
  }
  return frame;
}

/** The node with this number: of a switch that has taken a branch, the action of that. */
export function nodeAt(state: EngineState, frame: Frame, node: number): PlanNode {
  const planned = frame.plan.nodes[node - frame.base];
  if (planned === undefined) throw new BugError(`execution ${state.execution.name} has no node ${node}`);
  return planned.kind === 'switch' ? (state.taken.get(node) ?? planned) : planned;
}

/** A node's path: ids from the root on, joined by `/`. */
export function pathOf(frame: Frame, node: PlanNode): string {
  return frame.prefix + node.id;
}

/** How the path stands in labels and in names of pods. */
export function slugOf(frame: Frame, node: PlanNode): string {
  return frame.parent === undefined ? node.slug : nodeSlug(pathOf(frame, node));
}

/** Whether one node stands before another in the order of the closure, those that a node runs in its place. */
export function isBefore(state: EngineState, a: number, b: number): boolean {
  const rootSize = state.root.phases.length;
  if (a < rootSize && b < rootSize) return a < b;
  const [left, right] = [placesOf(state, a), placesOf(state, b)];
  for (let depth = 0; depth < left.length && depth < right.length; depth++) {
    const difference = (left[depth] as number) - (right[depth] as number);
    if (difference !== 0) return difference < 0;
  }
  return left.length < right.length;
}

/** A node's index in its frame's plan, after that of its owner, and so on. */
function placesOf(state: EngineState, node: number): number[] {
  const places: number[] = [];
  let number = node;
  for (let frame: Frame | undefined = frameOf(state, node); frame !== undefined; frame = frame.parent) {
    places.push(number - frame.base);
    number = frame.owner;
  }
  return places.reverse();
}

/** The number of the node with this path; undefined when it is in no open frame. */
export function indexOfPath(state: EngineState, path: string): number | undefined {
  const cut = path.lastIndexOf('/');
  const frame = cut < 0 ? state.root : state.framesByPath.get(path.slice(0, cut));
  const index = frame?.plan.indexOf.get(cut < 0 ? path : path.slice(cut + 1));
  return frame === undefined || index === undefined ? undefined : frame.base + index;
}

export function isHandler(node: PlanNode): boolean {
  return node.id === HANDLER_ID;
}

/** Whether the node may start now, as far as its frame is concerned. */
export function mayStart(frame: Frame, node: PlanNode): boolean {
  return frame.mode === 'Run' ? !isHandler(node) : frame.mode === 'Handle' && isHandler(node);
}

const SIBLING_FAILED: ExecutionError = {
  reason: 'SiblingFailed',
  message: 'another node failed and the workflow fails immediately',
};

/** A node that is ended by this has not run out of its own time. */
const WORKFLOW_TIMEOUT: ExecutionError = {
  reason: 'WorkflowTimeout',
  message: 'the workflow that it is part of is over its total timeout',
};

/** Why the live nodes of a frame are to be ended; undefined: they are not. */
export function endingOf(frame: Frame): ExecutionError | undefined {
  if (frame.mode === 'Fail') return SIBLING_FAILED;
  return frame.ending?.reason === TOTAL_TIMEOUT ? WORKFLOW_TIMEOUT : frame.ending;
}

/** Whether nothing of a frame is live and, as its mode has it, nothing of it is to come. */
export function isQuiet(frame: Frame): boolean {
  switch (frame.mode) {
    case 'Run':
      return frame.unfinished === 0;
    case 'Fail':
    case 'End':
      return frame.live === 0;
    case 'Handle':
      return frame.live === 0 && frame.phases[frame.plan.size] !== 'Pending';
  }
}
