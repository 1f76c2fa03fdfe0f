import type {
  DefinitionSource,
  KubeObject,
  LaunchPlan,
  Repository,
  Revision,
  Schedule,
} from '../../../src/cluster/index.ts';
import { SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import { domainOf, isHeld } from '../workload/care.ts';
import type { Commit } from '../world/store.ts';
import { contentOf } from './content.ts';
import type { Facts, Invariant } from './facts.ts';

export const DEFINITION_KINDS: ReadonlySet<string> = new Set([
  'Platform',
  'Policy',
  'Task',
  'Workflow',
  'LaunchPlan',
  'Schedule',
]);

interface Page {
  readonly buckets?: Readonly<Record<string, string>>;
  readonly entries?: readonly { readonly kind: string; readonly name: string; readonly digest: string }[];
}

/** 6: a revision is visible whole: its index, the pages of that, and every entity. */
export const revisionsAreWhole: Invariant = {
  of: ['Revision'],
  after(facts, commit) {
    if (commit.kind !== 'put' || commit.object.kind !== 'Revision') return;
    const { spec, metadata } = commit.object as Revision;
    if (spec.index !== undefined) entitiesOf(facts, spec.index, metadata.name);
  },
};

/** `Kind/name` → digest; a page or a closure that is missing is a violation. */
function entitiesOf(facts: Facts, index: string, revision: string): ReadonlyMap<string, string> {
  const entities = new Map<string, string>();
  const { store } = facts.world;
  const root = contentOf(store, index) as Page | undefined;
  if (root === undefined) facts.violate(6, `revision ${revision} has no index ${index}`);
  for (const bucket of Object.values(root?.buckets ?? {})) {
    const page = contentOf(store, bucket) as Page | undefined;
    if (page === undefined) facts.violate(6, `revision ${revision} lacks page ${bucket}`);
    for (const { kind, name, digest } of page?.entries ?? []) {
      entities.set(`${kind}/${name}`, digest);
      const isKept = kind === 'Project' || store.find({ kind: 'Closure', namespace: SYSTEM_NAMESPACE, name: digest });
      if (!isKept) facts.violate(6, `revision ${revision} lacks ${kind} ${name}`);
    }
  }
  return entities;
}

/** 6: what becomes active refers only to what is there. */
export const nothingDangles: Invariant = {
  of: [...DEFINITION_KINDS],
  after(facts, commit) {
    if (commit.kind !== 'put' || !DEFINITION_KINDS.has(commit.object.kind)) return;
    const { object } = commit;
    const { store } = facts.world;
    const { namespace = '', name } = object.metadata;
    const { closure } = object.spec as DefinitionSource;
    const isKept = store.find({ kind: 'Closure', namespace: SYSTEM_NAMESPACE, name: closure }) !== undefined;
    if (!isKept) facts.violate(6, `${object.kind} ${name} is active without its closure`);
    const needed =
      object.kind === 'LaunchPlan'
        ? { kind: 'Workflow', name: (object as LaunchPlan).spec.workflow }
        : object.kind === 'Schedule'
          ? { kind: 'LaunchPlan', name: (object as Schedule).spec.launchPlan }
          : undefined;
    if (needed === undefined || facts.users.definitionsTouched.has(`${needed.kind} ${namespace}/${needed.name}`))
      return;
    const isThere = store.find({ namespace, ...needed }) !== undefined;
    if (!isThere) facts.violate(6, `${object.kind} ${name} is active without ${needed.kind} ${needed.name}`);
  },
};

/** 7: a rejected push leaves what is active alone. 8: an accepted one is registered. */
export const pushesAreWhole: Invariant = {
  end(facts) {
    for (const { repository, before, after } of facts.users.rejections) {
      if (before !== after) facts.violate(7, `a rejected push changed ${repository}: ${before} to ${after}`);
    }
    for (const id of facts.users.accepted) {
      const commit = id.slice(id.indexOf('@') + 1);
      if (facts.users.variants.get(commit)?.broken === true)
        facts.violate(7, `${id} does not compile and was accepted`);
      const name = id.replace('@', '-');
      const found = facts.world.store.find({ kind: 'Revision', namespace: SYSTEM_NAMESPACE, name });
      if (found === undefined) facts.violate(8, `the push of ${id} was accepted and is not registered`);
    }
  },
};

/** Every tracked branch's head is active, exactly. */
export const domainsAreReached: Invariant = {
  end(facts) {
    const { world } = facts;
    for (const { name, refs } of world.repositories) {
      const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
      const { status } = (world.store.find(key) as Repository | undefined) ?? {};
      for (const [domain, shown] of Object.entries(status?.domains ?? {})) {
        const { ref, desired, lastApplied } = shown;
        if (ref === '*' || ref === '' || desired === undefined) continue;
        const head = refs.get(`refs/heads/${ref}`);
        if (head !== desired) facts.violate(0, `${domain} of ${name} wants ${desired}, its branch shows ${head}`);
        if (isHeld(facts.users, desired, shown)) continue;
        if (lastApplied !== desired) facts.violate(0, `${domain} of ${name} shows ${lastApplied}, not ${desired}`);
        compareLive(facts, name, `${status?.project}-${domain}`, desired);
      }
    }
  },
};

const MINUTE = 60_000;

/** 0: in calm, a push is active minutes after it was accepted. */
export const headsAreReached: Invariant = {
  end({ world, users, violate }) {
    const { timeline, troubledUntil, repositories, store } = world;
    if (troubledUntil > timeline.now - 40 * MINUTE || users.pushedAt > timeline.now - 10 * MINUTE) return;
    for (const { name, refs } of repositories) {
      const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
      const { status } = (store.find(key) as Repository | undefined) ?? {};
      if (users.heldStill.has(name)) continue;
      for (const [domain, shown] of Object.entries(status?.domains ?? {})) {
        const { ref, lastApplied } = shown;
        const head = refs.get(`refs/heads/${ref}`);
        if (head !== undefined && isHeld(users, head, shown)) continue;
        if (ref !== '*' && ref !== '' && head !== undefined && head !== lastApplied) {
          violate(0, `${domain} of ${name} shows ${lastApplied}, its branch has been at ${head} for a while`);
        }
      }
    }
  },
};

/** Compares what is active in a namespace with the entities of a commit. */
export function compareLive(facts: Facts, repository: string, namespace: string, commit: string): void {
  const { store } = facts.world;
  const name = `${repository}-${commit}`;
  const revision = store.find({ kind: 'Revision', namespace: SYSTEM_NAMESPACE, name }) as Revision | undefined;
  const wanted = entitiesOf(facts, revision?.spec.index ?? '', name);
  // What waits for a person stays, with what it needs.
  const { waiting = [] } = domainOf(facts.world, repository, namespace) ?? {};
  const kept = new Set(waiting.map(({ kind, name: of }) => `${kind}/${of}`));
  let live = 0;
  for (const kind of DEFINITION_KINDS) {
    for (const entry of store.table.kinds.get(kind)?.shelves.get(namespace)?.entries.keys() ?? []) {
      const object = store.find({ kind, namespace, name: entry }) as KubeObject | undefined;
      if (object === undefined || (kept.has(`${kind}/${entry}`) && !wanted.has(`${kind}/${entry}`))) continue;
      live++;
      const { closure, description } = object.spec as DefinitionSource;
      if (wanted.get(`${kind}/${entry}`) !== closure)
        facts.violate(0, `${kind} ${namespace}/${entry} is not that of ${name}`);
      if (description === 'edited by hand')
        facts.violate(0, `${kind} ${namespace}/${entry} is still as edited by hand`);
    }
  }
  const expected = [...wanted.keys()].filter((key) => DEFINITION_KINDS.has(key.slice(0, key.indexOf('/')))).length;
  if (live !== expected) facts.violate(0, `${namespace} has ${live} definitions, ${name} has ${expected}`);
}

/** A world of two days has some sixty pushes. */
const MAX_RECONCILES = 5_000;
const reconciles = new WeakMap<Facts, number>();

/** 16: what is as it should be is not written again and again. */
export const reconcilesAreFew: Invariant = {
  of: ['Repository'],
  after(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Repository') return;
    const count = (reconciles.get(facts) ?? 0) + 1;
    reconciles.set(facts, count);
    if (count > MAX_RECONCILES) facts.violate(16, `repositories were written ${count} times`);
  },
};

/** 16: whether a commit writes what an unchanged reconcile must not. */
export function isReconcilerWrite(commit: Commit): boolean {
  if (commit.kind === 'status') return commit.key.kind === 'Repository';
  return DEFINITION_KINDS.has(commit.kind === 'put' ? commit.object.kind : commit.key.kind);
}
