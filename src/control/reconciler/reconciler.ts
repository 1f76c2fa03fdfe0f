import {
  type Clock,
  ConflictError,
  instantText,
  type Json,
  type Log,
  type Random,
  RECONCILE_BACKOFF,
} from '../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  type DomainStatus,
  findObject,
  type MergePatch,
  type ReflectOptions,
  type Repository,
  reflect,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import { nextConditions, type Outcome, readyMessage } from './conditions.ts';
import { type DomainOutcome, type DomainRequest, planDrift, reconcileDomain } from './domain.ts';
import { watchDrift } from './drift.ts';
import { type Happening, recordEvent } from './events.ts';
import { driftHappenings, happenings } from './happenings.ts';
import { createHealer, type Healer } from './heal.ts';
import { createKeyQueue, type KeyQueue } from './key-queue.ts';
import { createOwners, type Owners } from './owners.ts';
import { printPlan } from './plan.ts';
import { domainPatch, driftedDomain, nextDomain, outcomeError } from './status.ts';
import { createWaiters, type Settled, type Waiters } from './waiters.ts';

export interface ReconcilerOptions extends Pick<ReflectOptions, 'relistMs'> {
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
  /** Domains that are suspected, and to be looked at before it is time to heal them. */
  readonly looks: Set<string>;
  /** Domains of suspended repositories that were looked at, and are to be compared when these go on. */
  readonly looked: Set<string>;
  /** Why domains do not show their commit, by `repository/domain`. */
  readonly failures: Map<string, Error>;
  readonly owners: Owners;
  readonly waiters: Waiters;
  readonly queue: KeyQueue;
  readonly healer: Healer;
  /** Events that are being written: people read them, nothing waits for them but the end. */
  readonly telling: Set<Promise<void>>;
}

/**
 * Makes each domain of each repository equal to its desired commit, for as long as it runs. The first pass over a
 * domain compares every object; later ones only what differs between commits, or what somebody changed by hand.
 */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { cluster, clock, random, log, relistMs } = options;
  const ending = new AbortController();
  const work = (name: string): Promise<void> => reconcile(state, name);
  const queue = createKeyQueue({ clock, log, backoff: RECONCILE_BACKOFF, work });
  const waiters = createWaiters(clock);
  const wake = (repository: string, domain: string, how: 'heal' | 'look'): void => {
    const id = `${repository}/${domain}`;
    if (how === 'look') state.looks.add(id);
    else state.verified.delete(id);
    state.looked.delete(id);
    queue.add(repository);
  };
  const healer = createHealer({ cluster, clock, log, wake });
  const state: State = {
    ...options,
    verified: new Set(),
    looks: new Set(),
    looked: new Set(),
    failures: new Map(),
    owners: createOwners(),
    waiters,
    queue,
    healer,
    telling: new Set(),
  };
  const reflector = reflect<Repository>(
    cluster,
    'Repository',
    { namespace: SYSTEM_NAMESPACE, clock, random, log, ...(relistMs !== undefined && { relistMs }) },
    {
      changed(changes) {
        for (const change of changes) {
          const name = change.type === 'set' ? change.object.metadata.name : change.key.name;
          state.owners.note(name, change.type === 'set' ? change.object : undefined);
          queue.add(name);
        }
      },
    },
    ending.signal,
  );
  followDrift(state, ending.signal);
  return {
    settled(repository, domain, commit, timeoutMs) {
      const settled = waiters.wait(repository, domain, commit, timeoutMs);
      queue.add(repository);
      return settled;
    },
    async close() {
      ending.abort();
      healer.close();
      waiters.giveUp();
      await queue.close();
      await Promise.allSettled(state.telling);
      await reflector.done;
    },
  };
}

function followDrift(state: State, signal: AbortSignal): void {
  const { cluster, clock, log, healer, owners, queue } = state;
  const foreign = (namespace: string): void => {
    const owner = owners.of(namespace);
    if (owner !== undefined) healer.foreign(owner.repository, owner.domain);
  };
  watchDrift(
    {
      cluster,
      clock,
      log,
      suspected: (...change) => healer.suspect(...change),
      confirmed: (repository) => queue.add(repository),
      ownerOf: (namespace) => owners.of(namespace)?.repository,
      foreign,
      missed: () => suspectAll(state),
    },
    signal,
  );
}

