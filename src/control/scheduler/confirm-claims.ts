import { TAKEN_NAMES_AT_A_TIME } from '../../base/index.ts';
import { type Cluster, type Execution, findObject } from '../../cluster/index.ts';
import type { Claims } from './claims.ts';
import type { DueTick } from './collect.ts';

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
