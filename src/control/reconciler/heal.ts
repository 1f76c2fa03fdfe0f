import {
  type Clock,
  DRIFT_REWATCH_MS,
  HEAL_BACKOFF,
  HEAL_DELAY_MS,
  type Log,
  MAX_REMEMBERED_DELETIONS,
  type UnixMs,
} from '../../base/index.ts';
import {
  type Cluster,
  findEntity,
  findObject,
  type KubeObject,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { isAsWanted, notedChange } from './definition.ts';
import type { Change } from './status.ts';

export interface HealerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** The domain is to be looked at: healed now, or, when that is for later, only told of. */
  readonly wake: (repository: string, domain: string, how: 'heal' | 'look') => void;
}

/** Decides when what somebody changed past git is made undone. */
export interface Healer {
  /** A definition was deleted or edited, perhaps by ourselves. */
  suspect(repository: string, kind: string, object: KubeObject, isDeleted: boolean): void;
  /** Definitions of others came, changed or went in a namespace: it is to be told what is there now. */
  foreign(repository: string, domain: string): void;
  /** Objects that we are about to delete ourselves. */
  deleting(uid: string): void;
  /** Who deleted a definition, if it was seen. */
  deletedBy(kind: string, namespace: string, name: string): Change | undefined;
  /** Nothing is checked again from now on. */
  close(): void;
}

interface State extends HealerOptions {
  isClosed: boolean;
  /** Domains that wait to be healed, as `repository/namespace`, or looked at, as `repository/domain#`: more changes nothing. */
  readonly waiting: Set<string>;
  readonly heals: Map<string, { count: number; lastAt: UnixMs }>;
  readonly ownDeletions: Set<string>;
  /** Definitions to be checked, by `repository/namespace`. */
  readonly suspects: Map<string, Suspect[]>;
  readonly deletions: Map<string, Change>;
}

export function createHealer(options: HealerOptions): Healer {
  const state: State = {
    ...options,
    isClosed: false,
    waiting: new Set(),
    heals: new Map(),
    ownDeletions: new Set(),
    suspects: new Map(),
    deletions: new Map(),
  };
  return {
    suspect(repository, kind, object, isDeleted) {
      const { name, namespace = '', uid = '' } = object.metadata;
      if (isDeleted && state.ownDeletions.delete(uid)) return;
      if (isDeleted) remember(state.deletions, `${kind}/${namespace}/${name}`, notedChange(object) ?? {});
      line(state, repository, { kind, namespace, name });
    },
    foreign(repository, domain) {
      const id = `${repository}/${domain}#`;
      if (state.waiting.has(id)) return;
      state.waiting.add(id);
      state.clock.at(state.clock.now() + nextDelay(state, id), () => {
        state.waiting.delete(id);
        if (!state.isClosed) state.wake(repository, domain, 'look');
      });
    },
    deleting(uid) {
      if (state.ownDeletions.size >= MAX_REMEMBERED_DELETIONS) state.ownDeletions.clear();
      state.ownDeletions.add(uid);
    },
    deletedBy: (kind, namespace, name) => state.deletions.get(`${kind}/${namespace}/${name}`),
    close() {
      state.isClosed = true;
    },
  };
}

interface Suspect {
  /** Absent: any. */
  readonly kind?: string;
  readonly namespace: string;
  readonly name: string;
}

/** Suspects of one domain are checked one after the other, up to the first that is one: then all of it will be compared. */
function line(state: State, repository: string, suspect: Suspect): void {
  const { namespace } = suspect;
  const id = `${repository}/${namespace}`;
  if (state.waiting.has(id)) return;
  const suspects = state.suspects.get(id);
  if (suspects === undefined) {
    const todo = [suspect];
    state.suspects.set(id, todo);
    check(state, repository, id, todo);
  } else if (suspects.length < MAX_REMEMBERED_DELETIONS) suspects.push(suspect);
  else suspects.splice(1, suspects.length, { namespace, name: '' });
}

function check(state: State, repository: string, id: string, todo: Suspect[]): void {
  const { clock, log, waiting, suspects } = state;
  const run = async (): Promise<void> => {
    for (let next = todo[0]; next !== undefined && !waiting.has(id); next = todo[0]) {
      await confirm(state, repository, next);
      todo.shift();
    }
    suspects.delete(id);
  };
  run().catch((error: unknown) => {
    if (state.isClosed) return;
    log.write('warn', 'a change by hand could not be checked', { error: String(error) });
    clock.at(clock.now() + DRIFT_REWATCH_MS, () => check(state, repository, id, todo));
  });
}

function remember(deletions: Map<string, Change>, key: string, change: Change): void {
  deletions.delete(key);
  if (deletions.size >= MAX_REMEMBERED_DELETIONS) deletions.delete(deletions.keys().next().value as string);
  deletions.set(key, change);
}

/** A deletion that the desired commit wants is no drift; anything else is healed, after a moment in which more may come. */
async function confirm(state: State, name: string, key: Suspect): Promise<void> {
  const { cluster, clock, log, waiting } = state;
  const repository = await findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
  const project = repository?.status?.project ?? '';
  for (const [domain, { desired }] of Object.entries(repository?.status?.domains ?? {})) {
    if (`${project}-${domain}` !== key.namespace || desired === undefined) continue;
    const id = `${name}/${key.namespace}`;
    if (waiting.has(id) || (await isWanted(state, name, domain, desired, key))) continue;
    if (waiting.has(id)) continue;
    waiting.add(id);
    const delayMs = nextDelay(state, id);
    log.write('warn', 'a definition was changed by hand and will be restored', { ...key, delayMs });
    if (delayMs > HEAL_DELAY_MS) state.wake(name, domain, 'look');
    clock.at(clock.now() + delayMs, () => {
      waiting.delete(id);
      state.wake(name, domain, 'heal');
    });
  }
}

/** Whether what is there is what the commit says. Over an API, what the reconciler makes is told with who made it, as all is. */
async function isWanted(
  { cluster }: State,
  repository: string,
  domain: string,
  commit: string,
  { kind, ...place }: Suspect,
): Promise<boolean> {
  if (kind === undefined) return false;
  const name = `${repository}-${commit}`;
  const revision = await findObject<Revision>(cluster, { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name });
  const root = revision?.spec.index;
  if (root === undefined) return true;
  const wanted = await findEntity(cluster, root, domain, { kind, name: place.name });
  const live = await findObject<KubeObject>(cluster, { kind, ...place });
  if (wanted === undefined || live === undefined) return wanted === undefined && live === undefined;
  return isAsWanted(live, repository, wanted);
}

/** Longer with each time that a domain is changed again: two who disagree must not wear out the store. */
function nextDelay({ heals, clock }: State, id: string): number {
  const now = clock.now();
  const last = heals.get(id);
  const isQuiet = last === undefined || now - last.lastAt > HEAL_BACKOFF.quietMs;
  const count = isQuiet ? 0 : last.count + 1;
  const delayMs = Math.min(HEAL_DELAY_MS * HEAL_BACKOFF.factor ** count, HEAL_BACKOFF.maxMs);
  heals.set(id, { count, lastAt: now + delayMs });
  return delayMs;
}