async function reconcile(state: State, name: string): Promise<void> {
  const { cluster, failures } = state;
  const repository = await findRepository(cluster, name);
  const project = repository?.status?.project;
  if (repository === undefined || project === undefined) return;
  // One that is being removed is emptied, whatever else was wanted of it.
  const isSuspended = repository.spec.suspended === true && repository.metadata.deletionTimestamp === undefined;
  if (isSuspended) return standStill(state, repository, project);
  const domains = Object.keys(repository.status?.domains ?? {});
  const request = openRequest(repository);
  let failure: Error | undefined;
  for (const domain of domains) {
    const id = `${name}/${domain}`;
    if (request !== undefined || state.looked.delete(id)) state.verified.delete(id);
    try {
      // What was written of the domain before is read anew.
      const current = domain === domains[0] ? repository : await findRepository(cluster, name);
      if (current !== undefined) await reconcileOne(state, current, `${project}-${domain}`, domain);
    } catch (error) {
      // A domain that cannot be reached holds up no other. A lost race is repeated at once, for all.
      if (failure === undefined || error instanceof ConflictError) failure = error as Error;
    }
  }
  for (const id of failures.keys()) {
    if (id.startsWith(`${name}/`) && !domains.includes(id.slice(name.length + 1))) failures.delete(id);
  }
  if (request !== undefined && !(failure instanceof ConflictError)) await answerRequest(state, repository, request);
  if (failure !== undefined) throw failure;
}

/** The instant of a sync that somebody asks for and that is not answered. A remote is polled first. */
function openRequest({ metadata, spec, status }: Repository): string | undefined {
  const request = metadata.annotations?.[ANNOTATION.syncRequestedAt];
  const isPolled = spec.source.kind === 'push' || status?.source?.lastSyncRequest === request;
  return isPolled && request !== status?.lastSyncRequest ? request : undefined;
}

async function answerRequest({ cluster }: State, repository: Repository, request: string): Promise<void> {
  const write = patchWrite(repository, { lastSyncRequest: request });
  await cluster.write([write], { discard: true });
}

/** Suspended: what differs is told, and nothing is done about it. */
async function standStill(state: State, repository: Repository, project: string): Promise<void> {
  const { cluster, clock, waiters, looks, looked } = state;
  const { name } = repository.metadata;
  for (const [domain, { ref, desired, lastApplied }] of Object.entries(repository.status?.domains ?? {})) {
    const id = `${name}/${domain}`;
    if (ref.includes('*') || ref === '' || lastApplied === undefined) continue;
    const isSuspected = looks.delete(id) || !looked.has(id);
    // When it goes on, everything is compared once more, and healed.
    looked.add(id);
    if (isSuspected) await look(state, repository, `${project}-${domain}`, domain, 'suspended');
    if (desired !== undefined && desired !== lastApplied) {
      waiters.settle(name, domain, desired, { kind: 'failed', message: 'the repository is suspended' });
    }
  }
  const conditions = nextConditions(repository.status?.conditions, { kind: 'suspended' }, clock.now());
  if (conditions === undefined) return;
  await cluster.write([patchWrite(repository, { conditions: conditions as unknown as Json })], { discard: true });
}

/** Tells in the status what somebody changed past git. */
async function look(
  state: State,
  repository: Repository,
  namespace: string,
  domain: string,
  how: 'waiting' | 'suspended',
): Promise<void> {
  const { cluster, clock, healer } = state;
  // What a failed pass wrote is read anew.
  const { name } = repository.metadata;
  const status = (await findRepository(cluster, name))?.status?.domains?.[domain];
  if (status?.lastApplied === undefined) return;
  const plan = await planDrift({ cluster, repository: name, namespace, domain, status });
  const find = (kind: string, of: string) => healer.deletedBy(kind, namespace, of);
  const next = driftedDomain(status, plan, how, instantText(clock.now()), find);
  const patch = domainPatch(status, next);
  if (patch === undefined) return;
  await cluster.write([patchWrite(repository, { domains: { [domain]: patch } })], { discard: true });
  tell(state, driftHappenings(namespace, status.drift, next.drift));
}

async function reconcileOne(state: State, repository: Repository, namespace: string, domain: string): Promise<void> {
  const { cluster, clock, verified, waiters, failures, healer } = state;
  const { name } = repository.metadata;
  const status = repository.status?.domains?.[domain];
  const isTracked = status?.ref === '' || (status?.ref.includes('*') === false && status.desired !== undefined);
  if (status === undefined || !isTracked) return;
  const id = `${name}/${domain}`;
  if (state.looks.delete(id)) await look(state, repository, namespace, domain, 'waiting');
  const verify = !verified.has(id);
  // Suspicions that come while this pass runs count for the next.
  verified.add(id);
  const confirmed = repository.metadata.annotations?.[ANNOTATION.pruneConfirmed];
  const request: DomainRequest = {
    cluster,
    repository: name,
    namespace,
    domain,
    status,
    now: () => clock.now(),
    verify,
    ...(confirmed !== undefined && { confirmed }),
    deleting: (uid) => healer.deleting(uid),
    note: (outcome) => noteWrites(state, repository, namespace, domain, status, outcome),
  };
  let outcome: DomainOutcome;
  try {
    outcome = await reconcileDomain(request);
  } catch (error) {
    verified.delete(id);
    if (!(error instanceof ConflictError)) await noteFailure(state, repository, domain, status, error as Error);
    throw error;
  }
  report(state, repository, namespace, domain, status, outcome);
  const error = outcomeError(outcome);
  if (error === undefined) {
    failures.delete(id);
    if (status.desired !== undefined) waiters.settle(name, domain, status.desired, { kind: 'applied' });
    return;
  }
  verified.delete(id);
  failures.set(id, error);
  waiters.settle(name, domain, status.desired ?? '', { kind: 'failed', message: error.message });
  throw error;
}

