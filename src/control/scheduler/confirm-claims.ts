import { TAKEN_NAMES_AT_A_TIME } from '../../base/index.ts';
import { type Cluster, type Execution, findObject } from '../../cluster/index.ts';
import type { Claims } from './claims.ts';
import type { DueTick } from './collect.ts';
import type { Start } from './launcher.ts';
import type { Launch } from './schedule-entry.ts';
import { isOfSameTick } from './write-ticks.ts';

/**
 * Looks for executions that these ticks would have to mind, and of which no watch has told yet: one that began and ended
 * between two of them would keep the ticks of its schedule out for ever. Mostly there are none.
 */
export async function confirmClaims(cluster: Cluster, claims: Claims, ticks: readonly DueTick[]): Promise<void> {
  const unheard = new Map<string, { readonly namespace: string; readonly name: string }>();
  for (const { entry } of ticks) {
    const { overlap, namespace } = entry.launch;
    if (overlap === 'allow') continue;
    for (const name of claims.unheard(namespace, entry.name)) unheard.set(`${namespace}/${name}`, { namespace, name });
  }
  const all = [...unheard.values()];
  for (let at = 0; at < all.length; at += TAKEN_NAMES_AT_A_TIME) {
    await Promise.all(
      all.slice(at, at + TAKEN_NAMES_AT_A_TIME).map(async ({ namespace, name }) => {
        const found = await findObject<Execution>(cluster, { kind: 'Execution', namespace, name });
        if (found === undefined) claims.gone(namespace, name);
        else claims.found(found);
      }),
    );
  }
}

/**
 * Those of the ticks that a schedule owes which have their execution already: a schedule that is behind is looked at again from
 * where it fell behind. What is over must not count against the ticks after it, as if it were about to begin.
 */
export async function alreadyRun(
  cluster: Cluster,
  claims: Claims,
  ticks: readonly DueTick[],
  starts: ReadonlyMap<Launch, Start | Error> | undefined,
): Promise<ReadonlySet<DueTick>> {
  const run = new Set<DueTick>();
  // To replace is also to end those before, which may have been left undone: that is decided anew.
  const minds = ({ overlap }: Launch): boolean => overlap === 'forbid' || overlap === 'queue';
  const owed = ticks.filter(({ lane, entry }) => lane === 'behind' && minds(entry.launch));
  for (let at = 0; at < owed.length; at += TAKEN_NAMES_AT_A_TIME) {
    await Promise.all(
      owed.slice(at, at + TAKEN_NAMES_AT_A_TIME).map(async (due) => {
        const start = starts?.get(due.entry.launch);
        if (typeof start !== 'function') return;
        const { execution } = start(due.entry.name, due.tick);
        const { namespace = '', name } = execution.metadata;
        const found = await findObject<Execution>(cluster, { kind: 'Execution', namespace, name });
        if (found === undefined || !isOfSameTick(found, execution)) return;
        claims.found(found);
        run.add(due);
      }),
    );
  }
  return run;
}
