import { ANNOTATION, type KubeObject, type Repository, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import type { Action } from '../plan.ts';
import type { SimRepository } from '../world/git.ts';
import type { World } from '../world/world.ts';
import { DOMAINS } from './definitions.ts';
import { all, tryWrite } from './reach.ts';
import type { Users } from './users.ts';

/** Somebody holds a repository still while there is an incident, or lets go what waits to be confirmed. */
export function takeCare(world: World, users: Users, action: Extract<Action, { kind: 'suspend' | 'confirm' }>): void {
  const repository = world.repositories[action.choice % world.repositories.length] as SimRepository;
  if (action.kind === 'suspend') suspend(world, users, repository.name, action.forMs);
  else confirm(world, users, repository, action.choice);
}

function suspend(world: World, users: Users, name: string, forMs: number): void {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  if (users.heldStill.has(name)) return;
  const { timeline } = world;
  const patch = (suspended: boolean) => ({ op: 'patch', key, patch: { spec: { suspended } } }) as const;
  tryWrite(world, [patch(true)], () => {
    users.heldStill.set(name, { since: timeline.now });
    timeline.after(forMs, resume);
  });
  const resume = (): void => {
    const done = (): void => {
      users.heldStill.delete(name);
      users.pushedAt = timeline.now;
    };
    // Nobody forgets it because the disk was full.
    world.cluster.write([patch(false)]).then(done, () => timeline.after(60_000, resume));
  };
}

/** As the message of a domain that waits says: on the repository, or on the object that is to go. */
function confirm(world: World, users: Users, { name, refs }: SimRepository, choice: number): void {
  const branches = Object.values(DOMAINS).filter((ref) => ref !== '*');
  const commit = refs.get(`refs/heads/${branches[choice % branches.length]}`);
  if (commit === undefined) return;
  const guarded = all<KubeObject>(world, 'Schedule').filter(
    ({ metadata, spec }) =>
      metadata.annotations?.[ANNOTATION.prune] !== undefined &&
      (spec as { readonly repository?: string }).repository === name,
  );
  const object = choice % 3 === 0 ? guarded[choice % Math.max(guarded.length, 1)] : undefined;
  const { namespace = SYSTEM_NAMESPACE } = object?.metadata ?? {};
  const key = { kind: object?.kind ?? 'Repository', namespace, name: object?.metadata.name ?? name };
  // As soon as it is sent: it may arrive though nobody is told.
  users.confirmed.add(commit);
  const annotations = { [ANNOTATION.pruneConfirmed]: commit };
  const before = (world.store.find(key) as KubeObject | undefined)?.metadata.annotations?.[ANNOTATION.pruneConfirmed];
  tryWrite(world, [{ op: 'patch', key, patch: { metadata: { annotations } } }], () => {
    users.pushedAt = world.timeline.now;
    if (object !== undefined) return;
    // There is one word of it: who waits for another commit still, as while it is suspended, waits on.
    if (before !== undefined) users.answered.delete(before);
    users.answered.add(commit);
  });
}

/** Whether a domain waits for somebody who has not come: then it shows another commit than its branch. */
export function isHeld(users: Users, commit: string, status: { readonly pruneHeld?: unknown }): boolean {
  const isEmptied = users.variants.get(commit)?.emptied === true;
  return isEmptied && status.pruneHeld !== undefined && !users.answered.has(commit);
}

/** The status of a domain by its namespace. */
export function domainOf(world: World, repository: string, namespace: string) {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: repository };
  const { status } = (world.store.find(key) as Repository | undefined) ?? {};
  return status?.domains?.[namespace.slice((status.project ?? '').length + 1)];
}
