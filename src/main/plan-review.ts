import { plainKey } from '../base/index.ts';
import { entriesIn } from '../client/review/index.ts';
import type { PlanSummary } from '../cluster/index.ts';
import type { DiffEntry, DiffSide, EntityKind } from '../compiler/index.ts';
import { type LiveDefinition, planChanges, summarisePlan } from '../control/reconciler/index.ts';

/** What a review asks the reconciler. */
export interface PlanReviewOptions {
  readonly base: DiffSide;
  readonly head: DiffSide;
  readonly domain: { readonly name: string; readonly namespace: string };
  /** Only what is around the change was read: of the rest nothing is told. */
  readonly isPart: boolean;
}

const KINDS: readonly EntityKind[] = ['Platform', 'Policy', 'Task', 'Workflow', 'LaunchPlan', 'Schedule'];
/** As the reconciler reads it from definitions. */
const PRUNE = 'pipectl.dev/prune';

/** The reconciler's own plan, as if what it has applied were the base. Of definitions that do not compile it has none. */
export function planReview({ base, head, domain, isPart }: PlanReviewOptions): PlanSummary {
  const [live, desired] = [definitionsIn(base, domain.name), definitionsIn(head, domain.name)];
  // Few removals are never held back, however many definitions there are: part of them is read only then.
  const guard = isPart
    ? { isConfirmed: false, active: Infinity, wanted: Infinity }
    : { isConfirmed: false, active: live.length, wanted: desired.length };
  return summarisePlan(domain.namespace, planChanges(desired, live, guard));
}

function definitionsIn(side: DiffSide, domain: string): readonly LiveDefinition[] {
  return KINDS.flatMap((kind) => entriesIn(side, kind, domain).flatMap((entry) => definitionOf(side, kind, entry)));
}

function definitionOf(side: DiffSide, kind: EntityKind, { name, file, digest, refs }: DiffEntry): LiveDefinition[] {
  if (digest === undefined) return [];
  const annotations = side.definition(`${kind}/${name}`)?.annotations ?? {};
  const prune = Object.hasOwn(annotations, PRUNE) ? annotations[PRUNE] : undefined;
  return [{ kind, name: plainKey(name), digest, file, needs: refs, ...(prune !== undefined && { prune }) }];
}
