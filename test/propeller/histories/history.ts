import { canonicalJson, type Digest, isJsonObject, type Json } from '../../../src/base/index.ts';
import type { Execution } from '../../../src/cluster/index.ts';
import type { LaunchPlanClosure, WorkflowClosure } from '../../../src/compiler/index.ts';
import { frameOf, nodeAt, pathOf } from '../../../src/propeller/frame.ts';
import {
  buildPlan,
  type EngineState,
  indexOfPath,
  type Observation,
  restore,
  type Settings,
  type StepResult,
  step,
} from '../../../src/propeller/index.ts';
import { mergePatch } from '../merge-patch.ts';

/** The first line of a history: what ran. */
export interface HistoryHead {
  readonly format: 1;
  readonly digest: Digest;
  readonly closure: WorkflowClosure;
  readonly launchPlans: Readonly<Record<Digest, LaunchPlanClosure>>;
  /** As it was created. */
  readonly execution: Execution;
  /** Infinity is null in JSON. */
  readonly settings: { readonly maxParallelism: number; readonly maxStreak: number | null };
}

/** Each further line: one step, what was observed and what it did. Nodes are named by their paths. */
export interface HistoryStep {
  readonly now: number;
  /** The state was made anew from the status before this step. */
  readonly isRestored: boolean;
  readonly observations: readonly Json[];
  readonly did: Json;
}

/** Observations with paths in place of numbers, which hold for one state of the engine only. */
export function namedObservations(state: EngineState, observations: readonly Observation[]): readonly Json[] {
  return observations.map((observation) => {
    if (!('node' in observation)) return plain(observation);
    const frame = frameOf(state, observation.node);
    const { node: _, ...rest } = plain(observation) as Record<string, Json>;
    return { ...rest, path: pathOf(frame, nodeAt(state, frame, observation.node)) };
  });
}

/** What a step did, as data: the status delta and effects, without what is only in memory. */
export function deedsOf({ delta, effects, wakeAt, hasMore }: StepResult): Json {
  return plain({ delta: delta ?? null, effects, wakeAt: wakeAt ?? null, hasMore });
}

/** Replays a history, and gives what each step did now. Throws when an observed node is not there any more. */
export function replay(head: HistoryHead, steps: readonly HistoryStep[]): readonly Json[] {
  const plan = buildPlan(head.digest, head.closure, new Map(Object.entries(head.launchPlans)));
  const settings: Settings = { ...head.settings, maxStreak: head.settings.maxStreak ?? Number.POSITIVE_INFINITY };
  let { execution } = head;
  let state: EngineState | undefined;
  return steps.map(({ now, isRestored, observations }) => {
    if (state === undefined || isRestored) state = restore(plan, execution, now).state;
    const known = state;
    const result = step(
      known,
      observations.map((observation) => numbered(known, observation)),
      now,
      settings,
    );
    const status = mergePatch((execution.status ?? {}) as Json, plain(result.delta ?? {}));
    execution = { ...execution, status: status as never };
    return deedsOf(result);
  });
}

function numbered(state: EngineState, observation: Json): Observation {
  if (!isJsonObject(observation) || observation.path === undefined) return observation as unknown as Observation;
  const { path, ...rest } = observation;
  const node = indexOfPath(state, path as string);
  if (node === undefined) throw new Error(`there is no node ${JSON.stringify(path)}`);
  return { ...rest, node } as unknown as Observation;
}

/** Through JSON, with 64-bit integers as text; planned tasks and numbers of nodes are of one process only. */
function plain(value: unknown): Json {
  const text = JSON.stringify(value, (key, member: unknown) => {
    if (key === 'task' || key === 'node')
      return typeof member === 'object' || typeof member === 'number' ? undefined : member;
    return typeof member === 'bigint' ? String(member) : member;
  });
  return JSON.parse(text) as Json;
}

/** A history as lines of JSON. */
export function historyText(head: HistoryHead, steps: readonly HistoryStep[]): string {
  return `${[head, ...steps].map((line) => canonicalJson(line as unknown as Json)).join('\n')}\n`;
}

export function parseHistory(text: string): { readonly head: HistoryHead; readonly steps: readonly HistoryStep[] } {
  const [head, ...steps] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return { head: head as HistoryHead, steps: steps as HistoryStep[] };
}
