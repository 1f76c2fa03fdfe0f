import {
  type Clock,
  ConflictError,
  HEAL_DELAY_MS,
  instantText,
  type Json,
  type Log,
  type Random,
  RECONCILE_BACKOFF,
} from '../../base/index.ts';
import {
  type Cluster,
  type DomainStatus,
  findEntity,
  findObject,
  type MergePatch,
  type Repository,
  type Revision,
  reflect,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import { nextConditions, type Outcome } from './conditions.ts';
import { reconcileDomain } from './domain.ts';
import { watchDrift } from './drift.ts';
import { createKeyQueue } from './key-queue.ts';
import { type Plan, printPlan } from './plan.ts';

export interface ReconcilerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Whether a domain shows a commit: yes, no with the reason, or not yet when the time was up. */
export type Settled =
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'pending' };

export interface Reconciler {
  /** Waits until `domain` shows `commit`, at most `timeoutMs`. */
  settled(repository: string, domain: string, commit: string, timeoutMs: number): Promise<Settled>;
  /** Stops after the pass at hand. */
  close(): Promise<void>;
}

/**
 * Makes each domain of each repository equal to its desired commit, for as long as it runs. The first pass over a
 * domain compares every object; later ones only what differs between commits, or what somebody changed by hand.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { cluster, clock, log } = options;
  const ending = new AbortController();
  /** Domains whose objects were all compared since the start and not suspected since, as `repository/domain`. */
  const verified = new Set<string>();
  /** Domains that wait to be healed, as `repository/namespace`: more drift meanwhile changes nothing. */
  const healing = new Set<string>();
  const waiting = new Set<Waiter>();
  const queue = createKeyQueue({ clock, log, backoff: RECONCILE_BACKOFF, work: reconcile });

  const reflector = reflect<Repository>(
    cluster,
    'Repository',
    { namespace: SYSTEM_NAMESPACE, clock, random: options.random, log },
    {
      changed(changes) {
        for (const change of changes) queue.add(change.type === 'set' ? change.object.metadata.name : change.key.name);
      },
    },
    ending.signal,
  );
  watchDrift({ cluster, clock, log, suspected, missed: () => suspectAll() }, ending.signal);

  async function reconcile(name: string): Promise<void> {
    const repository = await findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
    const project = repository?.status?.project;
    if (repository === undefined || project === undefined || repository.spec.suspended === true) return;
    for (const [domain, status] of Object.entries(repository.status?.domains ?? {})) {
      const isTracked = status.ref === '' || (status.ref !== '*' && status.desired !== undefined);
      if (isTracked) await reconcileOne(repository, `${project}-${domain}`, domain, status);
    }
  }

  async function reconcileOne(
    repository: Repository,
    namespace: string,
    domain: string,
    status: DomainStatus,
  ): Promise<void> {
    const { name } = repository.metadata;
    const id = `${name}/${domain}`;
    const verify = !verified.has(id);
    // Suspicions that come while this pass runs count for the next.
    verified.add(id);
    try {
      const plan = await reconcileDomain({
        cluster,
        repository: name,
        namespace,
        status,
        verify,
        reached: (commit) => [reachedWrite(repository, domain, commit)],
      });
      report(name, domain, status, plan);
      if (status.desired !== undefined) settle(name, domain, status.desired, { kind: 'applied' });
    } catch (error) {
      verified.delete(id);
      if (!(error instanceof ConflictError)) await noteFailure(repository, domain, status, error as Error);
      throw error;
    }
  }

  function report(repository: string, domain: string, status: DomainStatus, plan: Plan): void {
    if (plan.waves.length === 0) return;
    const changes = plan.waves.reduce((sum, wave) => sum + wave.length, 0);
    const fields = { repository, domain, commit: status.desired, changes };
    log.write('info', 'reconciled', changes <= 20 ? { ...fields, plan: printPlan(plan) } : fields);
  }

  function reachedWrite(repository: Repository, domain: string, commit: string | undefined): Write {
    const now = clock.now();
    const reached: Json =
      commit === undefined
        ? null
        : { lastAttempted: commit, lastApplied: commit, lastAppliedAt: instantText(now), message: null };
    return statusWrite(
      repository,
      { [domain]: reached },
      { kind: 'ready', message: 'every tracked domain is applied' },
    );
  }

  function statusWrite(repository: Repository, domains: MergePatch, outcome: Outcome): Write {
    const conditions = nextConditions(repository.status?.conditions, outcome, clock.now());
    const { name, namespace } = repository.metadata;
    return {
      op: 'patchStatus',
      key: { kind: 'Repository', name, ...(namespace !== undefined && { namespace }) },
      patch: { domains, ...(conditions !== undefined && { conditions: conditions as unknown as Json }) },
    };
  }

  async function noteFailure(
    repository: Repository,
    domain: string,
    status: DomainStatus,
    error: Error,
  ): Promise<void> {
    const { desired } = status;
    if (desired !== undefined) {
      settle(repository.metadata.name, domain, desired, { kind: 'failed', message: error.message });
    }
    if (status.lastAttempted === desired && status.message === error.message) return;
    const attempted = { lastAttempted: desired ?? null, message: error.message };
    try {
      await cluster.write([statusWrite(repository, { [domain]: attempted }, { kind: 'failed', error })]);
    } catch (failure) {
      log.write('warn', 'the failure of a domain could not be noted', { error: String(failure) });
    }
  }

  /** A deletion that the desired commit wants, and our own writes, are no drift. */
  function suspected(name: string, kind: string, object: { metadata: { name: string; namespace?: string } }): void {
    if (healing.has(`${name}/${object.metadata.namespace}`)) return;
    void confirmDrift(name, kind, object.metadata.name, object.metadata.namespace ?? '').catch((error: unknown) => {
      log.write('warn', 'a change by hand could not be checked', { error: String(error) });
    });
  }

  async function confirmDrift(name: string, kind: string, object: string, namespace: string): Promise<void> {
    const repository = await findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
    const project = repository?.status?.project ?? '';
    for (const [domain, status] of Object.entries(repository?.status?.domains ?? {})) {
      if (`${project}-${domain}` !== namespace || status.desired === undefined) continue;
      const revision = await findObject<Revision>(cluster, {
        kind: 'Revision',
        namespace: SYSTEM_NAMESPACE,
        name: `${name}-${status.desired}`,
      });
      const root = revision?.spec.index;
      if (root === undefined) continue;
      const wanted = await findEntity(cluster, root, kind, object);
      const live = await findObject(cluster, { kind, namespace, name: object });
      if (wanted === undefined && live === undefined) continue;
      const id = `${name}/${namespace}`;
      if (healing.has(id)) return;
      healing.add(id);
      log.write('warn', 'a definition was changed by hand and will be restored', { namespace, kind, name: object });
      clock.at(clock.now() + HEAL_DELAY_MS, () => {
        healing.delete(id);
        verified.delete(`${name}/${domain}`);
        queue.add(name);
      });
    }
  }

  function suspectAll(): void {
    const names = new Set([...verified].map((id) => id.slice(0, id.indexOf('/'))));
    verified.clear();
    for (const name of names) queue.add(name);
  }

  function settle(repository: string, domain: string, commit: string, settled: Settled): void {
    for (const waiter of waiting) {
      if (waiter.repository === repository && waiter.domain === domain && waiter.commit === commit)
        waiter.done(settled);
    }
  }

  return {
    settled(repository, domain, commit, timeoutMs) {
      return new Promise((resolve) => {
        const cancel = clock.at(clock.now() + timeoutMs, () => waiter.done({ kind: 'pending' }));
        const waiter: Waiter = {
          repository,
          domain,
          commit,
          done(settled) {
            cancel();
            waiting.delete(waiter);
            resolve(settled);
          },
        };
        waiting.add(waiter);
        queue.add(repository);
      });
    },
    async close() {
      ending.abort();
      for (const waiter of [...waiting]) waiter.done({ kind: 'pending' });
      await queue.close();
      await reflector.done;
    },
  };
}

interface Waiter {
  readonly repository: string;
  readonly domain: string;
  readonly commit: string;
  done(settled: Settled): void;
}
