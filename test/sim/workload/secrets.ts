import type { LaunchPlan } from '../../../src/cluster/index.ts';
import type { Action } from '../plan.ts';
import type { World } from '../world/world.ts';
import { SECRET } from './definitions.ts';
import { all, tryWrite } from './reach.ts';

/** Stands in every value, with what JSON, URLs and base64 write in other ways. */
export const SECRET_MARK = 'kX9vTq2mWz';

/** A value for each namespace that runs something, as `pipectl secret set` gives it. */
export function keepSecrets(
  world: World,
  { kind, choice }: Extract<Action, { kind: 'setSecrets' | 'deleteSecret' }>,
): void {
  const namespaces = [...new Set(all<LaunchPlan>(world, 'LaunchPlan').map(({ metadata }) => metadata.namespace))];
  const { name } = SECRET;
  if (kind === 'deleteSecret') {
    const namespace = namespaces[choice % Math.max(namespaces.length, 1)];
    if (namespace !== undefined) tryWrite(world, [{ op: 'delete', key: { kind: 'Secret', namespace, name } }]);
    return;
  }
  for (const namespace of namespaces) {
    if (namespace === undefined) continue;
    const value = Buffer.from(`p"w/${SECRET_MARK}+${world.timeline.events} é`).toString('base64');
    const data = { [SECRET.key]: value };
    const known = world.store.find({ kind: 'Secret', namespace, name });
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, type: 'Opaque', data };
    if (known === undefined) tryWrite(world, [{ op: 'create', object }]);
    else tryWrite(world, [{ op: 'patch', key: { kind: 'Secret', namespace, name }, patch: { data } }]);
  }
}
