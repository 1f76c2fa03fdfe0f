import type { Cluster } from '../cluster/index.ts';
import { type ClosureUse, createClosureUse } from '../control/closures/index.ts';
import { startReconciler } from '../control/reconciler/index.ts';
import { createRegistration } from '../control/registration/index.ts';
import { createVerifier } from '../control/verification/index.ts';
import { createSignatures } from '../git/adapters/native/index.ts';
import type { Ends } from './daemon.ts';
import type { Host } from './host.ts';
import type { HostGit } from './host-git.ts';
import { createResync, type Resync } from './resync.ts';

/** What decides on pushes and makes them active. */
export function startGitSide(
  cluster: Cluster,
  { repositories, env }: HostGit,
  host: Host,
  ends: Ends,
): { readonly resync: Resync; readonly use: ClosureUse } {
  const { clock, log } = host;
  const reconciler = startReconciler({ cluster, ...host });
  ends.push(() => reconciler.close());
  const use = createClosureUse(clock);
  const registration = createRegistration({
    cluster,
    use,
    clock,
    log,
    refs: (name) => repositories.refs(name),
    setHead: (name, branch) => repositories.setHead(name, branch),
    objects: (name) => repositories.reader(name),
    settled: (...about) => reconciler.settled(...about),
    verify: createVerifier({
      open: createSignatures({ env, scratch: repositories.folder }),
      refs: (name) => repositories.refs(name),
    }),
  });
  return { resync: createResync({ registration, list: () => repositories.list(), clock, log }), use };
}
