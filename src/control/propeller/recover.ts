import type { Digest } from '../../base/index.ts';
import { type Cluster, type Execution, findObject, NotFoundError } from '../../cluster/index.ts';
import { type Past, type Plan, pastOf, writtenIn } from '../../propeller/index.ts';
import type { Engine } from './engine.ts';
import type { Entry } from './entry.ts';
import { loadResults } from './results.ts';

/**
 * What an execution takes from the one that it recovers from; undefined: it recovers from none, or that is gone since it
 * began. When it is gone before, the execution is refused: it would do everything anew, unasked.
 */
export async function loadPast(engine: Engine, entry: Entry, execution: Execution): Promise<Past | undefined> {
  const { trigger } = execution.spec;
  if (trigger.kind !== 'recover') return undefined;
  const { cluster } = engine.options;
  const namespace = execution.metadata.namespace ?? '';
  const old = await findSource(cluster, execution, trigger);
  const plan = old && (await engine.plans.load(old.spec.closure, namespace).catch(ifMissing));
  if (old !== undefined && plan !== undefined) {
    const produced = new Map<Digest, Plan>();
    for (const digest of writtenIn(old)) {
      const written = await engine.plans.load(digest, namespace).catch(ifMissing);
      if (written !== undefined) produced.set(digest, written);
    }
    return pastOf({ execution: old, plan, kept: await loadResults(cluster, old), produced });
  }
  const phase = execution.status?.phase ?? 'Pending';
  if (phase === 'Pending' || phase === 'Queued') {
    const message = `execution ${trigger.of} is gone, and what it did with it: start anew with \`pipectl run\``;
    entry.inbox.push({ kind: 'Refuse', phase: 'Failed', error: { reason: 'RecoverSourceGone', message } });
  }
  return undefined;
}

async function findSource(
  cluster: Cluster,
  { metadata }: Execution,
  { of, uid }: { readonly of: string; readonly uid: string },
): Promise<Execution | undefined> {
  const key = { kind: 'Execution', namespace: metadata.namespace ?? '', name: of };
  const found = await findObject<Execution>(cluster, key);
  return found?.metadata.uid === uid ? found : undefined;
}

function ifMissing(error: unknown): undefined {
  if (!(error instanceof NotFoundError)) throw error;
}
