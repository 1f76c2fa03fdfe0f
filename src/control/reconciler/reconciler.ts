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
  type KubeObject,
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
import { createKeyQueue, type KeyQueue } from './key-queue.ts';
import { type Plan, printPlan } from './plan.ts';
import { createWaiters, type Settled, type Waiters } from './waiters.ts';

export interface ReconcilerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Reconciler {
  /** Waits until `domain` shows `commit`, at most `timeoutMs`. */
  settled(repository: string, domain: string, commit: string, timeoutMs: number): Promise<Settled>;
  /** Stops after the pass at hand. */
  close(): Promise<void>;
}

interface State extends ReconcilerOptions {
  /** Domains whose objects were all compared since the start and not suspected since, as `repository/domain`. */
  readonly verified: Set<string>;
  /** Domains that wait to be healed, as `repository/namespace`: more drift meanwhile changes nothing. */
  readonly healing: Set<string>;
  readonly waiters: Waiters;
  readonly queue: KeyQueue;
}

/**
 * Makes each domain of each repository equal to its desired commit, for as long as it runs. The first pass over a
 * domain compares every object; later ones only what differs between commits, or what somebody changed by hand.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { cluster, clock, random, log } = options;
  const ending = new AbortController();
  const work = (name: string): Promise<void> => reconcile(state, name);
  const queue = createKeyQueue({ clock, log, backoff: RECONCILE_BACKOFF, work });
  const waiters = createWaiters(clock);
  const state: State = { ...options, verified: new Set(), healing: new Set(), waiters, queue };
  const reflector = reflect<Repository>(
    cluster,
    'Repository',
    { namespace: SYSTEM_NAMESPACE, clock, random, log },
    {
      changed(changes) {
        for (const change of changes) queue.add(change.type === 'set' ? change.object.metadata.name : change.key.name);
      },
    },
    ending.signal,
  );
  watchDrift(
    {
      cluster,
      clock,
      log,
      suspected: (repository, kind, object) => suspect(state, repository, kind, object),
      missed: () => suspectAll(state),
    },
    ending.signal,
  );
  return {
    settled(repository, domain, commit, timeoutMs) {
      const settled = waiters.wait(repository, domain, commit, timeoutMs);
      queue.add(repository);
      return settled;
    },
    async close() {
      ending.abort();
      waiters.giveUp();
      await queue.close();
      await reflector.done;
    },
  };
}

async function reconcile(state: State, name: string): Promise<void> {
  const repository = await findRepository(state.cluster, name);
  const project = repository?.status?.project;
  if (repository === undefined || project === undefined || repository.spec.suspended === true) return;
  for (const [domain, status] of Object.entries(repository.status?.domains ?? {})) {
    const isTracked = status.ref === '' || (status.ref !== '*' && status.desired !== undefined);
    if (isTracked) await reconcileOne(state, repository, `${project}-${domain}`, domain, status);
  }
}

async function reconcileOne(
  state: State,
  repository: Repository,
  namespace: string,
  domain: string,
  status: DomainStatus,
): Promise<void> {
  const { cluster, clock, verified, waiters } = state;
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
      reached: (commit) => [reachedWrite(repository, domain, commit, clock)],
    });
    report(state.log, { repository: name, domain, commit: status.desired }, plan);
    if (status.desired !== undefined) waiters.settle(name, domain, status.desired, { kind: 'applied' });
  } catch (error) {
    verified.delete(id);
    if (!(error instanceof ConflictError)) await noteFailure(state, repository, domain, status, error as Error);
    throw error;
  }
}

/** Plans of more changes are logged by their number only. */
const MAX_LOGGED_CHANGES = 20;

function report(log: Log, about: Readonly<Record<string, unknown>>, plan: Plan): void {
  const changes = plan.waves.reduce((sum, wave) => sum + wave.length, 0);
  if (changes === 0) return;
  const fields = { ...about, changes };
  log.write('info', 'reconciled', changes <= MAX_LOGGED_CHANGES ? { ...fields, plan: printPlan(plan) } : fields);
}

/** Notes that the domain shows `commit`, or, with none, forgets the emptied domain. */
function reachedWrite(repository: Repository, domain: string, commit: string | undefined, clock: Clock): Write {
  const at = instantText(clock.now());
  const reached: Json =
    commit === undefined ? null : { lastAttempted: commit, lastApplied: commit, lastAppliedAt: at, message: null };
  const outcome: Outcome = { kind: 'ready', message: 'every tracked domain is applied' };
  return statusWrite(repository, { [domain]: reached }, outcome, clock);
}

function statusWrite(repository: Repository, domains: MergePatch, outcome: Outcome, clock: Clock): Write {
  const conditions = nextConditions(repository.status?.conditions, outcome, clock.now());
  return {
    op: 'patchStatus',
    key: { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: repository.metadata.name },
    patch: { domains, ...(conditions !== undefined && { conditions: conditions as unknown as Json }) },
  };
}

async function noteFailure(
  { cluster, clock, log, waiters }: State,
  repository: Repository,
  domain: string,
  { desired, lastAttempted, message }: DomainStatus,
  error: Error,
): Promise<void> {
  if (desired !== undefined) {
    waiters.settle(repository.metadata.name, domain, desired, { kind: 'failed', message: error.message });
  }
  if (lastAttempted === desired && message === error.message) return;
  const attempted = { lastAttempted: desired ?? null, message: error.message };
  try {
    await cluster.write([statusWrite(repository, { [domain]: attempted }, { kind: 'failed', error }, clock)]);
  } catch (failure) {
    log.write('warn', 'the failure of a domain could not be noted', { error: String(failure) });
  }
}

function suspect(state: State, repository: string, kind: string, object: KubeObject): void {
  const { name, namespace = '' } = object.metadata;
  if (state.healing.has(`${repository}/${namespace}`)) return;
  confirmDrift(state, repository, { kind, namespace, name }).catch((error: unknown) => {
    state.log.write('warn', 'a change by hand could not be checked', { error: String(error) });
  });
}

/** A deletion that the desired commit wants is no drift; anything else is healed, after a moment in which more may come. */
async function confirmDrift(
  state: State,
  name: string,
  key: { readonly kind: string; readonly namespace: string; readonly name: string },
): Promise<void> {
  const { cluster, clock, healing } = state;
  const repository = await findRepository(cluster, name);
  const project = repository?.status?.project ?? '';
  for (const [domain, { desired }] of Object.entries(repository?.status?.domains ?? {})) {
    if (`${project}-${domain}` !== key.namespace || desired === undefined) continue;
    const revision = await findObject<Revision>(cluster, {
      kind: 'Revision',
      namespace: SYSTEM_NAMESPACE,
      name: `${name}-${desired}`,
    });
    const root = revision?.spec.index;
    if (root === undefined) continue;
    const wanted = await findEntity(cluster, root, key.kind, key.name);
    const live = await findObject(cluster, key);
    const id = `${name}/${key.namespace}`;
    if ((wanted === undefined && live === undefined) || healing.has(id)) continue;
    healing.add(id);
    state.log.write('warn', 'a definition was changed by hand and will be restored', key);
    clock.at(clock.now() + HEAL_DELAY_MS, () => {
      healing.delete(id);
      state.verified.delete(`${name}/${domain}`);
      state.queue.add(name);
    });
  }
}

function suspectAll({ verified, queue }: State): void {
  const names = new Set([...verified].map((id) => id.slice(0, id.indexOf('/'))));
  verified.clear();
  for (const name of names) queue.add(name);
}

function findRepository(cluster: Cluster, name: string): Promise<Repository | undefined> {
  return findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
}
