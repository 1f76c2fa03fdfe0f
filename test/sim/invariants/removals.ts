import { type Json, sameJson } from '../../../src/base/index.ts';
import { ANNOTATION, type KubeObject, LABEL } from '../../../src/cluster/index.ts';
import { holds } from '../workload/definitions.ts';
import type { Commit } from '../world/store.ts';
import { DEFINITION_KINDS } from './definitions.ts';
import type { Facts, Invariant } from './facts.ts';

/** Kinds of which only commits that were emptied have none. */
const LARGE: ReadonlySet<string> = new Set(['Task', 'Workflow', 'LaunchPlan']);

/** 6: what is guarded goes when somebody has confirmed a commit without it, and most of a domain when that commit was. */
export const removalsAreConfirmed: Invariant = {
  of: [...DEFINITION_KINDS],
  after(facts, commit) {
    if (commit.kind !== 'delete' || !isReconciled(facts, commit.object)) return;
    const { kind, metadata } = commit.object;
    const isGuarded = metadata.annotations?.[ANNOTATION.prune] !== undefined;
    if (!isGuarded && !LARGE.has(kind)) return;
    const { confirmed, variants } = facts.users;
    const isConfirmed = [...confirmed].some((oid) => {
      const found = variants.get(oid);
      return found !== undefined && !holds(found, kind, metadata.name);
    });
    if (!isConfirmed)
      facts.violate(6, `${kind} ${metadata.namespace}/${metadata.name} was removed, and nobody said so`);
  },
};

const MINUTE = 60_000;
/** A pass that had begun goes on, over a slow network too. */
const UNDER_WAY_MS = 15 * MINUTE;

/** 6: while somebody holds a repository still, nothing that it defines changes but by hand. */
export const suspensionsHold: Invariant = {
  of: [...DEFINITION_KINDS],
  after(facts, commit) {
    if (commit.kind === 'status') return;
    const { object } = commit;
    const held = facts.users.heldStill.get(object.metadata.labels?.[LABEL.repository] ?? '');
    if (held === undefined || facts.world.timeline.now < held.since + UNDER_WAY_MS) return;
    if (!isReconciled(facts, object) || !isChange(commit)) return;
    const { kind, metadata } = object;
    facts.violate(6, `${kind} ${metadata.namespace}/${metadata.name} changed though its repository is suspended`);
  },
};

/** Whether it is a definition that nobody ever touched by hand. */
function isReconciled({ users }: Facts, { kind, metadata: { namespace, name } }: KubeObject): boolean {
  return DEFINITION_KINDS.has(kind) && !users.definitionsTouched.has(`${kind} ${namespace}/${name}`);
}

function isChange(commit: Exclude<Commit, { readonly kind: 'status' }>): boolean {
  return commit.kind === 'delete' || !sameJson(commit.before?.spec as Json | undefined, commit.object.spec as Json);
}
