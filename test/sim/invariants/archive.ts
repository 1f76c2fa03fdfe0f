import { type Json, sameJson } from '../../../src/base/index.ts';
import { type Execution, isTerminalPhase, type KubeObject } from '../../../src/cluster/index.ts';
import { RETENTION_POLICY } from '../world/processes.ts';
import { isRemoved } from './executions.ts';
import type { Facts, Invariant } from './facts.ts';

/** 8: what is over is in the store or in the archive, as it was, until somebody deletes it or its time is up. */
export const nothingFallsBetween: Invariant = {
  of: ['Execution'],
  before(facts, commit) {
    const { archive } = facts.world;
    if (archive === undefined) return;
    if (commit.kind === 'put' && commit.object.kind === 'Execution' && commit.before === undefined) {
      const { namespace = '', name } = commit.object.metadata;
      if (archive.find(namespace, name) !== undefined) facts.violate(8, `${namespace}/${name} takes an archived name`);
    }
    if (commit.kind !== 'delete' || commit.key.kind !== 'Execution') return;
    const key = `${commit.key.namespace}/${commit.key.name}`;
    const execution = facts.byKey.get(key);
    if (execution === undefined || isRemoved(facts, execution)) return;
    if (isTerminalPhase(execution.phase as never)) isArchived(facts, commit.object as Execution, key);
  },
  end(facts) {
    const { archive, store } = facts.world;
    for (const key of facts.users.deleted) {
      const [namespace = '', name = ''] = key.split('/');
      if (facts.erased.has(key)) continue;
      const isThere = store.find({ kind: 'Execution', namespace, name }) !== undefined;
      if (isThere || archive?.entries.has(key) === true) facts.violate(8, `${key} was deleted and is still there`);
    }
    if (archive !== undefined && archive.moves.size > 0) {
      facts.violate(18, `${archive.moves.size} moves to the archive never end`);
    }
  },
};

/** It leaves the store: the archive has it as it was, with all its attempts. */
function isArchived(facts: Facts, { metadata, spec, status }: Execution, key: string): void {
  const entry = facts.world.archive?.entries.get(key);
  if (entry === undefined || entry.execution.metadata.uid !== metadata.uid) {
    facts.violate(8, `${key} leaves the store and is not in the archive`);
    return;
  }
  const { execution: kept } = entry;
  // Mostly the very same: what the archive was given is what was read.
  if (!isSame(kept.spec, spec) || !isSame(kept.status, status)) {
    const is = JSON.stringify([kept.spec, kept.status]);
    facts.violate(8, `${key} is archived as it was not: ${is.slice(0, 200)}`);
  }
  const archived = new Set(entry.attempts.map((pod) => pod.metadata.name));
  for (const pod of ownedPods(facts, metadata.namespace ?? '', metadata.uid ?? '')) {
    if (!archived.has(pod.metadata.name)) facts.violate(8, `attempt ${pod.metadata.name} is not archived with ${key}`);
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return sameJson(a as Json | undefined, b as Json | undefined);
}

function* ownedPods({ world }: Facts, namespace: string, uid: string): Generator<KubeObject> {
  const { table, find } = world.store;
  for (const name of table.kinds.get('Pod')?.shelves.get(namespace)?.entries.keys() ?? []) {
    const pod = find({ kind: 'Pod', namespace, name });
    if (pod?.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true) yield pod;
  }
}

/** 8: what leaves the archive is past its time, or was deleted by a user. */
export function watchArchive(facts: Facts): void {
  const { maxAgeMs, maxCount } = RETENTION_POLICY.executions;
  const { world, users } = facts;
  world.archiveWatchers.push(({ execution }, why) => {
    const { namespace, name } = execution.metadata;
    const key = `${namespace}/${name}`;
    if (why === 'asked') {
      if (!users.removed.has(key)) facts.violate(8, `${key} leaves the archive, and nobody deleted it`);
      return;
    }
    const ageMs = world.timeline.now - Date.parse(execution.status?.finishedAt ?? '');
    const isOld = ageMs > maxAgeMs - world.worstSkewMs;
    if (!isOld && (world.archive?.entries.size ?? 0) < maxCount) facts.violate(8, `${key} leaves the archive too soon`);
  });
}
