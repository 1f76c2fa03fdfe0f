import { canonicalJson, type Digest, sha256 } from '../base/index.ts';
import { cacheKey } from './cache-key.ts';
import type { Scope, Values } from './language.ts';
import type { ApprovePlan, ChildPlan, PlannedTask, SignalPlan } from './plan.ts';

/** Outputs that need not be made again, and whose they are. */
export interface Reusable {
  readonly execution: string;
  /** Path of the node. */
  readonly node: string;
  readonly at: string | undefined;
  readonly outputs: Values;
}

/** What an earlier execution has done, by the key of what it was done from. */
export type Past = ReadonlyMap<Digest, Reusable>;

/** The key of a task and its inputs, as both the cache and a recovery mean it. */
export function keyOfTask({ closure }: PlannedTask, inputs: Values): Digest {
  return cacheKey(closure, inputs, closure.cache?.ignoreInputs);
}

/**
 * The key of a node that no task is behind: a launch plan with its inputs, a question with what it says at this path.
 * Undefined when it cannot be rendered.
 */
export function keyOfWait(node: ChildPlan | ApprovePlan | SignalPlan, path: string, scope: Scope): Digest | undefined {
  if (node.kind === 'launchPlan') {
    const inputs = node.with(scope);
    return inputs.ok ? sha256(`launchPlan\n${node.digest}\n${canonicalJson(inputs.values)}`) : undefined;
  }
  const message = node.message?.(scope);
  if (message?.ok === false) return undefined;
  const type = node.kind === 'signal' ? node.type : '';
  return sha256(`${node.kind}\n${path}\n${type}\n${canonicalJson(message?.values.value ?? null)}`);
}
