import type { Digest } from '../../base/index.ts';
import type { Execution, Write } from '../../cluster/index.ts';
import { type Effect, type Plan, type Produced, producedIn } from '../../propeller/index.ts';
import { encodeClosure } from '../closures/index.ts';
import type { Engine } from './engine.ts';

export type StoreClosure = Extract<Effect, { readonly kind: 'StoreClosure' }>;

/** The objects of a workflow that a task has written. They are named by what they hold, so one that exists is the same. */
export function closureWrites({ name, digest, text }: StoreClosure): readonly Write[] {
  return encodeClosure({ of: 'Workflow', name, digest, text }).map((object) => ({ op: 'create', object }));
}

/** The plans of the workflows that tasks of this execution have written and that still run; of most executions there are none. */
export async function loadProduced({ plans }: Engine, execution: Execution): Promise<Produced> {
  const { namespace = '' } = execution.metadata;
  const produced = new Map<Digest, Plan>();
  for (const digest of producedIn(execution)) produced.set(digest, await plans.load(digest, namespace));
  return produced;
}