/** The write that notes what became of a domain, or none when there is no news. */
function noteWrites(
  { clock, failures, healer }: State,
  repository: Repository,
  namespace: string,
  domain: string,
  status: DomainStatus,
  outcome: DomainOutcome,
): readonly Write[] {
  const error = outcomeError(outcome);
  const at = instantText(clock.now());
  const find = (kind: string, name: string) => healer.deletedBy(kind, namespace, name);
  const isGone = outcome.commit === undefined && error === undefined;
  const next = nextDomain(status, outcome, at, find);
  const patch: MergePatch | null | undefined = isGone ? null : domainPatch(status, next);
  const failure = failureOf(failures, repository.metadata.name, domain, error);
  const ready: Outcome = { kind: 'ready', message: readyMessage(repository, domain, next, outcome) };
  return statusWrites(
    repository,
    patch === undefined ? {} : { [domain]: patch },
    failure === undefined ? ready : { kind: 'failed', error: failure },
    clock,
  );
}

/**
 * What the condition of a repository tells when `domain` fails by `error`, or does not: of several domains always the same
 * one. Each to tell its own would be news with every pass, and each news begins another pass.
 */
function failureOf(
  failures: ReadonlyMap<string, Error>,
  repository: string,
  domain: string,
  error: Error | undefined,
): Error | undefined {
  const own = `${repository}/${domain}`;
  const found = [...failures].filter(([id]) => id.startsWith(`${repository}/`) && id !== own);
  if (error !== undefined) found.push([own, error]);
  return found.sort(([a], [b]) => (a < b ? -1 : 1))[0]?.[1];
}

function statusWrites(repository: Repository, domains: MergePatch, outcome: Outcome, clock: Clock): readonly Write[] {
  const conditions = nextConditions(repository.status?.conditions, outcome, clock.now());
  const patch = {
    ...(Object.keys(domains).length > 0 && { domains }),
    ...(conditions !== undefined && { conditions: conditions as unknown as Json }),
  };
  return Object.keys(patch).length === 0 ? [] : [patchWrite(repository, patch)];
}

function patchWrite({ metadata: { name } }: Repository, patch: MergePatch): Write {
  return { op: 'patchStatus', key: { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name }, patch };
}

/** Plans of more changes are logged by their number only. */
const MAX_LOGGED_CHANGES = 20;

/** Tells people what was done: in the log, and as events. */
function report(
  state: State,
  repository: Repository,
  namespace: string,
  domain: string,
  before: DomainStatus,
  outcome: DomainOutcome,
): void {
  const { log, healer } = state;
  const changes = outcome.plan.waves.reduce((sum, wave) => sum + wave.length, 0);
  if (changes > 0) {
    const fields = { repository: repository.metadata.name, domain, commit: before.desired, changes };
    const isShort = changes <= MAX_LOGGED_CHANGES;
    log.write('info', 'reconciled', isShort ? { ...fields, plan: printPlan(outcome.plan) } : fields);
  }
  const find = (kind: string, name: string) => healer.deletedBy(kind, namespace, name);
  tell(state, happenings({ repository, namespace, domain, before, outcome, find }));
}

function tell({ cluster, clock, log, telling }: State, told: readonly Happening[]): void {
  if (told.length === 0) return;
  const record = async (): Promise<void> => {
    for (const happening of told) await recordEvent(cluster, happening, clock.now());
  };
  const done = record()
    .catch((error: unknown) => log.write('warn', 'an event could not be written', { error: String(error) }))
    .finally(() => telling.delete(done));
  telling.add(done);
}

async function noteFailure(
  { cluster, clock, log, waiters, failures }: State,
  repository: Repository,
  domain: string,
  { desired, lastAttempted, lastApplied, message }: DomainStatus,
  error: Error,
): Promise<void> {
  const { name } = repository.metadata;
  failures.set(`${name}/${domain}`, error);
  if (desired !== undefined) waiters.settle(name, domain, desired, { kind: 'failed', message: error.message });
  const isNoted = (lastAttempted === desired && message === error.message) || lastApplied === desired;
  const attempted = isNoted ? {} : { [domain]: { lastAttempted: desired ?? null, message: error.message } };
  try {
    const told = failureOf(failures, name, domain, error) ?? error;
    const writes = statusWrites(repository, attempted, { kind: 'failed', error: told }, clock);
    if (writes.length > 0) await cluster.write(writes, { discard: true });
  } catch (failure) {
    log.write('warn', 'the failure of a domain could not be noted', { error: String(failure) });
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
